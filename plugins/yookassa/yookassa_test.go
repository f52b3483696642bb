package yookassa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
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
	"github.com/opencabinet/cabinet/plugins/yookassa"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit { return module.Unit(yookassa.NewUnit(yookassa.New(router))) })

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

// vendor is as much of YooKassa as a gateway sees.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	payments map[string]map[string]any
	refunds  []map[string]any
	keys     map[string]map[string]any
	number   int
	busy     int  // so many requests are answered with 202 yet
	lost     bool // the answer to the next request that makes something is
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{payments: map[string]map[string]any{}, keys: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/payments", v.once(func(m map[string]any) map[string]any {
		m["status"], m["confirmation"] = "pending", map[string]any{"confirmation_url": "https://yoomoney.ru/checkout/" + m["id"].(string)}
		v.payments[m["id"].(string)] = m
		return m
	}))
	mux.HandleFunc("POST /v3/refunds", v.once(func(m map[string]any) map[string]any {
		m["status"] = "succeeded"
		v.refunds = append(v.refunds, m)
		return m
	}))
	mux.HandleFunc("GET /v3/payments/{id}", func(w http.ResponseWriter, r *http.Request) {
		if p := v.payments[r.PathValue("id")]; p != nil {
			_ = json.NewEncoder(w).Encode(p)
			return
		}
		http.Error(w, `{"type": "error", "code": "not_found"}`, http.StatusNotFound)
	})
	mux.HandleFunc("GET /v3/refunds", func(w http.ResponseWriter, r *http.Request) {
		found := []map[string]any{}
		for _, one := range v.refunds {
			if one["payment_id"] == r.URL.Query().Get("payment_id") {
				found = append(found, one)
			}
		}
		// One a page, so that pages are turned.
		at, page := 0, map[string]any{"type": "list"}
		_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &at)
		if at < len(found) {
			page["items"] = found[at : at+1]
		}
		if at+1 < len(found) {
			page["next_cursor"] = fmt.Sprint(at + 1)
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if shop, key, ok := r.BasicAuth(); !ok || shop != "100500" || key != "test_secret" {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		if v.busy > 0 {
			v.busy--
			w.WriteHeader(http.StatusAccepted)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) once(do func(m map[string]any) map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotence-Key")
		m := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || key == "" {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		made, ok := v.keys[key]
		if !ok {
			v.number++
			m["id"] = fmt.Sprintf("y-%d", v.number)
			made = do(m)
			v.keys[key] = made
		}
		if v.lost {
			v.lost = false
			http.Error(w, "", http.StatusGatewayTimeout)
			return
		}
		_ = json.NewEncoder(w).Encode(made)
	}
}

// becomes changes a payment at YooKassa's.
func (v *vendor) becomes(id string, fields map[string]any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, value := range fields {
		v.payments[id][k] = value
	}
}

func notice(event string, object map[string]any, n int) []byte {
	body, err := json.Marshal(map[string]any{"type": "notification", "event": event, "object": object, "n": n})
	if err != nil {
		panic(err) // the test's own
	}
	return body
}

func settings(address string) string {
	return fmt.Sprintf(`modules: {paysystem: {settings: {currency: RUB}}, yookassa: {settings: {shop_id: "100500", secret_key: test_secret, url: %s/v3}}}`, address)
}

func TestYooKassa(t *testing.T) {
	v := newVendor(t)
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: settings(v.URL)})
	method := w.Method(t, yookassa.ID, "RUB")
	asked := map[string]string{"Content-Type": "application/json"}
	begin := func(t *testing.T, amount string) (*v1.Payment, string) {
		t.Helper()
		p := w.Pay(t, method, amount)
		return p, w.Payment(t, p.GetId()).GetGatewayPaymentId()
	}
	paid := func(t *testing.T, amount string) (*v1.Payment, string) {
		t.Helper()
		p, id := begin(t, amount)
		v.becomes(id, map[string]any{
			"status": "succeeded", "captured_at": "2026-03-02T06:10:00.000Z", "income_amount": map[string]any{"value": "9.65", "currency": "RUB"},
		})
		w.Tell(t, yookassa.ID, asked, notice("payment.succeeded", map[string]any{"id": id}, 0))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, w.Payment(t, p.GetId()).GetState())
		return p, id
	}

	t.Run("paid, and told twice", func(t *testing.T) {
		p, id := paid(t, "10.00")
		require.Equal(t, "https://yoomoney.ru/checkout/"+id, p.GetCheckoutUrl())
		w.Tell(t, yookassa.ID, asked, notice("payment.succeeded", map[string]any{"id": id}, 1))
		got := w.Payment(t, p.GetId())
		require.Equal(t, "0.35", got.GetFee().GetAmount())
		require.Equal(t, "2026-03-02T06:10:00Z", got.GetSucceedTime().AsTime().Format(time.RFC3339))
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})
	t.Run("a notice is not believed", func(t *testing.T) {
		p, id := begin(t, "10.00")
		w.Tell(t, yookassa.ID, asked, notice("payment.succeeded", map[string]any{"id": id, "status": "succeeded", "amount": map[string]any{"value": "10.00", "currency": "RUB"}}, 0))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, w.Payment(t, p.GetId()).GetState())
		for i, body := range []string{"", "[]", `{"event": "payment.succeeded"}`, `{"event": "payment.succeeded", "object": {"id": "y-unknown"}}`, `{"event": "` + strings.Repeat("long", 100) + `"}`} {
			w.Tell(t, yookassa.ID, asked, []byte(body))
			require.Equal(t, v1.NoticeState_NOTICE_STATE_IGNORED, w.Notices(t)[0].GetState(), i)
		}
	})
	t.Run("another amount", func(t *testing.T) {
		p, id := begin(t, "10.00")
		v.becomes(id, map[string]any{"status": "succeeded", "amount": map[string]any{"value": "1.00", "currency": "RUB"}})
		w.Tell(t, yookassa.ID, asked, notice("payment.succeeded", map[string]any{"id": id}, 0))
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, w.Payment(t, p.GetId()).GetState())
		require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_AMOUNT_DIFFERS, w.Notices(t)[0].GetOddity())
	})
	t.Run("called off", func(t *testing.T) {
		p, id := begin(t, "10.00")
		v.becomes(id, map[string]any{"status": "canceled", "cancellation_details": map[string]any{"party": "payment_network", "reason": "insufficient_funds"}})
		w.Tell(t, yookassa.ID, asked, notice("payment.canceled", map[string]any{"id": id}, 0))
		got := w.Payment(t, p.GetId())
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_CANCELLED, got.GetState())
		require.Equal(t, "insufficient_funds", got.GetFailure())
	})
	t.Run("given back in parts, the first answer lost", func(t *testing.T) {
		p, id := paid(t, "10.00")
		v.mu.Lock()
		v.lost = true
		v.mu.Unlock()
		for _, amount := range []string{"3.00", "2.50"} {
			_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: amount})
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool { return w.Payment(t, p.GetId()).GetRefunded().GetAmount() == "5.50" }, 30*time.Second, 20*time.Millisecond)
		w.Tell(t, yookassa.ID, asked, notice("refund.succeeded", map[string]any{"id": "y-r", "payment_id": id}, 0))
		require.Equal(t, "5.50", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		require.Equal(t, 2, w.Published(t, "PaymentRefunded", p.GetId()))
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Len(t, v.refunds, 2)
	})
	t.Run("YooKassa is busy when a payment begins", func(t *testing.T) {
		v.mu.Lock()
		v.busy = 1
		v.mu.Unlock()
		request := &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "10.00"}
		_, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.Equal(t, codes.Unavailable, status.Code(err))
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.NoError(t, err)
		require.NotEmpty(t, made.GetPayment().GetCheckoutUrl())
	})
	t.Run("never told", func(t *testing.T) {
		p, id := begin(t, "10.00")
		v.becomes(id, map[string]any{"status": "succeeded"})
		got, err := pt.Payments(w.Contact).CheckPayment(t.Context(), &v1.CheckPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetPayment().GetState())
	})
}
