package finsystem

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A payment that somebody began in the portal, and makes at their bank, has a reference that stands in the transfer. A statement that tells of it says so
// whose money it is; once that is posted, paysystem is told that the payment is made, and once it is taken back, that it is not.

// reference is how paysystem calls a payment: see its contract. Banks break lines wherever they like.
var reference = regexp.MustCompile(`^PAY[0-9A-HJKMNP-TV-Z]{10}`)

// references are those that may stand in a text. They may overlap: "payment PAY…" has two.
func references(text string) (out []string) {
	for rest := strings.Join(strings.Fields(strings.ToUpper(text)), ""); ; rest = rest[1:] {
		at := strings.Index(rest, "PAY")
		if at < 0 {
			return out
		}
		rest = rest[at:]
		if name := reference.FindString(rest); name != "" {
			out = append(out, name)
		}
	}
}

// begun are the payments that references stand for, by reference. None where no module takes payments.
func (m *Module) begun(ctx context.Context, names []string) (map[string]*paysystemv1.Payment, error) {
	out := map[string]*paysystemv1.Payment{}
	slices.Sort(names)
	names = slices.Compact(names)
	for part := range slices.Chunk(names, 1000) {
		found, err := m.checkouts.FindPayments(m.host.Self(ctx), &paysystemv1.FindPaymentsRequest{References: part})
		if status.Code(err) == codes.Unimplemented {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, p := range found.GetPayments() {
			out[p.GetReference()] = p
		}
	}
	return out, nil
}

// lookReferences asks which payments the entries' texts name.
func (x *examiner) lookReferences(ctx context.Context, rows []*entryRow) (err error) {
	var names []string
	for _, r := range rows {
		names = append(names, references(r.texts())...)
	}
	if x.begun, err = x.Module.begun(ctx, names); err != nil {
		return err
	}
	x.settled, err = x.settledOf(ctx, x.begun)
	return err
}

// settledOf are those of some payments that a transfer made, by id.
func (m *Module) settledOf(ctx context.Context, begun map[string]*paysystemv1.Payment) (map[string]bool, error) {
	ids := make([]string, 0, len(begun))
	for _, p := range begun {
		ids = append(ids, p.GetId())
	}
	out := map[string]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := store.Query(ctx, m.host.Store, pgx.RowTo[string], "select settles::text from finsystem.payments where settles = any ($1::uuid[])", ids)
	for _, id := range found {
		out[id] = true
	}
	return out, err
}

// madeElsewhere tells whether the money of a payment is known to have come, but from no statement: a hand or a gateway said so. What a statement tells of it
// after that is most likely the same money, and may be more: a hand has to say which.
func madeElsewhere(p *paysystemv1.Payment, settled map[string]bool) bool {
	return p.GetState() == paysystemv1.PaymentState_PAYMENT_STATE_SUCCEEDED && !settled[p.GetId()]
}

// byReference is whose payment an entry names; payments of several clients say nothing.
func (x *examiner) byReference(r *entryRow) (out found) {
	strength := sure
	for _, name := range references(r.texts()) {
		p := x.begun[name]
		switch {
		case p == nil:
			continue
		case out.client != "" && out.client != p.GetClientId():
			return found{}
		case p.GetDocumentId() != "" && p.GetAmount().GetCurrencyCode() == r.Currency:
			out.documents = append(out.documents, p.GetDocumentId())
		}
		if madeElsewhere(p, x.settled) {
			strength = likely
		}
		out.client, out.strength = p.GetClientId(), strength
	}
	return out
}

// settlementDue tells paysystem what is true of a payment that a statement told of, whatever was true when it was said that it is due. What was made another
// way meanwhile is not credited a second time: see waitAgain.
func (m *Module) settlementDue(ctx context.Context, _ event.Event, e *v1.SettlementDue) error {
	type told struct {
		ClientID, Currency, Settles string
		Amount, Reversed            int64
		Day                         time.Time
		Texts                       string
	}
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[told], `
		select p.client_id::text, p.currency_code, coalesce(p.settles::text, ''), p.amount, p.reversed, p.pay_date,
			coalesce((select e.purpose || ' ; ' || e.other_references || ' ; ' || e.document_number from finsystem.statement_entries e
				where e.payment_id = p.id and e.state = 'posted' and e.amount > 0 limit 1), '')
		from finsystem.payments p where p.id = $1`, e.GetPaymentId())
	if err != nil || len(rows) == 0 {
		return err
	}
	row := rows[0]
	taken := row.Reversed == row.Amount
	if row.Settles == "" && !taken {
		begun, err := m.begun(ctx, references(row.Texts))
		if err != nil {
			return err
		}
		settled, err := m.settledOf(ctx, begun)
		if err != nil {
			return err
		}
		twice := false
		for _, p := range begun {
			units, err := money.Units(p.GetAmount())
			switch {
			case p.GetClientId() != row.ClientID:
			case madeElsewhere(p, settled):
				twice = true
			case err == nil && units == row.Amount && p.GetAmount().GetCurrencyCode() == row.Currency && p.GetState() != paysystemv1.PaymentState_PAYMENT_STATE_SUCCEEDED:
				row.Settles = p.GetId()
			}
		}
		if row.Settles, err = m.claim(ctx, e.GetPaymentId(), row.Settles); err != nil {
			return err
		}
		if twice && row.Settles == "" {
			return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
				return m.waitAgain(ctx, tx, "p.id = $1 and e.match_reason = 'reference'", e.GetPaymentId())
			})
		}
	}
	if row.Settles != "" && taken {
		_, err = m.checkouts.UnsettlePayment(m.host.Self(ctx), &paysystemv1.UnsettlePaymentRequest{PaymentId: row.Settles})
	} else if row.Settles != "" {
		_, err = m.checkouts.SettlePayment(m.host.Self(ctx), &paysystemv1.SettlePaymentRequest{
			PaymentId: row.Settles, Amount: money.Of(row.Currency, row.Amount), Time: timestamppb.New(row.Day),
		})
	}
	refused := err != nil && isRefusal(err)
	if err != nil && !refused {
		return err
	}
	if refused {
		m.host.Log.WarnContext(ctx, "a payment that a statement tells of is not settled by it", "payment", row.Settles, "error", err)
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		if taken == refused { // it goes on settling the other, or never settled one
			return nil
		}
		_, err := tx.Exec(ctx, "update finsystem.payments set settles = null where id = $1", e.GetPaymentId())
		return err
	})
}

// claim says that a payment settles one of paysystem's before paysystem is told, so that who takes the payment back knows of it. It answers with nothing where
// another settles that one, or this one was taken back meanwhile.
func (m *Module) claim(ctx context.Context, payment, settles string) (string, error) {
	if settles == "" {
		return "", nil
	}
	claimed := ""
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit().Quiet = true // what it settles has an entry of its own
		found, err := findPayment(ctx, tx, payment)
		if err != nil {
			return err
		}
		if err := m.lockMoney(ctx, tx, found.ClientID, found.Currency); err != nil { // against who credits the same: see toldBefore
			return err
		}
		row, err := holdPayment(ctx, tx, payment)
		if err != nil || row.Reversed > 0 {
			return err
		}
		made, err := store.Query(ctx, tx, pgx.RowTo[string], "select id::text from finsystem.payments where source_key = $1", gatewayKey(settles))
		if err != nil {
			return err
		}
		if len(made) > 0 {
			return errMeanwhile // it is asked for again, and found to be made
		}
		done, err := tx.Exec(ctx, `update finsystem.payments set settles = $2 where id = $1 and not exists (select from finsystem.payments o where o.settles = $2)`, payment, settles)
		if err == nil && done.RowsAffected() > 0 {
			claimed = settles
		}
		return err
	})
	return claimed, err
}

// waitAgain takes back what entries were posted as that where picks, and has them wait with a suggestion: their money is credited already, as far as one can
// tell. Only a hand can say that it came twice, and what a hand matched stays; so does that of which money was given back, which cannot be taken back any more.
func (m *Module) waitAgain(ctx context.Context, tx *store.Tx, where string, args ...any) error {
	rows, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select e.id::text from finsystem.statement_entries e join finsystem.payments p on p.id = e.payment_id
		where e.state = 'posted' and e.amount > 0 and p.reversed < p.amount and `+givenBack+` = 0 and `+where+` order by e.id for update of e`, args...)
	if err != nil {
		return err
	}
	for _, id := range rows {
		row, err := findEntry(ctx, tx, id, " for update")
		if err != nil {
			return err
		}
		if err := lockMoneyOf(ctx, tx, []entryRow{row}); err != nil {
			return err
		}
		// First, so that paysystem is not told that the payment waits for its money again: it does not.
		if _, err := tx.Exec(ctx, "update finsystem.payments set settles = null where id = $1", *row.PaymentID); err != nil {
			return err
		}
		before := row.entry()
		if err := m.unpost(ctx, tx, &row, "this came already", ""); err != nil {
			return err
		}
		row.State, row.Strength, row.Reason, row.PaymentID = waiting, likely, byReference, nil
		if err := saveEntry(ctx, tx, &row); err != nil {
			return err
		}
		audit.Changed(tx, before, row.entry())
		m.host.Log.WarnContext(ctx, "a statement tells of a payment that is made already: its entry waits for a hand", "entry", row.ID, "payment", before.GetPaymentId())
	}
	return nil
}

// toldBefore has entries of statements wait that tell of a payment which is about to be credited because somebody else said that it is made: those that settle it, and
// those that name it and were credited for themselves.
func (m *Module) toldBefore(ctx context.Context, tx *store.Tx, a arrival) error {
	if err := m.waitAgain(ctx, tx, `(p.settles = $1 or e.client_id = $2 and e.match_reason = 'reference' and p.settles is null and p.currency_code = $3 and $4 <> ''
		and strpos(upper(regexp_replace(e.purpose || ' ; ' || e.other_references || ' ; ' || e.document_number, '\s', '', 'g')), $4) > 0)`,
		a.payment, a.client, a.amount.GetCurrencyCode(), a.reference); err != nil {
		return err
	}
	if err := m.lockMoney(ctx, tx, a.client, a.amount.GetCurrencyCode()); err != nil {
		return err
	}
	since, err := store.Query(ctx, tx, pgx.RowTo[string], "select id::text from finsystem.payments where settles = $1", a.payment)
	if err == nil && len(since) > 0 {
		return errMeanwhile // it was said while the lock was waited for: all this is done again
	}
	return err
}

// unsettles says that paysystem is to be told that a payment was taken back, where that settled one of its.
func (m *Module) unsettles(ctx context.Context, tx *store.Tx, p paymentRow) error {
	if p.Settles == "" {
		return nil
	}
	return m.host.Publish(ctx, tx, p.ID, &v1.SettlementDue{PaymentId: p.ID})
}
