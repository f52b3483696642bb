package paysystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// refundRow is a refund as it is kept.
type refundRow struct {
	ID, PaymentID, ClientID          string
	Amount                           int64
	State, GatewayID, Reason, Failed string
	Created                          time.Time
	Succeeded                        *time.Time
}

const refundFields = `id::text, payment_id::text, client_id::text, amount, state, gateway_refund_id, reason, failure, create_time, succeed_time`

func (r *refundRow) refund(p *paymentRow) *v1.Refund {
	return &v1.Refund{
		Id: r.ID, PaymentId: r.PaymentID, ClientId: r.ClientID, Amount: p.money(r.Amount), State: refundStates.Of(r.State), Reason: r.Reason, Failure: r.Failed,
		CreateTime: timestamppb.New(r.Created), SucceedTime: stamp(r.Succeeded),
	}
}

func refundsOf(ctx context.Context, q store.Querier, payment string) ([]refundRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[refundRow], `select `+refundFields+` from paysystem.refunds where payment_id = $1 order by id desc`, payment)
}

func saveRefund(ctx context.Context, tx *store.Tx, r *refundRow) error {
	_, err := tx.Exec(ctx, `
		insert into paysystem.refunds (id, payment_id, client_id, amount, state, gateway_refund_id, reason, failure, create_time, succeed_time)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (id) do update set state = excluded.state, gateway_refund_id = excluded.gateway_refund_id, failure = excluded.failure, succeed_time = excluded.succeed_time`,
		r.ID, r.PaymentID, r.ClientID, r.Amount, r.State, r.GatewayID, r.Reason, r.Failed, r.Created, r.Succeeded)
	return err
}

// meant finds the refund that a fact is about: by our id, by the gateway's, or one of ours of the same amount of which the
// gateway's id is not known yet. Nil is for one that was made at the gateway's.
func meant(refunds []refundRow, f *v1.Fact, units int64) *refundRow {
	for i := range refunds {
		if r := &refunds[i]; f.GetRefundId() == r.ID || f.GetGatewayId() != "" && f.GetGatewayId() == r.GatewayID {
			return r
		}
	}
	if f.GetRefundId() != "" {
		return nil
	}
	for i := len(refunds) - 1; i >= 0; i-- { // the oldest first
		if r := &refunds[i]; r.State == "pending" && r.GatewayID == "" && r.Amount == units {
			return r
		}
	}
	return nil
}

// refundFact does what a gateway says of a refund, also of one that was made there.
func (m *Module) refundFact(ctx context.Context, tx *store.Tx, p *paymentRow, f *v1.Fact) (oddity string, err error) {
	units, ok := p.same(f)
	if !ok {
		p.flag(flagAmount)
		return oddAmount, nil
	}
	if p.State != stateSucceeded {
		return oddContradicts, nil
	}
	refunds, err := refundsOf(ctx, tx, p.ID)
	if err != nil {
		return "", err
	}
	r := meant(refunds, f, units)
	switch {
	case r == nil && f.GetKind() == v1.FactKind_FACT_KIND_REFUND_FAILED:
		return "", nil // it was tried at the gateway's, and came to nothing
	case r == nil && f.GetGatewayId() == "":
		return oddContradicts, nil // told twice it would be given back twice
	case r == nil:
		r = &refundRow{ID: store.NewID(), PaymentID: p.ID, ClientID: p.ClientID, Amount: units, State: "pending", GatewayID: f.GetGatewayId(), Created: m.host.Now()}
	case r.Amount != units:
		return oddAmount, nil
	}
	if r.GatewayID == "" {
		r.GatewayID = f.GetGatewayId()
	}
	return m.refunded(ctx, tx, p, r, f)
}

// refunded moves a refund of a held payment on.
func (m *Module) refunded(ctx context.Context, tx *store.Tx, p *paymentRow, r *refundRow, f *v1.Fact) (oddity string, err error) {
	switch {
	case r.State == "succeeded" && f.GetKind() == v1.FactKind_FACT_KIND_REFUND_FAILED:
		return oddContradicts, nil // some vendors take a refund back days later: staff pay in another way
	case r.State == "succeeded":
		return "", nil
	case f.GetKind() == v1.FactKind_FACT_KIND_REFUND_FAILED:
		r.State, r.Failed = "failed", short(f.GetReason())
	case f.GetKind() == v1.FactKind_FACT_KIND_REFUND_SUCCEEDED:
		if r.Amount > p.left() {
			p.flag(flagRefundExceeds)
			return oddRefund, nil
		}
		at := m.host.Now()
		if f.GetTime() != nil {
			at = f.GetTime().AsTime()
		}
		r.State, r.Succeeded, r.Failed = "succeeded", &at, ""
		p.Refunded += r.Amount
		if ofAccount(p.MethodKind) { // who keeps accounts has booked it
			return "", saveRefund(ctx, tx, r)
		}
		if err := m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentRefunded{
			RefundId: r.ID, PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(r.Amount), DocumentId: p.DocumentID, Gateway: p.Gateway, RefundTime: timestamppb.New(at),
		}); err != nil {
			return "", err
		}
		if err := saveRefund(ctx, tx, r); err != nil {
			return "", err
		}
		return "", m.queueReceipt(ctx, tx, p, r)
	}
	return "", saveRefund(ctx, tx, r)
}

// chargebackRow is a chargeback as it is kept.
type chargebackRow struct {
	ID, PaymentID, ClientID string
	Amount                  int64
	State, GatewayID        string
	Created                 time.Time
	Ended                   *time.Time
}

const chargebackFields = `id::text, payment_id::text, client_id::text, amount, state, gateway_chargeback_id, create_time, end_time`

func chargebacksOf(ctx context.Context, q store.Querier, payment string) ([]chargebackRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[chargebackRow], `select `+chargebackFields+` from paysystem.chargebacks where payment_id = $1 order by id desc`, payment)
}

func saveChargeback(ctx context.Context, tx *store.Tx, r *chargebackRow) error {
	_, err := tx.Exec(ctx, `
		insert into paysystem.chargebacks (id, payment_id, client_id, amount, state, gateway_chargeback_id, create_time, end_time) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set state = excluded.state, end_time = excluded.end_time`,
		r.ID, r.PaymentID, r.ClientID, r.Amount, r.State, r.GatewayID, r.Created, r.Ended)
	return err
}

// chargebackFact does what a gateway says of a dispute. One of which only the end is told is opened first, so that both are
// booked.
func (m *Module) chargebackFact(ctx context.Context, tx *store.Tx, p *paymentRow, f *v1.Fact) (oddity string, err error) {
	units, ok := p.same(f)
	switch {
	case !ok:
		p.flag(flagAmount)
		return oddAmount, nil
	case p.State != stateSucceeded || f.GetGatewayId() == "":
		return oddContradicts, nil
	}
	known, err := chargebacksOf(ctx, tx, p.ID)
	if err != nil {
		return "", err
	}
	var c *chargebackRow
	for i := range known {
		if known[i].GatewayID == f.GetGatewayId() {
			c = &known[i]
		}
	}
	now := m.host.Now()
	if c == nil {
		if units > p.left() {
			p.flag(flagRefundExceeds)
			return oddRefund, nil
		}
		c = &chargebackRow{ID: store.NewID(), PaymentID: p.ID, ClientID: p.ClientID, Amount: units, State: "open", GatewayID: f.GetGatewayId(), Created: now}
		p.ChargedBack += units
		p.flag(flagChargeback)
		if err := m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentChargedBack{
			ChargebackId: c.ID, PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(units), DocumentId: p.DocumentID, Gateway: p.Gateway, Time: timestamppb.New(now),
		}); err != nil {
			return "", err
		}
	}
	switch {
	case c.State != "open" || f.GetKind() == v1.FactKind_FACT_KIND_CHARGEBACK_OPENED:
	case f.GetKind() == v1.FactKind_FACT_KIND_CHARGEBACK_WON:
		c.State, c.Ended = "won", &now
		p.ChargedBack -= c.Amount
		if err := m.host.Publish(ctx, tx, p.ClientID, &v1.ChargebackWon{
			ChargebackId: c.ID, PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(c.Amount), DocumentId: p.DocumentID, Gateway: p.Gateway, Time: timestamppb.New(now),
		}); err != nil {
			return "", err
		}
	default:
		c.State, c.Ended = "lost", &now
	}
	return "", saveChargeback(ctx, tx, c)
}
