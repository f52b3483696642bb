package finsystem

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// ledgerService shows the books.
type ledgerService struct {
	v1.UnimplementedLedgerServiceServer
	*Module
}

var _ v1.LedgerServiceServer = (*ledgerService)(nil)

func (m *Module) currency(asked string) (string, error) {
	if asked == "" {
		return m.settings.Currency, nil
	}
	_, err := money.Scale(asked)
	return asked, wrongAmount("currency_code", err)
}

// GetBalance says what a client has, owes and may spend.
func (s *ledgerService) GetBalance(ctx context.Context, r *v1.GetBalanceRequest) (*v1.GetBalanceResponse, error) {
	client, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	type balance struct {
		Balance, Held         int64 // Held is in all, with what is paid ahead
		Limit                 *int64
		Due, Overdue, Advance int64
		Next                  *time.Time
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[balance], `
		select b.balance, b.held, b.credit_limit, 0::bigint, 0::bigint, (
			select coalesce(sum(h.amount), 0)::bigint from finsystem.holds h where h.account_id = b.account_id and h.status = 'held' and h.document_id is not null), null::date
		from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
		where a.client_id = $1 and a.currency_code = $2 and a.kind = 'client' and a.code = ''
		union all
		select 0, 0, null, coalesce(sum(total - credited - paid), 0)::bigint, coalesce(sum(total - credited - paid) filter (where due_date < $3), 0)::bigint, 0::bigint, min(due_date)
		from finsystem.documents where client_id = $1 and currency_code = $2 and status = 'issued' and kind = 'invoice' and paid < total and paid < total - credited`,
		client, currency, s.today())
	if err != nil {
		return nil, err
	}
	b, due := balance{Limit: s.settings.limit()}, rows[len(rows)-1]
	if len(rows) > 1 {
		b = rows[0]
	} else if _, err := s.client(ctx, client); err != nil { // nobody has accounts before something happened
		return nil, err
	}
	out := &v1.Balance{
		ClientId: client, CurrencyCode: currency, Balance: money.Of(currency, b.Balance), Held: money.Of(currency, b.Held-b.Advance),
		Advance: money.Of(currency, b.Advance), Due: money.Of(currency, due.Due), Overdue: money.Of(currency, due.Overdue), NextDueDate: dateText(due.Next), State: v1.BalanceState_BALANCE_STATE_SETTLED,
	}
	if b.Limit != nil {
		out.CreditLimit, out.Available = money.Of(currency, *b.Limit), money.Of(currency, max(0, b.Balance-b.Held+*b.Limit))
	}
	switch {
	case due.Overdue > 0:
		out.State = v1.BalanceState_BALANCE_STATE_OVERDUE
	case due.Due > 0 || b.Balance < 0:
		out.State = v1.BalanceState_BALANCE_STATE_DUE
	}
	return &v1.GetBalanceResponse{Balance: out}, nil
}

// CreateAdjustment moves a client's balance by hand.
func (s *ledgerService) CreateAdjustment(ctx context.Context, r *v1.CreateAdjustmentRequest) (*v1.CreateAdjustmentResponse, error) {
	client, err := s.client(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, units, err := amountOf(r)
	if err != nil {
		return nil, err
	}
	if units == 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "not_zero", "say by how much")
	}
	day, err := s.dayOf("effective_date", r.GetEffectiveDate())
	if err != nil {
		return nil, err
	}
	var response *v1.CreateAdjustmentResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateAdjustmentResponse, error) {
			other := ledger.Of{Kind: "expense", Code: "adjustment", Currency: currency}
			if units < 0 {
				other.Kind = "revenue"
			}
			ids, err := ledger.Open(ctx, tx, s.settings.limit(), ledger.Of{ClientID: r.GetClientId(), Kind: "client", Currency: currency}, other)
			if err != nil {
				return nil, err
			}
			done, err := ledger.Post(ctx, tx, ledger.Posting{
				Key: "adjustment:" + r.GetRequestId(), Kind: ledger.Adjustment, ClientID: r.GetClientId(), Date: day, Currency: currency,
				Memo: strings.TrimSpace(r.GetMemo()), ActorID: actor(ctx), BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(),
				Entries: []ledger.Entry{{Account: ids[0], Contra: ids[1], Amount: units}},
			})
			if err != nil {
				return nil, err
			}
			p, err := s.findPosting(ctx, tx, done[0].ID)
			if err != nil {
				return nil, err
			}
			audit.About(tx, p)
			return &v1.CreateAdjustmentResponse{Posting: p}, nil
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// ReversePosting takes an adjustment back.
func (s *ledgerService) ReversePosting(ctx context.Context, r *v1.ReversePostingRequest) (*v1.ReversePostingResponse, error) {
	id, err := strconv.ParseInt(r.GetId(), 10, 64)
	if err != nil {
		return nil, errNoPosting
	}
	var response *v1.ReversePostingResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.ReversePostingResponse, error) {
			p, err := s.findPosting(ctx, tx, id)
			switch {
			case err != nil:
				return nil, err
			case p.GetDocumentId() != "":
				return nil, refuse(codes.FailedPrecondition, "id", "void_it", "a document posted this: void the document, or make a credit note")
			case p.GetPaymentId() != "":
				return nil, refuse(codes.FailedPrecondition, "id", "refund_it", "a payment posted this: refund or reverse the payment")
			case p.GetKind() != v1.PostingKind_POSTING_KIND_ADJUSTMENT:
				return nil, refuse(codes.FailedPrecondition, "id", "no_adjustment", "only what was posted by hand is taken back here")
			case p.GetReversed() != nil: // whole, as all are that are taken back here
				before, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], "select id from finsystem.postings where reverses = $1", id)
				if err != nil {
					return nil, err
				}
				made, err := s.findPosting(ctx, tx, before)
				return &v1.ReversePostingResponse{Posting: made}, err
			}
			done, err := ledger.Reverse(ctx, tx, ledger.Back{
				Key: "reversal:" + r.GetRequestId(), Kind: ledger.Reversal, Posting: id, Date: s.today(), Memo: strings.TrimSpace(r.GetMemo()), ActorID: actor(ctx),
			})
			if err != nil {
				return nil, err
			}
			made, err := s.findPosting(ctx, tx, done.ID)
			if err != nil {
				return nil, err
			}
			audit.About(tx, made)
			return &v1.ReversePostingResponse{Posting: made}, nil
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}
