package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

func TestForgedSessions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, nobody := s.Head(t), s.Anonymous(t)
	for name, token := range map[string]string{
		"made up": strings.Repeat("A", len(head.Token)), "cut": head.Token[:len(head.Token)-1], "longer": head.Token + "A",
		"long": strings.Repeat("A", 20_000), "other case": swapCase(head.Token), "strange": "%00%ff';--", "id": head.SessionID,
	} {
		t.Run(name, func(t *testing.T) {
			page := s.send(t, nobody, http.MethodGet, "/clients", nil, "Cookie", "cabinet_session="+token)
			require.Equal(t, http.StatusSeeOther, page.Status)
			require.Contains(t, page.Location(), "/sign-in?")
		})
	}
	require.Equal(t, http.StatusOK, s.send(t, nobody, http.MethodGet, "/clients", nil, "Cookie", "cabinet_session="+head.Token).Status)
	require.NotContains(t, s.log.String(), "level=ERROR")
}

func swapCase(text string) string {
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}

// A stolen session opens pages, which nothing can tell from its owner's; but without the owner's cookie for forms it
// changes nothing by a forged post.
func TestStolenSessionCannotPost(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, thief := s.Head(t), s.Anonymous(t)
	form := url.Values{"csrf": {head.CSRF(t)}, "name": {"Stolen Ltd"}, "kind": {"CLIENT_KIND_COMPANY"}, "request_id": {"0197a3d2-6c8e-7f00-8000-000000000001"}}
	page := s.post(t, thief, "/clients/new", form, "Cookie", "cabinet_session="+head.Token)
	require.Equal(t, http.StatusForbidden, page.Status)
	page = s.post(t, thief, "/clients/new", form, "Cookie", "cabinet_session="+head.Token+"; cabinet_csrf="+strings.Repeat("A", 43))
	require.Equal(t, http.StatusForbidden, page.Status)
	require.NotContains(t, head.Get(t, "/clients").Body, "Stolen Ltd")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC))
	s := start(t, options{now: clock.Now})
	head := s.Head(t)
	me := accountmanagerv1.NewMeServiceClient(head.Conn)

	t.Run("revoked", func(t *testing.T) {
		other := s.Anonymous(t)
		require.Equal(t, http.StatusSeeOther, other.Post(t, "/sign-in", signIn(head, kerneltest.Password)).Status)
		require.Equal(t, http.StatusOK, other.Get(t, "/").Status)
		csrf := other.CSRF(t)
		_, err := me.RevokeOtherSessions(t.Context(), &accountmanagerv1.RevokeOtherSessionsRequest{})
		require.NoError(t, err)
		page := other.Get(t, "/clients")
		require.Equal(t, "/sign-in?ended=1&to=%2Fclients", page.Location())
		require.Contains(t, page.Header.Get("Set-Cookie"), "cabinet_session=;", "the browser forgets it")
		require.Contains(t, other.Get(t, page.Location()).Body, "You were signed out")
		require.Equal(t, http.StatusOK, head.Get(t, "/").Status)

		page = s.post(t, other, "/clients/new", url.Values{"csrf": {csrf}, "name": {"Late"}}, "Cookie", "cabinet_session=gone")
		require.Equal(t, http.StatusUnauthorized, page.Status)
		require.Contains(t, page.Body, "You are signed out")
	})
	t.Run("expired", func(t *testing.T) {
		require.Equal(t, http.StatusOK, head.Get(t, "/").Status)
		clock.Move(13 * time.Hour)
		require.Contains(t, head.Get(t, "/").Location(), "ended=1")
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	require.NotEqual(t, http.StatusSeeOther, head.Get(t, "/sign-out").Status, "a link, or an image, signs nobody out")
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status)
	out := head.Post(t, "/sign-out", nil)
	require.Equal(t, "/sign-in", out.Location())
	page := s.send(t, s.Anonymous(t), http.MethodGet, "/", nil, "Cookie", "cabinet_session="+head.Token)
	require.Equal(t, http.StatusSeeOther, page.Status, "the token is dead for whoever kept it")
}
