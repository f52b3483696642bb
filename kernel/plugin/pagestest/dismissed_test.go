package pagestest

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// A manager who is dismissed is out within a second: of pages and calls at once, and of what stays open.
func TestADismissedManagerIsOutEverywhere(t *testing.T) {
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		head, manager, colleague := p.Head(t), p.Staff(t, "manager"), p.Staff(t, "manager")
		opened := func(u *kerneltest.User, path string) *http.Response {
			response, err := u.HTTP.Do(ask(t, p, path))
			require.NoError(t, err)
			t.Cleanup(func() { _ = response.Body.Close() })
			_, err = io.ReadFull(response.Body, make([]byte, 10))
			require.NoError(t, err)
			return response
		}
		stream, download, theirs := opened(manager, "/m/pages/events"), opened(manager, "/m/pages/endless"), opened(colleague, "/m/pages/events")

		users := accountmanagerv1.NewUserServiceClient(head.Conn)
		_, err := users.BlockUser(t.Context(), &accountmanagerv1.BlockUserRequest{Id: manager.ID})
		require.NoError(t, err)
		dismissed := time.Now()
		ended := make(chan time.Duration, 2)
		for _, open := range []*http.Response{stream, download} {
			go func() {
				_, _ = io.Copy(io.Discard, open.Body)
				ended <- time.Since(dismissed)
			}()
		}
		require.Contains(t, manager.Get(t, "/clients").Location(), "/sign-in")
		require.Contains(t, manager.Get(t, "/m/pages/page").Location(), "/sign-in")
		_, err = clientmanagerv1.NewClientServiceClient(manager.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		for range 2 {
			select {
			case took := <-ended:
				require.Less(t, took, time.Second)
			case <-time.After(10 * time.Second):
				require.Fail(t, "an answer stays open")
			}
		}
		went := make(chan struct{})
		go func() {
			defer close(went)
			_, _ = io.Copy(io.Discard, theirs.Body)
		}()
		select {
		case <-went:
			require.Fail(t, "the colleague's stream ended too")
		default:
		}

		// One device of the colleague's is ended by staff, and its stream with it.
		_, err = users.EndSession(t.Context(), &accountmanagerv1.EndSessionRequest{Id: colleague.SessionID})
		require.NoError(t, err)
		select {
		case <-went:
		case <-time.After(10 * time.Second):
			require.Fail(t, "the stream of an ended session stays open")
		}
	})
}
