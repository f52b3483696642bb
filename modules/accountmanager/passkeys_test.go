package accountmanager_test

import (
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
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestAPasskeyIsMadeNamedAndRemoved(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	begun, err := p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
	require.NoError(t, err)
	d := newDevice(t)
	asked := d.read(begun.GetOptions())
	require.Equal(t, []string{rpID, "required", "required", "none"},
		[]string{asked.RP.ID, asked.Selection.ResidentKey, asked.Selection.UserVerification, asked.Attestation})
	require.Equal(t, b64(idOf(t, p.who(head).GetUserId())), asked.User.ID, "the handle is no e-mail")
	answer := d.make(begun)
	who := p.principal(head)
	who.Place = access.Place{Device: "Chrome · Android"}
	done, err := p.passkeys().FinishPasskey(access.With(t.Context(), who), &kernelv1.FinishPasskeyRequest{Name: " Phone ", Answer: answer})
	require.NoError(t, err)
	require.Equal(t, []string{"Phone", "Chrome · Android"}, []string{done.GetPasskey().GetName(), done.GetPasskey().GetDevice()})
	require.Equal(t, kernelv1.PasskeyState_PASSKEY_STATE_READY, done.GetPasskey().GetState())
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "Again", Answer: answer})
	require.Equal(t, codes.Aborted, status.Code(err), "an answer is taken once")

	// The same device again, to a new request: browsers are told not to, and this one does all the same.
	begun, err = p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
	require.NoError(t, err)
	require.Len(t, d.read(begun.GetOptions()).ExcludeCredentials, 1)
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "Again", Answer: d.make(begun)})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))

	id := done.GetPasskey().GetId()
	_, err = p.passkeys().RenamePasskey(p.as(head), &kernelv1.RenamePasskeyRequest{Id: id, Name: "Old phone"})
	require.NoError(t, err)
	_, second := p.passkey(head)
	list, err := p.passkeys().ListPasskeys(p.as(head), &kernelv1.ListPasskeysRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, second.GetId(), list.GetPasskeys()[0].GetId(), "the newest first")
	list, err = p.passkeys().ListPasskeys(p.as(head), &kernelv1.ListPasskeysRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, "Old phone", list.GetPasskeys()[0].GetName())
	require.Empty(t, list.GetNextPageToken())
	has, err := p.factors().GetFactors(p.as(head), &kernelv1.GetFactorsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 2, has.GetPasskeys())

	_, err = p.signInWith(d)
	require.NoError(t, err)
	for range 2 {
		_, err = p.passkeys().DeletePasskey(p.as(head), &kernelv1.DeletePasskeyRequest{Id: id})
		require.NoError(t, err)
	}
	_, err = p.signInWith(d)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	for method, times := range map[string]int{
		kernelv1.PasskeyService_FinishPasskey_FullMethodName: 2, kernelv1.PasskeyService_RenamePasskey_FullMethodName: 1,
		kernelv1.PasskeyService_DeletePasskey_FullMethodName: 1,
	} {
		require.Equal(t, times, p.logged(method), method)
	}
}

func TestPasskeysWantAFreshProof(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	_, made := p.passkey(head)
	begun, err := p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
	require.NoError(t, err)
	p.clock.Move(10*time.Minute - time.Second)
	late := newDevice(t).make(begun)
	p.clock.Move(2 * time.Second)
	_, err = p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
	require.True(t, access.AsksProof(err))
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: late})
	require.True(t, access.AsksProof(err))
	_, err = p.passkeys().DeletePasskey(p.as(head), &kernelv1.DeletePasskeyRequest{Id: made.GetId()})
	require.True(t, access.AsksProof(err))
	_, err = p.passkeys().RenamePasskey(p.as(head), &kernelv1.RenamePasskeyRequest{Id: made.GetId(), Name: "Mine"})
	require.NoError(t, err, "a name opens nothing")
	_, err = p.identity.Prove(p.kernel(), &kernelv1.ProveRequest{SessionToken: head, Password: password})
	require.NoError(t, err)
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: late})
	require.Equal(t, codes.Aborted, status.Code(err), "and what was asked is too old by then")
}

// Whatever a device or a browser answers that is not what was asked makes no passkey.
func TestAForgedPasskeyIsNotTaken(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	other := p.staff(head, "m@example.com", "manager")
	start := func(token string) *kernelv1.StartPasskeyResponse {
		begun, err := p.passkeys().StartPasskey(p.as(token), &kernelv1.StartPasskeyRequest{})
		require.NoError(t, err)
		return begun
	}
	for name, bad := range map[string]func(d *device){
		"another origin":  func(d *device) { d.origin = "https://cabinet.example.evil.example" },
		"another scheme":  func(d *device) { d.origin = "http://cabinet.example" },
		"another port":    func(d *device) { d.origin = "https://cabinet.example:8443" },
		"another party":   func(d *device) { d.party = "example" },
		"unseen":          func(d *device) { d.unseen = true },
		"in another page": func(d *device) { d.framed = true },
	} {
		d := newDevice(t)
		bad(d)
		_, err := p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: d.make(start(head))})
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", name, err)
	}
	_, err := p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: newDevice(t).make(start(other))})
	require.Equal(t, codes.Aborted, status.Code(err), "somebody else was asked")
	elsewhere, err := p.signIn("head@example.com", password)
	require.NoError(t, err)
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: newDevice(t).make(start(elsewhere))})
	require.Equal(t, codes.Aborted, status.Code(err), "another session was asked")
	asked := p.ask()
	d := newDevice(t)
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: d.make(&kernelv1.StartPasskeyResponse{
		Options: start(head).GetOptions(), Ceremony: asked.GetCeremony()})})
	require.Equal(t, codes.Aborted, status.Code(err), "it was asked for something else")
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: &kernelv1.PasskeyAnswer{
		Credential: []byte(`{"id":"AAAA"}`), Ceremony: start(head).GetCeremony()}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	mine := start(head)
	d, taken := p.passkey(other)
	_, err = p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: d.make(mine)})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "a key that is somebody else's already")
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.passkeys`))

	// Nor is there a way to somebody else's.
	_, err = p.passkeys().GetPasskey(p.as(head), &kernelv1.GetPasskeyRequest{Id: taken.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.passkeys().RenamePasskey(p.as(head), &kernelv1.RenamePasskeyRequest{Id: taken.GetId(), Name: "Stolen"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.passkeys().DeletePasskey(p.as(head), &kernelv1.DeletePasskeyRequest{Id: taken.GetId()})
	require.NoError(t, err)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.passkeys where name = 'Phone'`))
	list, err := p.passkeys().ListPasskeys(p.as(head), &kernelv1.ListPasskeysRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetPasskeys())
}

func TestNoMoreThanTwentyPasskeys(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	answers := make([]*kernelv1.PasskeyAnswer, 8)
	for i := range answers {
		begun, err := p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
		require.NoError(t, err)
		answers[i] = newDevice(t).make(begun)
	}
	for range 16 {
		p.passkey(head)
	}
	errs := kerneltest.AtOnce(len(answers), func(i int) error {
		_, err := p.passkeys().FinishPasskey(p.as(head), &kernelv1.FinishPasskeyRequest{Name: "X", Answer: answers[i]})
		return err
	})
	require.Equal(t, 4, kerneltest.Count(errs, codes.OK), "%v", errs)
	_, err := p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}

func TestTheLastFactorOfWhoMustHaveOneStays(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.SecondFactorRoles = []string{"manager"} })
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	require.Empty(t, p.who(manager).GetRoles())
	_, first := p.passkey(manager)
	require.Equal(t, []string{"manager"}, p.who(manager).GetRoles(), "a passkey is a second factor")
	remove := func(id string) error {
		_, err := p.passkeys().DeletePasskey(p.as(manager), &kernelv1.DeletePasskeyRequest{Id: id})
		return err
	}
	require.Equal(t, codes.FailedPrecondition, status.Code(remove(first.GetId())))
	_, second := p.passkey(manager)
	errs := kerneltest.AtOnce(2, func(i int) error { return remove([]string{first.GetId(), second.GetId()}[i]) })
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "both at once: one stays: %v", errs)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.passkeys`))
	p.enrol(manager)
	left, err := p.passkeys().ListPasskeys(p.as(manager), &kernelv1.ListPasskeysRequest{})
	require.NoError(t, err)
	require.NoError(t, remove(left.GetPasskeys()[0].GetId()), "an application is there now")

	// Their password alone opens nothing, even where a passkey is all that they have.
	_, err = p.factors().RemoveTotp(p.as(manager), &kernelv1.RemoveTotpRequest{})
	require.NoError(t, err)
	d, _ := p.passkey(manager)
	begun := p.ask(p.challenge("m@example.com"))
	require.False(t, begun.GetCode())
	require.Len(t, d.read(begun.GetOptions()).AllowCredentials, 1)

	// A colleague who is not asked for one signs in as ever.
	p.passkey(head)
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err)
}

// A portal that moves to another name keeps passkeys that it cannot use; they count for nothing, and can be removed.
func TestPasskeysOfAnotherAddressCountForNothing(t *testing.T) {
	p := newPortal(t, func(s *accountmanager.Settings) { s.SecondFactorRoles = []string{"manager"} })
	manager := p.staff(p.head(), "m@example.com", "manager")
	d, made := p.passkey(manager)
	p.exec(`update accountmanager.passkeys set party = 'old.example'`)
	require.Empty(t, p.who(manager).GetRoles())
	_, err := p.signInWith(d)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = p.identity.StartPasskeyProof(p.kernel(), &kernelv1.StartPasskeyProofRequest{SessionToken: manager})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	got, err := p.passkeys().GetPasskey(p.as(manager), &kernelv1.GetPasskeyRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Equal(t, kernelv1.PasskeyState_PASSKEY_STATE_ELSEWHERE, got.GetPasskey().GetState())
	token, err := p.signIn("m@example.com", password)
	require.NoError(t, err, "and nobody is shut out by one")
	_, err = p.passkeys().DeletePasskey(p.as(token), &kernelv1.DeletePasskeyRequest{Id: made.GetId()})
	require.NoError(t, err)
}

func TestAHeadTakesLostPasskeysAway(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	d, _ := p.passkey(manager)
	of := p.who(manager).GetUserId()
	user, err := p.users.GetUser(p.as(head), &accountmanagerv1.GetUserRequest{Id: of})
	require.NoError(t, err)
	require.True(t, user.GetUser().GetSecondFactor(), "so that there is something to reset")
	_, err = p.users.ResetSecondFactor(p.as(head), &accountmanagerv1.ResetSecondFactorRequest{UserId: of})
	require.NoError(t, err)
	p.gone(manager)
	_, err = p.signInWith(d)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

func TestAddressesThatCanHaveNoPasskeys(t *testing.T) {
	for url, can := range map[string]bool{
		"https://cabinet.example": true, "https://cabinet.example:8443/my": true, "https://кабінет.укр": true,
		"http://localhost:8080": true, "http://my.localhost": true,
		"http://cabinet.example": false, "http://127.0.0.1:8080": false, "https://192.0.2.7": false, "https://[2001:db8::1]": false, "": false,
	} {
		t.Run(url, func(t *testing.T) {
			p := newPortalAt(t, url)
			offered, err := p.identity.GetSignInOptions(p.kernel(), &kernelv1.GetSignInOptionsRequest{})
			require.NoError(t, err)
			require.Equal(t, can, offered.GetPasskeys())
			_, err = p.identity.StartPasskeySignIn(p.kernel(), &kernelv1.StartPasskeySignInRequest{Browser: browser})
			if can {
				require.NoError(t, err)
				return
			}
			require.Equal(t, codes.FailedPrecondition, status.Code(err))
			head := p.head()
			_, err = p.passkeys().StartPasskey(p.as(head), &kernelv1.StartPasskeyRequest{})
			require.Equal(t, codes.FailedPrecondition, status.Code(err))
			_, err = p.passkeys().GetPasskey(p.as(head), &kernelv1.GetPasskeyRequest{Id: store.NewID()})
			require.Equal(t, codes.NotFound, status.Code(err))
		})
	}
}
