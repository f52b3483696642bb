package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/kerneltest/oidctest"
)

const withAcme = "/sign-in/with/acme"

// startWith is a portal, below a path of a site, whose staff may come in by a provider.
func startWith(t *testing.T, o options) (*site, *oidctest.Provider, *kerneltest.Clock) {
	t.Helper()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	provider := oidctest.Start(t, clock.Now)
	o.now = clock.Now
	o.config = fmt.Sprintf(`{path: /my, modules: {accountmanager: {settings: {oidc: [
		{id: acme, title: Acme ID, issuer: %q, client_id: %q, client_secret: %q, %s}]}}}}`, provider.Issuer(), oidctest.ClientID, oidctest.Secret, o.config)
	return start(t, o), provider, clock
}

// leave goes to the provider, and returns where it sends the browser back to, below the portal's own address.
func leave(t *testing.T, s *site, u *kerneltest.User, provider *oidctest.Provider, to string) string {
	t.Helper()
	away := u.Get(t, withAcme+"?to="+url.QueryEscape(to))
	require.Equal(t, http.StatusSeeOther, away.Status, away.Body)
	require.True(t, strings.HasPrefix(away.Location(), provider.Issuer()+"/authorize?"), away.Location())
	back := provider.Visit(t, away.Location()).String()
	require.True(t, strings.HasPrefix(back, s.URL()+withAcme+"/back?"), back)
	return strings.TrimPrefix(back, s.URL())
}

func TestSignInByAProvider(t *testing.T) {
	t.Parallel()
	s, provider, clock := startWith(t, options{})
	head := s.Head(t)
	provider.Change(func(o *oidctest.Provider) { o.Email = head.Email })
	nobody := s.Anonymous(t)
	page := nobody.Get(t, "/sign-in?to=/my/clients")
	require.Less(t, strings.Index(page.Body, `name="password"`), strings.Index(page.Body, "Sign in with Acme ID"), "the password comes first")
	require.Contains(t, linked(page), "/my"+withAcme+"?to=%2Fmy%2Fclients")

	back := leave(t, s, nobody, provider, "/my/clients")
	in := nobody.Get(t, back)
	require.Equal(t, http.StatusSeeOther, in.Status, in.Body)
	require.Equal(t, "/my/clients", in.Location())
	require.Equal(t, http.StatusOK, nobody.Get(t, "/clients").Status)
	require.Equal(t, "/my/clients", nobody.Get(t, withAcme+"?to=/my/clients").Location(), "who is in goes on")

	refused := func(u *kerneltest.User, path, want string, code int) *kerneltest.Page {
		t.Helper()
		page := u.Get(t, path)
		require.Equal(t, code, page.Status, page.Body)
		require.Contains(t, page.Body, want)
		require.Contains(t, page.Body, `name="password"`, "the other ways are there")
		require.NotContains(t, page.Body, "code=", "nor does what came back go on in links")
		return page
	}
	const again = "The sign-in was not finished"
	refused(s.Anonymous(t), back, again, http.StatusForbidden) // another browser, later
	victim, attacker := s.Anonymous(t), s.Anonymous(t)
	refused(victim, leave(t, s, attacker, provider, "/"), again, http.StatusForbidden)     // whoever is lured to another's return
	leave(t, s, victim, provider, "/")                                                     // and has begun themselves
	refused(victim, leave(t, s, attacker, provider, "/"), again, http.StatusForbidden)     // the same
	late := leave(t, s, victim, provider, "/")                                             //
	clock.Move(10*time.Minute + time.Second)                                               //
	refused(victim, late, again, http.StatusForbidden)                                     // too late
	forged := s.send(t, victim, http.MethodGet, back, nil, "Cookie", "cabinet_external=x") // made up
	require.Equal(t, http.StatusForbidden, forged.Status)

	leave(t, s, victim, provider, "/")
	refused(victim, withAcme+"/back?error=access_denied&state=x", "You did not sign in with Acme ID", http.StatusForbidden)
	require.Equal(t, http.StatusNotFound, s.Anonymous(t).Get(t, "/sign-in/with/nobody").Status)
	for _, to := range []string{"//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"} {
		u := s.Anonymous(t)
		require.Equal(t, "/my/", u.Get(t, leave(t, s, u, provider, to)).Location(), to)
	}

	provider.Change(func(o *oidctest.Provider) { o.Subject, o.Email = "another", "nobody@example.com" })
	stranger := s.Anonymous(t)
	refused(stranger, leave(t, s, stranger, provider, "/"), "Nobody of our staff has the e-mail of this account", http.StatusForbidden)
	contact := s.Contact(t, s.Client(t, "Zerno Roastery"), "client.director")
	provider.Change(func(o *oidctest.Provider) { o.Subject, o.Email = "a contact", contact.Email })
	refused(stranger, leave(t, s, stranger, provider, "/"), "This way in is for our staff", http.StatusForbidden)
	require.Contains(t, stranger.Get(t, "/").Location(), "/my/sign-in", "and nobody is in")
}

func TestAProviderThatIsAwayIsInNobodysWay(t *testing.T) {
	t.Parallel()
	s, provider, clock := startWith(t, options{config: "second_factor: trusted"})
	head := s.Head(t)
	provider.Change(func(o *oidctest.Provider) {
		o.Email = head.Email
		o.Fail = func(w http.ResponseWriter, r *http.Request) bool {
			http.Error(w, r.Header.Get("Authorization")+r.PostFormValue("client_secret"), http.StatusInternalServerError)
			return true
		}
	})
	nobody := s.Anonymous(t)
	require.Equal(t, http.StatusOK, nobody.Get(t, "/sign-in").Status)
	away := nobody.Get(t, withAcme+"?to=/my/clients")
	require.Equal(t, http.StatusServiceUnavailable, away.Status)
	require.Contains(t, away.Body, "Acme ID does not answer")
	require.Contains(t, away.Body, `name="to" value="/my/clients"`)
	require.Equal(t, http.StatusSeeOther, nobody.Post(t, "/sign-in", signIn(head, kerneltest.Password)).Status)

	clock.Move(11 * time.Second)
	provider.Change(func(o *oidctest.Provider) {
		fail := o.Fail
		o.Fail = func(w http.ResponseWriter, r *http.Request) bool { return r.URL.Path == "/token" && fail(w, r) }
	})
	other := s.Anonymous(t)
	require.Equal(t, http.StatusServiceUnavailable, other.Get(t, leave(t, s, other, provider, "/")).Status)
	require.Contains(t, s.log.String(), "a sign-in at a provider failed")
	for _, secret := range []string{oidctest.Secret, "s3cret", url.QueryEscape(oidctest.Secret)} {
		require.NotContains(t, s.log.String(), secret, "whatever the provider repeats")
	}
	provider.Change(func(o *oidctest.Provider) { o.Fail = nil })
	require.Equal(t, "/my/", other.Get(t, leave(t, s, other, provider, "/my/")).Location())
}
