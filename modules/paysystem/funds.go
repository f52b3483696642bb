package paysystem

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Some ways to pay move no money: a bill is paid from what was paid ahead, with bonuses, or is put off. The module that keeps accounts does it, and the payer is
// answered at once. The payment is kept first, as one by a gateway is, so that it goes on where it ended whatever happens in between.

// ofAccount tells whether a way to pay is the module's that keeps accounts.
func ofAccount(kind string) bool {
	return kind == "prepayment" || kind == "bonus" || kind == "deferral"
}

// fromAccount asks for a payment, and keeps the answer. A refusal is the payer's to read.
func (m *Module) fromAccount(ctx context.Context, p paymentRow, actor string) (paymentRow, error) {
	paid, err := m.accounts.PayFromAccount(m.host.Self(ctx), &v1.PayFromAccountRequest{
		PaymentId: p.ID, ClientId: p.ClientID, Kind: methodKinds.Of(p.MethodKind), Amount: p.money(p.Asked), DocumentId: p.DocumentID, Partly: p.Partly, ActorId: actor,
	})
	switch {
	case status.Code(err) == codes.Unimplemented:
		err = errNoAccounts
	case err != nil && passing(err):
		m.host.Log.WarnContext(ctx, "accounts cannot be asked now", "payment", p.ID, "error", err)
		return p, errAccounts
	}
	refused := err
	var after paymentRow
	err = m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		audit.Concerns(tx, p.ClientID)
		if after, err = holdPayment(ctx, tx, p.ID); err != nil || after.State == stateSucceeded || after.State == stateDeferred {
			return err // the same request at the same time
		}
		before := after.payment()
		switch {
		case refused != nil && after.State != stateNew:
			return nil
		case refused != nil:
			err = m.fail(ctx, tx, &after, stateFailed, reasonOf(refused))
		default:
			err = m.funded(ctx, tx, &after, paid)
		}
		if err != nil {
			return err
		}
		audit.Changed(tx, before, after.payment())
		return savePayment(ctx, tx, &after)
	})
	if err != nil {
		return after, err
	}
	return after, refused
}

// funded has a held payment be made, or put off.
func (m *Module) funded(ctx context.Context, tx *store.Tx, p *paymentRow, paid *v1.PayFromAccountResponse) error {
	units, err := money.Units(paid.GetAmount())
	if err != nil {
		return err
	}
	p.Amount = units
	if p.MethodKind != "deferral" {
		return m.succeed(ctx, tx, p, m.host.Now(), nil, false)
	}
	due, err := time.Parse(time.DateOnly, paid.GetDueDate())
	if err != nil {
		return err
	}
	p.State, p.Due, p.Failure = stateDeferred, &due, ""
	return m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentDeferred{
		PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(p.Amount), DocumentId: p.DocumentID, DueDate: paid.GetDueDate(),
	})
}

// reasonOf is a refusal in one word.
func reasonOf(err error) string {
	for _, v := range module.Violations(err) {
		return v.GetReason()[strings.LastIndexByte(v.GetReason(), '.')+1:]
	}
	return "refused"
}

// returned asks that money of a refund goes back to the account it came from.
func (m *Module) returned(ctx context.Context, p *paymentRow, r *refundRow) (*v1.Fact, error) {
	_, err := m.accounts.ReturnToAccount(m.host.Self(ctx), &v1.ReturnToAccountRequest{RefundId: r.ID, PaymentId: p.ID, Amount: p.money(r.Amount), Reason: r.Reason})
	return &v1.Fact{Kind: v1.FactKind_FACT_KIND_REFUND_SUCCEEDED, RefundId: r.ID, Amount: p.money(r.Amount)}, err
}

// fundsFor is what a client could pay a bill with; nothing where it cannot be asked for now, and so is not offered.
func (m *Module) fundsFor(ctx context.Context, client, document string) *v1.GetFundsResponse {
	if document == "" {
		return nil
	}
	funds, err := m.accounts.GetFunds(m.host.Self(ctx), &v1.GetFundsRequest{ClientId: client, DocumentId: document})
	if err != nil {
		if passing(err) {
			m.host.Log.WarnContext(ctx, "accounts cannot be asked now", "client", client, "error", err)
		}
		return nil
	}
	return funds
}

// offers fills in how much there is of what a way to pay pays with, and tells whether there is something.
func offers(of *v1.OfferedMethod, funds *v1.GetFundsResponse, currency string) bool {
	if currency != "" && funds.GetDue().GetCurrencyCode() != currency {
		return false
	}
	switch of.GetKind() {
	case v1.MethodKind_METHOD_KIND_DEFERRAL:
		return funds.GetDeferUntil() != ""
	case v1.MethodKind_METHOD_KIND_PREPAYMENT:
		of.Available = funds.GetPrepayment()
	case v1.MethodKind_METHOD_KIND_BONUS:
		of.Available = funds.GetBonus()
	}
	if units, err := money.Units(of.GetAvailable()); err != nil || units <= 0 {
		return false
	}
	of.Title += " (" + of.GetAvailable().GetAmount() + " " + of.GetAvailable().GetCurrencyCode() + ")"
	return true
}
