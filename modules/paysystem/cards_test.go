package paysystem_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

func visa(id string) *v1.SavedMethod {
	return &v1.SavedMethod{Id: id, Title: "Visa •• 4242", Brand: "visa", LastFour: "4242", ExpireMonth: 4, ExpireYear: 2029}
}

func TestSavedCards(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	method := w.Method(t, "testpay", "UAH")
	customer := pt.Customer(w.ClientID)
	pay := func(way string, keep bool) (*v1.Payment, error) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: way, Amount: "10.00", KeepCard: keep})
		return made.GetPayment(), err
	}
	cards := func(u *kerneltest.User) []*v1.SavedCard {
		t.Helper()
		list, err := v1.NewSavedCardServiceClient(u.Conn).ListSavedCards(t.Context(), &v1.ListSavedCardsRequest{})
		require.NoError(t, err)
		return list.GetSavedCards()
	}
	offered := func() (ids []string) {
		t.Helper()
		list, err := v1.NewMethodServiceClient(w.Contact.Conn).ListPaymentMethods(t.Context(), &v1.ListPaymentMethodsRequest{})
		require.NoError(t, err)
		for _, m := range list.GetMethods() {
			if m.GetSavedCard() {
				ids = append(ids, m.GetId())
			}
		}
		return ids
	}

	// Without consent nothing is kept, and nobody is asked.
	p, err := pay(method.GetId(), false)
	require.NoError(t, err)
	require.False(t, simulated.Made()[p.GetId()].GetKeepMethod())
	form := w.Contact.Get(t, "/payments/new").Body
	require.Contains(t, form, "Keep this card for the next time")
	require.Contains(t, form, `data-asks="keep_card"`)
	require.NotContains(t, form, `name="partly"`, "nothing was paid ahead")

	p, err = pay(method.GetId(), true)
	require.NoError(t, err)
	require.True(t, simulated.Made()[p.GetId()].GetKeepMethod())
	require.Empty(t, cards(w.Contact), "it is not paid yet")
	simulated.Keep(customer, visa("pm_1"))
	tell(t, w, true, pt.Paid(p.GetId(), pt.Money("10.00")))
	tell(t, w, true, pt.Paid(p.GetId(), pt.Money("10.00")), pt.Paid(p.GetId(), pt.Money("10.00")))
	kept := cards(w.Contact)
	require.Len(t, kept, 1)
	require.Equal(t, []string{"Visa •• 4242", "visa", "4242", "04/2029"}, []string{kept[0].GetTitle(), kept[0].GetBrand(), kept[0].GetLastFour(), kept[0].GetExpires()})
	card := kept[0].GetId()
	require.Equal(t, []string{card}, offered())
	page := w.Contact.Get(t, "/payments/cards").Body
	require.Contains(t, page, "4242")
	require.NotContains(t, page, "pm_1")
	// Nor does a stolen copy of the database say what the gateway calls it.
	conn, err := pgx.Connect(t.Context(), w.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var open int
	require.NoError(t, conn.QueryRow(t.Context(), `select count(*) from paysystem.saved_cards c, paysystem.customers u
		where position('pm_1' in encode(c.token, 'escape')) > 0 or position('cus-' in encode(u.token, 'escape')) > 0`).Scan(&open))
	require.Zero(t, open)

	t.Run("paid with at once", func(t *testing.T) {
		p, err := pay(card, false)
		require.NoError(t, err)
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, "Visa •• 4242", p.GetMethodTitle())
		made := simulated.Made()[p.GetId()]
		require.Equal(t, []string{"pm_1", customer}, []string{made.GetSavedMethodId(), made.GetCustomerToken()})
		w.Drained(t)
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})
	t.Run("its bank wants to hear from its owner", func(t *testing.T) {
		simulated.Charge(func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
			return &v1.CreateCheckoutResponse{GatewayPaymentId: "T-" + r.GetPaymentId(), RedirectUrl: "https://pay.example/3ds"}, nil
		})
		defer simulated.Charge(nil)
		p, err := pay(card, false)
		require.NoError(t, err)
		require.Equal(t, pending, p.GetState())
		require.Equal(t, "https://pay.example/3ds", p.GetCheckoutUrl())
	})
	t.Run("declined", func(t *testing.T) {
		simulated.Charge(func(*v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
			return nil, status.Error(codes.FailedPrecondition, "declined")
		})
		defer simulated.Charge(nil)
		_, err := pay(card, false)
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
	t.Run("another's", func(t *testing.T) {
		other := w.Client(t, "Kava Ltd")
		stranger := w.Portal.Contact(t, other, "client.director")
		require.Empty(t, cards(stranger))
		_, err := pt.Payments(stranger).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: card, Amount: "10.00"})
		require.Equal(t, codes.NotFound, status.Code(err))
		_, err = pt.Payments(w.Head).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), ClientId: other, MethodId: card, Amount: "10.00"})
		require.Equal(t, codes.NotFound, status.Code(err), "staff pays for one client with another's card")
		_, err = v1.NewSavedCardServiceClient(stranger.Conn).DeleteSavedCard(t.Context(), &v1.DeleteSavedCardRequest{Id: card})
		require.Equal(t, codes.NotFound, status.Code(err))
	})
	t.Run("by staff, for its own client", func(t *testing.T) {
		manager := w.Staff(t, "manager")
		w.Serve(t, manager, w.ClientID)
		for _, u := range []*kerneltest.User{w.Head, manager} {
			list, err := v1.NewMethodServiceClient(u.Conn).ListPaymentMethods(t.Context(), &v1.ListPaymentMethodsRequest{ClientId: w.ClientID})
			require.NoError(t, err)
			require.Len(t, list.GetMethods(), 1, "the way to pay, and no card")
			require.NotContains(t, u.Get(t, "/payments/new-for?client_id="+w.ClientID).Body, card)
			_, err = pt.Payments(u).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), ClientId: w.ClientID, MethodId: card, Amount: "10.00"})
			require.Equal(t, codes.PermissionDenied, status.Code(err))
			require.ErrorContains(t, err, "only the client pays")
		}
		require.Equal(t, []string{card}, offered())
	})
	t.Run("another is kept, and one is gone at the gateway's", func(t *testing.T) {
		p, err := pay(method.GetId(), true)
		require.NoError(t, err)
		require.Equal(t, customer, simulated.Made()[p.GetId()].GetCustomerToken())
		simulated.Keep(customer, visa("pm_2"), visa("pm_3"))
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("10.00")))
		require.Len(t, cards(w.Contact), 2)
		_, err = pay(card, false)
		require.Equal(t, codes.NotFound, status.Code(err))
		card = cards(w.Contact)[0].GetId()
	})
	t.Run("removed", func(t *testing.T) {
		simulated.Fail(status.Error(codes.Unavailable, "away"))
		_, err := v1.NewSavedCardServiceClient(w.Contact.Conn).DeleteSavedCard(t.Context(), &v1.DeleteSavedCardRequest{Id: card})
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Len(t, cards(w.Contact), 2, "the gateway has it yet")
		simulated.Fail(nil)
		_, err = v1.NewSavedCardServiceClient(w.Contact.Conn).DeleteSavedCard(t.Context(), &v1.DeleteSavedCardRequest{Id: card})
		require.NoError(t, err)
		require.Len(t, cards(w.Contact), 1)
		require.Len(t, simulated.Kept(customer), 1)
		audited(t, w, "DeleteSavedCard")
	})
}

// A gateway that hangs keeps nobody from the other ways to pay, and is asked once however many ways go through it.
func TestGatewayThatHangs(t *testing.T) {
	hanging, other := pt.NewGateway("testpay"), pt.NewGateway("otherpay")
	w := pt.Open(t, kerneltest.Options{Assemble: pt.Assemble(hanging.Unit, other.Unit)})
	w.Method(t, "testpay", "UAH")
	w.Method(t, "testpay", "UAH")
	w.Method(t, "otherpay", "UAH")
	hanging.Hang(true)
	asked := hanging.Described()

	list, err := v1.NewMethodServiceClient(w.Contact.Conn).ListPaymentMethods(t.Context(), &v1.ListPaymentMethodsRequest{})
	require.NoError(t, err)
	var keep []bool
	for _, m := range list.GetMethods() {
		keep = append(keep, m.GetKeepsCards())
	}
	require.Equal(t, []bool{false, false, true}, keep)
	require.Equal(t, asked+1, hanging.Described())

	gateways, err := v1.NewMethodServiceClient(w.Head.Conn).ListGateways(t.Context(), &v1.ListGatewaysRequest{})
	require.NoError(t, err)
	titles := map[string]string{}
	for _, g := range gateways.GetGateways() {
		titles[g.GetId()] = g.GetTitle()
	}
	require.Equal(t, map[string]string{"testpay": "testpay", "otherpay": "Test pay"}, titles)
}
