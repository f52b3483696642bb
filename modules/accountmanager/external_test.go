package accountmanager_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
// What was brought back counts once, in the browser that began, and not for long.
// Letters that become one of another's e-mail when they are made small: K of kelvin is such a one.
// An e-mail that went to another account of the provider does not bring its user along.
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
