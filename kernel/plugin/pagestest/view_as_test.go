package pagestest

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// A module's own pages, which can do by themselves what no router sees, are read and nothing is sent to them; they carry
// the banner, and what stays open ends with the looking.
func TestOwnPagesAreLookedAt(t *testing.T) {
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
		lesia, manager := p.Contact(t, roastery, "client.director"), p.Staff(t, "manager")
		p.Serve(t, manager, roastery, museum)
		require.Equal(t, "Lviv Museum", manager.Get(t, "/m/pages/client/"+museum).Body)
		own := manager.CSRF(t)

		as := p.ViewAs(t, manager, lesia)
		page := as.Get(t, "/m/pages/page")
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Body, `class="banner"`)
		require.Contains(t, page.Body, lesia.Name)
		require.Equal(t, "Zerno Roastery", as.Get(t, "/m/pages/client/"+roastery).Body)
		require.Equal(t, http.StatusNotFound, as.Get(t, "/m/pages/client/"+museum).Status, "the manager's, and not the director's")

		given := html.UnescapeString(token.FindStringSubmatch(page.Body)[1])
		said := as.Post(t, "/m/pages/say", url.Values{"csrf": {given}, "text": {"hello"}})
		require.Equal(t, http.StatusForbidden, said.Status)
		require.Contains(t, said.Body, "You only look")
		require.Equal(t, http.StatusForbidden, as.Post(t, "/m/pages/say", url.Values{"csrf": {own}, "text": {"hello"}}).Status, "nor with a token of the manager's own")

		stream, err := as.HTTP.Do(ask(t, p, "/m/pages/events"))
		require.NoError(t, err)
		defer stream.Body.Close() //nolint:errcheck // a test's
		_, err = io.ReadFull(stream.Body, make([]byte, 10))
		require.NoError(t, err)
		_, err = kernelv1.NewIdentityServiceClient(p.Kernel()).EndImpersonation(t.Context(), &kernelv1.EndImpersonationRequest{SessionToken: manager.Token})
		require.NoError(t, err)
		ended, went := time.Now(), make(chan struct{})
		go func() {
			defer close(went)
			_, _ = io.Copy(io.Discard, stream.Body)
		}()
		select {
		case <-went:
			require.Less(t, time.Since(ended), time.Second)
		case <-time.After(10 * time.Second):
			require.Fail(t, "the stream stays open")
		}
		late := as.Post(t, "/m/pages/say", url.Values{"csrf": {given}, "text": {"hello"}})
		require.Equal(t, http.StatusForbidden, late.Status, "what was shown to the director's eyes is not sent as the manager")
		require.Contains(t, late.Body, "You act as yourself again")
	})
}
