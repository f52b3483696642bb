package checkbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
	"github.com/opencabinet/cabinet/plugins/checkbox"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit { return module.Unit(checkbox.NewUnit(checkbox.New(router))) })

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

// vendor is as much of Checkbox as a cash register sees.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	receipts map[string]map[string]any
	token    string
	shift    string // its state; empty for none
	down     bool
	lost     bool // the answer to the next receipt is
	refuses  bool
	opened   int
	closed   int
	now      func() time.Time
	since    time.Time // when the shift was opened
	until    time.Time // when it closes by itself
	keeps    bool      // it does not
	ends     bool      // it does so between being asked for and the next receipt
}

// late has the shift close where its time has come.
func (v *vendor) late() {
	if v.shift != "" && !v.keeps && !v.now().Before(v.until) {
		v.shift = ""
	}
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{receipts: map[string]map[string]any{}, token: "one", now: time.Now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/cashier/shift", func(w http.ResponseWriter, _ *http.Request) {
		if v.late(); v.shift == "" {
			_, _ = w.Write([]byte("null"))
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"status": v.shift, "opened_at": v.since.Format(time.RFC3339)})
		switch v.shift { // it takes a moment
		case "CREATED":
			v.shift = "OPENED"
		case "CLOSING":
			v.shift = ""
		}
	})
	mux.HandleFunc("POST /api/v1/shifts/close", func(w http.ResponseWriter, _ *http.Request) {
		v.closed++
		v.shift = "CLOSING"
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "CLOSING"})
	})
	mux.HandleFunc("POST /api/v1/shifts", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			CloseAt time.Time `json:"auto_close_at"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || !asked.CloseAt.After(v.now()) {
			http.Error(w, `{"code": "validation", "message": "no"}`, http.StatusUnprocessableEntity)
			return
		}
		v.opened++
		v.shift, v.since, v.until = "CREATED", v.now(), asked.CloseAt
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "CREATED"})
	})
	mux.HandleFunc("GET /api/v1/receipts/{id}", func(w http.ResponseWriter, r *http.Request) {
		one := v.receipts[r.PathValue("id")]
		if one == nil {
			http.Error(w, `{"message": "not found"}`, http.StatusNotFound)
			return
		}
		if one["status"] == "CREATED" {
			one["status"], one["fiscal_code"], one["fiscal_date"] = "DONE", "AB12", "2026-03-02T08:10:00+02:00"
		}
		_ = json.NewEncoder(w).Encode(one)
	})
	mux.HandleFunc("POST /api/v1/receipts/sell", func(w http.ResponseWriter, r *http.Request) {
		one := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&one)
		id, _ := one["id"].(string)
		if v.late(); v.ends {
			v.ends, v.shift = false, ""
		}
		switch {
		case v.shift == "":
			http.Error(w, `{"code": "shift.not_opened", "message": "no shift"}`, http.StatusBadRequest)
			return
		case v.now().Sub(v.since) >= 24*time.Hour:
			http.Error(w, `{"code": "shift.too_long", "message": "more than 24 hours"}`, http.StatusBadRequest)
			return
		}
		if v.refuses || v.shift != "OPENED" || v.receipts[id] != nil {
			http.Error(w, `{"message": "no"}`, http.StatusBadRequest)
			return
		}
		one["status"] = "CREATED"
		v.receipts[id] = one
		if v.lost {
			v.lost = false
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(one)
	})
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		switch {
		case v.down:
			http.Error(w, "", http.StatusServiceUnavailable)
		case r.Header.Get("X-License-Key") != "license":
			http.Error(w, "{}", http.StatusForbidden)
		case r.URL.Path == "/api/v1/cashier/signinPinCode":
			_ = json.NewEncoder(w).Encode(map[string]any{"access_token": v.token})
		case r.Header.Get("Authorization") != "Bearer "+v.token:
			http.Error(w, "{}", http.StatusUnauthorized)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) set(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
}

func TestCheckbox(t *testing.T) {
	v := newVendor(t)
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: fmt.Sprintf(
		`modules: {paysystem: {settings: {fiscal: {UAH: checkbox}}}, checkbox: {settings: {license_key: license, pin: "1234", tax: ["8"], url: %s}}}`, v.URL)})
	v.set(func() { v.now = w.Clock.Now })
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "Cash", Kind: v1.MethodKind_METHOD_KIND_CASH, Receipts: true},
	})
	require.NoError(t, err)
	pay := func(t *testing.T) *v1.Payment {
		t.Helper()
		p, err := pt.Payments(w.Head).CreatePayment(t.Context(), &v1.CreatePaymentRequest{
			RequestId: store.NewID(), ClientId: w.ClientID, MethodId: made.GetMethod().GetId(), Amount: "1250.50", Description: "Bill 12", Received: true,
		})
		require.NoError(t, err)
		return p.GetPayment()
	}
	receipts := func(p *v1.Payment) []*v1.Receipt {
		list, err := v1.NewReceiptServiceClient(w.Head.Conn).ListReceipts(t.Context(), &v1.ListReceiptsRequest{PaymentId: p.GetId()})
		require.NoError(t, err)
		return list.GetReceipts()
	}
	become := func(t *testing.T, p *v1.Payment, state v1.ReceiptState, many int) []*v1.Receipt {
		t.Helper()
		var list []*v1.Receipt
		require.Eventually(t, func() bool {
			w.Clock.Move(time.Minute)
			n := 0
			list = receipts(p)
			for _, r := range list {
				if r.GetState() == state {
					n++
				}
			}
			return n == many
		}, 30*time.Second, 50*time.Millisecond, "%v", list)
		return list
	}

	t.Run("a sale, and what of it goes back", func(t *testing.T) {
		p := pay(t)
		sale := become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 1)[0]
		require.Equal(t, "AB12", sale.GetNumber())
		require.Equal(t, "https://check.checkbox.ua/"+sale.GetId(), sale.GetUrl())
		require.Equal(t, "2026-03-02T06:10:00Z", sale.GetDoneTime().AsTime().Format(time.RFC3339))
		_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "50.50"})
		require.NoError(t, err)
		back := become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 2)[0]
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Equal(t, 1, v.opened, "one shift")
		text, err := json.Marshal(v.receipts[sale.GetId()]["goods"])
		require.NoError(t, err)
		require.JSONEq(t, `[{"good": {"code": "1", "name": "Bill 12 (`+p.GetReference()+`)", "price": 125050, "tax": ["8"]}, "quantity": 1000, "is_return": false}]`, string(text))
		text, err = json.Marshal(v.receipts[back.GetId()])
		require.NoError(t, err)
		require.Contains(t, string(text), `"is_return":true`)
		require.Contains(t, string(text), `"related_receipt_id":"`+sale.GetId()+`"`)
		require.Contains(t, string(text), `"payments":[{"type":"CASH","value":5050}]`)
	})
	t.Run("the answer is lost", func(t *testing.T) {
		v.set(func() { v.lost = true })
		become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
	})
	t.Run("Checkbox is down, and then wants another token", func(t *testing.T) {
		v.set(func() { v.down = true })
		p := pay(t)
		for range 5 {
			w.Clock.Move(10 * time.Minute)
			w.Drained(t)
		}
		require.Equal(t, v1.ReceiptState_RECEIPT_STATE_WAITING, receipts(p)[0].GetState())
		v.set(func() { v.down, v.token = false, "two" })
		become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 1)
	})
	t.Run("refused, and tried anew", func(t *testing.T) {
		v.set(func() { v.refuses = true })
		p := pay(t)
		failed := become(t, p, v1.ReceiptState_RECEIPT_STATE_FAILED, 1)[0]
		v.set(func() { v.refuses = false })
		_, err := v1.NewReceiptServiceClient(w.Head.Conn).RetryReceipt(t.Context(), &v1.RetryReceiptRequest{Id: failed.GetId()})
		require.NoError(t, err)
		become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 1)
	})
	later := func(by time.Duration) {
		w.Clock.Move(by)
		w.Head = w.Staff(t, "head") // the session of before has ended
	}
	t.Run("the shift ends with the day", func(t *testing.T) {
		become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
		var opened int
		v.set(func() {
			opened = v.opened
			zone, err := time.LoadLocation("Europe/Kyiv")
			require.NoError(t, err)
			require.Equal(t, "23:55", v.until.In(zone).Format("15:04"))
			require.Less(t, v.until.Sub(v.since), 24*time.Hour)
		})
		later(24 * time.Hour)
		become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
		v.set(func() { require.Equal(t, []int{opened + 1, 0}, []int{v.opened, v.closed}) })
	})
	t.Run("a shift that nobody closes", func(t *testing.T) {
		for _, open := range []time.Duration{23*time.Hour + time.Minute, 30 * time.Hour} {
			v.set(func() { v.keeps, v.closed = true, 0 })
			later(open)
			become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
			v.set(func() {
				require.Equal(t, 1, v.closed)
				v.keeps = false
			})
		}
	})
	t.Run("the shift ends just before a receipt", func(t *testing.T) {
		v.set(func() { v.ends = true })
		become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
		v.set(func() { require.False(t, v.ends) })
	})
}
