package paysystem

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"

	"github.com/google/uuid"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// CreatePayment begins a payment: it is kept first, then the gateway is asked, and what that said is kept. Who asks again for
// the same request goes on where the first time ended.
func (s *paymentService) CreatePayment(ctx context.Context, r *v1.CreatePaymentRequest) (*v1.CreatePaymentResponse, error) {
	client, err := s.clientOf(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	var kept *v1.CreatePaymentResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		kept, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreatePaymentResponse, error) {
			p, err := s.begun(ctx, tx, client, r)
			if err != nil {
				return nil, err
			}
			if err := insertPayment(ctx, tx, p); err != nil {
				return nil, err
			}
			if r.GetReceived() {
				if err := s.received(ctx, tx, p); err != nil {
					return nil, err
				}
			}
			audit.Changed(tx, nil, p.payment())
			return &v1.CreatePaymentResponse{Payment: p.payment()}, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	p, err := findPayment(ctx, s.host.Store, kept.GetPayment().GetId())
	if err != nil {
		return nil, err
	}
	switch {
	case p.State != stateNew:
	case ofAccount(p.MethodKind):
		p, err = s.fromAccount(ctx, p, access.From(ctx).UserID)
	default:
		p, err = s.checkout(ctx, p, client)
	}
	if err != nil {
		return nil, err
	}
	return &v1.CreatePaymentResponse{Payment: p.payment()}, nil
}

// received has a payment be made at once whose money somebody has in hand.
func (m *Module) received(ctx context.Context, tx *store.Tx, p *paymentRow) error {
	if who := access.From(ctx); who.IsUser() {
		if reach, _ := m.host.Policy.Reach(who.Roles, confirmPayments); reach == access.None {
			return errNotConfirm
		}
	}
	switch {
	case p.Gateway != "":
		return errReported
	case ofAccount(p.MethodKind):
		return errByItself
	}
	if err := m.succeed(ctx, tx, p, p.Created, nil, true); err != nil {
		return err
	}
	return savePayment(ctx, tx, p)
}

// begun is a payment as it is asked for, checked against the way it is paid.
func (m *Module) begun(ctx context.Context, tx *store.Tx, client *clientmanagerv1.Client, r *v1.CreatePaymentRequest) (*paymentRow, error) {
	method, card, err := wayOf(ctx, tx, client, r.GetMethodId())
	if err != nil {
		return nil, err
	}
	if !method.offeredTo(client) {
		return nil, errNotOffered
	}
	currency := r.GetCurrencyCode()
	if currency == "" {
		currency = method.Currency
	}
	if currency == "" {
		currency = m.settings.Currency
	}
	amount, err := unitsOf(currency, r.GetAmount())
	if err != nil {
		return nil, err
	}
	if err := method.takes(currency, amount); err != nil {
		return nil, err
	}
	now := m.host.Now()
	p := &paymentRow{
		ID: store.NewID(), ClientID: client.GetId(), MethodID: method.ID, MethodTitle: method.Title, MethodKind: method.Kind, Gateway: method.Gateway,
		Amount: amount, Currency: currency, DocumentID: r.GetDocumentId(), Description: strings.TrimSpace(r.GetDescription()),
		State: statePending, Created: now, Revision: 1, Flags: []string{}, Partly: r.GetPartly(), Asked: amount, CardID: card.ID, Keep: r.GetKeepCard() && card.ID == "",
	}
	if card.ID != "" {
		p.MethodTitle = card.Title
	}
	p.Reference = referenceOf(p.ID)
	if ofAccount(p.MethodKind) {
		switch {
		case p.DocumentID == "":
			return nil, errNoBill
		case client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
			return nil, errSuspended
		}
	}
	if p.Gateway != "" || ofAccount(p.MethodKind) {
		expires := now.Add(m.settings.expires())
		p.State, p.Expires, p.Reports = stateNew, &expires, p.Gateway != ""
		// If nothing else comes of it, it is looked at then.
		if err := m.host.PublishAt(ctx, tx, now.Add(checkAfter(0)), p.ID, &v1.PaymentCheckDue{PaymentId: p.ID}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// wayOf is what a client chose to pay by: a way to pay, or a card that was kept and the way to pay that takes it. With a card of theirs
// nobody pays but themselves: they let it be kept for the next time that they pay, and for nothing that staff begins.
func wayOf(ctx context.Context, q store.Querier, client *clientmanagerv1.Client, id string) (methodRow, cardRow, error) {
	method, err := findMethod(ctx, q, id)
	if !errors.Is(err, errNoMethod) {
		return method, cardRow{}, err
	}
	card, none := findCard(ctx, q, id)
	switch {
	case errors.Is(none, errNoCard), none == nil && card.ClientID != client.GetId():
		return method, card, err
	case none != nil:
		return method, card, none
	case !paysByCard(access.From(ctx)):
		return method, card, errCardOf
	}
	method, err = findMethod(ctx, q, card.MethodID)
	return method, card, err
}

// unitsOf counts an amount that somebody typed.
func unitsOf(currency, text string) (int64, error) {
	scale, err := money.Scale(currency)
	if err != nil {
		return 0, errNoCurrency
	}
	d, err := money.Parse(text)
	if err != nil || d.Trim(0).Scale() > scale {
		return 0, errAmount
	}
	units, err := money.Round(d, currency)
	switch {
	case err != nil:
		return 0, errAmount
	case units <= 0:
		return 0, errNothing
	}
	return units, nil
}

// referenceOf is a payment's short name: from the random part of its id, in letters and digits that nobody confuses and no
// bank's form refuses.
func referenceOf(id string) string {
	raw := uuid.MustParse(id)
	return "PAY" + crockford.EncodeToString(raw[9:])[:10]
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// checkout asks a payment's gateway for it, and keeps what it said.
func (m *Module) checkout(ctx context.Context, p paymentRow, client *clientmanagerv1.Client) (paymentRow, error) {
	about, err := m.describe(ctx, p.Gateway)
	if err != nil {
		return p, orGateway(err)
	}
	request, customer, err := m.withCard(m.host.Self(ctx), &p, about)
	if err != nil {
		return p, err
	}
	made, err := m.gateways.CreateCheckout(m.to(ctx, p.Gateway), &v1.CreateCheckoutRequest{
		SavedMethodId: request.GetSavedMethodId(), KeepMethod: request.GetKeepMethod(), CustomerToken: request.GetCustomerToken(),
		PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(p.Amount), Description: m.describes(&p), Reference: p.Reference,
		CustomerEmail: client.GetEmail(), Language: module.Language(ctx),
		ReturnUrl: m.host.URL + "/payments/" + p.ID, NotifyUrl: m.noticeURL(p.Gateway),
	})
	if err != nil && passing(err) {
		m.host.Log.WarnContext(ctx, "a gateway does not take a payment now", "gateway", p.Gateway, "payment", p.ID, "error", err)
		return p, errGateway
	}
	refused := err
	var after paymentRow
	err = m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if after, err = holdPayment(ctx, tx, p.ID); err != nil {
			return err
		}
		before := after.payment()
		switch {
		case after.State != stateNew && refused != nil, after.State == stateSucceeded, after.State == statePending && after.GatewayID != "":
			return err // a notice was faster, or the same request at the same time
		case after.State != stateNew: // it was called off while the gateway took it: what came of it is known only by the gateway's id
			if after.Reports = about.GetReports(); after.GatewayID == "" {
				after.GatewayID = made.GetGatewayPaymentId()
			}
			err = m.happened(ctx, tx, &after, made.GetFacts())
		case refused != nil:
			err = m.fail(ctx, tx, &after, stateFailed, "refused")
		default:
			after.State, after.Reports = statePending, about.GetReports()
			after.GatewayID, after.URL, after.QR = made.GetGatewayPaymentId(), made.GetRedirectUrl(), made.GetQrText()
			after.Instructions = instructions(made.GetInstructions())
			if made.GetExpireTime() != nil {
				at := made.GetExpireTime().AsTime()
				after.Expires = &at
			}
			if !about.GetReports() {
				after.Expires = nil // whoever sees the money says so, whenever it comes
			}
			after.CustomerID = customer
			if err = m.knows(ctx, tx, &after, request.GetCustomerToken(), made.GetCustomerToken()); err == nil {
				err = m.happened(ctx, tx, &after, made.GetFacts())
			}
		}
		if err != nil {
			return err
		}
		if err := savePayment(ctx, tx, &after); err != nil {
			return err
		}
		audit.Changed(tx, before, after.payment())
		return nil
	})
	switch {
	case err != nil:
		return after, err
	case refused != nil:
		m.host.Log.WarnContext(ctx, "a gateway refused a payment", "gateway", p.Gateway, "payment", p.ID, "error", refused)
		return after, errRefused
	}
	return after, nil
}

// happened applies what a gateway says along with a payment that it took.
func (m *Module) happened(ctx context.Context, tx *store.Tx, p *paymentRow, facts []*v1.Fact) error {
	for _, f := range facts {
		if _, err := m.applyOne(ctx, tx, p, f); err != nil {
			return err
		}
	}
	return nil
}

// withCard is what a payment says of cards: the one that is paid with, or that one may be kept, and the row that keeps who the client is to the gateway.
func (m *Module) withCard(ctx context.Context, p *paymentRow, about *v1.DescribeGatewayResponse) (r *v1.CreateCheckoutRequest, customer string, err error) {
	r = &v1.CreateCheckoutRequest{}
	if !about.GetSavedMethods() {
		return r, "", nil
	}
	if p.CardID != "" {
		card, err := findCard(ctx, m.host.Store, p.CardID)
		if errors.Is(err, errNoCard) { // it was removed meanwhile: it is paid on the gateway's page
			return r, "", nil
		}
		if err != nil {
			return nil, "", err
		}
		r.SavedMethodId, r.CustomerToken, err = m.tokens(ctx, &card)
		return r, card.CustomerID, err
	}
	if r.KeepMethod = p.Keep; !p.Keep {
		return r, "", nil
	}
	if customer, err = m.customerOf(ctx, p.ClientID, p.Gateway); err != nil {
		return nil, "", err
	}
	r.CustomerToken, err = m.customer(ctx, customer)
	return r, customer, err
}

// mostDescribed is how many characters describe a payment to others: a cash register takes no more, and a gateway more.
const mostDescribed = 300

// describes is what a payment is for, on the gateway's page and on receipts. Of one that somebody described at length the end is left out,
// never the reference.
func (m *Module) describes(p *paymentRow) string {
	if p.Description == "" {
		return p.Reference
	}
	text, reference := []rune(p.Description), " ("+p.Reference+")"
	if most := mostDescribed - len([]rune(reference)); len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text) + reference
}

func instructions(lines []*v1.Instruction) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.GetLabel()+": "+l.GetValue())
	}
	return strings.Join(out, "\n")
}
