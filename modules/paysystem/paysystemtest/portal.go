// Package paysystemtest opens portals that take payments, for the tests of paysystem and of gateways.
package paysystemtest

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/modules/paysystem"
)

// Assemble lists the modules of a portal that takes payments, with some gateways.
func Assemble(gateways ...func(router *call.Router) module.Unit) func(router *call.Router) ([]module.Unit, error) {
	return func(router *call.Router) ([]module.Unit, error) {
		clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
		accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
		units := []module.Unit{
			module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts)), module.Unit(paysystem.NewUnit(paysystem.New(router))),
		}
		for _, g := range gateways {
			units = append(units, g(router))
		}
		return units, nil
	}
}

// Monday is when the portals' clocks stand at first.
var Monday = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// World is a portal with a client, somebody who pays for it, and a head.
type World struct {
	*kerneltest.Portal
	Clock    *kerneltest.Clock
	Head     *kerneltest.User
	Contact  *kerneltest.User
	ClientID string
}

// Open opens one. The options' clock is made here.
func Open(t testing.TB, options kerneltest.Options) *World {
	t.Helper()
	w := &World{Clock: kerneltest.NewClock(Monday)}
	options.Clock = w.Clock
	w.Portal = kerneltest.Start(t, options)
	w.Head, w.ClientID = w.Portal.Head(t), w.Client(t, "Zerno Roastery")
	w.Contact = w.Portal.Contact(t, w.ClientID, "client.director")
	return w
}

// Method adds a way to pay by a gateway.
func (w *World) Method(t testing.TB, gateway, currency string) *v1.Method {
	t.Helper()
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "By " + gateway, Kind: v1.MethodKind_METHOD_KIND_GATEWAY, Gateway: gateway, CurrencyCode: currency},
	})
	require.NoError(t, err)
	return made.GetMethod()
}

// Payments are what people do about payments, as somebody.
func Payments(u *kerneltest.User) v1.PaymentServiceClient { return v1.NewPaymentServiceClient(u.Conn) }

// Pay begins a payment as the contact.
func (w *World) Pay(t testing.TB, method *v1.Method, amount string) *v1.Payment {
	t.Helper()
	made, err := Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: amount})
	require.NoError(t, err)
	return made.GetPayment()
}

// Payment reads a payment as the head.
func (w *World) Payment(t testing.TB, id string) *v1.Payment {
	t.Helper()
	got, err := Payments(w.Head).GetPayment(t.Context(), &v1.GetPaymentRequest{Id: id})
	require.NoError(t, err)
	return got.GetPayment()
}

// Post sends a notice as a gateway's vendor does, and returns the status.
func (w *World) Post(t testing.TB, gateway string, headers map[string]string, body []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/m/paysystem/hooks/"+gateway, bytes.NewReader(body))
	require.NoError(t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	return answer.StatusCode
}

// Tell sends a notice that is stored, and waits until it is applied.
func (w *World) Tell(t testing.TB, gateway string, headers map[string]string, body []byte) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Post(t, gateway, headers, body))
	w.Drained(t)
}

// Drained waits until all events are handled.
func (w *World) Drained(t testing.TB) {
	t.Helper()
	require.NoError(t, w.Events().WaitDrained(t.Context()))
}

// Becomes waits until a payment is in a state.
func (w *World) Becomes(t testing.TB, id string, state v1.PaymentState) {
	t.Helper()
	require.Eventually(t, func() bool { return w.Payment(t, id).GetState() == state }, 20*time.Second, 10*time.Millisecond, "%v", state)
}

// Notices lists what gateways told, as the head, the newest first.
func (w *World) Notices(t testing.TB) []*v1.Notice {
	t.Helper()
	got, err := v1.NewNoticeServiceClient(w.Head.Conn).ListNotices(t.Context(), &v1.ListNoticesRequest{})
	require.NoError(t, err)
	return got.GetNotices()
}

// Published counts the events of a type about a payment that were published.
func (w *World) Published(t testing.TB, name, payment string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `select count(*) from kernel.outbox where type = $1 and position(convert_to($2, 'UTF8') in payload) > 0`,
		"cabinet.paysystem.v1."+name, payment).Scan(&n))
	return n
}
