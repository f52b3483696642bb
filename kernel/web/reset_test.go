package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

var resetLink = regexp.MustCompile(`path=(/reset-password/[\w-]+)`)

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: `modules: {accountmanager: {settings: {letters: log}}}`})
	head, nobody := s.Head(t), s.Anonymous(t)
	require.Contains(t, nobody.Get(t, "/sign-in").Body, `href="/forgot-password"`)

	known := nobody.Post(t, "/forgot-password", url.Values{"login": {head.Email}})
	stranger := nobody.Post(t, "/forgot-password", url.Values{"login": {"nobody@example.com"}})
	require.Equal(t, http.StatusOK, known.Status)
	require.Contains(t, known.Body, "Look into your mail")
	require.Equal(t, known.Body, stranger.Body, "who has an account is not told")
	require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, "/forgot-password", url.Values{}).Status)

	links := resetLink.FindAllStringSubmatch(s.log.String(), -1)
	require.Len(t, links, 1, "a development portal's log, and nothing for the stranger")
	link := links[0][1]
	require.NotContains(t, known.Body, link)
	page := nobody.Get(t, link)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, head.Email)
	require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, link, url.Values{"password": {"short"}}).Status)
	require.Equal(t, http.StatusForbidden, s.post(t, nobody, link, url.Values{"password": {"a whole new password"}}).Status, "no token, no reset")
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status)

	done := nobody.Post(t, link, url.Values{"password": {"a whole new password"}})
	require.Equal(t, "/sign-in?changed=1", done.Location(), done.Body)
	require.NotContains(t, done.Header.Get("Set-Cookie"), "cabinet_session", "nobody is signed in by a link")
	require.Contains(t, nobody.Get(t, "/sign-in?changed=1").Body, "The password is changed")
	require.Contains(t, head.Get(t, "/").Location(), "ended=1")
	require.Equal(t, http.StatusGone, nobody.Get(t, link).Status)
	require.Equal(t, http.StatusGone, nobody.Post(t, link, url.Values{"password": {"a whole new password"}}).Status)
	require.Equal(t, http.StatusUnprocessableEntity, nobody.Post(t, "/sign-in", signIn(head, kerneltest.Password)).Status)
	require.Equal(t, http.StatusSeeOther, nobody.Post(t, "/sign-in", signIn(head, "a whole new password")).Status)
}

func TestWithoutLettersNoPasswordIsForgotten(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	nobody := s.Anonymous(t)
	require.NotContains(t, nobody.Get(t, "/sign-in").Body, "forgot-password")
	require.Equal(t, http.StatusNotFound, nobody.Post(t, "/forgot-password", url.Values{"login": {"a@example.com"}}).Status)
}
