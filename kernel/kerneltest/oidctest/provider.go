// Package oidctest is a provider of OpenID Connect for tests: a real one over HTTP, with discovery, keys, codes and PKCE, that
// does nothing wrong unless it is told to.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// The portal's own account at the provider.
const (
	ClientID = "cabinet-portal"
	// Secret has what must be escaped on the way.
	Secret = "s3cret %&+:/ of the portal"
)

// keyID names the provider's key.
const keyID = "key-1"

// rsaKey is one for all tests: making one takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// Provider is one. Fields may be set until it is asked; Change sets them later.
type Provider struct {
	// Subject, Email and Verified are of whoever signs in next. Verified may be anything that JSON has.
	Subject, Email string
	Verified       any
	// InUserInfo leaves the e-mail out of the ID token.
	InUserInfo bool
	// Ask has a page with a link, where people would sign in; without it they are sent back at once.
	Ask bool
	// Forgetful takes a code as often as it comes.
	Forgetful bool

	// Claims changes what the ID token says. Token writes it in the place of a signature by the provider's key; an empty one
	// is left out.
	Claims func(claims map[string]any)
	Token  func(payload []byte) string
	// Discovery changes what the provider says of itself, Info what its userinfo says.
	Discovery, Info func(said map[string]any)
	// Fail answers in the place of a path, when it returns true.
	Fail func(w http.ResponseWriter, r *http.Request) bool

	server *httptest.Server
	now    func() time.Time

	mu    sync.Mutex
	codes map[string]grant
	asked map[string]int // by path
}

// grant is what a code stands for.
type grant struct{ nonce, challenge, redirect string }

// Start opens one for a test. now is the clock of its tokens.
func Start(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	p := &Provider{Subject: "subject-1", Verified: true, now: now, codes: map[string]grant{}, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked[r.URL.Path]++
		if p.Fail != nil && p.Fail(w, r) {
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	require.NotNil(t, rsaKey())
	return p
}

// Issuer is the provider's address.
func (p *Provider) Issuer() string { return p.server.URL }

// Change sets fields while the provider may be asked.
func (p *Provider) Change(set func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set(p)
}

// Asked is how often a path was asked.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// Visit goes where a portal sends the browser, as somebody who agrees there, and returns what they are sent back with.
func (p *Provider) Visit(t testing.TB, authorize string) (back *url.URL) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authorize, nil)
	require.NoError(t, err)
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusFound, response.StatusCode)
	back, err = response.Location()
	require.NoError(t, err)
	return back
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	said := map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": p.Issuer() + "/authorize", "token_endpoint": p.Issuer() + "/token",
		"jwks_uri": p.Issuer() + "/keys", "userinfo_endpoint": p.Issuer() + "/userinfo", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	}
	if p.Discovery != nil {
		p.Discovery(said)
	}
	answer(w, http.StatusOK, said)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}}})
}

// authorize refuses what does not follow the rules: PKCE with S256, a state and a nonce.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Get("client_id") != ClientID, q.Get("response_type") != "code", !strings.Contains(" "+q.Get("scope")+" ", " openid "),
		q.Get("code_challenge_method") != "S256", len(q.Get("code_challenge")) != 43, len(q.Get("state")) < 20, len(q.Get("nonce")) < 20, q.Get("redirect_uri") == "":
		http.Error(w, "this is no request of OpenID Connect with PKCE", http.StatusBadRequest)
		return
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.codes[code] = grant{nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	if p.Ask {
		no := *back
		no.RawQuery = url.Values{"error": {"access_denied"}, "state": {q.Get("state")}}.Encode()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1><a id="yes" href="%s">Continue</a> <a id="no" href="%s">No</a></html>`,
			html.EscapeString(back.String()), html.EscapeString(no.String()))
		return
	}
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token changes a code, once, for tokens: for the portal alone, and for who has the verifier.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = url.QueryEscape(r.PostFormValue("client_id")), url.QueryEscape(r.PostFormValue("client_secret"))
	}
	if id != url.QueryEscape(ClientID) || secret != url.QueryEscape(Secret) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	granted, known := p.codes[r.PostFormValue("code")]
	if !p.Forgetful {
		delete(p.codes, r.PostFormValue("code"))
	}
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != granted.redirect ||
		base64.RawURLEncoding.EncodeToString(verifier[:]) != granted.challenge {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := p.now()
	claims := map[string]any{
		"iss": p.Issuer(), "sub": p.Subject, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": granted.nonce,
	}
	if !p.InUserInfo {
		claims["email"], claims["email_verified"] = p.Email, p.Verified
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	payload, _ := json.Marshal(claims)
	said := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300}
	sign := p.Token
	if sign == nil {
		sign = func(payload []byte) string { return Sign(jose.RS256, rsaKey(), payload) }
	}
	token := sign(payload)
	if token != "" {
		said["id_token"] = token
	}
	answer(w, http.StatusOK, said)
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer access" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	said := map[string]any{"sub": p.Subject, "email": p.Email, "email_verified": p.Verified}
	if p.Info != nil {
		p.Info(said)
	}
	answer(w, http.StatusOK, said)
}

// Sign makes a token, named as if the provider's key had signed it.
func Sign(algorithm jose.SignatureAlgorithm, key any, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", keyID))
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

func answer(w http.ResponseWriter, code int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(what)
}
