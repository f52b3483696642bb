package accountmanager_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

const otherPassword = "staple horse correct"

func sends(s *accountmanager.Settings) { s.Letters = "module" }

// letter is the newest of a kind, as a module that sends letters is handed it.
func (p *portal) letter(kind accountmanagerv1.LetterKind) *accountmanagerv1.Letter {
	p.t.Helper()
	require.NoError(p.t, p.dispatcher.WaitDrained(p.t.Context()))
	p.mu.Lock()
	said := slices.Clone(p.letters)
	p.mu.Unlock()
	for _, e := range slices.Backward(said) {
		if e.GetKind() != kind {
			continue
		}
		got, err := accountmanagerv1.NewLetterServiceClient(p.router).GetLetter(p.kernel(), &accountmanagerv1.GetLetterRequest{Id: e.GetId()})
		require.NoError(p.t, err)
		return got.GetLetter()
	}
	require.Fail(p.t, "there is no such letter", kind)
	return nil
}

func (p *portal) askReset(login string) {
	p.t.Helper()
	_, err := p.identity.StartPasswordReset(p.kernel(), &kernelv1.StartPasswordResetRequest{Login: login})
	require.NoError(p.t, err)
}

func (p *portal) finishReset(token string) error {
	_, err := p.identity.FinishPasswordReset(p.kernel(), &kernelv1.FinishPasswordResetRequest{Token: token, Password: otherPassword})
	return err
}

func resetToken(l *accountmanagerv1.Letter) string { return l.GetPath()[len("/reset-password/"):] }

const (
	kindReset   = accountmanagerv1.LetterKind_LETTER_KIND_PASSWORD_RESET
	kindChanged = accountmanagerv1.LetterKind_LETTER_KIND_PASSWORD_CHANGED
)

func TestAForgottenPasswordIsReplacedOnce(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	for range 5 { // locked out as well
		_, _ = p.signIn("head@example.com", "wrong")
	}
	p.askReset(" Head@Example.com ")
	letter := p.letter(kindReset)
	require.Equal(t, "head@example.com", letter.GetEmail())
	preview, err := p.identity.PreviewPasswordReset(p.kernel(), &kernelv1.PreviewPasswordResetRequest{Token: resetToken(letter)})
	require.NoError(t, err)
	require.Equal(t, "head@example.com", preview.GetEmail())

	errs := kerneltest.AtOnce(16, func(int) error { return p.finishReset(resetToken(letter)) })
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 15, kerneltest.Count(errs, codes.NotFound), "%v", errs)
	require.Equal(t, 1, p.logged(kernelv1.IdentityService_FinishPasswordReset_FullMethodName))
	p.gone(head)
	_, err = p.signIn("head@example.com", password)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = p.signIn("head@example.com", otherPassword)
	require.NoError(t, err, "and it is no longer locked out")
	require.Equal(t, "head@example.com", p.letter(kindChanged).GetEmail(), "its owner is told")
	require.Empty(t, p.letter(kindChanged).GetPath())
	require.Zero(t, p.rows(`select count(*) from accountmanager.letters where encode(token_hash, 'escape') like '%' || $1 || '%'`, resetToken(letter)))
}

func TestResetLinksEnd(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	p.askReset("head@example.com")
	first := resetToken(p.letter(kindReset))
	p.askReset("head@example.com")
	second := resetToken(p.letter(kindReset))
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(first)), "another was asked for since")
	forged := map[bool]string{true: "B", false: "A"}[second[0] == 'A'] + second[1:]
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(forged)))

	_, err := p.me.ChangePassword(p.as(head), &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: otherPassword})
	require.NoError(t, err)
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(second)), "the password was changed since")

	p.askReset("head@example.com")
	third := p.letter(kindReset)
	p.clock.Move(30*time.Minute + time.Second)
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(resetToken(third))), "it has expired")
	_, err = accountmanagerv1.NewLetterServiceClient(p.router).GetLetter(p.kernel(), &accountmanagerv1.GetLetterRequest{Id: third.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err), "nor is it sent any more")
	p.who(head)
}

// Somebody who is blocked is sent nothing, and a link sent before opens nothing.
func TestABlockedUserResetsNothing(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	p.askReset("m@example.com")
	token := resetToken(p.letter(kindReset))
	_, err := p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: p.who(manager).GetUserId()})
	require.NoError(t, err)
	require.Equal(t, codes.NotFound, status.Code(p.finishReset(token)))
	before := p.rows(`select count(*) from accountmanager.letters`)
	p.askReset("m@example.com")
	require.Equal(t, before, p.rows(`select count(*) from accountmanager.letters`))
}

func TestTooManyResetsAreNotSentAndNotTold(t *testing.T) {
	p := newPortal(t, sends)
	p.head()
	errs := kerneltest.AtOnce(12, func(int) error {
		_, err := p.identity.StartPasswordReset(p.kernel(), &kernelv1.StartPasswordResetRequest{Login: "head@example.com"})
		return err
	})
	require.Equal(t, 12, kerneltest.Count(errs, codes.OK))
	require.Equal(t, 5, p.rows(`select count(*) from accountmanager.letters`))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.letters where use_time is null`), "of which the last works")
}

// Neither the answer nor its time tells whether somebody has an account.
func TestAskingForAResetTellsNothing(t *testing.T) {
	p := newPortal(t, sends)
	p.head()
	took := func(login string) time.Duration {
		began := time.Now()
		p.askReset(login)
		return time.Since(began)
	}
	var known, stranger []time.Duration
	for range 4 {
		known, stranger = append(known, took("head@example.com")), append(stranger, took("nobody@example.com"))
	}
	for _, d := range append(known, stranger...) {
		require.GreaterOrEqual(t, d, 290*time.Millisecond)
	}
	slices.Sort(known)
	slices.Sort(stranger)
	require.Less(t, (known[1] - stranger[1]).Abs(), 30*time.Millisecond, "%v %v", known, stranger)
	require.Equal(t, 4, p.rows(`select count(*) from accountmanager.letters`))
}

func TestLettersAreForModulesAlone(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	p.askReset("head@example.com")
	letter := p.letter(kindReset)
	letters := accountmanagerv1.NewLetterServiceClient(p.router)
	for name, ctx := range map[string]context.Context{
		"a head": p.as(head), "nobody": t.Context(), "a module that does not say it needs them": access.With(t.Context(), access.AsModule("stranger")),
	} {
		_, err := letters.GetLetter(ctx, &accountmanagerv1.GetLetterRequest{Id: letter.GetId()})
		require.Contains(t, []codes.Code{codes.PermissionDenied, codes.Unauthenticated}, status.Code(err), name)
	}
	// An integrator may have given a role the permission by mistake.
	postman := p.staff(head, "post@example.com", "postman")
	_, err := letters.GetLetter(p.as(postman), &accountmanagerv1.GetLetterRequest{Id: letter.GetId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}

func TestWithoutAChannelThereIsNoReset(t *testing.T) {
	p := newPortal(t)
	p.head()
	options, err := p.identity.GetSignInOptions(p.kernel(), &kernelv1.GetSignInOptionsRequest{})
	require.NoError(t, err)
	require.False(t, options.GetPasswordReset())
	_, err = p.identity.StartPasswordReset(p.kernel(), &kernelv1.StartPasswordResetRequest{Login: "head@example.com"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}
