package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

var (
	seedText  = regexp.MustCompile(`<code>([A-Z2-7 ]{32,})</code>`)
	codesText = regexp.MustCompile(`<code>([a-z0-9-]{19})</code>`)
)

func TestASecondFactorOnPages(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {second_factor_roles: [manager]}}}`})
	manager, head := s.Staff(t, "manager"), s.Head(t)
	code := func(seed string) string {
		code, err := totp.GenerateCode(seed, clock.Now())
		require.NoError(t, err)
		return code
	}
	const page = "/settings/second-factor"
	for _, path := range []string{"/", "/clients", "/settings"} {
		require.Equal(t, page, manager.Get(t, path).Location(), path)
	}
	require.Equal(t, page, manager.Post(t, "/settings", url.Values{"name": {"X"}, "csrf": {csrfOn(t, manager, page)}}).Location())
	require.Contains(t, manager.Get(t, page).Body, "Your role needs a second factor")
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status, "another role is asked for nothing")

	token := csrfOn(t, manager, page)
	begun := manager.Post(t, page+"/start", url.Values{"csrf": {token}})
	require.Equal(t, http.StatusOK, begun.Status, begun.Body)
	require.Contains(t, begun.Body, `src="data:image/png;base64,`)
	seed := strings.ReplaceAll(seedText.FindStringSubmatch(begun.Body)[1], " ", "")
	kept := html.UnescapeString(heldField.FindStringSubmatch(begun.Body)[1])
	wrong := manager.Post(t, page+"/confirm", url.Values{"csrf": {token}, "held": {kept}, "code": {"000000"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, "The code does not match")
	require.Equal(t, seed, strings.ReplaceAll(seedText.FindStringSubmatch(wrong.Body)[1], " ", ""), "the same picture, for the next try")
	on := manager.Post(t, page+"/confirm", url.Values{"csrf": {token}, "held": {kept}, "code": {code(seed)}})
	require.Equal(t, http.StatusOK, on.Status, on.Body)
	recovery := codesText.FindAllStringSubmatch(on.Body, -1)
	require.Len(t, recovery, 10)
	require.Equal(t, http.StatusOK, manager.Get(t, "/clients").Status, "now the role holds")
	require.NotContains(t, manager.Get(t, page).Body, seed)

	clock.Move(time.Minute)
	nobody := s.Anonymous(t)
	form := signIn(manager, kerneltest.Password)
	form.Set("to", "/clients")
	asked := nobody.Post(t, "/sign-in", form)
	require.Equal(t, "/sign-in/code?to=%2Fclients", asked.Location())
	require.Contains(t, nobody.Get(t, "/").Location(), "/sign-in?", "the password alone opens nothing")
	require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, "/sign-in/code", url.Values{"code": {"000000"}}).Status)
	in := nobody.Post(t, "/sign-in/code", url.Values{"code": {code(seed)}, "to": {"/clients"}})
	require.Equal(t, "/clients", in.Location(), in.Body)
	require.Equal(t, http.StatusOK, nobody.Get(t, "/clients").Status)
	other := s.Anonymous(t)
	require.Contains(t, other.Post(t, "/sign-in/code", url.Values{"code": {code(seed)}}).Location(), "/sign-in?ended=1", "without a password before")

	// Turning it off wants a fresh proof, for which a recovery code will do.
	clock.Move(time.Hour)
	proof := manager.Post(t, page+"/remove", url.Values{"csrf": {token}})
	require.Equal(t, http.StatusForbidden, proof.Status)
	gone := manager.Post(t, "/prove", url.Values{
		"csrf": {token}, "held": {html.UnescapeString(heldField.FindStringSubmatch(proof.Body)[1])}, "code": {recovery[0][1]},
	})
	require.Equal(t, page, gone.Location(), gone.Body)
	require.Equal(t, page, manager.Get(t, "/").Location(), "and the role holds no more")
}

// csrfOn is the token of the forms on a page.
func csrfOn(t *testing.T, u *kerneltest.User, path string) string {
	t.Helper()
	found := regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`).FindStringSubmatch(u.Get(t, path).Body)
	require.NotNil(t, found)
	return html.UnescapeString(found[1])
}
