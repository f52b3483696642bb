package accountmanager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	// outsideWithin is how long one answer of a provider may take.
	outsideWithin = 6 * time.Second
	// outsideLargest is how much of an answer is read, in bytes.
	outsideLargest = 1 << 20
	// outsideAgain is how long a provider that did not answer is not asked again: those who wait at its door would wait in vain.
	outsideAgain = 10 * time.Second
	// outsideLasts is how long what a provider says of itself is believed.
	outsideLasts = time.Hour
)

var (
	// errAway is a provider that does not answer, or not as one.
	errAway = errors.New("the provider does not answer")
	// errUntrusted is what a provider sent, and cannot be believed.
	errUntrusted = errors.New("what came back cannot be trusted")
)

// outside talks to a provider. What the provider says of itself is asked for when somebody first wants to sign in by it, so
// that one that is down is in nobody else's way.
type outside struct {
	Provider
	client *http.Client
	now    func() time.Time
	asking singleflight.Group

	mu      sync.Mutex
	found   *metadata
	foundAt time.Time
	failed  error
	failAt  time.Time
}

// metadata is what a provider says of itself.
type metadata struct {
	*oidc.Provider
	inParams bool // the secret goes into the form, not into the header
}

func newOutside(p Provider, now func() time.Time) *outside {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: outsideWithin / 2}).DialContext,
		TLSHandshakeTimeout: outsideWithin / 2, ResponseHeaderTimeout: outsideWithin, MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives: true, // sign-ins are rare, and nothing is left behind when the module stops
	}
	return &outside{Provider: p, now: now, client: &http.Client{
		Timeout: outsideWithin, Transport: bounded{transport},
		// A secret that is sent to one address is not sent on to another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// bounded reads no more of an answer than is reasonable, and asks nobody over a line that others read.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !safeAddress(r.URL) {
		return nil, fmt.Errorf("%s is not https: it is not asked", r.URL.Redacted())
	}
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, outsideLargest)
	}
	return response, err
}

// metadata asks the provider what it says of itself, or remembers.
func (o *outside) metadata(ctx context.Context) (*metadata, error) {
	o.mu.Lock()
	found, age := o.found, o.now().Sub(o.foundAt)
	failed := o.failed
	if o.now().Sub(o.failAt) >= outsideAgain {
		failed = nil
	}
	o.mu.Unlock()
	if found != nil && (age < outsideLasts || failed != nil) {
		return found, nil //nolint:nilerr // what was said before is believed while nothing newer can be had
	}
	if failed != nil {
		return nil, failed
	}
	// It goes on when the one who asked first leaves: others wait for the same answer.
	asked := o.asking.DoChan("", func() (any, error) { return o.discover(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case answer := <-asked:
		if answer.Err != nil {
			if found != nil {
				return found, nil // the addresses will not have changed
			}
			return nil, answer.Err
		}
		return answer.Val.(*metadata), nil
	}
}

func (o *outside) discover(ctx context.Context) (*metadata, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), outsideWithin)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, o.Issuer)
	var said struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Auth    string   `json:"authorization_endpoint"`
		Token   string   `json:"token_endpoint"`
	}
	if err == nil {
		if err = provider.Claims(&said); err == nil && (said.Auth == "" || said.Token == "") {
			err = errors.New("it names no endpoints")
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.failed, o.failAt = fmt.Errorf("%w: %s: %s", errAway, o.Issuer, short(err)), o.now()
		return nil, o.failed
	}
	o.found, o.foundAt, o.failed = &metadata{
		Provider: provider, inParams: len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic"),
	}, o.now(), nil
	return o.found, nil
}

// short is an error of somebody else's without the pages that they put into it.
func short(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}

func (o *outside) config(m *metadata, redirect string) *oauth2.Config {
	endpoint := m.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if m.inParams {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), Endpoint: endpoint, RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// claims are what a provider says of who signed in there.
type claims struct {
	Subject string
	// Email is empty when the provider has not verified it.
	Email string
}

// algorithms are those that only the provider can sign with.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// redeem changes the code for what it stands for: OpenID Connect Core 1.0, 3.1.3.
func (o *outside) redeem(ctx context.Context, f flow, code string) (claims, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), 2*outsideWithin)
	defer cancel()
	token, err := o.config(m, f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return claims{}, refusedCode(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" || len(raw) > 64<<10 {
		return claims{}, fmt.Errorf("%w: there is no ID token", errUntrusted)
	}
	id, err := m.Verifier(&oidc.Config{ClientID: o.ClientID, Now: o.now, SupportedSigningAlgs: algorithms}).Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("%w: %s", errUntrusted, short(err))
	}
	var said struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
		Party    string `json:"azp"`
	}
	if err := id.Claims(&said); err != nil {
		return claims{}, fmt.Errorf("%w: %s", errUntrusted, short(err))
	}
	switch {
	case id.Nonce == "" || !same(id.Nonce, f.Nonce):
		return claims{}, fmt.Errorf("%w: it answers another sign-in", errUntrusted)
	case said.Party != "" && said.Party != o.ClientID, said.Party == "" && len(id.Audience) > 1:
		return claims{}, fmt.Errorf("%w: it is for another application", errUntrusted)
	case id.Subject == "" || len(id.Subject) > 255:
		return claims{}, fmt.Errorf("%w: it names nobody", errUntrusted)
	case id.IssuedAt.After(o.now().Add(5 * time.Minute)):
		return claims{}, fmt.Errorf("%w: it comes from the future", errUntrusted)
	}
	out := claims{Subject: id.Subject}
	if said.Email == "" {
		return o.userInfo(ctx, m, token, out)
	}
	if said.Verified == true && len(said.Email) <= 254 {
		out.Email = said.Email
	}
	return out, nil
}

// refusedCode is why a code was not taken. What the provider wrote is left out: it might repeat the secret it was sent.
func refusedCode(err error) error {
	refused := (*oauth2.RetrieveError)(nil)
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("%w: %s", errAway, short(err))
	case refused.Response.StatusCode >= 500:
		return fmt.Errorf("%w: its token endpoint answers %d", errAway, refused.Response.StatusCode)
	case refused.Response.StatusCode == http.StatusUnauthorized,
		slices.Contains([]string{"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type"}, refused.ErrorCode):
		return fmt.Errorf("%w: it refuses the portal: look at client_id, client_secret and the redirect URI", errAway)
	}
	return fmt.Errorf("%w: the code is refused", errUntrusted)
}

// userInfo asks for the e-mail of somebody whose ID token has none: Core 5.4 lets providers do so.
func (o *outside) userInfo(ctx context.Context, m *metadata, token *oauth2.Token, c claims) (claims, error) {
	if m.UserInfoEndpoint() == "" {
		return c, nil
	}
	info, err := m.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return c, fmt.Errorf("%w: %s", errAway, short(err))
	}
	if info.Subject != c.Subject {
		return c, fmt.Errorf("%w: it tells of somebody else", errUntrusted)
	}
	var said struct {
		Verified any `json:"email_verified"`
	}
	if err := info.Claims(&said); err == nil && said.Verified == true && len(info.Email) <= 254 {
		c.Email = info.Email
	}
	return c, nil
}
