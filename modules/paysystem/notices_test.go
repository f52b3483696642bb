package paysystem_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// Anybody can post a notice. None jams a lane, has the vendor be asked as often as its sender likes, or stays on the disk.
func TestNoticesOfAnybody(t *testing.T) {
	gateway := pt.NewGateway("testpay")
	w := pt.Open(t, kerneltest.Options{Assemble: pt.Assemble(gateway.Unit)})
	method := w.Method(t, "testpay", "UAH")
	post := func(t *testing.T, signed bool, facts ...*v1.Fact) {
		t.Helper()
		headers, body := pt.Notice(signed, facts...)
		require.Equal(t, http.StatusOK, w.Post(t, "testpay", headers, body))
	}
	drained := func(t *testing.T) { // what fails is tried again for a minute
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		require.NoError(t, w.Events().WaitDrained(ctx))
	}

	t.Run("what no column takes", func(t *testing.T) {
		headers, body := pt.Notice(false, &v1.Fact{GatewayPaymentId: "T-\x00"})
		require.Equal(t, http.StatusOK, w.Post(t, "testpay", headers, bytes.ReplaceAll(body, []byte("told"), []byte(`told\u0000you`))))
		drained(t)
		n := w.Notices(t)[0]
		require.Equal(t, []any{v1.NoticeState_NOTICE_STATE_IGNORED, "toldyou"}, []any{n.GetState(), n.GetTitle()})
	})
	t.Run("the vendor is let rest", func(t *testing.T) {
		p := w.Pay(t, method, "1.00").GetId()
		before := gateway.Checked()
		unlike := func(i int) *v1.Fact { return &v1.Fact{PaymentId: p, Reason: strings.Repeat("x", i)} }
		post(t, false, unlike(1), unlike(2))
		drained(t)
		require.Equal(t, before+1, gateway.Checked())
		for i := range 8 {
			post(t, false, unlike(i+3))
		}
		drained(t)
		require.Equal(t, before+1, gateway.Checked())
		// What is true in the end is found out all the same.
		gateway.Say(p, pt.Paid(p, pt.Money("1.00")))
		require.Eventually(t, func() bool {
			w.Clock.Move(time.Second)
			return w.Payment(t, p).GetState() == succeeded
		}, 20*time.Second, 50*time.Millisecond)
		require.Eventually(t, func() bool {
			w.Clock.Move(time.Second)
			for _, n := range w.Notices(t) {
				if n.GetState() == v1.NoticeState_NOTICE_STATE_NEW {
					return false
				}
			}
			return true
		}, 20*time.Second, 50*time.Millisecond)
		require.Less(t, gateway.Checked(), before+1+8)
	})
	t.Run("what nobody signed is not kept", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), w.DSN)
		require.NoError(t, err)
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		p := w.Pay(t, method, "2.00").GetId()
		post(t, true, pt.Paid(p, pt.Money("2.00")))
		post(t, false, pt.Paid(p, pt.Money("2.00")))
		drained(t)
		count := func(which string) (n int) {
			require.NoError(t, conn.QueryRow(t.Context(), `select count(*) from paysystem.notices where `+which).Scan(&n))
			return n
		}
		require.Equal(t, 1, count(`verified and length(body) > 0 and headers <> '{}'`))
		require.Zero(t, count(`not verified and (length(body) > 0 or headers <> '{}')`))
		require.NotZero(t, count(`not verified`))
		w.Clock.Move(49 * time.Hour)
		require.Eventually(t, func() bool { return count(`not verified`) == 0 }, 20*time.Second, 50*time.Millisecond)
		require.Equal(t, 1, count(`verified`))
	})
}
