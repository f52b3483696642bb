package accountmanager_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/kerneltest/oidctest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

const (
	outsideID   = "acme"
	outsideBack = "https://portal.example/my/sign-in/with/acme/back"
)

// outside is a portal with a provider, whose head has the e-mail that the provider names.
func newOutside(t *testing.T, change ...func(*accountmanager.Settings)) (*portal, *oidctest.Provider, string) {
	t.Helper()
	clock := kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	provider := oidctest.Start(t, clock.Now)
	provider.Email = "Head@example.com"
	changes := append([]func(*accountmanager.Settings){sends, func(s *accountmanager.Settings) {
		s.OIDC = []accountmanager.Provider{{
			ID: outsideID, Title: "Acme", Issuer: provider.Issuer(), ClientID: oidctest.ClientID, ClientSecret: secret.NewText(oidctest.Secret),
		}}
	}}, change...)
	p := newPortal(t, changes...)
	p.follow(clock)
	return p, provider, p.head()
}

// follow has another clock go with the portal's.
func (p *portal) follow(clock *kerneltest.Clock) { p.clocks = append(p.clocks, clock) }

// move moves the portal's clock, and those that go with it.
func (p *portal) move(d time.Duration) {
	p.clock.Move(d)
	for _, c := range p.clocks {
		c.Move(d)
	}
}

func (p *portal) startOutside() *kernelv1.StartExternalSignInResponse {
	p.t.Helper()
	start, err := p.identity.StartExternalSignIn(p.kernel(), &kernelv1.StartExternalSignInRequest{ProviderId: outsideID, RedirectUri: outsideBack})
	require.NoError(p.t, err)
	return start
}

// back is what a browser comes back with, for the flow that it began.
func (p *portal) back(o *oidctest.Provider) *kernelv1.FinishExternalSignInRequest {
	p.t.Helper()
	start := p.startOutside()
	return returned(start.GetFlowToken(), o.Visit(p.t, start.GetAuthorizeUrl()))
}

func returned(flow string, at *url.URL) *kernelv1.FinishExternalSignInRequest {
	return &kernelv1.FinishExternalSignInRequest{
		ProviderId: outsideID, FlowToken: flow, RedirectUri: outsideBack, State: at.Query().Get("state"), Code: at.Query().Get("code"), Issuer: at.Query().Get("iss"),
	}
}

func (p *portal) finishOutside(r *kernelv1.FinishExternalSignInRequest) (*kernelv1.FinishExternalSignInResponse, error) {
	return p.identity.FinishExternalSignIn(p.kernel(), r)
}

// outside signs in by the provider from beginning to end.
func (p *portal) outside(o *oidctest.Provider) (*kernelv1.FinishExternalSignInResponse, error) {
	p.t.Helper()
	return p.finishOutside(p.back(o))
}

// reason is the key of the text that a refusal has for people.
func reason(err error) string {
	for _, v := range module.Violations(err) {
		return strings.TrimPrefix(v.GetReason(), "accountmanager.errors.")
	}
	return ""
}

func (p *portal) accounts() accountmanagerv1.ExternalAccountServiceClient {
	return accountmanagerv1.NewExternalAccountServiceClient(p.router)
}

func (p *portal) accountsOf(token string) []*accountmanagerv1.ExternalAccount {
	p.t.Helper()
	list, err := p.accounts().ListExternalAccounts(p.as(token), &accountmanagerv1.ListExternalAccountsRequest{})
	require.NoError(p.t, err)
	return list.GetAccounts()
}

const kindLinked = accountmanagerv1.LetterKind_LETTER_KIND_EXTERNAL_LINKED

func TestStaffComeInByAProvider(t *testing.T) {
	p, provider, head := newOutside(t)
	options, err := p.identity.GetSignInOptions(p.kernel(), &kernelv1.GetSignInOptionsRequest{})
	require.NoError(t, err)
	require.Equal(t, "Acme", options.GetProviders()[0].GetTitle())
	require.Zero(t, provider.Asked("/.well-known/openid-configuration"), "a provider is asked when somebody wants to come in by it")

	in, err := p.outside(provider)
	require.NoError(t, err)
	who := p.who(in.GetSessionToken())
	require.Equal(t, p.who(head).GetUserId(), who.GetUserId())
	require.Equal(t, []string{"head"}, who.GetRoles())
	require.True(t, who.GetProofTime().AsTime().Equal(p.clock.Now()), "it is a session as any other")
	require.Equal(t, "head@example.com", p.letter(kindLinked).GetEmail(), "whose account it is, is told")
	require.Equal(t, 1, p.logged(kernelv1.IdentityService_FinishExternalSignIn_FullMethodName))

	// From now on the provider's name for them counts, and no e-mail: neither another one, nor one of somebody else.
	p.staff(head, "m@example.com", "manager")
	for _, email := range []string{"other@elsewhere.example", "m@example.com", ""} {
		provider.Change(func(o *oidctest.Provider) { o.Email, o.Verified = email, false })
		in, err = p.outside(provider)
		require.NoError(t, err)
		require.Equal(t, who.GetUserId(), p.who(in.GetSessionToken()).GetUserId())
	}
	require.Equal(t, 1, provider.Asked("/.well-known/openid-configuration"))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.external_accounts`))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.letters`), "it is told once")
}

// Two kinds of provider that the standard allows.
func TestProvidersDiffer(t *testing.T) {
	p, provider, head := newOutside(t)
	provider.Change(func(o *oidctest.Provider) {
		o.InUserInfo = true
		o.Discovery = func(said map[string]any) {
			said["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		}
	})
	in, err := p.outside(provider)
	require.NoError(t, err)
	require.Equal(t, p.who(head).GetUserId(), p.who(in.GetSessionToken()).GetUserId())
	require.Equal(t, 1, provider.Asked("/token"), "the code is shown in the one way that is said to work")
}

// A provider that lies, or somebody who answers in its place, lets nobody in and leaves nothing behind.
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

// What was brought back counts once, in the browser that began, and not for long.
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

// Letters that become one of another's e-mail when they are made small: K of kelvin is such a one.
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

// An e-mail that went to another account of the provider does not bring its user along.
func TestAnotherAccountWithTheEmailIsNotLinked(t *testing.T) {
	p, provider, head := newOutside(t)
	_, err := p.outside(provider)
	require.NoError(t, err)
	provider.Change(func(o *oidctest.Provider) { o.Subject = "somebody who was given the address" })
	_, err = p.outside(provider)
	require.Equal(t, "external_other", reason(err))
	require.Len(t, p.accountsOf(head), 1)
}

func TestManyFirstSignInsLinkOnce(t *testing.T) {
	p, provider, head := newOutside(t)
	var returns []*kernelv1.FinishExternalSignInRequest
	for range 6 {
		returns = append(returns, p.back(provider))
	}
	errs := kerneltest.AtOnce(6, func(i int) error {
		_, err := p.finishOutside(returns[i])
		return err
	})
	require.Equal(t, 6, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Len(t, p.accountsOf(head), 1)
}

func TestBlockedStaffDoNotComeInByAProvider(t *testing.T) {
	p, provider, head := newOutside(t)
	manager := p.staff(head, "m@example.com", "manager")
	provider.Change(func(o *oidctest.Provider) { o.Email = "m@example.com" })
	_, err := p.outside(provider)
	require.NoError(t, err)
	_, err = p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: p.who(manager).GetUserId()})
	require.NoError(t, err)
	_, err = p.outside(provider)
	require.Equal(t, []string{"blocked", codes.PermissionDenied.String()}, []string{reason(err), status.Code(err).String()})
	provider.Change(func(o *oidctest.Provider) { o.Subject = "not linked yet" })
	_, err = p.outside(provider)
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}

func TestAProvidersSignInIsOneFactorUnlessItIsTrusted(t *testing.T) {
	t.Run("asked", func(t *testing.T) {
		p, provider, head := newOutside(t, func(s *accountmanager.Settings) { s.SecondFactorRoles = []string{"head"} })
		in, err := p.outside(provider)
		require.NoError(t, err)
		require.True(t, p.who(in.GetSessionToken()).GetSecondFactorMissing(), "whose role must have one holds nothing without")
		seed, _ := p.enrol(head)
		for _, c := range p.clocks {
			c.Move(time.Minute)
		}
		in, err = p.outside(provider)
		require.NoError(t, err)
		require.Empty(t, in.GetSessionToken())
		done, err := p.finish(in.GetChallengeToken(), p.code(seed))
		require.NoError(t, err)
		require.Equal(t, []string{"head"}, p.who(done.GetSessionToken()).GetRoles())

		// What waits for the second factor is void once the password is another, or the account unlinked.
		waiting, err := p.outside(provider)
		require.NoError(t, err)
		_, err = p.me.ChangePassword(p.as(head), &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: otherPassword})
		require.NoError(t, err)
		p.move(30 * time.Second)
		_, err = p.finish(waiting.GetChallengeToken(), p.code(seed))
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		waiting, err = p.outside(provider)
		require.NoError(t, err)
		_, err = p.accounts().UnlinkExternalAccount(p.as(head), &accountmanagerv1.UnlinkExternalAccountRequest{Id: p.accountsOf(head)[0].GetId()})
		require.NoError(t, err)
		p.move(30 * time.Second)
		_, err = p.finish(waiting.GetChallengeToken(), p.code(seed))
		require.Equal(t, codes.NotFound, status.Code(err))
	})
	t.Run("trusted", func(t *testing.T) {
		p, provider, head := newOutside(t, func(s *accountmanager.Settings) {
			s.SecondFactorRoles, s.OIDC[0].SecondFactor = []string{"head"}, "trusted"
		})
		require.True(t, p.who(head).GetSecondFactorMissing())
		in, err := p.outside(provider)
		require.NoError(t, err)
		require.Equal(t, []string{"head"}, p.who(in.GetSessionToken()).GetRoles())
		require.True(t, p.who(head).GetSecondFactorMissing(), "another session still lacks it")
		p.enrol(head)
		for _, c := range p.clocks {
			c.Move(time.Minute)
		}
		in, err = p.outside(provider)
		require.NoError(t, err)
		require.NotEmpty(t, in.GetSessionToken())
	})
}

func TestLinkedAccountsAreLookedAfterByTheirOwners(t *testing.T) {
	p, provider, head := newOutside(t)
	manager := p.staff(head, "m@example.com", "manager")
	_, err := p.outside(provider)
	require.NoError(t, err)
	mine := p.accountsOf(head)
	require.Len(t, mine, 1)
	require.Equal(t, []string{"Acme", "head@example.com"}, []string{mine[0].GetProvider(), mine[0].GetEmail()})
	require.Empty(t, p.accountsOf(manager))
	unlink := func(token string) error {
		_, err := p.accounts().UnlinkExternalAccount(p.as(token), &accountmanagerv1.UnlinkExternalAccountRequest{Id: mine[0].GetId()})
		return err
	}
	allow := func(token string) error {
		_, err := p.accounts().AllowExternalAccount(p.as(token), &accountmanagerv1.AllowExternalAccountRequest{Id: mine[0].GetId()})
		return err
	}
	require.NoError(t, unlink(manager), "of somebody else's nothing is told")
	_, err = p.outside(provider)
	require.NoError(t, err, "and nothing changed")

	p.move(11 * time.Minute)
	require.True(t, access.AsksProof(unlink(head)))
	require.True(t, access.AsksProof(allow(head)))
	_, err = p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: head, Password: password})
	require.NoError(t, err)
	require.NoError(t, allow(head), "one that is linked is left as it is")
	require.NoError(t, unlink(head))
	require.Equal(t, accountmanagerv1.ExternalAccountState_EXTERNAL_ACCOUNT_STATE_UNLINKED, p.accountsOf(head)[0].GetState())
	_, err = p.outside(provider)
	require.Equal(t, "external_unlinked", reason(err))
	provider.Change(func(o *oidctest.Provider) { o.Subject = "another with the same e-mail" })
	_, err = p.outside(provider)
	require.Equal(t, "external_other", reason(err), "unlinking is not undone by another account")
	require.NoError(t, allow(head))
	require.Empty(t, p.accountsOf(head))
	_, err = p.outside(provider)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{
		p.logged(accountmanagerv1.ExternalAccountService_UnlinkExternalAccount_FullMethodName),
		p.logged(accountmanagerv1.ExternalAccountService_AllowExternalAccount_FullMethodName),
	})
}

// A provider that is down, or answers nonsense, is in nobody else's way, and comes back by itself.
func TestAProviderThatIsDown(t *testing.T) {
	p, provider, _ := newOutside(t)
	start := func() error {
		_, err := p.identity.StartExternalSignIn(p.kernel(), &kernelv1.StartExternalSignInRequest{ProviderId: outsideID, RedirectUri: outsideBack})
		return err
	}
	fails := func(path string, do func(w http.ResponseWriter, r *http.Request)) {
		provider.Change(func(o *oidctest.Provider) {
			o.Fail = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != path {
					return false
				}
				do(w, r)
				return true
			}
		})
	}
	const discovery = "/.well-known/openid-configuration"
	for name, do := range map[string]func(w http.ResponseWriter, r *http.Request){
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"an error":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"no JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"without end": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 2<<20) + "{}"))
		},
		"sends further": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"another issuer": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"issuer":"https://evil.example"}`))
		},
	} {
		fails(discovery, do)
		require.Equal(t, codes.Unavailable, status.Code(start()), name)
		asked := provider.Asked(discovery)
		require.Equal(t, codes.Unavailable, status.Code(start()), name)
		require.Equal(t, asked, provider.Asked(discovery), "it is not asked again at once")
		p.move(11 * time.Second)
	}
	_, err := p.signIn("head@example.com", password)
	require.NoError(t, err, "other ways in are open")
	provider.Change(func(o *oidctest.Provider) { o.Fail = nil })
	require.NoError(t, start())

	for name, do := range map[string]func(w http.ResponseWriter, r *http.Request){
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"repeats what it was sent": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.Header.Get("Authorization")+" "+oidctest.Secret, http.StatusInternalServerError)
		},
		"refuses the portal": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
		},
	} {
		fails("/token", do)
		_, err := p.outside(provider)
		require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "s3cret")
	}
	// What it said of itself is asked for again by and by; when it is down then, the old will do.
	p.move(2 * time.Hour)
	fails(discovery, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = p.outside(provider)
	require.NoError(t, err)
}
