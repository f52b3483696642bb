package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

var (
	optionsText   = regexp.MustCompile(`data-options="([^"]+)"`)
	ceremonyField = regexp.MustCompile(`name="ceremony"\s+value="([^"]+)"`)
)

// What a browser is asked is for the portal's name, wherever below it the portal lies, and is never the same twice. That a
// browser's answer opens the portal, the example's tests show in one.
func TestThePageOfSignInAsksForPasskeys(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: `path: /my`})
	nobody := s.Anonymous(t)
	page := nobody.Get(t, "/sign-in?to=%2Fclients")
	require.Contains(t, page.Body, `action="/my/sign-in/passkey"`)
	require.Contains(t, page.Body, `data-again="/my/sign-in"`)
	require.Contains(t, page.Body, `autocomplete="username webauthn"`)
	require.Contains(t, page.Body, `src="/my/assets/passkey.`)
	require.Regexp(t, `<form class="passkey"[^>]* hidden`, page.Body, "a script shows it")
	asked := html.UnescapeString(optionsText.FindStringSubmatch(page.Body)[1])
	require.Contains(t, asked, `"rpId":"localhost"`)
	require.Contains(t, asked, `"userVerification":"required"`)
	require.NotContains(t, asked, "allowCredentials")
	again := nobody.Get(t, "/sign-in").Body
	require.NotEqual(t, asked, html.UnescapeString(optionsText.FindStringSubmatch(again)[1]))

	ceremony := html.UnescapeString(ceremonyField.FindStringSubmatch(page.Body)[1])
	lie := url.Values{"ceremony": {ceremony}, "credential": {`{"id":"AAAA","rawId":"AAAA","type":"public-key"}`}, "to": {"/clients"}}
	wrong := nobody.Post(t, "/sign-in/passkey", lie)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, "opens nothing here")
	require.Contains(t, wrong.Body, `name="to" value="/clients"`, "and it leads on all the same")
	twice := nobody.Post(t, "/sign-in/passkey", lie)
	require.Contains(t, twice.Body, "took too long, or was sent twice")
	other := s.Anonymous(t)
	ceremony = html.UnescapeString(ceremonyField.FindStringSubmatch(nobody.Get(t, "/sign-in").Body)[1])
	lie.Set("ceremony", ceremony)
	require.Contains(t, other.Post(t, "/sign-in/passkey", lie).Body, "took too long", "what one browser was asked, another does not answer")
	require.Equal(t, "/my/sign-in?to=%2Fclients", nobody.Post(t, "/sign-in/passkey", url.Values{"to": {"/clients"}}).Location())
	require.Equal(t, http.StatusForbidden, s.post(t, nobody, "/sign-in/passkey", lie).Status, "without the form's token")
	require.Contains(t, nobody.Post(t, "/sign-in/code/passkey", lie).Location(), "/my/sign-in?ended=1", "no sign-in waits")
	require.Equal(t, "/my/sign-in?ended=1&to=%2F", nobody.Get(t, "/sign-in/code").Location())
}

func TestAnAddressWithoutPasskeysSaysNothingOfThem(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: `url: http://192.0.2.7`})
	page := s.behind(t, http.MethodGet, "/sign-in", nil)
	require.Equal(t, http.StatusOK, page.Status)
	require.NotContains(t, page.Body, "passkey")
	require.Contains(t, page.Body, `autocomplete="username"`)
}

// Whoever must have a second factor makes a passkey instead of setting an application up.
func TestAPasskeyIsOfferedToWhoMustHaveASecondFactor(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {second_factor_roles: [manager]}}}`})
	manager := s.Staff(t, "manager")
	require.Equal(t, "/settings/second-factor", manager.Get(t, "/").Location())
	require.Contains(t, manager.Get(t, "/settings/second-factor").Body, `href="/settings/passkeys"`)
	require.Contains(t, manager.Get(t, "/settings/passkeys").Body, "No passkeys yet")
	page := manager.Get(t, "/settings/passkeys/new")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, html.UnescapeString(optionsText.FindStringSubmatch(page.Body)[1]), `"name":"`+manager.Email+`"`)
	require.NotContains(t, html.UnescapeString(optionsText.FindStringSubmatch(page.Body)[1]), `"id":"`+manager.Email)
	token := csrfOn(t, manager, "/settings/passkeys/new")
	made := manager.Post(t, "/settings/passkeys/new", url.Values{
		"csrf": {token}, "name": {"Mine"}, "ceremony": {html.UnescapeString(ceremonyField.FindStringSubmatch(page.Body)[1])}, "credential": {"{}"},
	})
	require.Equal(t, http.StatusUnprocessableEntity, made.Status)
	require.Contains(t, made.Body, "What your device answered does not hold")
	require.Contains(t, made.Body, `value="Mine"`, "nothing is lost")
	require.Equal(t, http.StatusUnprocessableEntity, manager.Post(t, "/settings/passkeys/new", url.Values{"csrf": {token}, "name": {"Mine"}}).Status)

	clock.Move(time.Hour)
	proof := manager.Get(t, "/settings/passkeys/new")
	require.Equal(t, http.StatusForbidden, proof.Status)
	require.NotContains(t, proof.Body, "data-passkey", "who has none is not asked for one")
	held := html.UnescapeString(heldField.FindStringSubmatch(proof.Body)[1])
	on := manager.Post(t, "/prove", url.Values{"csrf": {token}, "held": {held}, "password": {kerneltest.Password}})
	require.Equal(t, http.StatusOK, on.Status)
	require.Contains(t, on.Body, "Create passkey")
	require.Equal(t, http.StatusForbidden, manager.Post(t, "/prove", url.Values{"csrf": {token}, "held": {held + "x"}, "credential": {"{}"}}).Status)
}
