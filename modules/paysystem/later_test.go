package paysystem_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// A vendor that is away for hours, or does not take our key, parks no lane: what it is to be asked it is asked once it is back.
func TestGatewayThatIsAway(t *testing.T) {
	gateway := pt.NewGateway("testpay")
	w := pt.Open(t, kerneltest.Options{Assemble: pt.Assemble(gateway.Unit)})
	method := w.Method(t, "testpay", "UAH")
	begin := func(amount string, keep bool) string {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: amount, KeepCard: keep})
		require.NoError(t, err)
		return made.GetPayment().GetId()
	}
	post := func(signed bool, f *v1.Fact) {
		headers, body := pt.Notice(signed, f)
		require.Equal(t, http.StatusOK, w.Post(t, "testpay", headers, body))
	}
	hours := func() {
		for range 4 {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // a lane that fails is not drained for a minute, and parked then
			require.NoError(t, w.Events().WaitDrained(ctx))
			cancel()
			w.Clock.Move(61 * time.Minute)
		}
	}
	back, told, hinted, kept := begin("10.00", false), begin("20.00", false), begin("30.00", false), begin("40.00", true)
	tell(t, w, true, pt.Paid(back, pt.Money("10.00")))
	gateway.Keep(pt.Customer(w.ClientID), visa("pm_1"))
	gateway.Say(hinted, pt.Paid(hinted, pt.Money("30.00")))

	gateway.FailToSay(status.Error(codes.Unavailable, "away"))
	post(true, pt.Paid(kept, pt.Money("40.00"))) // of which the cards are to be asked for
	post(false, pt.Paid(hinted, pt.Money("30.00")))
	hours()
	require.Equal(t, succeeded, w.Payment(t, kept).GetState())
	require.Equal(t, pending, w.Payment(t, hinted).GetState())
	gateway.Fail(status.Error(codes.Unauthenticated, "the key is wrong"))
	post(true, pt.Paid(told, pt.Money("20.00")))
	_, err := refund(t, w, back, "4.00")
	require.NoError(t, err)
	hours()
	require.Nil(t, w.Payment(t, back).GetRefunded())
	require.Equal(t, v1.NoticeState_NOTICE_STATE_NEW, w.Notices(t)[0].GetState())

	gateway.Fail(nil)
	gateway.FailToSay(nil)
	require.Eventually(t, func() bool {
		w.Clock.Move(10 * time.Minute)
		list, err := v1.NewSavedCardServiceClient(w.Contact.Conn).ListSavedCards(t.Context(), &v1.ListSavedCardsRequest{})
		return err == nil && len(list.GetSavedCards()) == 1 && w.Payment(t, back).GetRefunded().GetAmount() == "4.00" &&
			w.Payment(t, told).GetState() == succeeded && w.Payment(t, hinted).GetState() == succeeded
	}, 30*time.Second, 50*time.Millisecond)
	for _, n := range w.Notices(t) {
		require.Equal(t, v1.NoticeState_NOTICE_STATE_APPLIED, n.GetState())
	}
	require.Len(t, gateway.Asked(), 1, "the same refund")
}
