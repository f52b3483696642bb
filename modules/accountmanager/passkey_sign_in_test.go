package accountmanager_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestAPasskeySignsInByItself(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	d, made := p.passkey(head)
	p.enrol(head)
	begun := p.ask()
	asked := d.read(begun.GetOptions())
	require.Equal(t, []string{rpID, "required"}, []string{asked.RPID, asked.UserVerification})
	require.Empty(t, asked.AllowCredentials, "nothing is said of who has a passkey")
	in, err := p.enter(d.show(begun.GetOptions(), begun.GetCeremony()))
	require.NoError(t, err)
	require.True(t, in.GetKeep())
	who := p.who(in.GetSessionToken())
	require.Equal(t, p.who(head).GetUserId(), who.GetUserId(), "no code is asked for besides: a passkey is both factors")
	require.Equal(t, p.clock.Now(), who.GetProofTime().AsTime())
	got, err := p.passkeys().GetPasskey(p.as(head), &kernelv1.GetPasskeyRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Equal(t, p.clock.Now(), got.GetPasskey().GetLastUseTime().AsTime())
	require.Equal(t, 1, p.logged(kernelv1.IdentityService_FinishPasskeySignIn_FullMethodName))
	require.Equal(t, 1, p.rows(`select count(*) from kernel.audit_entry where method = $1 and actor_id = $2`,
		kernelv1.IdentityService_FinishPasskeySignIn_FullMethodName, who.GetUserId()))
}

// refused counts what the audit log has of passkeys that let nobody in, for a reason.
func (p *portal) refused(reason string) int {
	p.t.Helper()
	return p.rows("select count(*) from kernel.audit_entry where outcome = 'refused' and reason = $1", reason)
}

// Whatever is wrong with an answer, it is the same refusal as for a passkey that nobody has.
func TestAWrongPasskeyOpensNothing(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.Tries = 100; s.SignInsPerMinute = 1000 })
	head := p.head()
	other := p.staff(head, "m@example.com", "manager")
	d, _ := p.passkey(head)
	d.count = 5
	_, err := p.signInWith(d)
	require.NoError(t, err)
	stranger := newDevice(t)
	stranger.handle = d.handle
	_, unknown := p.signInWith(stranger)
	require.Equal(t, codes.Unauthenticated, status.Code(unknown))

	try := func(bad func(d *device)) error {
		liar := *d
		liar.count++
		bad(&liar)
		_, err := p.signInWith(&liar)
		return err
	}
	for name, bad := range map[string]func(d *device){
		"another origin":      func(d *device) { d.origin = "https://evil.example" },
		"a part of the name":  func(d *device) { d.origin = "https://x.cabinet.example" },
		"another scheme":      func(d *device) { d.origin = "http://cabinet.example" },
		"another party":       func(d *device) { d.party = "evil.example" },
		"unseen":              func(d *device) { d.unseen = true },
		"in another page":     func(d *device) { d.framed = true },
		"another key":         func(d *device) { d.forged = true },
		"whose it is not":     func(d *device) { d.handle = idOf(t, p.who(other).GetUserId()) },
		"whose it is an id":   func(d *device) { d.handle = []byte("head@example.com") },
		"nobody's":            func(d *device) { d.handle = nil },
		"a count that is low": func(d *device) { d.count = 4 },
		"a count that stays":  func(d *device) { d.count = 5 },
		"a count that is off": func(d *device) { d.count = 0 },
	} {
		err := try(bad)
		require.True(t, proto.Equal(status.Convert(unknown).Proto(), status.Convert(err).Proto()), "%s: %v", name, err)
	}
	require.Equal(t, []int{11, 3}, []int{p.refused("wrong_passkey"), p.refused("copied_passkey")})
	require.NoError(t, try(func(*device) {}), "and the owner comes in as ever")

	begun := p.ask()
	d.count = 20
	right := d.show(begun.GetOptions(), begun.GetCeremony())
	for name, with := range map[string]map[string]any{
		"no signature":    {"signature": ""},
		"no client data":  {"clientDataJSON": b64([]byte("{}"))},
		"not text at all": {"authenticatorData": "%"},
	} {
		again := p.ask()
		answer := changed(t, d.show(again.GetOptions(), again.GetCeremony()), with)
		_, err := p.enter(answer)
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%s: %v", name, err)
	}
	_, err = p.enter(right)
	require.NoError(t, err)
}

// What was asked is answered once, soon, and by the browser that was asked.
func TestAnAnswerIsTakenOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	d, _ := p.passkey(head)
	begun := p.ask()
	answer := d.show(begun.GetOptions(), begun.GetCeremony())
	before := p.rows(`select count(*) from accountmanager.sessions`)
	errs := kerneltest.AtOnce(8, func(int) error { _, err := p.enter(answer); return err })
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.Aborted))
	require.Equal(t, before+1, p.rows(`select count(*) from accountmanager.sessions`))
	require.Equal(t, 7, p.refused("used_passkey"))

	begun = p.ask()
	answer = d.show(begun.GetOptions(), begun.GetCeremony())
	_, err := p.identity.FinishPasskeySignIn(p.kernel(), &kernelv1.FinishPasskeySignInRequest{Answer: answer, Browser: "another browser"})
	require.Equal(t, codes.Aborted, status.Code(err), "carried to another browser")
	forged := proto.CloneOf(answer)
	forged.Ceremony = "AAAA" + forged.GetCeremony()[4:]
	_, err = p.enter(forged)
	require.Equal(t, codes.Aborted, status.Code(err))
	mixed := d.show(p.ask().GetOptions(), begun.GetCeremony())
	_, err = p.enter(mixed)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "another challenge than was asked")
	_, err = p.enter(answer)
	require.Equal(t, codes.Aborted, status.Code(err), "and what was asked is used up by that")

	begun = p.ask()
	answer = d.show(begun.GetOptions(), begun.GetCeremony())
	p.clock.Move(10*time.Minute + time.Second)
	_, err = p.enter(answer)
	require.Equal(t, codes.Aborted, status.Code(err), "too late")

	// What is remembered of answers does not grow for ever.
	p.clock.Move(2 * time.Hour)
	_, err = p.signInWith(d)
	require.NoError(t, err)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.used_ceremonies`))
}

func TestWrongPasskeysLockOut(t *testing.T) {
	p := newPortal(t)
	d, _ := p.passkey(p.head())
	forged := *d
	forged.forged = true
	answers := make([]*kernelv1.PasskeyAnswer, 16)
	for i := range answers {
		begun := p.ask()
		answers[i] = forged.show(begun.GetOptions(), begun.GetCeremony())
	}
	errs := kerneltest.AtOnce(len(answers), func(i int) error { _, err := p.enter(answers[i]); return err })
	require.Equal(t, 5, kerneltest.Count(errs, codes.Unauthenticated), "%v", errs)
	require.Equal(t, 11, kerneltest.Count(errs, codes.ResourceExhausted))
	_, err := p.signInWith(d)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err, "apart from the password")
	p.clock.Move(16 * time.Minute)
	_, err = p.signInWith(d)
	require.NoError(t, err)
	for range 5 {
		_, _ = p.signIn("head@example.com", "a wrong password")
	}
	_, err = p.signIn("head@example.com", password)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	_, err = p.signInWith(d)
	require.NoError(t, err, "who guesses passwords does not keep the owner of a passkey out")
}

func TestAnAddressTriesSoOftenWithPasskeys(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.SignInsPerMinute = 3 })
	d := newDevice(t)
	d.handle = bytes.Repeat([]byte{1}, 16)
	for range 3 {
		_, err := p.signInWith(d)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	_, err := p.signInWith(d)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestWhoIsShutOutHasNoWayInByPasskey(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("A")
	contact := p.contact(head, a, "c@example.com", "client.director")
	d, _ := p.passkey(contact)
	of := p.who(contact).GetUserId()
	_, err := p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: of})
	require.NoError(t, err)
	_, err = p.signInWith(d)
	require.Equal(t, codes.PermissionDenied, status.Code(err), "they are told, since the key is theirs")
	_, err = p.users.UnblockUser(p.as(head), &accountmanagerv1.UnblockUserRequest{Id: of})
	require.NoError(t, err)
	in, err := p.signInWith(d)
	require.NoError(t, err)
	require.Equal(t, a, p.who(in).GetActingClientId())

	// Whoever was let into nothing yet, or no more, sees nothing either.
	members, err := p.memberships.ListMemberships(p.as(head), &accountmanagerv1.ListMembershipsRequest{ClientId: a})
	require.NoError(t, err)
	_, err = p.memberships.DeleteMembership(p.as(head), &accountmanagerv1.DeleteMembershipRequest{Id: members.GetMemberships()[0].GetId()})
	require.NoError(t, err)
	in, err = p.signInWith(d)
	require.NoError(t, err)
	require.Empty(t, p.who(in).GetActingClientId())
	_, err = p.memberships.ListMemberships(p.as(in), &accountmanagerv1.ListMembershipsRequest{ClientId: a})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}

func TestAPasskeyIsASecondFactor(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	other := p.staff(head, "m@example.com", "manager")
	d, _ := p.passkey(head)
	foreign, _ := p.passkey(other)
	seed, _ := p.enrol(head)
	finish := func(challenge string, answer *kernelv1.PasskeyAnswer) (*kernelv1.FinishPasskeySignInResponse, error) {
		return p.identity.FinishPasskeySignIn(p.kernel(), &kernelv1.FinishPasskeySignInRequest{Answer: answer, Browser: browser, ChallengeToken: challenge})
	}
	waits := p.challenge("head@example.com")
	begun := p.ask(waits)
	require.True(t, begun.GetCode(), "a code would do as well")
	require.Len(t, d.read(begun.GetOptions()).AllowCredentials, 1)
	in, err := finish(waits, d.show(begun.GetOptions(), begun.GetCeremony()))
	require.NoError(t, err)
	require.True(t, in.GetKeep(), "as it was asked for with the password")
	require.Equal(t, p.who(head).GetUserId(), p.who(in.GetSessionToken()).GetUserId())
	_, err = finish(waits, d.show(begun.GetOptions(), begun.GetCeremony()))
	require.Equal(t, codes.NotFound, status.Code(err))

	waits = p.challenge("head@example.com")
	begun = p.ask(waits)
	_, err = finish(waits, foreign.show(begun.GetOptions(), begun.GetCeremony()))
	require.Equal(t, codes.Unauthenticated, status.Code(err), "somebody else's passkey beside one's password")
	// What was asked for one thing is no answer to another.
	free := p.ask()
	_, err = finish(waits, d.show(free.GetOptions(), free.GetCeremony()))
	require.Equal(t, codes.Aborted, status.Code(err))
	begun = p.ask(waits)
	_, err = p.enter(d.show(begun.GetOptions(), begun.GetCeremony()))
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = finish(p.challenge("head@example.com"), d.show(begun.GetOptions(), begun.GetCeremony()))
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = p.finish(waits, p.code(seed))
	require.NoError(t, err, "the code does as ever")

	changed := p.challenge("head@example.com")
	begun = p.ask(changed)
	_, err = p.me.ChangePassword(p.as(head), &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: otherPassword})
	require.NoError(t, err)
	_, err = finish(changed, d.show(begun.GetOptions(), begun.GetCeremony()))
	require.Equal(t, codes.Unauthenticated, status.Code(err), "the password was changed since it was shown")
}

func TestAPasskeyIsAFreshProof(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	other := p.staff(head, "m@example.com", "manager")
	d, made := p.passkey(head)
	foreign, _ := p.passkey(other)
	p.clock.Move(11 * time.Minute)
	start := func(token string) *kernelv1.StartPasskeyProofResponse {
		begun, err := p.identity.StartPasskeyProof(p.kernel(), &kernelv1.StartPasskeyProofRequest{SessionToken: token})
		require.NoError(t, err)
		return begun
	}
	prove := func(token string, answer *kernelv1.PasskeyAnswer) error {
		_, err := p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: token, Passkey: answer})
		return err
	}
	_, err := p.passkeys().DeletePasskey(p.as(head), &kernelv1.DeletePasskeyRequest{Id: made.GetId()})
	require.True(t, access.AsksProof(err))
	begun := start(head)
	require.Equal(t, codes.Unauthenticated, status.Code(prove(head, foreign.show(begun.GetOptions(), begun.GetCeremony()))))
	require.Equal(t, codes.Aborted, status.Code(prove(other, d.show(begun.GetOptions(), begun.GetCeremony()))), "another session was asked")
	begun = start(head)
	answer := d.show(begun.GetOptions(), begun.GetCeremony())
	require.NoError(t, prove(head, answer))
	require.Equal(t, p.clock.Now(), p.who(head).GetProofTime().AsTime())
	require.NotEqual(t, p.clock.Now(), p.who(other).GetProofTime().AsTime())
	require.Equal(t, codes.Aborted, status.Code(prove(head, answer)), "used")
	free := p.ask()
	require.Equal(t, codes.Aborted, status.Code(prove(head, d.show(free.GetOptions(), free.GetCeremony()))), "asked for something else")
	_, err = p.passkeys().DeletePasskey(p.as(head), &kernelv1.DeletePasskeyRequest{Id: made.GetId()})
	require.NoError(t, err)
	_, err = p.identity.StartPasskeyProof(p.kernel(), &kernelv1.StartPasskeyProofRequest{SessionToken: store.NewID()})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}
