package paysystem

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// pauses are how long a gateway is let be before it is asked again about a payment; the last holds from then on.
var pauses = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour}

func checkAfter(checks int32) time.Duration { return pauses[min(int(checks), len(pauses)-1)] }

const (
	// afterwards is how long a payment that is over is looked at every day, from when it could not be paid any more; underway how long one
	// is waited for whose money the gateway says is on its way; unanswered how long for a gateway that says nothing at all.
	afterwards = 14 * 24 * time.Hour
	underway   = 30 * 24 * time.Hour
	unanswered = 7 * 24 * time.Hour
	// chargedAgain is how long a payment with a kept card, whose answer was lost, may be asked for anew: a vendor takes the same request for
	// the same payment for a day, Stripe for one.
	chargedAgain = 20 * time.Hour
)

// checkDue asks the gateway about a payment of which nothing was heard, for as long as it can be paid, and every day for a while after
// that. A gateway that does not answer is asked again later: it holds up nothing else.
func (m *Module) checkDue(ctx context.Context, _ event.Event, e *v1.PaymentCheckDue) error {
	if !store.IsID(e.GetPaymentId()) {
		return m.nothing(ctx)
	}
	p, err := findPayment(ctx, m.host.Store, e.GetPaymentId())
	if errors.Is(err, errNoPayment) || err == nil && !p.open() && !p.asked() {
		return m.nothing(ctx)
	}
	if err != nil {
		return err
	}
	if ofAccount(p.MethodKind) { // it ended before the answer was kept
		if _, err := m.fromAccount(ctx, p, ""); err != nil && passing(err) {
			return m.later(ctx, e.GetChecks(), p.ID, &v1.PaymentCheckDue{PaymentId: p.ID, Checks: e.GetChecks() + 1}, err)
		}
		return m.nothing(ctx)
	}
	var facts []*v1.Fact
	asked, at := false, m.host.Now()
	switch {
	case p.asked():
		if facts, err = m.stateOf(ctx, &p); err != nil {
			m.host.Log.WarnContext(ctx, "a gateway does not say what became of a payment", "gateway", p.Gateway, "payment", p.ID, "error", err)
		}
		asked = err == nil
	case p.CardID != "" && at.Sub(p.Created) < chargedAgain: // the card may be charged, and nobody know it
		if err := m.chargeAgain(ctx, p); err != nil {
			m.host.Log.WarnContext(ctx, "a gateway does not say what became of a payment with a kept card", "gateway", p.Gateway, "payment", p.ID, "error", err)
		}
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, p.ClientID)
		held, err := holdPayment(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if !held.open() && !held.asked() {
			return nil
		}
		now := m.host.Now()
		if asked {
			held.Checked = &at
		}
		if _, err := m.apply(ctx, tx, &held, facts); err != nil || held.Expires == nil {
			return err
		}
		over := now.Sub(*held.Expires)
		if held.open() && over >= 0 && isOver(&held, now, asked, facts) {
			if err := m.fail(ctx, tx, &held, stateExpired, ""); err != nil {
				return err
			}
			if err := savePayment(ctx, tx, &held); err != nil {
				return err
			}
		}
		next := now.Add(checkAfter(e.GetChecks() + 1))
		switch {
		case held.open():
			if over < 0 && next.After(*held.Expires) {
				next = *held.Expires
			}
		case !held.asked() || over >= afterwards:
			return nil
		default:
			next = now.Add(24 * time.Hour)
		}
		return m.host.PublishAt(ctx, tx, next, p.ID, &v1.PaymentCheckDue{PaymentId: p.ID, Checks: e.GetChecks() + 1})
	})
}

// isOver tells whether nobody waits any longer for a payment whose time is over. Only a gateway that answered has let the time pass.
func isOver(p *paymentRow, now time.Time, asked bool, facts []*v1.Fact) bool {
	over := now.Sub(*p.Expires)
	switch {
	case p.State == stateNew:
		return p.CardID == "" || now.Sub(p.Created) >= chargedAgain
	case slices.ContainsFunc(facts, func(f *v1.Fact) bool { return f.GetKind() == v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS }):
		return over > underway
	}
	return asked || over > unanswered
}

// chargeAgain asks for a payment with a kept card anew, which is the same payment to its gateway, to learn what became of it. A card that
// was removed is not asked with: that would be another payment, on the gateway's page, where nobody is.
func (m *Module) chargeAgain(ctx context.Context, p paymentRow) error {
	if _, err := findCard(ctx, m.host.Store, p.CardID); err != nil {
		return err
	}
	client, err := m.clients.GetClient(m.host.Self(ctx), &clientmanagerv1.GetClientRequest{Id: p.ClientID})
	if err != nil {
		return err
	}
	_, err = m.checkout(ctx, p, client.GetClient())
	return err
}

// nothing notes that an event was handled which asks for nothing any more.
func (m *Module) nothing(ctx context.Context) error {
	return event.Apply(ctx, m.host.Store, func(_ context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		return nil
	})
}

// rests is how long the answer of a gateway about a payment is good enough for who asks again.
const rests = 5 * time.Second

// CheckPayment asks the gateway now, for whoever sees the payment.
func (s *paymentService) CheckPayment(ctx context.Context, r *v1.CheckPaymentRequest) (*v1.CheckPaymentResponse, error) {
	p, err := findPayment(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	now := s.host.Now()
	if !p.asked() || p.Checked != nil && now.Sub(*p.Checked) < rests {
		return &v1.CheckPaymentResponse{Payment: p.payment()}, nil
	}
	facts, err := s.stateOf(ctx, &p)
	if err != nil {
		return nil, orGateway(err)
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if p, err = holdPayment(ctx, tx, p.ID); err != nil {
			return err
		}
		p.Checked = &now
		_, err = s.apply(ctx, tx, &p, facts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v1.CheckPaymentResponse{Payment: p.payment()}, nil
}

// clientSuspended remembers it: what a suspended client pays is credited and looked at.
func (m *Module) clientSuspended(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientSuspended) error {
	return m.suspend(ctx, e.GetClientId(), `insert into paysystem.suspended (client_id) values ($1) on conflict do nothing`)
}

// clientResumed forgets it again.
func (m *Module) clientResumed(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientResumed) error {
	return m.suspend(ctx, e.GetClientId(), `delete from paysystem.suspended where client_id = $1`)
}

func (m *Module) suspend(ctx context.Context, client, sql string) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, client)
		_, err := tx.Exec(ctx, sql, client)
		return err
	})
}

func isSuspended(ctx context.Context, tx *store.Tx, client string) (bool, error) {
	found, err := store.Query(ctx, tx, pgx.RowTo[string], `select client_id::text from paysystem.suspended where client_id = $1`, client)
	return len(found) > 0, err
}

// sweep forgets notices that are old enough and that nobody has to look at. What anybody may have posted is old after a day.
func (m *Module) sweep(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `delete from paysystem.notices where state in ('applied', 'ignored', 'resolved') and (receive_time < $1 or not verified and receive_time < $2)`,
			m.host.Now().AddDate(0, 0, -m.settings.NoticeDays), m.host.Now().AddDate(0, 0, -1))
		return err
	})
}
