package clientmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func open(s *clientmanager.Settings) { s.Registration.Open, s.Country = true, "UA" }

func stranger(p *portal) user {
	return user{Context: metadata.AppendToOutgoingContext(access.With(p.t.Context(), access.Principal{}), "accept-language", "uk")}
}

func bakery() *v1.Registration {
	return &v1.Registration{
		Kind: v1.ClientKind_CLIENT_KIND_COMPANY, Name: "Old Bakery", LegalName: "Old Bakery LLC", TaxId: "14360570", Email: "Baker@Bakery.example",
		Phone: "+380671112233", Place: "Lviv", Note: "Two ovens.", ContactName: "Oksana Baker", ContactPosition: "Owner",
	}
}

func (p *portal) start(r *v1.Registration) error {
	_, err := p.requests.StartRegistration(stranger(p), &v1.StartRegistrationRequest{RequestId: store.NewID(), Registration: r, Agreed: true})
	return err
}

// letter is the last one that was written, once all that was published is delivered.
func (p *portal) letter() *accountmanagerv1.WriteLetterRequest {
	p.t.Helper()
	require.NoError(p.t, p.dispatcher.WaitDrained(p.t.Context()))
	p.admissions.mu.Lock()
	defer p.admissions.mu.Unlock()
	require.NotEmpty(p.t, p.admissions.letters)
	return p.admissions.letters[len(p.admissions.letters)-1]
}

// asked starts a request and confirms it; it is what staff see then.
func (p *portal) asked(head user, r *v1.Registration) *v1.Registration {
	p.t.Helper()
	require.NoError(p.t, p.start(r))
	_, err := p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: p.token()})
	require.NoError(p.t, err)
	list, err := p.requests.ListRegistrations(head, &v1.ListRegistrationsRequest{})
	require.NoError(p.t, err)
	return list.GetRegistrations()[0]
}

func (p *portal) token() string {
	p.t.Helper()
	return strings.TrimPrefix(p.letter().GetPath(), "/registration/")
}

func reasons(err error) map[string]string {
	found := map[string]string{}
	for _, v := range module.Violations(err) {
		found[v.GetField()] = strings.TrimPrefix(v.GetReason(), "clientmanager.registration.")
	}
	return found
}

func TestARequestBecomesAClient(t *testing.T) {
	p := newPortal(t, open)
	head := p.head()
	require.NoError(t, p.start(bakery()))
	letter := p.letter()
	require.Equal(t, "baker@bakery.example", letter.GetEmail())
	require.Equal(t, "uk", letter.GetLanguage())
	require.Equal(t, p.clock.Now().Add(48*time.Hour), letter.GetExpireTime().AsTime())

	queue, err := p.requests.ListRegistrations(head, &v1.ListRegistrationsRequest{})
	require.NoError(t, err)
	require.Empty(t, queue.GetRegistrations(), "nobody has said yet that the e-mail is theirs")
	token := p.token()
	shown, err := p.requests.PreviewRegistration(stranger(p), &v1.PreviewRegistrationRequest{Token: token})
	require.NoError(t, err)
	require.Equal(t, "Old Bakery", shown.GetName())
	for range 2 { // the link is opened twice
		confirmed, err := p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: token})
		require.NoError(t, err)
		require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_WAITING, confirmed.GetState())
	}
	queue, err = p.requests.ListRegistrations(head, &v1.ListRegistrationsRequest{})
	require.NoError(t, err)
	require.Len(t, queue.GetRegistrations(), 1)
	one := queue.GetRegistrations()[0]
	require.Zero(t, p.rows(`select count(*) from clientmanager.clients`))

	manager := p.manager("Taras")
	done, err := p.requests.ApproveRegistration(head, &v1.ApproveRegistrationRequest{Id: one.GetId(), ManagerId: manager.id})
	require.NoError(t, err)
	require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_APPROVED, done.GetRegistration().GetState())
	again, err := p.requests.ApproveRegistration(head, &v1.ApproveRegistrationRequest{Id: one.GetId(), ManagerId: manager.id})
	require.NoError(t, err, "the same person sends it twice")
	require.Equal(t, done.GetRegistration().GetClientId(), again.GetRegistration().GetClientId())

	client, err := p.clients.GetClient(manager, &v1.GetClientRequest{Id: done.GetRegistration().GetClientId()})
	require.NoError(t, err, "who serves it sees it")
	require.Equal(t, "14360570", client.GetClient().GetTaxId())
	require.Equal(t, "Two ovens.", client.GetClient().GetNote())
	people, err := p.contacts.ListContacts(head, &v1.ListContactsRequest{ClientId: client.GetClient().GetId()})
	require.NoError(t, err)
	require.Equal(t, "Oksana Baker", people.GetContacts()[0].GetName())

	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Len(t, p.admissions.admitted, 1)
	require.Equal(t, "client.director", p.admissions.admitted[0].GetRole())
	require.True(t, p.admissions.admitted[0].GetConfirmed())
	now, err := p.requests.GetRegistration(head, &v1.GetRegistrationRequest{Id: one.GetId()})
	require.NoError(t, err)
	require.Equal(t, "clientmanager.registration.access_invited", now.GetRegistration().GetAccess())
	for _, e := range events[*v1.ClientCreated](p) {
		require.Equal(t, client.GetClient().GetId(), e.GetClientId())
	}
}

func TestWhatAnApplicantSaysIsChecked(t *testing.T) {
	p := newPortal(t, open)
	change := func(f func(*v1.Registration)) *v1.Registration { r := bakery(); f(r); return r }
	person := &v1.Registration{Kind: v1.ClientKind_CLIENT_KIND_PERSON, Name: "Halyna Savka", Email: "halyna@mail.example", TaxId: "3184502120"}
	as := func(f func(*v1.Registration)) *v1.Registration {
		r := proto.CloneOf(person)
		f(r)
		return r
	}
	for name, c := range map[string]struct {
		asked *v1.Registration
		wrong map[string]string
	}{
		"a company":                        {bakery(), nil},
		"with spaces in the code":          {change(func(r *v1.Registration) { r.TaxId = "1436 0570"; r.Email = "b@example.com" }), nil},
		"a slip in the code":               {change(func(r *v1.Registration) { r.TaxId = "14360571" }), map[string]string{"registration.tax_id": "bad_edrpou"}},
		"two digits swapped":               {change(func(r *v1.Registration) { r.TaxId = "41360570" }), map[string]string{"registration.tax_id": "bad_edrpou"}},
		"a person's number":                {change(func(r *v1.Registration) { r.TaxId = "3184502120" }), map[string]string{"registration.tax_id": "bad_edrpou"}},
		"another country, any code":        {change(func(r *v1.Registration) { r.TaxId, r.CountryCode, r.Email = "PL123", "PL", "c@example.com" }), nil},
		"another country, too short":       {change(func(r *v1.Registration) { r.TaxId, r.CountryCode = "P1", "PL" }), map[string]string{"registration.tax_id": "bad_code"}},
		"no code, nobody to talk to":       {change(func(r *v1.Registration) { r.TaxId, r.ContactName = "", "" }), map[string]string{"registration.tax_id": "code_needed", "registration.contact_name": "contact_needed"}},
		"a company that was born":          {change(func(r *v1.Registration) { r.BirthDate = "1990-01-01" }), map[string]string{"registration.birth_date": "person_only"}},
		"a person":                         {person, nil},
		"without a number":                 {as(func(r *v1.Registration) { r.TaxId = ""; r.Email = "d@example.com" }), nil},
		"a slip in the number":             {as(func(r *v1.Registration) { r.TaxId = "3184502121" }), map[string]string{"registration.tax_id": "bad_rnokpp"}},
		"a legal name, and another person": {as(func(r *v1.Registration) { r.LegalName, r.ContactName = "X", "Y" }), map[string]string{"registration.legal_name": "company_only", "registration.contact_name": "company_only"}},
		"born tomorrow":                    {as(func(r *v1.Registration) { r.BirthDate = "2026-03-03" }), map[string]string{"registration.birth_date": "bad_birth_date"}},
		"born on no day":                   {as(func(r *v1.Registration) { r.BirthDate = "1990-02-30" }), map[string]string{"registration.birth_date": "bad_birth_date"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := p.start(c.asked)
			if c.wrong == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			require.Equal(t, c.wrong, reasons(err))
		})
	}
}

func TestCheckDigits(t *testing.T) {
	for _, code := range []string{"14360570", "31316718", "20077720", "00032129"} { // of companies that everybody knows
		require.True(t, clientmanager.ValidEDRPOU(code), code)
		for digit := byte('0'); digit <= '9'; digit++ {
			if digit != code[7] {
				require.False(t, clientmanager.ValidEDRPOU(code[:7]+string(digit)), "one check digit fits")
			}
		}
	}
	for _, bad := range []string{"", "1436057", "143605700", "1436057O", "１４３６０５７０"} {
		require.False(t, clientmanager.ValidEDRPOU(bad), bad)
	}
	require.True(t, clientmanager.ValidRNOKPP("3184502120"))
	for _, bad := range []string{"", "0000000000", "3184502121", "318450212", "-184502120"} {
		require.False(t, clientmanager.ValidRNOKPP(bad), bad)
	}
}

func TestAPortalThatTakesNobodyIn(t *testing.T) {
	p := newPortal(t)
	require.Equal(t, map[string]string{"": "closed"}, reasons(p.start(bakery())))
	q := func(kinds ...string) func(*clientmanager.Settings) {
		return func(s *clientmanager.Settings) {
			open(s)
			s.Registration.Kinds = kinds
			s.Registration.Terms = "https://terms.example"
		}
	}
	t.Run("or people alone", func(t *testing.T) {
		p := newPortal(t, q("person"))
		require.Equal(t, map[string]string{"": "closed"}, reasons(p.start(bakery())))
		_, err := p.requests.StartRegistration(stranger(p), &v1.StartRegistrationRequest{RequestId: store.NewID(), Registration: &v1.Registration{
			Kind: v1.ClientKind_CLIENT_KIND_PERSON, Name: "Halyna", Email: "h@example.com",
		}})
		require.Equal(t, map[string]string{"agreed": "agree"}, reasons(err))
	})
}

func TestLinksThatOpenNothing(t *testing.T) {
	p := newPortal(t, open)
	require.NoError(t, p.start(bakery()))
	token := p.token()
	for name, bad := range map[string]string{
		"made up": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "the letter's id": p.letter().GetRequestId(), "a part": token[:len(token)-1],
		"longer": token + "A", "in another case": strings.ToUpper(token),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: bad})
			require.Equal(t, codes.NotFound, status.Code(err))
			_, err = p.requests.WithdrawRegistration(stranger(p), &v1.WithdrawRegistrationRequest{Token: bad})
			require.Equal(t, codes.NotFound, status.Code(err))
		})
	}
	p.clock.Move(48 * time.Hour)
	_, err := p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: token})
	require.Equal(t, codes.NotFound, status.Code(err), "two days are over")

	p.clock.Move(29 * 24 * time.Hour)
	require.NoError(t, p.dispatcher.RunSchedule(t.Context(), "clientmanager.sweep-registrations", store.NewID()))
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Zero(t, p.rows(`select count(*) from clientmanager.registrations`), "what nobody confirmed is forgotten")
}

func TestWithdrawnRequestsAreNotApproved(t *testing.T) {
	p := newPortal(t, open)
	head := p.head()
	one := p.asked(head, bakery())
	token := p.token()
	_, err := p.requests.WithdrawRegistration(stranger(p), &v1.WithdrawRegistrationRequest{Token: token})
	require.NoError(t, err)
	_, err = p.requests.ApproveRegistration(head, &v1.ApproveRegistrationRequest{Id: one.GetId()})
	require.Equal(t, map[string]string{"": "was_withdrawn"}, reasons(err))
	_, err = p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: token})
	require.Equal(t, codes.NotFound, status.Code(err), "and its link brings it back no more")
	require.Zero(t, p.rows(`select count(*) from clientmanager.clients`))

	other := p.asked(head, bakery())
	_, err = p.requests.DeclineRegistration(head, &v1.DeclineRegistrationRequest{Id: other.GetId(), Reason: "We do not serve Lviv.\nSorry."})
	require.NoError(t, err)
	require.Equal(t, "We do not serve Lviv.\nSorry.", p.letter().GetText(), "the applicant reads the staff's own words")
	_, err = p.requests.WithdrawRegistration(stranger(p), &v1.WithdrawRegistrationRequest{Token: strings.TrimPrefix(p.admissions.letters[1].GetPath(), "/registration/")})
	require.Equal(t, map[string]string{"": "decided_before"}, reasons(err))
}

func TestTheSameApplicantTwiceWaitsOnce(t *testing.T) {
	p := newPortal(t, open)
	head := p.head()
	first := p.asked(head, bakery())
	later := bakery()
	later.Note = "Three ovens."
	second := p.asked(head, later)
	require.NotEqual(t, first.GetId(), second.GetId())
	list, err := p.requests.ListRegistrations(head, &v1.ListRegistrationsRequest{States: []v1.RegistrationState{v1.RegistrationState_REGISTRATION_STATE_WAITING}})
	require.NoError(t, err)
	require.Len(t, list.GetRegistrations(), 1)
	require.Equal(t, "Three ovens.", list.GetRegistrations()[0].GetNote())
	for range 10 {
		require.NoError(t, p.start(bakery()), "who floods one address is told nothing")
	}
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Len(t, p.admissions.letters, 5)
	_, err = p.requests.CreateRegistration(head, &v1.CreateRegistrationRequest{RequestId: store.NewID(), Registration: bakery()})
	require.Equal(t, map[string]string{"registration.email": "waits"}, reasons(err))
}

func TestAFloodIsRefused(t *testing.T) {
	p := newPortal(t, open, func(s *clientmanager.Settings) { s.Registration.PerHour = 3 })
	errs := kerneltest.AtOnce(8, func(i int) error {
		r := bakery()
		r.Email = string(rune('a'+i)) + "@example.com"
		return p.start(r)
	})
	let := 0
	for _, err := range errs {
		if err == nil {
			let++
		} else {
			require.Equal(t, codes.ResourceExhausted, status.Code(err))
		}
	}
	require.Equal(t, 3, let)
	p.clock.Move(time.Hour + time.Second)
	require.NoError(t, p.start(bakery()))
}
