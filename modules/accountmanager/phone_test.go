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
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func sendsCodes(s *accountmanager.Settings) { s.Letters, s.PhoneCodes = "module", true }

const (
	kindPhoneSignIn    = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_SIGN_IN
	kindPhoneConfirm   = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_CONFIRM
	kindPhoneConfirmed = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_CONFIRMED

	headPhone, typedPhone, otherPhone = "+380671234567", "067 123-45-67", "+380501112233"
)

func (p *portal) phones() accountmanagerv1.PhoneServiceClient {
	return accountmanagerv1.NewPhoneServiceClient(p.router)
}

func (p *portal) askConfirm(token, phone string) error {
	_, err := p.phones().StartPhoneConfirmation(p.as(token), &accountmanagerv1.StartPhoneConfirmationRequest{Phone: phone})
	return err
}

func (p *portal) finishConfirm(token, code string) error {
	_, err := p.phones().FinishPhoneConfirmation(p.as(token), &accountmanagerv1.FinishPhoneConfirmationRequest{Code: code})
	return err
}

// confirmPhone goes the whole way, and on until another code can be sent.
func (p *portal) confirmPhone(token, phone string) {
	p.t.Helper()
	require.NoError(p.t, p.askConfirm(token, phone))
	require.NoError(p.t, p.finishConfirm(token, p.letter(kindPhoneConfirm).GetCode()))
	p.clock.Move(61 * time.Second)
}

func (p *portal) phoneState(token string) accountmanagerv1.PhoneState {
	p.t.Helper()
	got, err := p.phones().GetOwnPhone(p.as(token), &accountmanagerv1.GetOwnPhoneRequest{})
	require.NoError(p.t, err)
	return got.GetPhone().GetState()
}

func (p *portal) askCode(phone string) {
	p.t.Helper()
	_, err := p.identity.StartPhoneSignIn(p.kernel(), &kernelv1.StartPhoneSignInRequest{Phone: phone})
	require.NoError(p.t, err)
}

func (p *portal) phoneSignIn(phone, code string) (*kernelv1.FinishPhoneSignInResponse, error) {
	return p.identity.FinishPhoneSignIn(p.kernel(), &kernelv1.FinishPhoneSignInRequest{Phone: phone, Code: code})
}

// codes counts the letters with a code for signing in.
func (p *portal) signInCodes() int {
	return p.rows(`select count(*) from accountmanager.letters where kind = $1`, int(kindPhoneSignIn))
}

// wrongFor is a code that is not the right one.
func wrongFor(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestACodeToTheirPhoneLetsPeopleIn(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	options, err := p.identity.GetSignInOptions(p.kernel(), &kernelv1.GetSignInOptionsRequest{})
	require.NoError(t, err)
	require.True(t, options.GetPhone())
	p.confirmPhone(head, typedPhone)
	require.Equal(t, accountmanagerv1.PhoneState_PHONE_STATE_CONFIRMED, p.phoneState(head))
	require.Equal(t, "head@example.com", p.letter(kindPhoneConfirmed).GetEmail(), "whose account it is, is told")

	p.askCode(" 0671234567 ")
	letter := p.letter(kindPhoneSignIn)
	require.Equal(t, []string{headPhone, "", ""}, []string{letter.GetPhone(), letter.GetEmail(), letter.GetPath()})
	require.Regexp(t, `^[0-9]{6}$`, letter.GetCode())
	in, err := p.phoneSignIn(typedPhone, " "+letter.GetCode()[:3]+" "+letter.GetCode()[3:])
	require.NoError(t, err)
	require.Equal(t, p.who(head).GetUserId(), p.who(in.GetSessionToken()).GetUserId())
	_, err = p.phoneSignIn(typedPhone, letter.GetCode())
	require.Equal(t, codes.Unauthenticated, status.Code(err), "it was used")
	require.Equal(t, []int{1, 1, 1, 1}, []int{
		p.logged(accountmanagerv1.PhoneService_StartPhoneConfirmation_FullMethodName), p.logged(accountmanagerv1.PhoneService_FinishPhoneConfirmation_FullMethodName),
		p.logged(kernelv1.IdentityService_StartPhoneSignIn_FullMethodName), p.logged(kernelv1.IdentityService_FinishPhoneSignIn_FullMethodName),
	})
	// The code is nowhere but in the letter: in no row of the database, however it is written.
	for _, table := range []string{"accountmanager.letters", "accountmanager.tries", "kernel.audit_entry", "event.outbox"} {
		if p.rows(`select count(*) from pg_class where oid = to_regclass($1)`, table) == 1 {
			require.Zero(t, p.rows(`select count(*) from `+table+` r where r::text ~ ('(^|[^0-9])' || $1 || '([^0-9]|$)')`, letter.GetCode()), table)
		}
	}
}

func TestAContactComesInByPhoneToo(t *testing.T) {
	p := newPortal(t, sendsCodes)
	client := p.client("A")
	contact := p.contact(p.head(), client, "c@example.com", "client.director")
	p.confirmPhone(contact, otherPhone)
	p.askCode(otherPhone)
	in, err := p.phoneSignIn(otherPhone, p.letter(kindPhoneSignIn).GetCode())
	require.NoError(t, err)
	require.Equal(t, client, p.who(in.GetSessionToken()).GetActingClientId())
}

// Of many who send the same code at once one comes in.
// Guessing ends after five, also of many at once, and takes the code with it; a phone that nobody has ends alike.
func TestCodesOfAPhoneEnd(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	p.confirmPhone(head, headPhone)
	p.confirmPhone(manager, otherPhone)
	p.askCode(headPhone)
	first := p.letter(kindPhoneSignIn).GetCode()
	_, err := p.phoneSignIn(otherPhone, first)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "another user's")
	p.askCode(headPhone)
	require.Equal(t, 1, p.signInCodes(), "another is sent after a minute")
	p.clock.Move(61 * time.Second)
	p.askCode(headPhone)
	second := p.letter(kindPhoneSignIn).GetCode()
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.letters where kind = $1 and use_time is null`, int(kindPhoneSignIn)), "one works at a time")
	if first != second {
		_, err = p.phoneSignIn(headPhone, first)
		require.Equal(t, codes.Unauthenticated, status.Code(err), "another was sent since")
	}
	p.clock.Move(5*time.Minute - time.Second)
	_, err = p.phoneSignIn(headPhone, second)
	require.NoError(t, err)

	for name, end := range map[string]func(){
		"it has expired": func() { p.clock.Move(5 * time.Minute) },
		"the password was changed": func() {
			_, err := p.me.ChangePassword(p.as(head), &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: password})
			require.NoError(t, err)
		},
		"they were blocked": func() {
			_, err := p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: p.who(manager).GetUserId()})
			require.NoError(t, err)
		},
	} {
		phone := headPhone
		if name == "they were blocked" {
			phone = otherPhone
		}
		p.clock.Move(61 * time.Second)
		p.askCode(phone)
		code := p.letter(kindPhoneSignIn).GetCode()
		end()
		_, err = p.phoneSignIn(phone, code)
		require.Equal(t, codes.Unauthenticated, status.Code(err), name)
	}
}

// Only a phone that somebody has shown to hold lets them in, and another one must be shown anew.
func TestConfirmingAPhone(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	p.confirmPhone(head, headPhone)
	require.Equal(t, "phone_confirmed", reason(p.askConfirm(head, typedPhone)))
	for _, phone := range []string{"12", "+380 900 12 34 56", "abc", "+1"} {
		require.Equal(t, "bad_phone", reason(p.askConfirm(head, phone)), phone)
	}
	// Somebody else's number is sent a code as any other; whoever holds it is told what is wrong, and nobody else.
	require.NoError(t, p.askConfirm(manager, headPhone))
	require.Equal(t, "phone_wait", reason(p.askConfirm(manager, otherPhone)), "one a minute")
	require.Equal(t, "wrong_phone_code", reason(p.finishConfirm(manager, wrongFor(p.letter(kindPhoneConfirm).GetCode()))))
	require.Equal(t, "phone_taken", reason(p.finishConfirm(manager, p.letter(kindPhoneConfirm).GetCode())))
	require.Equal(t, accountmanagerv1.PhoneState_PHONE_STATE_NONE, p.phoneState(manager))

	p.clock.Move(61 * time.Second)
	require.NoError(t, p.askConfirm(manager, otherPhone))
	code := p.letter(kindPhoneConfirm).GetCode()
	require.Equal(t, "no_phone_code", reason(p.finishConfirm(head, code)), "another user's code")
	_, err := p.phoneSignIn(otherPhone, code)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "a code for confirming lets nobody in")
	errs := kerneltest.AtOnce(4, func(int) error { return p.finishConfirm(manager, code) })
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 3, kerneltest.Count(errs, codes.FailedPrecondition), "%v", errs)

	// Guesses end, so that nobody confirms a phone that they do not hold.
	guesser := p.staff(head, "g@example.com", "manager")
	require.NoError(t, p.askConfirm(guesser, "+380671112233"))
	code = p.letter(kindPhoneConfirm).GetCode()
	errs = kerneltest.AtOnce(12, func(int) error { return p.finishConfirm(guesser, wrongFor(code)) })
	require.Equal(t, 5, kerneltest.Count(errs, codes.InvalidArgument), "%v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.FailedPrecondition), "%v", errs)
	require.Equal(t, "phone_locked", reason(p.finishConfirm(guesser, code)))

	p.clock.Move(11 * time.Minute)
	require.True(t, access.AsksProof(p.askConfirm(head, otherPhone)), "who has not shown lately that it is them changes no phone")
}

// A number is not rung without end, whoever asks.
// Neither the answer nor its time tells whether somebody has confirmed a phone.
func TestACodeOfAPhoneIsOneFactor(t *testing.T) {
	p := newPortal(t, sendsCodes)
	head := p.head()
	p.confirmPhone(head, headPhone)
	seed, _ := p.enrol(head)
	p.askCode(headPhone)
	in, err := p.phoneSignIn(headPhone, p.letter(kindPhoneSignIn).GetCode())
	require.NoError(t, err)
	require.Empty(t, in.GetSessionToken())
	done, err := p.finish(in.GetChallengeToken(), p.code(seed))
	require.NoError(t, err)
	require.Equal(t, p.who(head).GetUserId(), p.who(done.GetSessionToken()).GetUserId())
}

func TestWithoutAChannelThereAreNoCodes(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	options, err := p.identity.GetSignInOptions(p.kernel(), &kernelv1.GetSignInOptionsRequest{})
	require.NoError(t, err)
	require.False(t, options.GetPhone())
	_, err = p.identity.StartPhoneSignIn(p.kernel(), &kernelv1.StartPhoneSignInRequest{Phone: headPhone})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	_, err = p.phoneSignIn(headPhone, "000000")
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Equal(t, "no_phone_codes", reason(p.askConfirm(head, headPhone)))
}

func TestWaysInAreSetUpWell(t *testing.T) {
	t.Parallel()
	provider := func(id, issuer string) accountmanager.Provider {
		return accountmanager.Provider{ID: id, Title: "A provider", Issuer: issuer, ClientID: "portal", ClientSecret: secret.NewText("s3cret")}
	}
	good := func() *accountmanager.Settings {
		s := accountmanager.New(nil).Settings().(*accountmanager.Settings)
		s.Letters, s.PhoneCodes = "log", true
		s.OIDC = []accountmanager.Provider{provider("a", "https://a.example"), provider("b", "http://127.0.0.1:9000")}
		return s
	}
	require.NoError(t, good().Validate())
	for want, spoil := range map[string]func(s *accountmanager.Settings){
		"phone_codes":           func(s *accountmanager.Settings) { s.Letters = "off" },
		"oidc[1].id":            func(s *accountmanager.Settings) { s.OIDC[1].ID = "a" },
		"oidc[0].id":            func(s *accountmanager.Settings) { s.OIDC[0].ID = "A/b" },
		"oidc[0].title":         func(s *accountmanager.Settings) { s.OIDC[0].Title = "" },
		"oidc[1].issuer":        func(s *accountmanager.Settings) { s.OIDC[1].Issuer = "https://a.example" },
		"oidc[0].issuer":        func(s *accountmanager.Settings) { s.OIDC[0].Issuer = "http://a.example" },
		"oidc[0].client_id":     func(s *accountmanager.Settings) { s.OIDC[0].ClientID = "" },
		"oidc[0].client_secret": func(s *accountmanager.Settings) { s.OIDC[0].ClientSecret = secret.Text{} },
		"oidc[0].domains":       func(s *accountmanager.Settings) { s.OIDC[0].Domains = []string{"@a.example"} },
		"oidc[0].second_factor": func(s *accountmanager.Settings) { s.OIDC[0].SecondFactor = "yes" },
	} {
		s := good()
		spoil(s)
		err := s.Validate()
		require.ErrorContains(t, err, want+":")
		require.Equal(t, 1, strings.Count(err.Error(), ": write "), "%v", err)
	}
}
