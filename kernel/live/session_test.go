package live_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// within is how soon the streams of a session end with it.
const within = time.Second

// However a session ends, its streams end with it, and nothing more is told to them.
func TestStreamsEndWithTheirSession(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(t, "Zerno")
	head := p.Head(t)
	users := accountmanagerv1.NewUserServiceClient(head.Conn)
	for what, end := range map[string]func(u *kerneltest.User){
		"dismissed": func(u *kerneltest.User) {
			_, err := users.BlockUser(t.Context(), &accountmanagerv1.BlockUserRequest{Id: u.ID})
			require.NoError(t, err)
		},
		"suspended": func(u *kerneltest.User) {
			_, err := clientmanagerv1.NewClientServiceClient(head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: u.ClientID, Reason: "unpaid"})
			require.NoError(t, err)
		},
		"signed out": func(u *kerneltest.User) { u.Post(t, "/sign-out", url.Values{}) },
		"a new password": func(u *kerneltest.User) {
			_, err := accountmanagerv1.NewMeServiceClient(u.Conn).ChangePassword(t.Context(), &accountmanagerv1.ChangePasswordRequest{
				PresentPassword: kerneltest.Password, NewPassword: "another horse battery",
			})
			require.NoError(t, err)
		},
	} {
		t.Run(what, func(t *testing.T) {
			u := p.Staff(t, "manager")
			p.Serve(t, u, zerno)
			if what == "suspended" {
				u = p.Contact(t, p.Client(t, "Polissia"), "client.director")
			}
			again := u
			if what == "a new password" { // ends the others of the user's sessions
				signed, err := kernelv1.NewIdentityServiceClient(p.Kernel()).SignIn(t.Context(), &kernelv1.SignInRequest{
					Login: u.Email, Password: kerneltest.Password,
				})
				require.NoError(t, err)
				again = p.User(t, signed.GetSessionToken())
			}
			s := listen(t, p, again)
			began := time.Now()
			end(u)
			heard := s.ended()
			require.Less(t, time.Since(began), within)
			require.NotEmpty(t, heard)
			require.Equal(t, "over", heard[len(heard)-1].Event)
			require.Equal(t, http.StatusUnauthorized, listen(t, p, again).status)
		})
	}
}

// Who is nobody, or has a forged session, gets no stream and no page either.
func TestNobodyHasNoStream(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	require.Equal(t, http.StatusUnauthorized, p.Anonymous(t).Get(t, "/live").Status)
	u := p.Head(t)
	at, err := url.Parse(p.URL())
	require.NoError(t, err)
	u.HTTP.Jar.SetCookies(at, []*http.Cookie{{Name: "cabinet_session", Value: "forged", Path: "/"}})
	answer := u.Get(t, "/live")
	require.Equal(t, http.StatusUnauthorized, answer.Status)
	require.Empty(t, answer.Body)
}

// A page that refreshes itself, and a stream, do not keep a session from ending by itself.
func TestWatchingIsNoUse(t *testing.T) {
	clock := kerneltest.NewClock(time.Now())
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Clock: clock})
	u := p.Head(t)
	s := listen(t, p, u) // and another stays
	for range 30 {
		clock.Move(30 * time.Minute)
		listen(t, p, u).close() // a browser comes back
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/clients", nil)
		require.NoError(t, err)
		r.Header.Set("Cabinet-Live", "1")
		response, err := u.HTTP.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		if response.StatusCode == http.StatusSeeOther {
			// The stream asks on the next change about its user.
			_, err := kernelv1.NewIdentityServiceClient(p.Kernel()).SignIn(t.Context(), &kernelv1.SignInRequest{
				Login: u.Email, Password: kerneltest.Password,
			})
			require.NoError(t, err)
			s.ended()
			return
		}
	}
	require.Fail(t, "the session never ended")
}

// A session has four streams at most; the newest stay.
func TestOneMoreStreamEndsTheOldest(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	u := p.Head(t)
	oldest := listen(t, p, u)
	var others []*stream
	for range 4 {
		others = append(others, listen(t, p, u))
	}
	oldest.ended()
	zerno := p.Client(t, "Zerno")
	for _, s := range others {
		s.until(aClient)
	}
	require.NotEmpty(t, zerno)
}
