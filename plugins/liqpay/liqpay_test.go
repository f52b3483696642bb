package liqpay_test

import (
	"crypto/sha1" //nolint:gosec // as LiqPay signs
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
	"github.com/opencabinet/cabinet/plugins/liqpay"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit { return module.Unit(liqpay.NewUnit(liqpay.New(router))) })

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

const privateKey = "a4825234f4bae72a0be04eafe9e8e2bada209255"

func sign(data, key string) string {
	sum := sha1.Sum([]byte(key + data + key)) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The signature is held against the example of https://www.liqpay.ua/documentation/uk/api/aquiring/checkout/doc, in which a shell has
// broken the data into lines.
func TestTheDocumentedSignature(t *testing.T) {
	data := "eyAidmVyc2lvbiIgOiAzLCAicHVibGljX2tleSIgOiAieW91cl9wdWJsaWNfa2V5IiwgImFjdGlv\n" +
		"biIgOiAicGF5IiwgImFtb3VudCIgOiAxLCAiY3VycmVuY3kiIDogIlVTRCIsICJkZXNjcmlwdGlv\n" +
		"biIgOiAiZGVzY3JpcHRpb24gdGV4dCIsICJvcmRlcl9pZCIgOiAib3JkZXJfaWRfMSIgfQ=="
	require.Equal(t, "QvJD5u9Fg55PCx/Hdz6lzWtYwcI=", sign(data, "your_private_key"))
}

// vendor is as much of LiqPay as a gateway sees.
type vendor struct {
	*httptest.Server
	mu      sync.Mutex
	orders  map[string]map[string]any
	refunds int
	lost    bool // the answer to the next refund is
	down    bool
	waits   bool // refunds wait for money
	waiting map[string]bool
	asked   int // for refunds
	looked  int // for how payments stand
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{orders: map[string]map[string]any{}, waiting: map[string]bool{}}
	v.Server = httptest.NewServer(http.HandlerFunc(v.request))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) request(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	data := r.FormValue("data")
	text, err := base64.StdEncoding.DecodeString(data)
	var asked struct {
		Action  string      `json:"action"`
		OrderID string      `json:"order_id"`
		Amount  json.Number `json:"amount"`
	}
	switch {
	case v.down, r.URL.Path != "/api/request", err != nil, json.Unmarshal(text, &asked) != nil:
		http.Error(w, "away", http.StatusBadGateway)
		return
	case sign(data, privateKey) != r.FormValue("signature"):
		_ = json.NewEncoder(w).Encode(map[string]any{"result": "error", "status": "error", "err_code": "invalid_signature"})
		return
	}
	order := v.orders[asked.OrderID]
	if order == nil {
		_ = json.NewEncoder(w).Encode(map[string]any{"result": "error", "status": "error", "err_code": "payment_not_found"})
		return
	}
	if asked.Action == "status" {
		v.looked++
	}
	if asked.Action == "refund" {
		v.asked++
		if order["status"] != "success" || v.waiting[asked.OrderID] {
			_ = json.NewEncoder(w).Encode(map[string]any{"result": "error", "status": "error", "err_code": "err_payment"})
			return
		}
		if v.waits {
			v.waiting[asked.OrderID] = true
			_ = json.NewEncoder(w).Encode(map[string]any{"result": "ok", "status": "success", "wait_amount": true, "order_id": asked.OrderID})
			return
		}
		v.refunds++
		order["status"] = "reversed"
		if v.lost {
			v.lost = false
			http.Error(w, "lost", http.StatusGatewayTimeout)
			return
		}
	}
	_ = json.NewEncoder(w).Encode(order)
}

// becomes has an order be in a state.
func (v *vendor) becomes(p *v1.Payment, state, amount string) map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	order := map[string]any{
		"result": "ok", "status": state, "order_id": p.GetId(), "payment_id": 165, "amount": json.Number(amount), "currency": "UAH", "receiver_commission": json.Number("0.28"),
	}
	v.orders[p.GetId()] = order
	return order
}

// notice is what LiqPay posts.
func notice(order map[string]any, key string) []byte {
	text, err := json.Marshal(order)
	if err != nil {
		panic(err) // the test's own
	}
	data := base64.StdEncoding.EncodeToString(text)
	return []byte(url.Values{"data": {data}, "signature": {sign(data, key)}}.Encode())
}

func settings(address string) string {
	return fmt.Sprintf("modules: {liqpay: {settings: {public_key: i00000000, private_key: %s, url: %s}}}", privateKey, address)
}

func TestLiqPay(t *testing.T) {
	v := newVendor(t)
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: settings(v.URL)})
	method := w.Method(t, liqpay.ID, "UAH")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	state := func(p *v1.Payment) v1.PaymentState { return w.Payment(t, p.GetId()).GetState() }

	t.Run("the page", func(t *testing.T) {
		p := w.Pay(t, method, "1250.50")
		at, err := url.Parse(p.GetCheckoutUrl())
		require.NoError(t, err)
		require.Equal(t, "/api/3/checkout", at.Path)
		data := at.Query().Get("data")
		require.Equal(t, sign(data, privateKey), at.Query().Get("signature"))
		text, err := base64.StdEncoding.DecodeString(data)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"version": 3, "public_key": "i00000000", "action": "pay", "amount": 1250.50, "currency": "UAH", "description": %q,
			"order_id": %q, "result_url": %q, "server_url": %q, "expired_date": %q}`, p.GetReference(), p.GetId(), w.URL()+"/payments/"+p.GetId(),
			w.URL()+"/m/paysystem/hooks/liqpay", p.GetExpireTime().AsTime().Format("2006-01-02 15:04:05")), string(text))
		left := p.GetExpireTime().AsTime().Sub(w.Clock.Now())
		require.InDelta(t, 24*time.Hour, left, float64(time.Minute))
		require.NotContains(t, string(text), privateKey)
	})
	t.Run("told late and twice", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "processing", "10"), privateKey))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p))
		order := v.becomes(p, "success", "10")
		for i := range 3 {
			order["transaction_id"] = i // so that it is not the same text
			w.Tell(t, liqpay.ID, form, notice(order, privateKey))
		}
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, state(p))
		require.Equal(t, "0.28", w.Payment(t, p.GetId()).GetFee().GetAmount())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})
	t.Run("a wrong signature", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		order := map[string]any{"status": "success", "order_id": p.GetId(), "amount": 10, "currency": "UAH"}
		w.Tell(t, liqpay.ID, form, notice(order, "another key"))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p), "LiqPay was asked, and knows nothing of it")
		require.False(t, w.Notices(t)[0].GetVerified())
	})
	t.Run("another amount", func(t *testing.T) {
		for _, amount := range []string{"9.99", "10.001", "1e1", "1000"} {
			p := w.Pay(t, method, "10.00")
			w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "success", amount), privateKey))
			require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p), amount)
			require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_AMOUNT_DIFFERS, w.Notices(t)[0].GetOddity(), amount)
		}
	})
	t.Run("test cards pay nothing", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "sandbox", "10"), privateKey))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p))
	})
	t.Run("refused", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "failure", "10"), privateKey))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_FAILED, state(p))
	})
	t.Run("what is no notice", func(t *testing.T) {
		for _, body := range []string{"", "data=%%%", "data=bm8&signature=x", "signature=x"} {
			w.Tell(t, liqpay.ID, form, []byte(body))
			require.Equal(t, v1.NoticeState_NOTICE_STATE_IGNORED, w.Notices(t)[0].GetState(), body)
		}
	})
	t.Run("reversed on LiqPay's own page, and told before the payment", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "reversed", "10"), privateKey))
		got := w.Payment(t, p.GetId())
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetState())
		require.Equal(t, "10.00", got.GetRefunded().GetAmount())
		require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
	})
	t.Run("paid, though it is not in the business's account yet", func(t *testing.T) {
		for _, status := range []string{"wait_compensation", "wait_reserve"} {
			p := w.Pay(t, method, "10.00")
			for _, now := range []string{status, "success"} {
				w.Tell(t, liqpay.ID, form, notice(v.becomes(p, now, "10"), privateKey))
				require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, state(p), now)
			}
			require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		}
		for _, status := range []string{"wait_accept", "wait_secure", "hold_wait", "wait_card"} {
			p := w.Pay(t, method, "10.00")
			w.Tell(t, liqpay.ID, form, notice(v.becomes(p, status, "10"), privateKey))
			require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p), status)
		}
	})
	t.Run("given back in part on LiqPay's own page", func(t *testing.T) {
		refunded := func(p *v1.Payment) string { return w.Payment(t, p.GetId()).GetRefunded().GetAmount() }
		tell := func(p *v1.Payment, status, refund string) {
			t.Helper()
			order := v.becomes(p, status, "100")
			order["refund_amount"] = json.Number(refund)
			order["transaction_id"] = status + refund + store.NewID() // so that it is not the same text
			w.Tell(t, liqpay.ID, form, notice(order, privateKey))
		}
		for _, status := range []string{"success", "reversed"} {
			p := w.Pay(t, method, "100.00")
			tell(p, "success", "0")
			require.Empty(t, refunded(p))
			for range 2 {
				tell(p, status, "30.50")
				require.Equal(t, "30.50", refunded(p), status)
			}
			require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
			tell(p, status, "70")
			require.Equal(t, "30.50", refunded(p), "it may be the sum, or what went back last: somebody looks at it")
			require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_AMOUNT_DIFFERS, w.Notices(t)[0].GetOddity())
		}
		p := w.Pay(t, method, "100.00")
		for _, status := range []string{"success", "reversed"} { // all of it, however it is told
			tell(p, status, "100.00")
			require.Equal(t, "100.00", refunded(p))
		}
		require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
	})
	t.Run("given back once there is money for it", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		order := v.becomes(p, "success", "10")
		w.Tell(t, liqpay.ID, form, notice(order, privateKey))
		set := func(do func()) {
			v.mu.Lock()
			defer v.mu.Unlock()
			do()
		}
		set(func() { v.waits, v.asked, v.looked = true, 0, 0 })
		_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId()})
		require.NoError(t, err)
		refund := func() *v1.Refund {
			list, err := pt.Payments(w.Head).ListRefunds(t.Context(), &v1.ListRefundsRequest{PaymentId: p.GetId()})
			require.NoError(t, err)
			require.Len(t, list.GetRefunds(), 1)
			return list.GetRefunds()[0]
		}
		require.Eventually(t, func() (often bool) {
			w.Clock.Move(11 * time.Minute)
			set(func() { often = v.looked >= 3 })
			return often
		}, 30*time.Second, 50*time.Millisecond)
		w.Drained(t)
		require.Equal(t, v1.RefundState_REFUND_STATE_PENDING, refund().GetState(), refund().GetFailure())
		set(func() {
			require.Equal(t, 1, v.asked, "it waits, and is not asked for again")
			v.waits, order["status"] = false, "reversed"
		})
		require.Eventually(t, func() bool {
			w.Clock.Move(11 * time.Minute)
			return w.Payment(t, p.GetId()).GetRefunded().GetAmount() == "10.00"
		}, 30*time.Second, 50*time.Millisecond)
		w.Tell(t, liqpay.ID, form, notice(order, privateKey))
		require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
	})
	t.Run("given back, though the answer was lost", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "success", "10"), privateKey))
		_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "4.00"})
		require.Equal(t, codes.FailedPrecondition, status.Code(err), "in part")
		v.mu.Lock()
		v.lost, v.refunds = true, 0
		v.mu.Unlock()
		_, err = pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId()})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return w.Payment(t, p.GetId()).GetRefunded().GetAmount() == "10.00" }, 30*time.Second, 20*time.Millisecond)
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Equal(t, 1, v.refunds)
	})
	t.Run("never told", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		v.becomes(p, "success", "10.0")
		got, err := pt.Payments(w.Contact).CheckPayment(t.Context(), &v1.CheckPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetPayment().GetState())
	})
	t.Run("LiqPay is away", func(t *testing.T) {
		p := w.Pay(t, method, "10.00") // which asks LiqPay nothing
		v.mu.Lock()
		v.down = true
		v.mu.Unlock()
		_, err := pt.Payments(w.Contact).CheckPayment(t.Context(), &v1.CheckPaymentRequest{Id: p.GetId()})
		require.Equal(t, codes.Unavailable, status.Code(err))
	})
	t.Run("on its way when it can be paid no more", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "wait_secure", "10"), privateKey))
		looked := func() int {
			v.mu.Lock()
			defer v.mu.Unlock()
			return v.looked
		}
		v.mu.Lock()
		v.down, v.looked = false, 0
		v.mu.Unlock()
		w.Clock.Move(25 * time.Hour)
		require.Eventually(t, func() bool { return looked() > 0 }, 30*time.Second, 10*time.Millisecond)
		w.Drained(t)
		w.Head = w.Portal.Head(t) // the other's session has ended meanwhile
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, state(p))
		w.Tell(t, liqpay.ID, form, notice(v.becomes(p, "success", "10"), privateKey))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, state(p))
	})
}
