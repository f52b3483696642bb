package paysystem

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"rsc.io/qr"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Routes serves where gateways post to, and the pictures that banks' programs read.
func (m *Module) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{gateway}", m.hook)
	mux.HandleFunc("GET /qr/{payment}", m.picture)
	return mux
}

const (
	// mostNotice is how large a notice may be, in bytes; mostHeader each header that is kept of it.
	mostNotice = 256 << 10
	mostHeader = 8 << 10
)

// keptHeader are the headers that are stored with a notice: what it is, and who signed it.
var keptHeader = regexp.MustCompile(`(?i)^(content-type|digest|.*(signature|sign|hmac|timestamp).*)$`)

var gatewayName = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)

// hook stores what a gateway tells, and answers once it is stored. Whether to believe it is found out later.
func (m *Module) hook(w http.ResponseWriter, r *http.Request) {
	gateway := r.PathValue("gateway")
	ctx := m.host.Self(r.Context())
	if !gatewayName.MatchString(gateway) {
		http.NotFound(w, r)
		return
	}
	known, err := m.providers(ctx)
	if err != nil {
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	if !slices.Contains(known, gateway) {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostNotice+1))
	switch {
	case err != nil:
		http.Error(w, "it could not be read", http.StatusBadRequest)
		return
	case len(body) > mostNotice:
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	n := posted{gateway: gateway, remote: access.From(r.Context()).Place.Address, headers: map[string]string{}, body: body}
	for name, values := range r.Header {
		if text := strings.Join(values, ", "); keptHeader.MatchString(name) && len(text) <= mostHeader {
			n.headers[name] = strings.ToValidUTF8(text, "")
		}
	}
	n.digest = n.sum()
	if err := m.keep(ctx, n); err != nil {
		m.host.Log.ErrorContext(ctx, "a gateway's notice could not be stored", "gateway", gateway, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "stored\n")
}

// sum is of all that is kept: what is told again with another signature is another notice, or else who forges one could keep
// the true one out.
func (n posted) sum() []byte {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(n.headers)) {
		_, _ = fmt.Fprintf(h, "%q: %q\n", name, n.headers[name])
	}
	h.Write(n.body)
	return h.Sum(nil)
}

// picture answers /qr/ID with the payment's QR code, to whoever sees the payment.
func (m *Module) picture(w http.ResponseWriter, r *http.Request) {
	response, err := m.payments.GetPayment(r.Context(), &v1.GetPaymentRequest{Id: r.PathValue("payment")})
	if err != nil {
		module.Refuse(w, err)
		return
	}
	if response.GetPayment().GetQr() == "" {
		http.NotFound(w, r)
		return
	}
	p, err := findPayment(m.host.Self(r.Context()), m.host.Store, response.GetPayment().GetId())
	if err != nil {
		module.Refuse(w, err)
		return
	}
	code, err := qr.Encode(p.QR, qr.M)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(code.PNG())
}
