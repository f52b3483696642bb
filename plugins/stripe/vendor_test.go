package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v84/webhook"
)

// vendor is as much of Stripe as a gateway sees: it keeps sessions, refunds and disputes, and misbehaves when it is told to.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	sessions map[string]map[string]any
	refunds  []map[string]any
	disputes []map[string]any
	keys     map[string]map[string]any // by idempotency key
	down     int                       // so many requests fail yet
	cards    []map[string]any          // that are kept
	intents  map[string]map[string]any // of payments with them
	bank     string                    // what the bank says of one: "" for yes, or the code of an error
	number   int
}

const signingSecret = "whsec_of_the_test"

func newVendor(t testing.TB) *vendor {
	v := &vendor{sessions: map[string]map[string]any{}, keys: map[string]map[string]any{}, intents: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/checkout/sessions", v.once(v.createSession))
	mux.HandleFunc("GET /v1/checkout/sessions/{id}", v.one(func(id string) map[string]any { return v.sessions[id] }))
	mux.HandleFunc("GET /v1/payment_intents/{id}", v.one(v.intent))
	mux.HandleFunc("POST /v1/payment_intents", v.charge)
	mux.HandleFunc("POST /v1/customers", v.once(func(*http.Request) (map[string]any, error) {
		return map[string]any{"id": v.id("cus"), "object": "customer"}, nil
	}))
	mux.HandleFunc("GET /v1/payment_methods", v.listOf("customer", func() []map[string]any { return v.cards }))
	mux.HandleFunc("GET /v1/payment_methods/{id}", v.one(v.card))
	mux.HandleFunc("POST /v1/payment_methods/{id}/detach", v.one(v.detach))
	mux.HandleFunc("POST /v1/refunds", v.once(v.createRefund))
	mux.HandleFunc("GET /v1/refunds", v.list(func() []map[string]any { return v.refunds }))
	mux.HandleFunc("GET /v1/disputes", v.list(func() []map[string]any { return v.disputes }))
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, key, _ := r.BasicAuth(); key != "" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer sk_test") {
			http.Error(w, `{"error": {"type": "invalid_request_error"}}`, http.StatusUnauthorized)
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.down > 0 {
			v.down--
			http.Error(w, `{"error": {"type": "api_error"}}`, http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func answer(w http.ResponseWriter, code int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(what)
}

// once does a request with an idempotency key once.
func (v *vendor) once(do func(r *http.Request) (map[string]any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if made, ok := v.keys[key]; ok && key != "" {
			answer(w, http.StatusOK, made)
			return
		}
		made, err := do(r)
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"type": "invalid_request_error", "message": err.Error()}})
			return
		}
		v.keys[key] = made
		answer(w, http.StatusOK, made)
	}
}

func (v *vendor) one(find func(id string) map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if found := find(r.PathValue("id")); found != nil {
			answer(w, http.StatusOK, found)
			return
		}
		answer(w, http.StatusNotFound, map[string]any{"error": map[string]any{"type": "invalid_request_error", "code": "resource_missing"}})
	}
}

func (v *vendor) list(all func() []map[string]any) http.HandlerFunc {
	return v.listOf("payment_intent", all)
}

// listOf lists what is of the one that the request names.
func (v *vendor) listOf(owner string, all func() []map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found := []map[string]any{}
		for _, one := range all() {
			if one[owner] == r.URL.Query().Get(owner) {
				found = append(found, one)
			}
		}
		answer(w, http.StatusOK, map[string]any{"object": "list", "data": found, "has_more": false})
	}
}

func (v *vendor) id(prefix string) string {
	v.number++
	return fmt.Sprintf("%s_%d", prefix, v.number)
}

func (v *vendor) createSession(r *http.Request) (map[string]any, error) {
	n, err := strconv.ParseInt(r.FormValue("line_items[0][price_data][unit_amount]"), 10, 64)
	if err != nil {
		return nil, err
	}
	id := v.id("cs_test")
	expires, _ := strconv.ParseInt(r.FormValue("expires_at"), 10, 64)
	s := map[string]any{
		"id": id, "object": "checkout.session", "url": "https://checkout.stripe.com/c/" + id, "amount_total": n, "expires_at": expires,
		"currency": r.FormValue("line_items[0][price_data][currency]"), "status": "open", "payment_status": "unpaid",
		"metadata": map[string]string{"cabinet_payment_id": r.FormValue("metadata[cabinet_payment_id]")},
		"customer": r.FormValue("customer"), "keeps": r.FormValue("payment_intent_data[setup_future_usage]") == "off_session",
	}
	if r.FormValue("customer") != "" && r.FormValue("customer_email") != "" {
		return nil, fmt.Errorf("you may only specify one of these parameters: customer, customer_email")
	}
	if r.FormValue("payment_intent_data[metadata][cabinet_payment_id]") == "" {
		return nil, fmt.Errorf("the intent would not say whose it is")
	}
	v.sessions[id] = s
	return s, nil
}

func (v *vendor) createRefund(r *http.Request) (map[string]any, error) {
	n, err := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	if err != nil {
		return nil, err
	}
	one := map[string]any{
		"id": v.id("re"), "object": "refund", "amount": n, "currency": "uah", "payment_intent": r.FormValue("payment_intent"), "status": "succeeded", "created": time.Now().Unix(),
		"metadata": map[string]string{"cabinet_refund_id": r.FormValue("metadata[cabinet_refund_id]"), "cabinet_payment_id": r.FormValue("metadata[cabinet_payment_id]")},
	}
	v.refunds = append(v.refunds, one)
	return one, nil
}

// charge pays with a card that is kept, or refuses it, once for each idempotency key.
func (v *vendor) charge(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	made, again := v.keys[key]
	if !again {
		card := v.card(r.FormValue("payment_method"))
		n, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
		made = map[string]any{
			"id": v.id("pi"), "object": "payment_intent", "amount": n, "amount_received": n, "currency": r.FormValue("currency"), "status": "succeeded",
			"metadata": map[string]string{"cabinet_payment_id": r.FormValue("metadata[cabinet_payment_id]"), "cabinet_saved_card": r.FormValue("metadata[cabinet_saved_card]")},
		}
		switch {
		case card == nil || card["customer"] != r.FormValue("customer") || r.FormValue("off_session") != "true" || r.FormValue("confirm") != "true":
			made = map[string]any{"error": map[string]any{"type": "invalid_request_error", "code": "resource_missing"}}
		case v.bank != "":
			made = map[string]any{"error": map[string]any{"type": "card_error", "code": v.bank}}
		default:
			v.intents[made["id"].(string)] = made
		}
		v.keys[key] = made
	}
	if made["error"] != nil {
		answer(w, http.StatusPaymentRequired, made)
		return
	}
	answer(w, http.StatusOK, made)
}

func (v *vendor) card(id string) map[string]any {
	for _, c := range v.cards {
		if c["id"] == id {
			return c
		}
	}
	return nil
}

func (v *vendor) detach(id string) map[string]any {
	for i, c := range v.cards {
		if c["id"] == id {
			v.cards = append(v.cards[:i:i], v.cards[i+1:]...)
			return c
		}
	}
	return nil
}

func (v *vendor) intent(id string) map[string]any {
	if i := v.intents[id]; i != nil {
		return i
	}
	for _, s := range v.sessions {
		if i, ok := s["payment_intent"].(map[string]any); ok && i["id"] == id {
			return map[string]any{"id": id, "object": "payment_intent", "metadata": s["metadata"]}
		}
	}
	return nil
}

// pay has a payer pay a session, and returns the intent.
func (v *vendor) pay(session string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, id := v.sessions[session], v.id("pi")
	if s["keeps"] == true && s["customer"] != "" {
		v.cards = append(v.cards, map[string]any{
			"id": v.id("pm"), "object": "payment_method", "type": "card", "customer": s["customer"], "created": 1,
			"card": map[string]any{"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2029},
		})
	}
	s["status"], s["payment_status"] = "complete", "paid"
	s["payment_intent"] = map[string]any{"id": id, "object": "payment_intent", "latest_charge": map[string]any{
		"id": v.id("ch"), "object": "charge", "created": time.Now().Unix(),
		"balance_transaction": map[string]any{"id": v.id("txn"), "object": "balance_transaction", "fee": 29, "currency": s["currency"]},
	}}
	return id
}

// event is what Stripe posts, and its signature.
func (v *vendor) event(kind string, object any, secret string) (headers map[string]string, body []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, err := json.Marshal(map[string]any{
		"id": v.id("evt"), "object": "event", "type": kind, "api_version": "2020-08-27", "created": time.Now().Unix(), "data": map[string]any{"object": object},
	})
	if err != nil {
		panic(err) // the test's own
	}
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret})
	return map[string]string{"Stripe-Signature": signed.Header, "Content-Type": "application/json"}, body
}

// asEvent is a session as its events have it: what belongs to it is an id there.
func (v *vendor) asEvent(session string) map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]any{}
	for k, value := range v.sessions[session] {
		out[k] = value
	}
	if i, ok := out["payment_intent"].(map[string]any); ok {
		out["payment_intent"] = i["id"]
	}
	return out
}
