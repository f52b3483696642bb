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

var heldField = regexp.MustCompile(`name="held"\s+value="([^"]+)"`)

// What was asked goes on by itself once its sender has shown that it is them, with all that was typed.
func TestAProofIsAskedAndWhatWasAskedGoesOn(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now, config: `modules: {accountmanager: {settings: {letters: log}}}`})
	head, other := s.Head(t), s.Head(t)
	clock.Move(time.Hour)
	ask := func(u *kerneltest.User, path string, form url.Values) url.Values {
		page := u.Post(t, path, form)
		require.Equal(t, http.StatusForbidden, page.Status, page.Body)
		require.Contains(t, page.Body, "Is it you?")
		found := heldField.FindStringSubmatch(page.Body)
		require.NotNil(t, found)
		return url.Values{"held": {html.UnescapeString(found[1])}}
	}
	typed := url.Values{"email": {"new@example.com"}}
	held := ask(head, "/settings/email", typed)

	wrong := url.Values{"held": held["held"], "password": {"wrong"}}
	page := head.Post(t, "/prove", wrong)
	require.Equal(t, http.StatusUnprocessableEntity, page.Status)
	require.Contains(t, page.Body, "This is not your password")
	require.Regexp(t, heldField, page.Body, "nothing is lost")
	require.NotContains(t, s.log.String(), "/confirm-email/")

	t.Run("forged", func(t *testing.T) {
		right := url.Values{"held": held["held"], "password": {kerneltest.Password}}
		require.Equal(t, http.StatusForbidden, other.Post(t, "/prove", right).Status, "another session's")
		require.Equal(t, http.StatusForbidden, head.Post(t, "/prove", url.Values{"held": {held.Get("held") + "A"}, "password": {kerneltest.Password}}).Status)
		require.Equal(t, http.StatusForbidden, head.Post(t, "/prove", url.Values{"password": {kerneltest.Password}}).Status)
		require.NotContains(t, s.log.String(), "/confirm-email/")
	})
	right := url.Values{"held": held["held"], "password": {kerneltest.Password}}
	page = head.Post(t, "/prove", right)
	require.Equal(t, "/settings", page.Location(), page.Body)
	require.Contains(t, head.Get(t, "/settings").Body, "A link is on its way")
	require.Contains(t, s.log.String(), "to=new@example.com")
	require.Equal(t, "/settings", head.Post(t, "/settings/email", typed).Location(), "fresh, it is not asked again")

	// An action of a list or a page goes on in the same way, and its notice is shown.
	manager := s.Staff(t, "manager")
	clock.Move(time.Hour)
	action := "/actions/accountmanager.user/end_sessions"
	held = ask(head, action, url.Values{"user_id": {manager.ID}, "return": {"/people/" + manager.ID}, "confirmed": {"1"}})
	require.Equal(t, http.StatusOK, manager.Get(t, "/").Status)
	page = head.Post(t, "/prove", url.Values{"held": held["held"], "password": {kerneltest.Password}})
	require.Equal(t, "/people/"+manager.ID, page.Location(), page.Body)
	require.Contains(t, manager.Get(t, "/").Location(), "ended=1")

	clock.Move(time.Hour)
	require.Equal(t, http.StatusForbidden, head.Post(t, "/prove", right).Status, "it waits for a quarter of an hour")
}

func TestAnEmailIsConfirmedOnAPage(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: `modules: {accountmanager: {settings: {letters: log}}}`})
	head, nobody := s.Head(t), s.Anonymous(t)
	require.Equal(t, "/settings", head.Post(t, "/settings/email", url.Values{"email": {"new@example.com"}}).Location())
	link := regexp.MustCompile(`path=(/confirm-email/[\w-]+)`).FindStringSubmatch(s.log.String())[1]
	for range 2 {
		require.Contains(t, nobody.Get(t, link).Body, "new@example.com", "looking at it changes nothing")
	}
	require.Equal(t, "/sign-in?confirmed=1", nobody.Post(t, link, url.Values{}).Location())
	require.Equal(t, http.StatusGone, nobody.Get(t, link).Status)
	require.Contains(t, head.Get(t, "/sign-in?confirmed=1").Location(), "/", "who is in stays in")
	require.Equal(t, http.StatusSeeOther, nobody.Post(t, "/sign-in", url.Values{"login": {"new@example.com"}, "password": {kerneltest.Password}}).Status)
}
