package paysystem

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// paymentRow is a payment as it is kept.
type paymentRow struct {
	ID, ClientID, Reference, MethodID, MethodTitle, MethodKind, Gateway, GatewayID string
	Reports                                                                        bool
	Amount                                                                         int64
	Currency                                                                       string
	Refunded, ChargedBack                                                          int64
	Fee                                                                            *int64
	DocumentID, Description, State                                                 string
	Flags                                                                          []string
	Failure, URL, Instructions, QR                                                 string
	Created                                                                        time.Time
	Succeeded, Expires, Checked                                                    *time.Time
	Revision                                                                       int64
	Partly                                                                         bool
	Due                                                                            *time.Time
	Came                                                                           *int64
	CameCurrency                                                                   *string
	Keep                                                                           bool
	CustomerID, CardID                                                             string
	Asked                                                                          int64 // the amount as it was asked for
}

const paymentFields = `id::text, client_id::text, reference, method_id::text, method_title, method_kind, gateway, gateway_payment_id, reports, amount, currency_code,
	refunded, charged_back, fee, coalesce(document_id::text, ''), description, state, flags, failure, checkout_url, instructions, qr_text,
	create_time, succeed_time, expire_time, check_time, revision, partly, due_date, came, came_currency, keep_card, coalesce(customer_id::text, ''),
	coalesce(card_id::text, ''), coalesce(asked, amount)`

func (r *paymentRow) money(units int64) *kernelv1.Money { return money.Of(r.Currency, units) }

// left is what has not gone back of a payment that succeeded.
func (r *paymentRow) left() int64 {
	if r.State != stateSucceeded {
		return 0
	}
	return r.Amount - r.Refunded - r.ChargedBack
}

// open tells whether money is still waited for.
func (r *paymentRow) open() bool { return r.State == stateNew || r.State == statePending }

// asked tells whether a gateway can say something of a payment that is not known yet: also of one that is over, since the vendor's page
// may be paid on all the same, and a notice of it be lost.
func (r *paymentRow) asked() bool {
	return r.Reports && (r.State == statePending || r.GatewayID != "" && (r.State == stateFailed || r.State == stateCancelled || r.State == stateExpired))
}

func (r *paymentRow) flag(name string) {
	if !slices.Contains(r.Flags, name) {
		r.Flags = append(r.Flags, name)
	}
}

// payment is the contract's.
func (r *paymentRow) payment() *v1.Payment {
	p := &v1.Payment{
		Id: r.ID, ClientId: r.ClientID, Reference: r.Reference, MethodId: r.MethodID, MethodTitle: r.MethodTitle, MethodKind: methodKinds.Of(r.MethodKind),
		Gateway: r.Gateway, GatewayPaymentId: r.GatewayID, Amount: r.money(r.Amount), DocumentId: r.DocumentID, Description: r.Description,
		State: paymentStates.Of(r.State), Failure: r.Failure, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
		SucceedTime: stamp(r.Succeeded),
	}
	if r.Due != nil {
		p.DueDate = r.Due.Format(time.DateOnly)
	}
	if r.Came != nil {
		p.Came, p.Differs = money.Of(*r.CameCurrency, *r.Came), true
	}
	for _, f := range r.Flags {
		p.Flags = append(p.Flags, paymentFlags.Of(f))
	}
	if r.Refunded > 0 {
		p.Refunded = r.money(r.Refunded)
	}
	if r.ChargedBack > 0 {
		p.ChargedBack = r.money(r.ChargedBack)
	}
	if r.Fee != nil {
		p.Fee = r.money(*r.Fee)
	}
	if r.left() > 0 {
		p.Refundable = r.money(r.left())
	}
	if r.open() { // how to pay is of no use afterwards, and misleads
		p.CheckoutUrl, p.Instructions, p.ExpireTime = r.URL, r.Instructions, stamp(r.Expires)
		if r.QR != "" {
			p.Qr = r.ID
		}
	}
	return p
}

func stamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}

func findPayment(ctx context.Context, q store.Querier, id string) (paymentRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from paysystem.payments where id = $1`, id)
	return row, store.NotFoundAs(err, errNoPayment)
}

// holdPayment reads a payment that nobody else changes until the transaction ends. Whoever changes anything about a payment
// holds it first.
func holdPayment(ctx context.Context, tx *store.Tx, id string) (paymentRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from paysystem.payments where id = $1 for update`, id)
	return row, store.NotFoundAs(err, errNoPayment)
}

// atGateway finds a payment by its gateway's id of it; empty when there is none.
func atGateway(ctx context.Context, q store.Querier, gateway, id, gatewayID string) (string, error) {
	rows, err := store.Query(ctx, q, pgx.RowTo[string], `select id::text from paysystem.payments where gateway = $1
		and (id = $2::text::uuid or $3 <> '' and gateway_payment_id = $3) order by id = $2::text::uuid desc limit 1`, gateway, orNil(id), clean(gatewayID))
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0], nil
}

func orNil(id string) *string {
	if !store.IsID(id) {
		return nil
	}
	return &id
}

func (m *Module) listPayments(ctx context.Context, c *store.Where, limit int) ([]paymentRow, error) {
	most := c.Arg(limit)
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from paysystem.payments`+c.String()+` order by id desc limit `+most, c.Args...)
}

func insertPayment(ctx context.Context, tx *store.Tx, r *paymentRow) error {
	_, err := tx.Exec(ctx, `
		insert into paysystem.payments (id, client_id, reference, method_id, method_title, method_kind, gateway, gateway_payment_id, reports, amount, currency_code,
			refunded, charged_back, fee, document_id, description, state, flags, failure, checkout_url, instructions, qr_text, create_time, expire_time, revision,
			partly, keep_card, card_id, asked)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, null, $12::text::uuid, $13, $14, '{}', '', $15, $16, $17, $18, $19, $20, $21, $22, $23::text::uuid, $10)`,
		r.ID, r.ClientID, r.Reference, r.MethodID, r.MethodTitle, r.MethodKind, r.Gateway, r.GatewayID, r.Reports, r.Amount, r.Currency,
		orNil(r.DocumentID), r.Description, r.State, r.URL, r.Instructions, r.QR, r.Created, r.Expires, r.Revision, r.Partly, r.Keep, orNil(r.CardID))
	return err
}

// savePayment writes what changes in a held payment.
func savePayment(ctx context.Context, tx *store.Tx, r *paymentRow) error {
	r.Revision++
	_, err := tx.Exec(ctx, `
		update paysystem.payments set gateway_payment_id = $2, reports = $3, refunded = $4, charged_back = $5, fee = $6, state = $7, flags = $8, failure = $9,
			checkout_url = $10, instructions = $11, qr_text = $12, succeed_time = $13, expire_time = $14, check_time = $15, revision = $16,
			amount = $17, currency_code = $18, due_date = $19, came = $20, came_currency = $21, customer_id = $22::text::uuid
		where id = $1`,
		r.ID, r.GatewayID, r.Reports, r.Refunded, r.ChargedBack, r.Fee, r.State, r.Flags, r.Failure,
		r.URL, r.Instructions, r.QR, r.Succeeded, r.Expires, r.Checked, r.Revision,
		r.Amount, r.Currency, r.Due, r.Came, r.CameCurrency, orNil(r.CustomerID))
	return err
}
