package accountmanager_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func (p *portal) factors() kernelv1.FactorServiceClient {
	return kernelv1.NewFactorServiceClient(p.router)
}

// code is what an application shows now, or some steps of half a minute away.
func (p *portal) code(seed string, steps ...int) string {
	at := p.clock.Now()
	for _, n := range steps {
		at = at.Add(time.Duration(n) * 30 * time.Second)
	}
	code, err := totp.GenerateCode(seed, at)
	require.NoError(p.t, err)
	return code
}

// enrol sets a second factor up, and moves on so that the code is not the present one any more.
func (p *portal) enrol(token string) (seed string, recovery []string) {
	p.t.Helper()
	begun, err := p.factors().StartTotp(p.as(token), &kernelv1.StartTotpRequest{})
	require.NoError(p.t, err)
	done, err := p.factors().ConfirmTotp(p.as(token), &kernelv1.ConfirmTotpRequest{Code: p.code(begun.GetSeed())})
	require.NoError(p.t, err)
	p.clock.Move(time.Minute)
	return begun.GetSeed(), done.GetRecoveryCodes()
}

// challenge shows the password, which opens no session.
func (p *portal) challenge(login string) string {
	p.t.Helper()
	in, err := p.identity.SignIn(p.kernel(), &kernelv1.SignInRequest{Login: login, Password: password, Keep: true})
	require.NoError(p.t, err)
	require.Empty(p.t, in.GetSessionToken())
	require.NotEmpty(p.t, in.GetChallengeToken())
	return in.GetChallengeToken()
}

func (p *portal) finish(challenge, code string) (*kernelv1.FinishSignInResponse, error) {
	return p.identity.FinishSignIn(p.kernel(), &kernelv1.FinishSignInRequest{ChallengeToken: challenge, Code: code})
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	begun, err := p.factors().StartTotp(p.as(head), &kernelv1.StartTotpRequest{})
	require.NoError(t, err)
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err, "a seed that is not confirmed asks nobody for anything")
	_, err = p.factors().ConfirmTotp(p.as(head), &kernelv1.ConfirmTotpRequest{Code: "000000"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	seed, recovery := p.enrol(head)
	require.NotEqual(t, begun.GetSeed(), seed, "beginning again makes another")
	require.Len(t, recovery, 10)
	_, err = p.factors().StartTotp(p.as(head), &kernelv1.StartTotpRequest{})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Zero(t, p.rows(`select count(*) from accountmanager.totp where position($1::bytea in seed) > 0`, []byte(seed)), "the seed is sealed")

	in, err := p.finish(p.challenge("head@example.com"), p.code(seed))
	require.NoError(t, err)
	require.True(t, in.GetKeep(), "as it was asked for with the password")
	require.Equal(t, p.who(head).GetUserId(), p.who(in.GetSessionToken()).GetUserId())

	// Neither that code again, nor one before it; the next one is taken, also by a clock that goes ahead.
	for _, code := range []string{p.code(seed), p.code(seed, -1)} {
		_, err = p.finish(p.challenge("head@example.com"), code)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	_, err = p.finish(p.challenge("head@example.com"), p.code(seed, 1))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, []int{p.logged(kernelv1.FactorService_ConfirmTotp_FullMethodName), p.logged(kernelv1.IdentityService_FinishSignIn_FullMethodName)})
}

func TestOneCodeAtOnceOpensOneSession(t *testing.T) {
	p := newPortal(t)
	seed, recovery := p.enrol(p.head())
	before := p.rows(`select count(*) from accountmanager.sessions`)
	var challenges []string
	for range 4 {
		challenges = append(challenges, p.challenge("head@example.com"))
	}
	errs := kerneltest.AtOnce(4, func(i int) error {
		_, err := p.finish(challenges[i], p.code(seed))
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "one code, several challenges: %v", errs)
	one := p.challenge("head@example.com")
	errs = kerneltest.AtOnce(4, func(i int) error {
		_, err := p.finish(one, recovery[i])
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "one challenge, several codes: %v", errs)
	require.Equal(t, before+2, p.rows(`select count(*) from accountmanager.sessions`))
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	_, recovery := p.enrol(head)
	_, err := p.finish(p.challenge("head@example.com"), " "+recovery[3]+" ")
	require.NoError(t, err)
	_, err = p.finish(p.challenge("head@example.com"), recovery[3])
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	has, err := p.factors().GetFactors(p.as(head), &kernelv1.GetFactorsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 9, has.GetRecoveryCodesLeft())
	_, err = p.factors().MakeRecoveryCodes(p.as(head), &kernelv1.MakeRecoveryCodesRequest{})
	require.NoError(t, err)
	_, err = p.finish(p.challenge("head@example.com"), recovery[4])
	require.Equal(t, codes.Unauthenticated, status.Code(err), "new ones replace the old")
	require.Equal(t, 1, p.logged(kernelv1.FactorService_MakeRecoveryCodes_FullMethodName))
}

func TestWrongCodesLockOut(t *testing.T) {
	p := newPortal(t)
	seed, recovery := p.enrol(p.head())
	challenges := make([]string, 16)
	for i := range challenges {
		challenges[i] = p.challenge("head@example.com")
	}
	errs := kerneltest.AtOnce(16, func(i int) error {
		_, err := p.finish(challenges[i], "123-wrong")
		return err
	})
	require.Equal(t, 5, kerneltest.Count(errs, codes.Unauthenticated), "%v", errs)
	require.Equal(t, 11, kerneltest.Count(errs, codes.ResourceExhausted))
	for _, right := range []string{p.code(seed), recovery[0]} {
		_, err := p.finish(p.challenge("head@example.com"), right)
		require.Equal(t, codes.ResourceExhausted, status.Code(err), "the right password does not open it, nor the right code")
	}
	p.clock.Move(16 * time.Minute)
	_, err := p.finish(p.challenge("head@example.com"), p.code(seed))
	require.NoError(t, err)
}

func TestChallengesEnd(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	seed, _ := p.enrol(head)
	late := p.challenge("head@example.com")
	p.clock.Move(10*time.Minute + time.Second)
	_, err := p.finish(late, p.code(seed))
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.finish("forged", p.code(seed))
	require.Equal(t, codes.NotFound, status.Code(err))

	changed := p.challenge("head@example.com")
	_, err = p.me.ChangePassword(p.as(head), &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: otherPassword})
	require.NoError(t, err)
	_, err = p.finish(changed, p.code(seed, 1))
	require.Equal(t, codes.Unauthenticated, status.Code(err), "the password was changed since it was shown")
}

// An invitation must not be a way around: whoever knows the password of somebody with a second factor shows it there too.
func TestAnInvitationIsNoWayAroundTheSecondFactor(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("A"), p.client("B")
	contact := p.contact(head, a, "c@example.com", "client.director")
	seed, _ := p.enrol(contact)
	in, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{
		Token: p.invite(head, b, "c@example.com", "client.director"), Name: "C", Password: password})
	require.NoError(t, err)
	require.Empty(t, in.GetSessionToken())
	done, err := p.finish(in.GetChallengeToken(), p.code(seed))
	require.NoError(t, err)
	require.Equal(t, b, p.who(done.GetSessionToken()).GetActingClientId())
}

func TestRolesThatMustHaveASecondFactorHoldNothingWithout(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.SecondFactorRoles = []string{"manager"} })
	head := p.head()
	require.False(t, p.who(head).GetSecondFactorMissing())
	manager := p.staff(head, "m@example.com", "manager")
	require.True(t, p.who(manager).GetSecondFactorMissing())
	require.Empty(t, p.who(manager).GetRoles())
	_, err := p.users.ListStaff(p.as(manager), &accountmanagerv1.ListStaffRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "whatever way the call comes")
	p.enrol(manager)
	require.Equal(t, []string{"manager"}, p.who(manager).GetRoles())
	_, err = p.users.ListStaff(p.as(manager), &accountmanagerv1.ListStaffRequest{})
	require.NoError(t, err)
	_, err = p.factors().RemoveTotp(p.as(manager), &kernelv1.RemoveTotpRequest{})
	require.NoError(t, err)
	require.Empty(t, p.who(manager).GetRoles())
}

func TestAHeadResetsALostFactor(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager, warden := p.staff(head, "m@example.com", "manager"), p.staff(head, "w@example.com", "warden")
	seed, _ := p.enrol(manager)
	of := p.who(manager).GetUserId()
	reset := func(by, userID string) error {
		_, err := p.users.ResetSecondFactor(p.as(by), &accountmanagerv1.ResetSecondFactorRequest{UserId: userID})
		return err
	}
	require.Equal(t, codes.PermissionDenied, status.Code(reset(manager, of)))
	require.Equal(t, codes.PermissionDenied, status.Code(reset(warden, of)))
	require.Equal(t, codes.FailedPrecondition, status.Code(reset(head, p.who(head).GetUserId())))
	p.clock.Move(11 * time.Minute)
	require.True(t, access.AsksProof(reset(head, of)))
	_, err := p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: head, Password: password})
	require.NoError(t, err)
	waiting := p.challenge("m@example.com")
	require.NoError(t, reset(head, of))
	p.gone(manager)
	_, err = p.finish(waiting, p.code(seed))
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.signIn("m@example.com", password)
	require.NoError(t, err, "the password is enough again")
	require.Equal(t, codes.NotFound, status.Code(reset(head, store.NewID())))
	require.Equal(t, []int{1, 1}, []int{p.logged(accountmanagerv1.UserService_ResetSecondFactor_FullMethodName), p.logged(kernelv1.IdentityService_Prove_FullMethodName)})
}

func TestACodeIsAFreshProof(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	seed, recovery := p.enrol(head)
	p.clock.Move(11 * time.Minute)
	remove := func() error {
		_, err := p.factors().RemoveTotp(p.as(head), &kernelv1.RemoveTotpRequest{})
		return err
	}
	prove := func(code string) error {
		_, err := p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: head, Code: code})
		return err
	}
	require.True(t, access.AsksProof(remove()))
	require.Equal(t, codes.Unauthenticated, status.Code(prove("000000")))
	require.NoError(t, prove(p.code(seed)))
	require.Equal(t, codes.Unauthenticated, status.Code(prove(p.code(seed))), "used")
	require.NoError(t, prove(recovery[0]))
	require.NoError(t, remove())
	_, err := p.signIn("head@example.com", password)
	require.NoError(t, err)
}
