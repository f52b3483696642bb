package accountmanager_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (p *portal) admissions() accountmanagerv1.AdmissionServiceClient {
	return accountmanagerv1.NewAdmissionServiceClient(p.router)
}

func admit(clientID, email string, confirmed bool) *accountmanagerv1.AdmitPersonRequest {
	return &accountmanagerv1.AdmitPersonRequest{
		RequestId: store.NewID(), ClientId: clientID, Name: "Oksana Baker", Email: email, Role: "client.director", Language: "uk", Confirmed: confirmed,
	}
}

func TestModulesLetPeopleIn(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	zerno, bakery := p.client("Zerno"), p.client("Bakery")
	known := p.contact(head, zerno, "known@example.com", "client.director")

	request := admit(bakery, "New@Example.com", true)
	errs := kerneltest.AtOnce(8, func(int) error {
		answer, err := p.admissions().AdmitPerson(p.kernel(), request)
		if err == nil && answer.GetAdmission() != accountmanagerv1.Admission_ADMISSION_INVITED {
			return status.Error(codes.Internal, answer.String())
		}
		return err
	})
	require.Equal(t, 8, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.invitations where client_id = $1`, bakery))
	letter := p.letter(accountmanagerv1.LetterKind_LETTER_KIND_INVITATION)
	require.Equal(t, "uk", letter.GetLanguage())
	in := p.accept(strings.TrimPrefix(letter.GetPath(), "/invitation/"), "Oksana Baker", "new@example.com")
	require.Equal(t, bakery, p.who(in).GetActingClientId())

	answer, err := p.admissions().AdmitPerson(p.kernel(), admit(bakery, "known@example.com", false))
	require.NoError(t, err)
	require.Equal(t, accountmanagerv1.Admission_ADMISSION_INVITED, answer.GetAdmission(), "who has not shown that the e-mail is theirs accepts it first")
	require.Len(t, p.who(known).GetClients(), 1)
	answer, err = p.admissions().AdmitPerson(p.kernel(), admit(bakery, "known@example.com", true))
	require.NoError(t, err)
	require.Equal(t, accountmanagerv1.Admission_ADMISSION_ADDED, answer.GetAdmission())
	require.Len(t, p.who(known).GetClients(), 2, "their session goes on, with one client more")
	answer, err = p.admissions().AdmitPerson(p.kernel(), admit(bakery, "known@example.com", true))
	require.NoError(t, err)
	require.Equal(t, accountmanagerv1.Admission_ADMISSION_HAD, answer.GetAdmission())

	_, err = p.admissions().AdmitPerson(p.kernel(), admit(bakery, "head@example.com", true))
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "staff become nobody's contact")
	_, err = p.admissions().AdmitPerson(p.kernel(), admit(store.NewID(), "x@example.com", true))
	require.Equal(t, codes.NotFound, status.Code(err))

	copied, err := p.admissions().CopyMemberships(p.kernel(), &accountmanagerv1.CopyMembershipsRequest{RequestId: store.NewID(), FromClientId: bakery, ClientId: zerno})
	require.NoError(t, err)
	require.EqualValues(t, 1, copied.GetAdded(), "who is there already stays as they are")
	require.Len(t, p.who(in).GetClients(), 2)
}

func TestPeopleLetNobodyInThisWay(t *testing.T) {
	p := newPortal(t, sends)
	head, zerno := p.head(), p.client("Zerno")
	for name, who := range map[string]string{"head": head, "director": p.contact(head, zerno, "d@example.com", "client.director")} {
		_, err := p.admissions().AdmitPerson(p.as(who), admit(zerno, "x@example.com", true))
		require.Equal(t, codes.PermissionDenied, status.Code(err), name)
		_, err = p.admissions().WriteLetter(p.as(who), &accountmanagerv1.WriteLetterRequest{
			RequestId: store.NewID(), Kind: accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION, Email: "x@example.com",
		})
		require.Equal(t, codes.PermissionDenied, status.Code(err), name)
		_, err = p.admissions().CopyMemberships(p.as(who), &accountmanagerv1.CopyMembershipsRequest{RequestId: store.NewID(), FromClientId: zerno, ClientId: zerno})
		require.Equal(t, codes.PermissionDenied, status.Code(err), name)
	}
}

func TestLettersToStrangers(t *testing.T) {
	p := newPortal(t, sends)
	write := func(kind accountmanagerv1.LetterKind, path string) error {
		_, err := p.admissions().WriteLetter(p.kernel(), &accountmanagerv1.WriteLetterRequest{
			RequestId: store.NewID(), Kind: kind, Email: "Stranger@Example.com", Name: "Stranger", Path: path, Text: "Our words.",
		})
		return err
	}
	const registration = accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION
	require.NoError(t, write(registration, "/registration/secret-token"))
	letter := p.letter(registration)
	require.Equal(t, "/registration/secret-token", letter.GetPath())
	require.Equal(t, "stranger@example.com", letter.GetEmail())
	require.Equal(t, "Our words.", letter.GetText())
	require.Zero(t, p.rows(`select count(*) from accountmanager.letters where position('secret-token'::bytea in path) > 0`), "the link is sealed where it lies")

	for kind, path := range map[accountmanagerv1.LetterKind]string{kindReset: "/x", registration: "https://evil.example"} {
		require.Equal(t, codes.InvalidArgument, status.Code(write(kind, path)))
	}
	errs := kerneltest.AtOnce(12, func(int) error { return write(registration, "/registration/t") })
	require.Equal(t, 12, kerneltest.Count(errs, codes.OK), "who floods an address is told nothing: %v", errs)
	require.Equal(t, 5, p.rows(`select count(*) from accountmanager.letters`))

}

func TestTheSwitchKnowsKindsAndCustomers(t *testing.T) {
	p := newPortal(t, sends)
	head := p.head()
	roastery, cafe := p.client("Roastery"), p.client("Café")
	olena := p.contact(head, roastery, "olena@example.com", "client.director")
	_, err := p.admissions().AdmitPerson(p.kernel(), admit(cafe, "olena@example.com", true))
	require.NoError(t, err)
	group := store.NewID()
	p.register.mu.Lock()
	for id, legal := range map[string]string{roastery: "Roastery LLC", cafe: "Café LLC"} {
		c := p.register.clients[id]
		c.Kind, c.LegalName, c.TaxId, c.GroupId = clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY, legal, "41220874", group
	}
	p.register.mu.Unlock()
	for _, id := range []string{roastery, cafe} {
		p.say(id, &clientmanagerv1.ClientRegrouped{ClientId: id})
	}
	for _, c := range p.who(olena).GetClients() {
		require.Equal(t, group, c.GetGroupId())
		require.Equal(t, "Roastery", c.GetGroupName(), "called as the oldest of them")
		require.Equal(t, "company", c.GetKind())
		require.Contains(t, c.GetDetail(), "LLC · 41220874")
	}
}
