package accountmanager_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestOneCodeOfAPhoneOpensOneSession(t *testing.T) {
	p := newPortal(t, sendsCodes)
	p.confirmPhone(p.head(), headPhone)
	before := p.rows(`select count(*) from accountmanager.sessions`)
	p.askCode(headPhone)
	code := p.letter(kindPhoneSignIn).GetCode()
	errs := kerneltest.AtOnce(4, func(int) error {
		_, err := p.phoneSignIn(headPhone, code)
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 3, kerneltest.Count(errs, codes.Unauthenticated), "%v", errs)
	require.Equal(t, before+1, p.rows(`select count(*) from accountmanager.sessions`))
}

func TestCodesOfAPhoneAreNotGuessed(t *testing.T) {
	p := newPortal(t, sendsCodes, func(s *accountmanager.Settings) { s.Tries = 100 })
	p.confirmPhone(p.head(), headPhone)
	p.askCode(headPhone)
	code := p.letter(kindPhoneSignIn).GetCode()
	for _, phone := range []string{headPhone, otherPhone} {
		errs := kerneltest.AtOnce(16, func(int) error {
			_, err := p.phoneSignIn(phone, wrongFor(code))
			return err
		})
		require.Equal(t, 5, kerneltest.Count(errs, codes.Unauthenticated), "%s: %v", phone, errs)
		require.Equal(t, 11, kerneltest.Count(errs, codes.ResourceExhausted), "%s: %v", phone, errs)
	}
	_, err := p.phoneSignIn(headPhone, code)
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "the right one does not open it")
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err, "the password still does")
	sent := p.signInCodes()
	p.clock.Move(2 * time.Minute)
	p.askCode(headPhone)
	require.Equal(t, sent, p.signInCodes(), "who is locked out is sent none")

	// Each lock-out is longer than the one before: no way to try on and on.
	p.clock.Move(14 * time.Minute)
	p.askCode(headPhone)
	next := p.letter(kindPhoneSignIn).GetCode()
	for range 5 {
		_, err = p.phoneSignIn(headPhone, wrongFor(next))
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	p.clock.Move(29 * time.Minute)
	_, err = p.phoneSignIn(headPhone, next)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	p.clock.Move(2 * time.Minute)
	_, err = p.phoneSignIn(headPhone, next)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "and the code is long gone")
}

func TestAPhoneThatIsNotConfirmedLetsNobodyIn(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	write := func(phone string) {
		_, err := p.me.UpdateMe(p.as(manager), &accountmanagerv1.UpdateMeRequest{Me: &accountmanagerv1.Me{Phone: phone}, UpdateMask: mask("phone")})
		require.NoError(t, err)
	}
	write(otherPhone)
	require.Equal(t, accountmanagerv1.PhoneState_PHONE_STATE_UNCONFIRMED, p.phoneState(manager))
	p.askCode(otherPhone)
	require.Zero(t, p.signInCodes())
	p.confirmPhone(manager, otherPhone)
	write(headPhone)
	require.Equal(t, accountmanagerv1.PhoneState_PHONE_STATE_UNCONFIRMED, p.phoneState(manager), "another one")
	write(otherPhone)
	require.Equal(t, accountmanagerv1.PhoneState_PHONE_STATE_UNCONFIRMED, p.phoneState(manager), "and back")
	p.confirmPhone(manager, otherPhone)
	_, err := p.users.UpdateUser(p.as(head), &accountmanagerv1.UpdateUserRequest{
		User: &accountmanagerv1.User{Id: p.who(manager).GetUserId(), Phone: headPhone}, UpdateMask: mask("phone")})
	require.NoError(t, err)
	for _, phone := range []string{headPhone, otherPhone} {
		p.askCode(phone)
	}
	require.Zero(t, p.signInCodes(), "nor one that somebody else wrote")

	// A code that was sent before the change opens nothing after it.
	p.confirmPhone(manager, headPhone)
	p.askCode(headPhone)
	code := p.letter(kindPhoneSignIn).GetCode()
	write(otherPhone)
	write(headPhone)
	_, err = p.phoneSignIn(headPhone, code)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

func TestAPhoneIsNotSentManyCodes(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	p.confirmPhone(head, headPhone)
	errs := kerneltest.AtOnce(12, func(int) error {
		_, err := p.identity.StartPhoneSignIn(p.kernel(), &kernelv1.StartPhoneSignInRequest{Phone: headPhone})
		return err
	})
	require.Equal(t, 12, kerneltest.Count(errs, codes.OK), "and it is not told: %v", errs)
	require.Equal(t, 1, p.signInCodes())
	for range 8 {
		p.clock.Move(61 * time.Second)
		p.askCode(headPhone)
	}
	require.Equal(t, 4, p.signInCodes(), "five in an hour, that for confirming among them")
	victim := "+380671112233"
	for i := range 6 {
		who := p.staff(head, fmt.Sprintf("s%d@example.com", i), "manager")
		err := p.askConfirm(who, victim)
		require.Equal(t, i >= 5, reason(err) == "phone_wait", "%d: %v", i, err)
	}
}

func TestAskingForACodeTellsNothing(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	p.staff(head, "m@example.com", "manager")
	p.confirmPhone(head, headPhone)
	var answers []string
	took := func(phone string) time.Duration {
		began := time.Now()
		got, err := p.identity.StartPhoneSignIn(p.kernel(), &kernelv1.StartPhoneSignInRequest{Phone: phone})
		require.NoError(t, err)
		answers = append(answers, got.String())
		return time.Since(began)
	}
	var known, stranger []time.Duration
	for range 3 {
		p.clock.Move(61 * time.Second)
		known, stranger = append(known, took(headPhone)), append(stranger, took(otherPhone))
	}
	require.Equal(t, 3, p.signInCodes())
	for _, d := range append(known, stranger...) {
		require.GreaterOrEqual(t, d, 290*time.Millisecond)
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(answers))), 1)
	slices.Sort(known)
	slices.Sort(stranger)
	require.Less(t, (known[1] - stranger[1]).Abs(), 50*time.Millisecond, "%v %v", known, stranger)
	var said []string
	for _, phone := range []string{headPhone, otherPhone, "no phone"} {
		_, err := p.phoneSignIn(phone, "not six digits")
		said = append(said, fmt.Sprint(err, status.Convert(err).Details()))
	}
	require.Len(t, slices.Compact(said), 1, "%v", said)
}
