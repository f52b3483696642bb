package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)

	t.Run("wrong", func(t *testing.T) {
		nobody := s.Anonymous(t)
		for _, form := range []url.Values{
			signIn(head, "not the password"),
			{"login": {"nobody@example.com"}, "password": {kerneltest.Password}},
			{"login": {"\xff\xfe"}, "password": {kerneltest.Password}},
			{"login": {"a\x00b"}, "password": {"\x00"}},
			{"login": {strings.Repeat("x", 10_000)}, "password": {strings.Repeat("y", 10_000)}},
		} {
			page := nobody.Post(t, "/sign-in", form)
			require.Equal(t, http.StatusUnprocessableEntity, page.Status)
			require.Contains(t, page.Body, "The login or the password is wrong", "who has an account is not told")
			require.NotContains(t, page.Body, `name="password" value=`, "a password never comes back")
		}
		require.Contains(t, nobody.Get(t, "/").Location(), "/sign-in")
	})
	t.Run("empty", func(t *testing.T) {
		page := s.Anonymous(t).Post(t, "/sign-in", url.Values{"login": {head.Email}, "to": {"/clients"}})
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		require.Contains(t, page.Body, "Write both")
		require.Contains(t, page.Body, `value="`+head.Email+`"`, "what was typed is kept")
		require.Contains(t, page.Body, `name="to" value="/clients"`, "and where it leads")
	})
	t.Run("right", func(t *testing.T) {
		nobody := s.Anonymous(t)
		away := nobody.Get(t, "/clients?name=zer&x=%2F").Location()
		require.Equal(t, "/sign-in?to="+url.QueryEscape("/clients?name=zer&x=%2F"), away)
		form := signIn(head, kerneltest.Password)
		form.Set("to", "/clients?name=zer&x=%2F")
		in := nobody.Post(t, "/sign-in", form)
		require.Equal(t, http.StatusSeeOther, in.Status, in.Body)
		require.Equal(t, "/clients?name=zer&x=%2F", in.Location())
		cookie := in.Header.Get("Set-Cookie")
		require.Contains(t, cookie, "cabinet_session=")
		require.NotContains(t, cookie, "Expires", "it ends with the browser unless it is to be kept")
		require.Equal(t, http.StatusOK, nobody.Get(t, "/clients").Status)
		require.Equal(t, http.StatusSeeOther, nobody.Get(t, "/sign-in").Status, "who is in goes on")
	})
	t.Run("kept", func(t *testing.T) {
		form := signIn(head, kerneltest.Password)
		form.Set("keep", "true")
		require.Contains(t, s.Anonymous(t).Post(t, "/sign-in", form).Header.Get("Set-Cookie"), "Expires")
	})
}

func TestSignInNeverLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	for _, to := range []string{
		"//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\t//evil.example",
		"/\n/evil.example", "/\r\nSet-Cookie: a=b", "javascript:alert(1)", "evil.example", "", " //evil.example",
	} {
		t.Run(strconv.Quote(to), func(t *testing.T) {
			query := "?to=" + url.QueryEscape(to)
			require.Equal(t, "/", head.Get(t, "/sign-in"+query).Location(), "signed in already")
			require.Equal(t, "/", head.Get(t, "/language/uk"+query).Location(), "a choice of language")
			form := signIn(head, kerneltest.Password)
			form.Set("to", to)
			require.Equal(t, "/", s.Anonymous(t).Post(t, "/sign-in", form).Location(), "signing in")
			require.Equal(t, "/", head.Post(t, "/preferences/theme", url.Values{"theme": {"dark"}, "return": {to}}).Location())
		})
	}
}

func TestManyWrongPasswordsLockOut(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {tries: 3, lock_out: 40m}}}`})
	head := s.Head(t)
	nobody := s.Anonymous(t)
	for range 3 {
		nobody.Post(t, "/sign-in", signIn(head, "wrong"))
	}
	page := nobody.Post(t, "/sign-in", signIn(head, kerneltest.Password))
	require.Equal(t, http.StatusTooManyRequests, page.Status, "also with the right password")
	require.Contains(t, page.Body, "Too many tries.")
	require.Contains(t, page.Body, "40 minutes")
	require.Equal(t, "2400", page.Header.Get("Retry-After"), "a number that programs read")
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status, "who is in stays in")

	clock.Move(41 * time.Minute)
	require.Equal(t, http.StatusSeeOther, nobody.Post(t, "/sign-in", signIn(head, kerneltest.Password)).Status)
}

// Tries are counted by address: by the one that the proxy before the portal saw, not by one that the browser made up.
func TestTriesOfAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {sign_ins_per_minute: 5}}}`})
	head := s.Head(t)
	nobody := s.Anonymous(t)
	try := func(login, forwarded string) int {
		form := url.Values{"csrf": {nobody.CSRF(t)}, "login": {login}, "password": {kerneltest.Password}}
		return s.post(t, nobody, "/sign-in", form, "X-Forwarded-For", forwarded).Status
	}
	for i := range 5 {
		require.Equal(t, http.StatusUnprocessableEntity, try(fmt.Sprintf("a%d@example.com", i), fmt.Sprintf("198.51.100.%d, 203.0.113.7", i)))
	}
	require.Equal(t, http.StatusTooManyRequests, try(head.Email, "198.51.100.77, 203.0.113.7"))
	require.Equal(t, http.StatusSeeOther, try(head.Email, "203.0.113.8"), "another address is not concerned")
	clock.Move(time.Minute)
	require.Equal(t, http.StatusSeeOther, try(head.Email, "203.0.113.7"))
}

func TestBlockedUser(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, manager := s.Head(t), s.Staff(t, "manager")
	_, err := accountmanagerv1.NewUserServiceClient(head.Conn).BlockUser(t.Context(), &accountmanagerv1.BlockUserRequest{Id: manager.ID})
	require.NoError(t, err)
	require.Contains(t, manager.Get(t, "/").Location(), "ended=1", "the session is gone")
	page := s.Anonymous(t).Post(t, "/sign-in", signIn(manager, kerneltest.Password))
	require.Equal(t, http.StatusForbidden, page.Status)
	require.Contains(t, page.Body, "You cannot sign in now")
	page = s.Anonymous(t).Post(t, "/sign-in", signIn(manager, "wrong"))
	require.Equal(t, http.StatusUnprocessableEntity, page.Status, "only who knows the password is told")
}
