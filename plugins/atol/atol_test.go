package atol_test

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

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
	"github.com/opencabinet/cabinet/plugins/atol"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit { return module.Unit(atol.NewUnit(atol.New(router))) })

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

// vendor is as much of ATOL as a cash register sees.
type vendor struct {
	*httptest.Server
	mu    sync.Mutex
	sent  map[string]map[string]any // by external_id
	uuids map[string]string         // external_id → uuid
	asked map[string]int            // reports, by uuid
	token string
	down  bool
	lost  bool // the answer to the next document is
	fails bool
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{sent: map[string]map[string]any{}, uuids: map[string]string{}, asked: map[string]int{}, token: "one"}
	v.Server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	say := func(code int, m map[string]any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(m)
	}
	path, ours := strings.CutPrefix(r.URL.Path, "/v4/group_1")
	switch {
	case v.down:
		say(http.StatusServiceUnavailable, nil)
	case r.URL.Path == "/v4/getToken":
		say(http.StatusOK, map[string]any{"token": v.token})
	case !ours || r.Header.Get("Token") != v.token:
		say(http.StatusUnauthorized, map[string]any{"error": map[string]any{"code": 11, "type": "system"}})
	case path == "/sell" || path == "/sell_refund":
		document := map[string]any{}
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		_ = decoder.Decode(&document)
		id, _ := document["external_id"].(string)
		if uuid := v.uuids[id]; uuid != "" {
			say(http.StatusBadRequest, map[string]any{"uuid": uuid, "status": "fail", "error": map[string]any{"code": 33, "type": "system"}})
			return
		}
		document["operation"] = path
		v.sent[id], v.uuids[id] = document, "u-"+id
		if v.lost {
			v.lost = false
			say(http.StatusGatewayTimeout, nil)
			return
		}
		say(http.StatusOK, map[string]any{"uuid": v.uuids[id], "status": "wait"})
	default:
		uuid := strings.TrimPrefix(path, "/report/")
		v.asked[uuid]++
		switch {
		case v.fails:
			say(http.StatusOK, map[string]any{"uuid": uuid, "status": "fail", "error": map[string]any{"code": 3896, "type": "driver"}})
		case v.asked[uuid] < 2:
			say(http.StatusOK, map[string]any{"uuid": uuid, "status": "wait", "error": map[string]any{"code": 34, "type": "system"}})
		default:
			say(http.StatusOK, map[string]any{"uuid": uuid, "status": "done", "payload": map[string]any{
				"fiscal_document_number": 133, "fn_number": "9999078900004792", "fiscal_document_attribute": 3449555941, "receipt_datetime": "02.03.2026 09:10:00",
				"ofd_receipt_url": "https://ofd.example/" + uuid,
			}})
		}
	}
}

func (v *vendor) set(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
}

func TestATOL(t *testing.T) {
	v := newVendor(t)
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: fmt.Sprintf(`modules: {paysystem: {settings: {currency: RUB, fiscal: {RUB: atol}}},
		atol: {settings: {login: login, password: secret, group: group_1, inn: "5544332219", email: shop@example.com, address: "https://shop.example", taxation: osn, vat: vat20, url: %s/v4}}}`, v.URL)})
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "Cash", Kind: v1.MethodKind_METHOD_KIND_CASH, Receipts: true},
	})
	require.NoError(t, err)
	pay := func(t *testing.T) *v1.Payment {
		t.Helper()
		p, err := pt.Payments(w.Head).CreatePayment(t.Context(), &v1.CreatePaymentRequest{
			RequestId: store.NewID(), ClientId: w.ClientID, MethodId: made.GetMethod().GetId(), Amount: "1250.50", Description: "Счёт 12", Received: true,
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
		require.Equal(t, "133 / 9999078900004792 / 3449555941", sale.GetNumber())
		require.Equal(t, "https://ofd.example/u-"+sale.GetId(), sale.GetUrl())
		require.Equal(t, "2026-03-02T06:10:00Z", sale.GetDoneTime().AsTime().Format(time.RFC3339))
		_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "50.50"})
		require.NoError(t, err)
		back := become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 2)[0]
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Equal(t, "/sell_refund", v.sent[back.GetId()]["operation"])
		text, err := json.Marshal(v.sent[sale.GetId()])
		require.NoError(t, err)
		require.JSONEq(t, `{"operation": "/sell", "external_id": "`+sale.GetId()+`", "timestamp": "02.03.2026 09:00:00", "receipt": {
			"client": {"email": "shop@example.com"}, "company": {"email": "shop@example.com", "sno": "osn", "inn": "5544332219", "payment_address": "https://shop.example"},
			"items": [{"name": "Счёт 12 (`+p.GetReference()+`)", "price": 1250.50, "quantity": 1, "sum": 1250.50, "payment_method": "full_payment", "payment_object": "service", "vat": {"type": "vat20"}}],
			"payments": [{"type": 0, "sum": 1250.50}], "total": 1250.50}}`, string(text))
	})
	t.Run("the answer is lost", func(t *testing.T) {
		v.set(func() { v.lost = true })
		become(t, pay(t), v1.ReceiptState_RECEIPT_STATE_DONE, 1)
	})
	t.Run("ATOL is down, and then wants another token", func(t *testing.T) {
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
	t.Run("refused, and tried anew under another id", func(t *testing.T) {
		v.set(func() { v.fails = true })
		p := pay(t)
		failed := become(t, p, v1.ReceiptState_RECEIPT_STATE_FAILED, 1)[0]
		require.Equal(t, "driver 3896", failed.GetFailure())
		v.set(func() { v.fails = false })
		_, err := v1.NewReceiptServiceClient(w.Head.Conn).RetryReceipt(t.Context(), &v1.RetryReceiptRequest{Id: failed.GetId()})
		require.NoError(t, err)
		again := become(t, p, v1.ReceiptState_RECEIPT_STATE_DONE, 1)[0]
		require.Equal(t, "https://ofd.example/u-"+failed.GetId()+"-1", again.GetUrl())
	})
}

func TestSettings(t *testing.T) {
	err := (&atol.Settings{INN: "12", Taxation: "none", VAT: "20%"}).Validate()
	for _, part := range []string{"login", "password", "group", "inn", "email", "address", "taxation", "vat"} {
		require.ErrorContains(t, err, part+":")
	}
}
