package accountmanager_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/kerneltest/oidctest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestWhatCannotBeBelieved(t *testing.T) {
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p, provider, _ := newOutside(t)
	sessions := p.rows(`select count(*) from accountmanager.sessions`)
	claim := func(name string, value any) func(*oidctest.Provider) {
		return func(o *oidctest.Provider) {
			o.Claims = func(said map[string]any) {
				if said[name] = value; value == nil {
					delete(said, name)
				}
			}
		}
	}
	token := func(make func(payload []byte) string) func(*oidctest.Provider) {
		return func(o *oidctest.Provider) { o.Token = make }
	}
	plain := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, lie := range map[string]func(*oidctest.Provider){
		"another nonce":       claim("nonce", "another"),
		"no nonce":            claim("nonce", nil),
		"another audience":    claim("aud", "another"),
		"more audiences":      claim("aud", []string{oidctest.ClientID, "another"}),
		"no audience":         claim("aud", nil),
		"another party":       claim("azp", "another"),
		"another issuer":      claim("iss", "https://accounts.example.org"),
		"expired":             claim("exp", p.clock.Now().Add(-time.Second).Unix()),
		"never expires":       claim("exp", nil),
		"not yet":             claim("nbf", p.clock.Now().Add(time.Hour).Unix()),
		"from the future":     claim("iat", p.clock.Now().Add(time.Hour).Unix()),
		"nobody":              claim("sub", nil),
		"a name without end":  claim("sub", strings.Repeat("x", 300)),
		"an e-mail of a kind": claim("email", map[string]any{"a": 1}),
		"somebody else's key": token(func(payload []byte) string { return oidctest.Sign(jose.RS256, foreign, payload) }),
		"the portal's secret": token(func(payload []byte) string {
			return oidctest.Sign(jose.HS256, []byte(oidctest.Secret+"......"), payload)
		}),
		"no signature": token(func(payload []byte) string { return plain(`{"alg":"none"}`) + "." + plain(string(payload)) + "." }),
		"a cut signature": token(func(payload []byte) string {
			return plain(`{"alg":"RS256","kid":"key-1"}`) + "." + plain(string(payload)) + "."
		}),
		"no token":      token(func([]byte) string { return "" }),
		"no token, but": token(func([]byte) string { return "x.y.z" }),
		"too long":      token(func([]byte) string { return strings.Repeat("x", 100_000) }),
		"somebody else's userinfo": func(o *oidctest.Provider) {
			o.InUserInfo, o.Info = true, func(said map[string]any) { said["sub"] = "another" }
		},
	} {
		provider.Change(func(o *oidctest.Provider) {
			o.Claims, o.Token, o.Info, o.InUserInfo = nil, nil, nil, false
			lie(o)
		})
		_, err := p.outside(provider)
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%s: %v", name, err)
	}
	require.Equal(t, sessions, p.rows(`select count(*) from accountmanager.sessions`))
	require.Zero(t, p.rows(`select count(*) from accountmanager.external_accounts`))
	provider.Change(func(o *oidctest.Provider) { o.Claims, o.Token, o.Info, o.InUserInfo = nil, nil, nil, false })
	_, err = p.outside(provider)
	require.NoError(t, err, "and the truth still does")
}

func TestWhatComesBackCountsOnce(t *testing.T) {
	p, provider, _ := newOutside(t)
	provider.Change(func(o *oidctest.Provider) { o.Forgetful = true })
	once := p.back(provider)
	errs := kerneltest.AtOnce(8, func(int) error {
		_, err := p.finishOutside(once)
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.Unauthenticated), "%v", errs)
	_, err := p.finishOutside(once)
	require.Equal(t, codes.Unauthenticated, status.Code(err))

	mine, others := p.startOutside(), p.back(provider)
	for name, change := range map[string]func(r *kernelv1.FinishExternalSignInRequest){
		"another browser's flow": func(r *kernelv1.FinishExternalSignInRequest) { r.FlowToken = mine.GetFlowToken() },
		"a made-up flow":         func(r *kernelv1.FinishExternalSignInRequest) { r.FlowToken = "AAAA" },
		"a flow that was altered": func(r *kernelv1.FinishExternalSignInRequest) {
			r.FlowToken = r.GetFlowToken()[:len(r.GetFlowToken())-2] + "AA"
		},
		"another state":     func(r *kernelv1.FinishExternalSignInRequest) { r.State = r.GetState() + "x" },
		"no state":          func(r *kernelv1.FinishExternalSignInRequest) { r.State = "" },
		"another address":   func(r *kernelv1.FinishExternalSignInRequest) { r.RedirectUri = "https://evil.example/back" },
		"another issuer":    func(r *kernelv1.FinishExternalSignInRequest) { r.Issuer = "https://evil.example" },
		"a code of nobody":  func(r *kernelv1.FinishExternalSignInRequest) { r.Code = "guessed" },
		"once more, itself": func(*kernelv1.FinishExternalSignInRequest) {},
	} {
		r := p.back(provider)
		if name == "once more, itself" {
			r = once
		}
		change(r)
		_, err := p.finishOutside(r)
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%s: %v", name, err)
	}
	p.move(10*time.Minute + time.Second)
	_, err = p.finishOutside(others)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "it took too long")
	_, err = p.identity.StartExternalSignIn(p.kernel(), &kernelv1.StartExternalSignInRequest{ProviderId: "nobody", RedirectUri: outsideBack})
	require.Equal(t, codes.NotFound, status.Code(err))

	// A code of another browser, with one's own state, fails at the provider: the verifier is not the one that it was for.
	first, second := p.back(provider), p.back(provider)
	second.Code = first.GetCode()
	_, err = p.finishOutside(second)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.LessOrEqual(t, p.rows(`select count(*) from accountmanager.external_uses`), 6, "what is old is forgotten")
}

func TestAProviderLetsStaffInAlone(t *testing.T) {
	p, provider, head := newOutside(t, func(s *accountmanager.Settings) { s.OIDC[0].Domains = []string{"example.com"} })
	client := p.client("A")
	contact := p.contact(head, client, "c@example.com", "client.director")
	sessions := p.rows(`select count(*) from accountmanager.sessions`)
	for name, test := range map[string]struct {
		email    string
		verified any
		reason   string
	}{
		"not verified":              {"head@example.com", false, "external_unverified"},
		"said to be, in words":      {"head@example.com", "true", "external_unverified"},
		"nothing said":              {"head@example.com", nil, "external_unverified"},
		"no e-mail":                 {"", true, "external_unverified"},
		"nobody's":                  {"nobody@example.com", true, "external_unknown"},
		"a contact's":               {"c@example.com", true, "external_contact"},
		"of another domain":         {"head@elsewhere.example", true, "external_domain"},
		"of a domain within it":     {"head@evil.example.com", true, "external_domain"},
		"of two domains":            {"head@example.com@evil.example", true, "external_domain"},
		"almost the head's":         {"head@example.com\u200b", true, "external_domain"},
		"with a sign that is no k ": {"HEAD@EXAMPLE.COM" + "\u212a", true, "external_domain"},
	} {
		provider.Change(func(o *oidctest.Provider) { o.Email, o.Verified = test.email, test.verified })
		_, err := p.outside(provider)
		require.Equal(t, codes.PermissionDenied, status.Code(err), "%s: %v", name, err)
		require.Equal(t, test.reason, reason(err), name)
	}
	require.Equal(t, sessions, p.rows(`select count(*) from accountmanager.sessions`))
	require.Zero(t, p.rows(`select count(*) from accountmanager.external_accounts`))
	require.Equal(t, 1, p.rows(`select count(*) from kernel.audit_entry where outcome = 'refused' and method = $1`, kernelv1.IdentityService_FinishExternalSignIn_FullMethodName), "of the contact")
	p.who(contact)
}

func TestAnEmailIsComparedLetterByLetter(t *testing.T) {
	p, provider, head := newOutside(t)
	p.staff(head, "kim@example.com", "manager")
	provider.Change(func(o *oidctest.Provider) { o.Email = "\u212aim@example.com" })
	_, err := p.outside(provider)
	require.Equal(t, "external_unknown", reason(err))
	provider.Change(func(o *oidctest.Provider) { o.Email = "KIM@Example.com" })
	_, err = p.outside(provider)
	require.NoError(t, err)
}

func TestAnotherAccountWithTheEmailIsNotLinked(t *testing.T) {
	p, provider, head := newOutside(t)
	_, err := p.outside(provider)
	require.NoError(t, err)
	provider.Change(func(o *oidctest.Provider) { o.Subject = "somebody who was given the address" })
	_, err = p.outside(provider)
	require.Equal(t, "external_other", reason(err))
	require.Len(t, p.accountsOf(head), 1)
}
