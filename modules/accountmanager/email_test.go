package accountmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	kindConfirm = accountmanagerv1.LetterKind_LETTER_KIND_EMAIL_CONFIRM
	kindMoved   = accountmanagerv1.LetterKind_LETTER_KIND_EMAIL_CHANGED
)

func (p *portal) askEmail(token, email string) error {
	_, err := p.me.ChangeEmail(p.as(token), &accountmanagerv1.ChangeEmailRequest{Email: email})
	return err
}

func (p *portal) confirmEmail(l *accountmanagerv1.Letter) error {
	_, err := p.identity.ConfirmEmailChange(p.kernel(), &kernelv1.ConfirmEmailChangeRequest{Token: strings.TrimPrefix(l.GetPath(), "/confirm-email/")})
	return err
}

func TestAnEmailChangesOnceConfirmed(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	p.askReset("head@example.com")
	reset := resetToken(p.letter(kindReset))
	require.NoError(t, p.askEmail(head, "New@Example.com"))
	letter := p.letter(kindConfirm)
	require.Equal(t, "new@example.com", letter.GetEmail(), "to the new address")
	_, err := p.signIn("new@example.com", password)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "nothing changes before")

	errs := kerneltest.AtOnce(8, func(int) error { return p.confirmEmail(letter) })
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.NotFound), "%v", errs)
	require.Equal(t, 1, p.logged(kernelv1.IdentityService_ConfirmEmailChange_FullMethodName))
	_, err = p.signIn("new@example.com", password)
	require.NoError(t, err)
	_, err = p.signIn("head@example.com", password)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.Equal(t, "head@example.com", p.letter(kindMoved).GetEmail(), "the old address is told")
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(reset)), "a link to the old address opens nothing any more")
}

// Whether an address is somebody's is told neither when it is asked for nor, beyond that the link is void, at the end.
func TestAnEmailOfSomebodyElseIsNotTaken(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	require.NoError(t, p.askEmail(manager, "head@example.com"), "the same answer")
	require.Zero(t, p.rows(`select count(*) from accountmanager.letters`), "but nothing is sent")

	require.NoError(t, p.askEmail(manager, "both@example.com"))
	first := p.letter(kindConfirm)
	require.NoError(t, p.askEmail(head, "both@example.com"))
	require.NoError(t, p.confirmEmail(p.letter(kindConfirm)))
	require.Equal(t, codes.NotFound, status.Code(p.confirmEmail(first)), "somebody was first")
	_, err := p.signIn("m@example.com", password)
	require.NoError(t, err)
}

func TestDangerousCallsWantAFreshProof(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	of := p.who(manager).GetUserId()
	require.NoError(t, p.setRoles(p.as(head), of, "manager", "head"), "who has just come in has proved it")
	p.clock.Move(10*time.Minute + time.Second)

	calls := map[string]func() error{
		"roles": func() error { return p.setRoles(p.as(head), of, "manager") },
		"email": func() error { return p.askEmail(head, "new@example.com") },
		"sessions": func() error {
			_, err := p.users.EndUserSessions(p.as(head), &accountmanagerv1.EndUserSessionsRequest{UserId: of})
			return err
		},
		"session": func() error {
			_, err := p.users.EndSession(p.as(head), &accountmanagerv1.EndSessionRequest{Id: store.NewID()})
			return err
		},
	}
	for name, do := range calls {
		err := do()
		require.True(t, access.AsksProof(err), "%s: %v", name, err)
	}
	_, err := p.users.UpdateUser(p.as(head), &accountmanagerv1.UpdateUserRequest{
		User: &accountmanagerv1.User{Id: of, Name: "Renamed"}, UpdateMask: mask("name")})
	require.NoError(t, err, "what is not dangerous is not asked about")

	prove := func(token, with string) error {
		_, err := p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: token, Password: with})
		return err
	}
	require.Equal(t, codes.Unauthenticated, status.Code(prove(head, "wrong")))
	require.True(t, access.AsksProof(calls["email"]()), "a wrong one proves nothing")
	require.Equal(t, codes.Unauthenticated, status.Code(prove(head+"x", password)))
	require.NoError(t, prove(manager, password))
	require.True(t, access.AsksProof(calls["email"]()), "nor does another session's")
	require.NoError(t, prove(head, password))
	for _, name := range []string{"roles", "email", "session", "sessions"} {
		require.NoError(t, calls[name](), name)
	}

	p.clock.Move(11 * time.Minute)
	errs := kerneltest.AtOnce(12, func(int) error { return prove(head, "wrong") })
	require.Equal(t, 5, kerneltest.Count(errs, codes.Unauthenticated), "guesses count as at sign-in: %v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.ResourceExhausted))
	require.Equal(t, codes.ResourceExhausted, status.Code(prove(head, password)))
}

// A module that acts for somebody who has proved nothing lately gets no further than they do.
func TestAModuleProvesNothingForItsUser(t *testing.T) {
	p := newPortal(t, sends)
	who := p.principal(p.head())
	who.Via = []string{"accountmanager"}
	_, err := p.me.ChangeEmail(p.acting(who), &accountmanagerv1.ChangeEmailRequest{Email: "new@example.com"})
	require.NoError(t, err)
	p.clock.Move(time.Hour)
	_, err = p.me.ChangeEmail(p.acting(who), &accountmanagerv1.ChangeEmailRequest{Email: "new@example.com"})
	require.True(t, access.AsksProof(err), "%v", err)
}
