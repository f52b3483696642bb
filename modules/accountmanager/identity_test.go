package accountmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestSignInAndOut(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	id := p.who(head)
	require.True(t, id.GetStaff())
	require.Equal(t, []string{"head"}, id.GetRoles())

	token, err := p.signIn("  HEAD@example.com ", password)
	require.NoError(t, err)
	require.Equal(t, id.GetUserId(), p.who(token).GetUserId())
	require.NotEqual(t, id.GetSessionId(), p.who(token).GetSessionId())

	_, err = p.identity.SignOut(p.kernel(), &kernelv1.SignOutRequest{SessionToken: token})
	require.NoError(t, err)
	p.gone(token)
	p.who(head) // the other one goes on

	_, err = p.me.UpdateMe(p.as(head), &accountmanagerv1.UpdateMeRequest{Me: &accountmanagerv1.Me{Phone: "044 555-01-42"}, UpdateMask: mask("phone")})
	require.NoError(t, err)
	for _, phone := range []string{"+380445550142", "044 555-01-42", "+380 (44) 555 01 42"} {
		_, err = p.signIn(phone, password)
		require.NoError(t, err, phone)
	}
}

// Nothing that answers a sign-in may tell whether somebody has an account.
func TestAStrangerIsAnsweredAsAWrongPasswordIs(t *testing.T) {
	p := newPortal(t)
	p.head()
	for try := range 7 {
		_, known := p.signIn("head@example.com", "wrong")
		_, stranger := p.signIn("nobody@example.com", "wrong")
		require.Equal(t, status.Convert(known).Proto().String(), status.Convert(stranger).Proto().String(), "try %d", try)
	}
	// Neither does it matter how the login is written.
	_, err := p.signIn(" Nobody@Example.com", "wrong")
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestLockOutEndsByItselfAndDoubles(t *testing.T) {
	p := newPortal(t)
	p.head()
	wait := 15 * time.Minute
	for round := range 3 {
		for left := 4; left >= 0; left-- {
			_, err := p.signIn("head@example.com", "wrong")
			require.Equal(t, codes.Unauthenticated, status.Code(err), "round %d", round)
			require.Equal(t, string(rune('0'+left)), status.Convert(err).Details()[0].(*errdetails.ErrorInfo).GetMetadata()["tries_left"])
		}
		_, err := p.signIn("head@example.com", password)
		require.Equal(t, codes.ResourceExhausted, status.Code(err), "the right password does not open a locked account")
		require.Equal(t, wait, status.Convert(err).Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
		p.clock.Move(wait - time.Second)
		_, err = p.signIn("head@example.com", password)
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		p.clock.Move(time.Second)
		wait *= 2
	}
	_, err := p.signIn("head@example.com", password)
	require.NoError(t, err)
	_, err = p.signIn("head@example.com", "wrong")
	require.Equal(t, "4", status.Convert(err).Details()[0].(*errdetails.ErrorInfo).GetMetadata()["tries_left"], "the right one forgets the wrong ones")
}

func TestManyWrongPasswordsAtOnceAreNotMoreThanTheTries(t *testing.T) {
	p := newPortal(t)
	p.head()
	errs := kerneltest.AtOnce(32, func(int) error {
		_, err := p.signIn("head@example.com", "wrong")
		return err
	})
	require.Equal(t, 5, kerneltest.Count(errs, codes.Unauthenticated))
	require.Equal(t, 27, kerneltest.Count(errs, codes.ResourceExhausted))
}

func TestManyRightPasswordsAtOnceAllComeIn(t *testing.T) {
	p := newPortal(t)
	p.head()
	for range 8 { // each time the count of wrong ones is made anew
		errs := kerneltest.AtOnce(32, func(int) error {
			_, err := p.signIn("head@example.com", password)
			return err
		})
		require.Equal(t, 32, kerneltest.Count(errs, codes.OK), "%v", errs)
	}
}

func TestOneAddressHasSoManyTries(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.SignInsPerMinute = 3 })
	p.head()
	from := func(address string) error {
		_, err := p.identity.SignIn(p.kernel(), &kernelv1.SignInRequest{Login: "head@example.com", Password: password, Origin: &kernelv1.Origin{RemoteAddress: address}})
		return err
	}
	for range 3 {
		require.NoError(t, from("2001:db8::1"))
	}
	err := from("2001:db8::2") // of the same subscriber
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.NoError(t, from("192.0.2.7"))
	p.clock.Move(status.Convert(err).Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
	require.NoError(t, from("2001:db8::2"))
}

func TestSessionsEndByThemselves(t *testing.T) {
	p := newPortal(t)
	p.head()
	token, err := p.signIn("head@example.com", password)
	require.NoError(t, err)
	for range 4 { // used, it moves on
		p.clock.Move(11 * time.Hour)
		p.who(token)
	}
	p.clock.Move(12 * time.Hour)
	p.gone(token)

	in, err := p.identity.SignIn(p.kernel(), &kernelv1.SignInRequest{Login: "head@example.com", Password: password, Keep: true})
	require.NoError(t, err)
	require.Equal(t, p.clock.Now().Add(90*24*time.Hour), in.GetExpireTime().AsTime())
	for range 3 {
		p.clock.Move(29 * 24 * time.Hour)
		p.who(in.GetSessionToken())
	}
	p.clock.Move(3 * 24 * time.Hour)
	p.gone(in.GetSessionToken()) // at the end, used or not
}

func TestForgedTokens(t *testing.T) {
	p := newPortal(t)
	token := p.head()
	other := "A"
	if strings.HasPrefix(token, other) {
		other = "B"
	}
	for _, forged := range []string{"x", other + token[1:], token + "A", strings.ToLower(token) + "0", "' or true --"} {
		p.gone(forged)
	}
	require.Zero(t, p.rows(`select count(*) from accountmanager.sessions where encode(token_hash, 'escape') like '%' || $1 || '%'`, token[:8]))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.sessions where token_hash = sha256($1::bytea)`, []byte(token)), "the hash alone is stored")
}

// What only the kernel may ask is closed to everybody else.
func TestIdentityIsTheKernelsAlone(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	for _, who := range []access.Principal{{}, p.principal(head), access.AsModule("clientmanager")} {
		_, err := p.identity.InviteFirstHead(access.With(t.Context(), who), &kernelv1.InviteFirstHeadRequest{})
		require.Contains(t, []codes.Code{codes.PermissionDenied, codes.Unauthenticated}, status.Code(err), "%v", who)
	}
}

func TestOneUserActsForSeveralClients(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b, foreign := p.client("Alpha"), p.client("Beta"), p.client("Gamma")
	first := p.contact(head, a, "ann@example.com", "client.director")
	second := p.contact(head, b, "ANN@example.com", "client.accountant") // proves the same password
	require.Equal(t, p.who(first).GetUserId(), p.who(second).GetUserId())

	id := p.who(first)
	require.False(t, id.GetStaff())
	require.Equal(t, a, id.GetActingClientId())
	require.Equal(t, []string{"client", "client.director"}, id.GetRoles())
	require.Equal(t, "Alpha", id.GetClients()[0].GetName())
	require.Equal(t, "Beta", id.GetClients()[1].GetName())

	_, err := p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: first, ClientId: foreign})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: first, ClientId: b})
	require.NoError(t, err)
	require.Equal(t, []string{"client", "client.accountant"}, p.who(first).GetRoles())
	again, err := p.signIn("ann@example.com", password)
	require.NoError(t, err)
	require.Equal(t, b, p.who(again).GetActingClientId(), "the last one is remembered")
}

func TestNamesOfClientsFollow(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	token := p.contact(head, a, "ann@example.com", "client.director")
	p.register.rename(a, "Alpha Two")
	asked := p.register.asked.Load()
	p.who(token)
	require.Equal(t, asked, p.register.asked.Load(), "it is not asked for at every page")
	p.clock.Move(11 * time.Minute)
	require.Equal(t, 8, kerneltest.Count(kerneltest.AtOnce(8, func(int) error {
		_, err := p.identity.Identify(p.kernel(), &kernelv1.IdentifyRequest{SessionToken: token})
		return err
	}), codes.OK))
	require.Equal(t, asked+1, p.register.asked.Load(), "of many at once one asks")
	require.Equal(t, "Alpha Two", p.who(token).GetClients()[0].GetName())
}

func TestSuspendedClientEndsSessionsOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("Alpha"), p.client("Beta")
	ann := p.contact(head, a, "ann@example.com", "client.director")
	bob := p.contact(head, a, "bob@example.com", "client.accountant")
	both := p.contact(head, b, "bob@example.com", "client.director") // acts for Alpha, the first by name
	_, err := p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: both, ClientId: b})
	require.NoError(t, err)
	waiting := p.invite(head, a, "late@example.com", "client.accountant")

	p.failOnce.Store(true) // killed after its work was done: the event is delivered again
	p.say(a, &clientmanagerv1.ClientSuspended{ClientId: a})
	require.EqualValues(t, 2, p.deliveries.Load())
	p.gone(ann)
	p.gone(bob)
	require.Equal(t, b, p.who(both).GetActingClientId())
	require.Len(t, p.who(both).GetClients(), 1)
	require.Len(t, p.ended, 1, "it is said once")
	require.EqualValues(t, 2, p.ended[0].GetCount())
	require.Equal(t, a, p.ended[0].GetClientId())

	_, err = p.signIn("ann@example.com", password)
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.signIn("ann@example.com", "wrong")
	require.Equal(t, codes.Unauthenticated, status.Code(err), "told to those alone who know the password")
	bobIn, err := p.signIn("bob@example.com", password)
	require.NoError(t, err)
	require.Equal(t, b, p.who(bobIn).GetActingClientId())
	_, err = p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: bobIn, ClientId: a})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.invitations.CreateInvitation(p.as(head), &accountmanagerv1.CreateInvitationRequest{
		RequestId: "00000000-0000-4000-8000-000000000001", ClientId: a, Name: "X", Email: "x@example.com", Role: "client.director"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	_, err = p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: waiting, Name: "Late", Password: password})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))

	p.say(a, &clientmanagerv1.ClientResumed{ClientId: a})
	_, err = p.signIn("ann@example.com", password)
	require.NoError(t, err)
	p.accept(waiting, "Late", "")
}
