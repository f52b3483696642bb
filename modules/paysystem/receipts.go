package paysystem

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// receiptRow is a receipt as it is kept, with the currency of its payment.
type receiptRow struct {
	ID, PaymentID, ClientID, RefundID, Kind, Provider string
	Amount                                            int64
	Currency, State, ProviderID, Number, URL, Failed  string
	Attempts, Retries                                 int32
	Created                                           time.Time
	Done                                              *time.Time
}

const receiptFields = `r.id::text, r.payment_id::text, r.client_id::text, coalesce(r.refund_id::text, ''), r.kind, r.provider, r.amount, p.currency_code, r.state,
	r.provider_receipt_id, r.number, r.url, r.failure, r.attempts, r.retries, r.create_time, r.done_time`

const receiptTables = ` from paysystem.receipts r join paysystem.payments p on p.id = r.payment_id`

func (r *receiptRow) receipt() *v1.Receipt {
	return &v1.Receipt{
		Id: r.ID, PaymentId: r.PaymentID, ClientId: r.ClientID, Kind: receiptKinds.Of(r.Kind), Provider: r.Provider, Amount: money.Of(r.Currency, r.Amount),
		State: receiptStates.Of(r.State), Number: r.Number, Url: r.URL, Failure: r.Failed, Attempts: r.Attempts, CreateTime: timestamppb.New(r.Created), DoneTime: stamp(r.Done),
	}
}

func findReceipt(ctx context.Context, q store.Querier, id, lock string) (receiptRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[receiptRow], `select `+receiptFields+receiptTables+` where r.id = $1`+lock, id)
	return row, store.NotFoundAs(err, errNoReceipt)
}

// queueReceipt puts a receipt of a held payment, or of a refund of it, into the queue, in the transaction that makes it due.
func (m *Module) queueReceipt(ctx context.Context, tx *store.Tx, p *paymentRow, refund *refundRow) error {
	provider := m.settings.Fiscal[p.Currency]
	if provider == "" {
		return nil
	}
	kind, amount, of := "sale", p.Amount, ""
	if refund != nil {
		kind, amount, of = "refund", refund.Amount, refund.ID
	}
	id := store.NewID()
	// A refund has a receipt where its payment has one, whatever its way to pay says by now. A payment has one alone: when what it was
	// settled with is taken back the receipt stays, registered or waiting, and is good for the money that comes then. Where none comes any
	// more, staff registers the return at the cash register itself: no money went back through here.
	tag, err := tx.Exec(ctx, `
		insert into paysystem.receipts (id, payment_id, client_id, refund_id, kind, provider, amount, state, provider_receipt_id, number, url, failure, attempts, create_time)
		select $1, $2, $3, $4::text::uuid, $5, $6, $7, 'waiting', '', '', '', '', 0, $8
		where case when $5 = 'sale' then (select receipts from paysystem.methods where id = $9)
			else exists (select from paysystem.receipts where payment_id = $2 and refund_id is null) end
		on conflict do nothing`,
		id, p.ID, p.ClientID, orNil(of), kind, provider, amount, m.host.Now(), p.MethodID)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return m.host.Publish(ctx, tx, id, &v1.ReceiptDue{ReceiptId: id})
}

// receiptDue has a receipt be registered. A cash register that is away does not stop the queue: the receipt is tried again later, and
// holds up no other.
func (m *Module) receiptDue(ctx context.Context, _ event.Event, e *v1.ReceiptDue) error {
	if !store.IsID(e.GetReceiptId()) {
		return m.nothing(ctx)
	}
	r, err := findReceipt(ctx, m.host.Store, e.GetReceiptId(), "")
	if errors.Is(err, errNoReceipt) || err == nil && r.State != "waiting" {
		return m.nothing(ctx)
	}
	if err != nil {
		return err
	}
	said, problem := m.register(ctx, &r)
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, r.ClientID)
		held, err := findReceipt(ctx, tx, r.ID, " for update of r")
		if err != nil || held.State != "waiting" {
			return err
		}
		held.Attempts++
		held.Failed = short(said.GetReason())
		if said.GetProviderReceiptId() != "" {
			held.ProviderID = said.GetProviderReceiptId()
		}
		switch {
		case problem != nil && passing(problem):
			m.host.Log.WarnContext(ctx, "a cash register does not take a receipt now", "provider", r.Provider, "receipt", r.ID, "error", problem)
		case problem != nil:
			m.host.Log.WarnContext(ctx, "a cash register refused a receipt", "provider", r.Provider, "receipt", r.ID, "error", problem)
			held.State, held.Failed = "failed", "refused"
		case said.GetState() == v1.ReceiptState_RECEIPT_STATE_FAILED:
			held.State = "failed"
		case said.GetState() == v1.ReceiptState_RECEIPT_STATE_DONE:
			at := m.host.Now()
			if said.GetTime() != nil {
				at = said.GetTime().AsTime()
			}
			held.State, held.Number, held.URL, held.Done = "done", said.GetNumber(), said.GetUrl(), &at
		}
		if err := saveReceipt(ctx, tx, &held); err != nil || held.State != "waiting" {
			return err
		}
		return m.host.PublishAt(ctx, tx, m.host.Now().Add(awayAfter(held.Attempts)), r.ID, &v1.ReceiptDue{ReceiptId: r.ID})
	})
}

// register asks the cash register. A refund's receipt waits for that of its payment.
func (m *Module) register(ctx context.Context, r *receiptRow) (*v1.RegisterReceiptResponse, error) {
	p, err := findPayment(ctx, m.host.Store, r.PaymentID)
	if err != nil {
		return nil, err
	}
	request := &v1.RegisterReceiptRequest{
		ReceiptId: r.ID, ProviderReceiptId: r.ProviderID, Kind: receiptKinds.Of(r.Kind), Amount: money.Of(r.Currency, r.Amount), Description: m.describes(&p),
		Cash: p.MethodKind == "cash", Time: timestamppb.New(r.Created), Retries: r.Retries,
	}
	if r.RefundID != "" {
		sales, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[receiptRow], `select `+receiptFields+receiptTables+` where r.payment_id = $1 and r.refund_id is null`, r.PaymentID)
		if err != nil {
			return nil, err
		}
		if len(sales) == 0 || sales[0].State != "done" {
			return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_WAITING}, nil
		}
		request.SaleReceiptId, request.SaleProviderReceiptId = sales[0].ID, sales[0].ProviderID
	}
	if client, err := m.clients.GetClient(m.host.Self(ctx), &clientmanagerv1.GetClientRequest{Id: p.ClientID}); err == nil {
		request.CustomerEmail = client.GetClient().GetEmail()
	}
	return m.fiscal.RegisterReceipt(m.to(ctx, r.Provider), request)
}

func saveReceipt(ctx context.Context, tx *store.Tx, r *receiptRow) error {
	_, err := tx.Exec(ctx, `update paysystem.receipts set state = $2, provider_receipt_id = $3, number = $4, url = $5, failure = $6, attempts = $7, done_time = $8, retries = $9 where id = $1`,
		r.ID, r.State, r.ProviderID, r.Number, r.URL, r.Failed, r.Attempts, r.Done, r.Retries)
	return err
}

// receiptService shows receipts.
type receiptService struct {
	v1.UnimplementedReceiptServiceServer
	*Module
}

var _ v1.ReceiptServiceServer = (*receiptService)(nil)

// ListReceipts lists those the caller sees, newest first.
func (s *receiptService) ListReceipts(ctx context.Context, r *v1.ListReceiptsRequest) (*v1.ListReceiptsResponse, error) {
	c := &store.Where{}
	if who := access.From(ctx); who.Kind == access.Contact {
		c.Add("r.client_id = ?::uuid", who.ActingFor)
	}
	if r.GetPaymentId() != "" {
		c.Add("r.payment_id = ?::uuid", r.GetPaymentId())
	}
	if len(r.GetStates()) > 0 {
		c.Add("r.state = any(?)", receiptStates.Texts(r.GetStates()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("r.id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[receiptRow], `select `+receiptFields+receiptTables+c.String()+` order by r.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListReceiptsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last receiptRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Receipts = append(response.Receipts, row.receipt())
	}
	return response, nil
}

// RetryReceipt puts one that was refused into the queue again.
func (s *receiptService) RetryReceipt(ctx context.Context, r *v1.RetryReceiptRequest) (*v1.RetryReceiptResponse, error) {
	var response *v1.RetryReceiptResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findReceipt(ctx, tx, r.GetId(), " for update of r")
		if err != nil {
			return err
		}
		before := row.receipt()
		if row.State == "failed" {
			row.State, row.Failed, row.ProviderID = "waiting", "", ""
			row.Retries++
			if err := saveReceipt(ctx, tx, &row); err != nil {
				return err
			}
			if err := s.host.Publish(ctx, tx, row.ID, &v1.ReceiptDue{ReceiptId: row.ID}); err != nil {
				return err
			}
		}
		response = &v1.RetryReceiptResponse{Receipt: row.receipt()}
		audit.Changed(tx, before, response.GetReceipt())
		return nil
	})
	return response, err
}
