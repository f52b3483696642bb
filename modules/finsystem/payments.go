package finsystem

import (
	"cmp"
	"context"
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

// paymentService keeps money that came, and what of it went towards which document.
type paymentService struct {
	v1.UnimplementedPaymentServiceServer
	*Module
}

var _ v1.PaymentServiceServer = (*paymentService)(nil)

// ListPayments lists money that came, newest first.
func (s *paymentService) ListPayments(ctx context.Context, r *v1.ListPaymentsRequest) (*v1.ListPaymentsResponse, error) {
	c := &store.Where{}
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	if len(r.GetSources()) > 0 {
		c.Add("source = any(?)", paymentSources.Texts(r.GetSources()))
	}
	if r.GetDocumentId() != "" {
		c.Add("id in (select a.payment_id from finsystem.allocations a where a.document_id = ?::uuid)", r.GetDocumentId())
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[paymentRow],
		`select `+paymentFields+` from finsystem.payments`+c.String()+` order by payments.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListPaymentsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last paymentRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Payments = append(response.Payments, row.payment())
	}
	return response, nil
}

// GetPayment returns a payment of a client the caller sees, with what it went towards.
func (s *paymentService) GetPayment(ctx context.Context, r *v1.GetPaymentRequest) (*v1.GetPaymentResponse, error) {
	p, err := s.whole(ctx, s.host.Store, r.GetId())
	return &v1.GetPaymentResponse{Payment: p}, err
}

func (m *Module) whole(ctx context.Context, q store.Querier, id string) (*v1.Payment, error) {
	row, err := findPayment(ctx, q, id)
	if err != nil {
		return nil, err
	}
	parts, err := allocations(ctx, q, row)
	if err != nil {
		return nil, err
	}
	p := row.payment()
	p.Allocations = parts[row.ID]
	return p, nil
}

// received is money that came.
type received struct {
	// key makes it one: the same key is the same payment.
	key              string
	clientID, source string
	currency         string
	amount           int64
	day              time.Time
	// on is the day it counts for in the books, where that is another; the zero time for the same.
	on               time.Time
	title, reference string
	// actorID is who takes it down; empty for who acts.
	actorID string
	// into is the business's account that it came to: a bank's, the cash box, a gateway.
	into ledger.Of
	// documents are what it is for; without any, the oldest that are due.
	documents           []string
	branchID, managerID string
}

func (in received) counts() time.Time {
	if in.on.IsZero() {
		return in.day
	}
	return in.on
}

// receive takes money down: posts it to the client's account, and puts it towards what it is for. What came before under the same key is
// returned as it is.
func (m *Module) receive(ctx context.Context, tx *store.Tx, in received) (string, error) {
	ids, err := m.receiveAll(ctx, tx, []received{in})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// receiveAll is receive for many at once, posted in one statement. Each key stands there once.
func (m *Module) receiveAll(ctx context.Context, tx *store.Tx, all []received) ([]string, error) {
	accounts := make([]ledger.Of, 0, 2*len(all))
	keys := make([]string, len(all))
	for i, in := range all {
		accounts = append(accounts, ledger.Of{ClientID: in.clientID, Kind: "client", Currency: in.currency}, in.into)
		keys[i] = in.key
	}
	opened, err := ledger.Open(ctx, tx, m.settings.limit(), accounts...)
	if err != nil {
		return nil, err
	}
	type knownPayment struct{ Key, ID string }
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[knownPayment], "select source_key, id::text from finsystem.payments where source_key = any ($1)", keys)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, row := range rows {
		known[row.Key] = row.ID
	}
	ids, postings := make([]string, len(all)), make([]ledger.Posting, len(all))
	for i, in := range all {
		if ids[i] = known[in.key]; ids[i] == "" {
			ids[i] = store.NewID()
		}
		postings[i] = ledger.Posting{
			Key: in.key, Kind: ledger.Payment, ClientID: in.clientID, Date: in.counts(), Currency: in.currency, AboutID: ids[i], Memo: in.title,
			ActorID: cmp.Or(in.actorID, actor(ctx)), BranchID: in.branchID, ManagerID: in.managerID,
			Entries: []ledger.Entry{{Account: opened[2*i], Contra: opened[2*i+1], Amount: in.amount}},
		}
	}
	done, err := ledger.Post(ctx, tx, postings...)
	if err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	for i, in := range all {
		if known[in.key] == "" {
			batch.Queue(`
				insert into finsystem.payments (id, source_key, client_id, source, currency_code, amount, pay_date, title, reference, posting_id, create_time)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				ids[i], in.key, in.clientID, in.source, in.currency, in.amount, in.day, in.title, in.reference, done[i].ID, m.host.Now())
		}
	}
	if err := tx.Batch(ctx, batch); err != nil {
		return nil, err
	}
	for i, in := range all {
		if known[in.key] != "" {
			continue
		}
		if err := m.host.Publish(ctx, tx, in.clientID, &v1.PaymentReceived{
			PaymentId: ids[i], ClientId: in.clientID, Amount: money.Of(in.currency, in.amount),
		}); err != nil {
			return nil, err
		}
		if err := m.allocate(ctx, tx, ids[i], in.documents, len(in.documents) > 0); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// CreatePayment takes down money that came by hand.
func (s *paymentService) CreatePayment(ctx context.Context, r *v1.CreatePaymentRequest) (*v1.CreatePaymentResponse, error) {
	client, err := s.client(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, units, err := amountOf(r)
	if err != nil {
		return nil, err
	}
	if units <= 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "above_zero", "what came is above zero: refund or reverse what went back")
	}
	day, err := s.dayOf("pay_date", r.GetPayDate())
	if err != nil {
		return nil, err
	}
	if day.After(s.today()) {
		return nil, refuse(codes.InvalidArgument, "pay_date", "ahead", "this day has not come yet")
	}
	in := received{
		key: "by-hand:" + r.GetRequestId(), clientID: r.GetClientId(), source: paymentSources.Text(r.GetSource()), currency: currency, amount: units,
		day: day, title: strings.TrimSpace(r.GetTitle()), reference: strings.TrimSpace(r.GetReference()),
		into:     ledger.Of{Kind: paymentSources.Text(r.GetSource()), Currency: currency},
		branchID: client.GetBranchId(), managerID: client.GetManagerId(),
	}
	if in.source == "bank" {
		in.into.Code = s.settings.Seller.IBAN
	}
	if r.GetDocumentId() != "" {
		in.documents = []string{r.GetDocumentId()}
	}
	var response *v1.CreatePaymentResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreatePaymentResponse, error) {
			if len(in.documents) > 0 {
				found, err := payable(ctx, tx, in.clientID, currency, in.documents)
				if err != nil {
					return nil, err
				}
				if len(found) < len(in.documents) {
					return nil, notPayable("document_id")
				}
			}
			id, err := s.receive(ctx, tx, in)
			if err != nil {
				return nil, err
			}
			p, err := s.whole(ctx, tx, id)
			return &v1.CreatePaymentResponse{Payment: p}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// AllocatePayment puts what is left of a payment towards documents.
func (s *paymentService) AllocatePayment(ctx context.Context, r *v1.AllocatePaymentRequest) (*v1.AllocatePaymentResponse, error) {
	var p *v1.Payment
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := findPayment(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if err := s.lockMoney(ctx, tx, found.ClientID, found.Currency); err != nil {
			return err
		}
		if err := s.allocate(ctx, tx, r.GetId(), r.GetDocumentIds(), false); err != nil {
			return err
		}
		if p, err = s.whole(ctx, tx, r.GetId()); err == nil {
			audit.About(tx, p)
		}
		return err
	})
	return &v1.AllocatePaymentResponse{Payment: p}, err
}

// ReversePayment takes a payment back that was taken down by mistake.
func (s *paymentService) ReversePayment(ctx context.Context, r *v1.ReversePaymentRequest) (*v1.ReversePaymentResponse, error) {
	var p *v1.Payment
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findPayment(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Source == "gateway" || row.Source == bonus {
			return refuse(codes.FailedPrecondition, "id", "refund_it", "this came through a gateway: refund it there")
		}
		if row.Reversed < row.Amount {
			if err := s.takeBack(ctx, tx, row.ID, taken{key: "payment-reversed:" + row.ID, kind: ledger.Reversal, memo: r.GetReason(), day: s.today()}); err != nil {
				return err
			}
		}
		p, err = s.whole(ctx, tx, row.ID)
		return err
	})
	return &v1.ReversePaymentResponse{Payment: p}, refused(err)
}

// taken is money of a payment that went back.
type taken struct {
	key  string
	kind ledger.Kind
	// amount in minor units; 0 for all that is left.
	amount int64
	day    time.Time
	memo   string
}

// takeBack posts that money of a payment went back, and has what it paid be due again, the newest first. The same key is the same once.
func (m *Module) takeBack(ctx context.Context, tx *store.Tx, payment string, back taken) error {
	found, err := findPayment(ctx, tx, payment)
	if err != nil {
		return err
	}
	if err := m.lockMoney(ctx, tx, found.ClientID, found.Currency); err != nil {
		return err
	}
	row, err := holdPayment(ctx, tx, payment)
	if err != nil {
		return err
	}
	amount := back.amount
	if amount == 0 {
		amount = row.Amount - row.Reversed
	}
	done, err := ledger.Reverse(ctx, tx, ledger.Back{
		Key: back.key, Kind: back.kind, Posting: row.PostingID, Amount: amount, Date: back.day, Memo: back.memo, ActorID: actor(ctx),
	})
	if err != nil || !done.Fresh {
		return err
	}
	if short := amount - row.free(); short > 0 {
		if err := freePayment(ctx, tx, row.ID, short); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "update finsystem.payments set reversed = reversed + $2 where id = $1", row.ID, amount); err != nil {
		return err
	}
	if err := freeTopUps(ctx, tx, row.ID); err != nil {
		return err
	}
	if back.kind == ledger.Reversal && row.Reversed+amount == row.Amount {
		if err := m.unsettles(ctx, tx, row); err != nil {
			return err
		}
	}
	return m.host.Publish(ctx, tx, row.ClientID, &v1.PaymentReversed{PaymentId: row.ID, ClientId: row.ClientID, Amount: money.Of(row.Currency, amount)})
}
