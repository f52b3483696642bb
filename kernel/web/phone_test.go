package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// sentCode is the last code that the log of a portal that is being developed has.
func sentCode(t *testing.T, s *site) string {
	t.Helper()
	found := regexp.MustCompile(`code=([0-9]{6})`).FindAllStringSubmatch(s.log.String(), -1)
	require.NotEmpty(t, found)
	return found[len(found)-1][1]
}

func TestSignInByPhone(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {letters: log, phone_codes: true}}}`})
	head := s.Head(t)
	require.Contains(t, head.Get(t, "/settings/phone").Body, "No phone")
	form := url.Values{"phone": {"067 123 45 67"}}
	require.Equal(t, "/settings/phone/code", head.Post(t, "/settings/phone/change", form).Location())
	early := head.Post(t, "/settings/phone/change", form)
	require.Equal(t, http.StatusUnprocessableEntity, early.Status)
	require.Contains(t, early.Body, "A code was sent a moment ago")
	page := head.Get(t, "/settings/phone/code")
	require.Regexp(t, `(?s)<input[^>]*inputmode="numeric"`, page.Body)
	require.Contains(t, page.Body, `autocomplete="one-time-code"`)
	wrong := head.Post(t, "/settings/phone/code", url.Values{"code": {"12"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, "The code does not match")
	require.Equal(t, "/settings/phone", head.Post(t, "/settings/phone/code", url.Values{"code": {sentCode(t, s)}}).Location())
	require.Contains(t, head.Get(t, "/settings/phone").Body, "Confirmed")

	clock.Move(61 * time.Second)
	nobody := s.Anonymous(t)
	require.Contains(t, linked(nobody.Get(t, "/sign-in?to=/clients")), "/sign-in/phone?to=%2Fclients")
	require.Equal(t, "/sign-in/phone?to=%2Fclients", nobody.Get(t, "/sign-in/phone/code?to=/clients").Location(), "no code was asked for")
	for _, phone := range []string{"", "abc", "a1@example.com", "1234567890123456789012345678901234567890123456789012345678901234567890"} {
		require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, "/sign-in/phone", url.Values{"phone": {phone}}).Status, phone)
	}
	sent := nobody.Post(t, "/sign-in/phone", url.Values{"phone": {"067 123 45 67"}, "to": {"/clients"}})
	require.Equal(t, "/sign-in/phone/code?to=%2Fclients", sent.Location())
	require.NotContains(t, sent.Header.Get("Set-Cookie"), "067", "the number is sealed")
	require.Contains(t, nobody.Get(t, sent.Location()).Body, "067 123 45 67")
	stranger := s.Anonymous(t)
	require.Equal(t, sent.Location(), stranger.Post(t, "/sign-in/phone", url.Values{"phone": {"067 999 99 99"}, "to": {"/clients"}}).Location(), "the same for a phone that nobody has")

	code := sentCode(t, s)
	again := nobody.Post(t, "/sign-in/phone", url.Values{"again": {"1"}, "to": {"/clients"}})
	require.Equal(t, http.StatusTooManyRequests, again.Status)
	require.Contains(t, again.Body, "Another code can be sent in 60 seconds.")
	clock.Move(61 * time.Second)
	require.Equal(t, http.StatusSeeOther, nobody.Post(t, "/sign-in/phone", url.Values{"again": {"1"}, "to": {"/clients"}}).Status)
	if newer := sentCode(t, s); newer != code {
		require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, "/sign-in/phone/code", url.Values{"code": {code}}).Status)
		code = newer
	}
	require.Equal(t, "/sign-in/phone?to=%2F", s.Anonymous(t).Post(t, "/sign-in/phone/code", url.Values{"code": {code}}).Location(), "another browser asked for none")
	mistyped := nobody.Post(t, "/sign-in/phone/code", url.Values{"code": {"12"}, "to": {"/clients"}})
	require.Equal(t, http.StatusUnprocessableEntity, mistyped.Status)
	require.NotContains(t, mistyped.Body, code)
	in := nobody.Post(t, "/sign-in/phone/code", url.Values{"code": {code}, "to": {"/clients"}, "keep": {"1"}})
	require.Equal(t, "/clients", in.Location(), in.Body)
	require.Contains(t, in.Header.Values("Set-Cookie")[len(in.Header.Values("Set-Cookie"))-1], "Expires", "kept, as asked for")
	require.Equal(t, http.StatusOK, nobody.Get(t, "/clients").Status)
	for range 5 {
		stranger.Post(t, "/sign-in/phone/code", url.Values{"code": {"000000"}})
	}
	locked := stranger.Post(t, "/sign-in/phone/code", url.Values{"code": {"000000"}})
	require.Equal(t, http.StatusTooManyRequests, locked.Status)
	require.Contains(t, locked.Body, "15 minutes")
}

func TestWithoutCodesThereIsNoPageForThem(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: `modules: {accountmanager: {settings: {letters: log}}}`})
	nobody := s.Anonymous(t)
	require.NotContains(t, nobody.Get(t, "/sign-in").Body, "/sign-in/phone")
	require.Equal(t, http.StatusNotFound, nobody.Get(t, "/sign-in/phone").Status)
	require.Equal(t, http.StatusNotFound, nobody.Post(t, "/sign-in/phone", url.Values{"phone": {"067 123 45 67"}}).Status)
}
