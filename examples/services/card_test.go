package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v84/webhook"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/plugins/stripe/stripetest"
)

// cards is Stripe as somebody who pays sees it. Every request goes to Stripe's own stripe-mock, which holds it against the
// published description of the API; as that keeps nothing, what was asked for is kept here, and the page to pay on is here too.
type cards struct {
	*httptest.Server
	// page is where somebody pays. The portal sends nobody to an address without TLS.
	page   *httptest.Server
	t      *testing.T
	secret string

	mu       sync.Mutex
	sessions map[string]map[string]any
	back     map[string]string
	// portal is where Stripe's notices go.
	portal string
	paid   int
}

var payPage = template.Must(template.New("pay").Parse(`<!doctype html><html lang="en"><title>Pay by card</title>
<h1>Pay {{.}}</h1><form method="post"><button class="pay">Pay</button></form>`))

func newCards(t *testing.T, secret string) *cards {
	c := &cards{t: t, secret: secret, sessions: map[string]map[string]any{}, back: map[string]string{}}
	mock, err := url.Parse(stripetest.Mock(t))
	require.NoError(t, err)
	toMock := httputil.NewSingleHostReverseProxy(mock)
	toMock.ModifyResponse = c.remember
	page := http.NewServeMux()
	page.HandleFunc("GET /pay/{id}", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = payPage.Execute(w, c.sessions[r.PathValue("id")]["amount_total"])
	})
	page.HandleFunc("POST /pay/{id}", c.pay)
	c.page = httptest.NewTLSServer(page)
	t.Cleanup(c.page.Close)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		// What comes back is made of what was asked for.
		r.Header.Set("X-Form", string(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		toMock.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return c
}

// remember has a session be what was asked for, where stripe-mock found nothing wrong with that.
func (c *cards) remember(r *http.Response) error {
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Request.URL.Path, "/v1/checkout/sessions") {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var session map[string]any
	if err := json.NewDecoder(r.Body).Decode(&session); err != nil {
		return err
	}
	if r.Request.Method == http.MethodGet {
		session = c.sessions[strings.TrimPrefix(r.Request.URL.Path, "/v1/checkout/sessions/")]
	} else {
		asked, err := url.ParseQuery(r.Request.Header.Get("X-Form"))
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(asked.Get("line_items[0][price_data][unit_amount]"), 10, 64)
		if err != nil {
			return err
		}
		until, err := strconv.ParseInt(asked.Get("expires_at"), 10, 64)
		if err != nil {
			return err
		}
		id := session["id"].(string)
		session["url"], session["amount_total"], session["currency"] = c.page.URL+"/pay/"+id, n, asked.Get("line_items[0][price_data][currency]")
		session["expires_at"], session["status"], session["payment_status"], session["payment_intent"] = until, "open", "unpaid", nil
		session["metadata"] = map[string]string{"cabinet_payment_id": asked.Get("metadata[cabinet_payment_id]")}
		c.sessions[id], c.back[id] = session, asked.Get("success_url")
	}
	text, err := json.Marshal(session)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}

// pay takes a payer's money, tells the portal of it, twice as it happens, and leads back.
func (c *cards) pay(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	c.mu.Lock()
	session := c.sessions[id]
	session["status"], session["payment_status"] = "complete", "paid"
	c.paid++
	body, err := json.Marshal(map[string]any{
		"id": "evt_" + id, "object": "event", "type": "checkout.session.completed", "created": time.Now().Unix(), "data": map[string]any{"object": session},
	})
	back, portal := c.back[id], c.portal
	c.mu.Unlock()
	if err != nil {
		c.t.Error(err)
		return
	}
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: c.secret})
	for range 2 {
		tell, err := http.NewRequestWithContext(r.Context(), http.MethodPost, portal+"/m/paysystem/hooks/stripe", bytes.NewReader(body))
		if err != nil {
			c.t.Error(err)
			return
		}
		tell.Header.Set("Content-Type", "application/json")
		tell.Header.Set("Stripe-Signature", signed.Header)
		heard, err := http.DefaultClient.Do(tell)
		if err != nil {
			c.t.Error(err)
			return
		}
		if _ = heard.Body.Close(); heard.StatusCode >= 300 {
			c.t.Errorf("the portal did not take the notice: %s", heard.Status)
		}
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// TestPaidByCardInABrowser has a client pay a bill with Stripe's mock in a browser, and see it arrive.
func TestPaidByCardInABrowser(t *testing.T) {
	browser := openBrowser(t)
	const secret = "whsec_of_the_test"
	stripe := newCards(t, secret)
	off := []byte("\n  stripe:\n    enabled: false\n")
	require.Contains(t, string(portalYAML), string(off))
	s := openSiteWith(t, bytes.Replace(portalYAML, off, fmt.Appendf(nil,
		"\n  stripe:\n    settings: {secret_key: sk_test_123, webhook_secret: %s, url: %s}\n", secret, stripe.URL), 1), quietLog(t))
	stripe.mu.Lock()
	stripe.portal = s.URL()
	stripe.mu.Unlock()
	zerno := s.client(t, "Zerno Roastery")
	documents := finsystemv1.NewDocumentServiceClient(s.Kernel())
	issued, err := documents.ListDocuments(t.Context(), &finsystemv1.ListDocumentsRequest{ClientId: zerno})
	require.NoError(t, err)
	var bill *finsystemv1.Document
	for _, d := range issued.GetDocuments() {
		if d.GetStatus() != finsystemv1.DocumentStatus_DOCUMENT_STATUS_DRAFT && d.GetDue().GetAmount() > "0.00" {
			bill = d
		}
	}
	require.NotNil(t, bill)

	director := newTab(t, browser, s, s.actingFor(t, people[0].email, zerno))
	director.open("/documents/" + bill.GetId())
	director.leads(200, director.clickText("Pay"))
	// What only some ways to pay ask for is asked with those.
	choose := func(way string) []bool {
		return ask[[]bool](director, `((name) => {
			const way = document.querySelector('[name=method_id]');
			way.value = name && [...way.options].find((o) => o.text.startsWith(name)).value;
			way.dispatchEvent(new Event('change', { bubbles: true }));
			return ['keep_card', 'partly'].map((field) => document.querySelector('input[type=checkbox][name=' + field + ']')?.checkVisibility() ?? false);
		})('`+way+`')`)
	}
	require.Equal(t, []bool{false, false}, choose(""))
	require.Equal(t, []bool{false, false}, choose("Bank transfer"))
	director.look("card-way")
	require.Equal(t, []bool{true, false}, choose("Card"))
	director.look("card-way-card")
	director.leads(200, director.clickText("Go on to payment"))
	payment := director.path()
	director.look("card-payment")
	director.leads(200, director.clickText("Pay now"))
	require.Equal(t, "Pay by card", ask[string](director, "document.title"))
	director.leads(200, click(".pay"))
	require.Equal(t, payment, director.path(), "who has paid comes back")
	director.until(`document.querySelector('main').innerText.includes('Paid')`)
	director.look("card-paid")
	require.Equal(t, 1, stripe.paid)
	require.Eventually(t, func() bool { // the event that says so is on its way
		got, err := documents.GetDocument(t.Context(), &finsystemv1.GetDocumentRequest{Id: bill.GetId()})
		require.NoError(t, err)
		return got.GetDocument().GetStatus() == finsystemv1.DocumentStatus_DOCUMENT_STATUS_PAID
	}, patience, 20*time.Millisecond)
	director.open("/documents/" + bill.GetId())
	director.look("card-bill")
}
