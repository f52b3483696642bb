package finsystem

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

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
		where b.client_id = $1 and b.currency_code = $2 and a.kind = 'client' and a.code = ''
		union all
		select 0, 0, null, coalesce(sum(total - credited - paid), 0)::bigint, coalesce(sum(total - credited - paid) filter (where due_date < $3), 0)::bigint, 0::bigint, min(due_date)
		from finsystem.documents where client_id = $1 and currency_code = $2 and status = 'issued' and kind = 'invoice' and paid < total - credited`,
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

var postingKinds = store.Enum[v1.PostingKind]{Prefix: "POSTING_KIND_", Values: v1.PostingKind_value}

type postingRow struct {
	ID                    int64
	ClientID              *string
	Kind, Memo, Currency  string
	Date, Time            time.Time
	DocumentID, PaymentID *string
	Reverses              *int64
	ActorID               *string
	Account               int64
	Amount, Balance       int64
	Reversed              int64
}

// postingsOfAccount are a posting as one account of a client's sees it: what all its entries there come to, and the balance after the last one.
const postingsOfAccount = `
	select p.id, p.client_id::text, p.kind, p.memo, p.currency_code, p.effective_date, p.post_time,
		(select d.id::text from finsystem.documents d where d.id = p.about_id), (select y.id::text from finsystem.payments y where y.id = p.about_id),
		p.reverses, p.actor_id::text, e.account_id, e.amount, e.balance,
		(select coalesce(sum(r.amount), 0)::bigint from finsystem.postings r where r.reverses = p.id)
	from (select posting_id, account_id, sum(amount)::bigint as amount, (array_agg(balance order by line desc))[1] as balance
		from finsystem.entries %s group by posting_id, account_id order by posting_id desc, account_id desc limit %s) e
	join finsystem.postings p on p.id = e.posting_id order by p.id desc, e.account_id desc`

func (r postingRow) posting() *v1.Posting {
	p := &v1.Posting{
		Id: strconv.FormatInt(r.ID, 10), Kind: postingKinds.Of(r.Kind), Memo: r.Memo, Amount: money.Of(r.Currency, r.Amount), Balance: money.Of(r.Currency, r.Balance),
		EffectiveDate: r.Date.Format(time.DateOnly), PostTime: timestamppb.New(r.Time),
	}
	for to, from := range map[*string]*string{&p.ClientId: r.ClientID, &p.DocumentId: r.DocumentID, &p.PaymentId: r.PaymentID, &p.ActorId: r.ActorID} {
		if from != nil {
			*to = *from
		}
	}
	if r.Reverses != nil {
		p.Reverses = strconv.FormatInt(*r.Reverses, 10)
	}
	if r.Reversed > 0 {
		p.Reversed = money.Of(r.Currency, r.Reversed)
	}
	return p
}

// ListPostings lists what changed a client's balance, newest first.
func (s *ledgerService) ListPostings(ctx context.Context, r *v1.ListPostingsRequest) (*v1.ListPostingsResponse, error) {
	client, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	account, err := store.Query(ctx, s.host.Store, pgx.RowTo[int64],
		"select id from finsystem.accounts where client_id = $1 and kind = 'client' and code = '' and currency_code = $2", client, currency)
	response := &v1.ListPostingsResponse{}
	if err != nil || len(account) == 0 {
		return response, err
	}
	c := &store.Where{}
	c.Add("account_id = ?", account[0])
	for _, edge := range []struct{ field, text, is string }{
		{"from_date", r.GetFromDate(), "effective_date >= ?::date"}, {"to_date", r.GetToDate(), "effective_date <= ?::date"},
	} {
		if edge.text != "" {
			if _, err := s.dayOf(edge.field, edge.text); err != nil {
				return nil, err
			}
			c.Add(edge.is, edge.text)
		}
	}
	if len(r.GetKinds()) > 0 {
		c.Add("posting_id in (select q.id from finsystem.postings q where q.id = entries.posting_id and q.kind = any(?))", postingKinds.Texts(r.GetKinds()))
	}
	if r.GetAboutId() != "" {
		c.Add("posting_id = any(array(select q.id from finsystem.postings q where q.about_id = ?::uuid))", r.GetAboutId())
	}
	var last int64
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last); err != nil {
		return nil, err
	} else if on {
		c.Add("posting_id < ?", last)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[postingRow], fmt.Sprintf(postingsOfAccount, c.String(), most), c.Args...)
	if err != nil {
		return nil, err
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last postingRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting())
	}
	return response, nil
}

// GetPosting returns a posting with the accounts between which it moved.
func (s *ledgerService) GetPosting(ctx context.Context, r *v1.GetPostingRequest) (*v1.GetPostingResponse, error) {
	id, err := strconv.ParseInt(r.GetId(), 10, 64)
	if err != nil {
		return nil, errNoPosting
	}
	p, err := s.findPosting(ctx, s.host.Store, id)
	return &v1.GetPostingResponse{Posting: p}, err
}

func (m *Module) findPosting(ctx context.Context, q store.Querier, id int64) (*v1.Posting, error) {
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[postingRow],
		fmt.Sprintf(postingsOfAccount, "where posting_id = $1 and client_id is not null", "1"), id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoPosting
	}
	p := rows[0].posting()
	type entry struct {
		Kind, Code string
		Amount     int64
	}
	entries, err := store.Query(ctx, q, pgx.RowToStructByPos[entry],
		"select kind, code, amount from finsystem.posting_entries($1) where account_id = $2", id, rows[0].Account)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p.Entries = append(p.Entries, &v1.PostingEntry{Account: ID + ".accounts." + e.Kind, Code: e.Code, Amount: money.Of(rows[0].Currency, e.Amount)})
	}
	return p, nil
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
