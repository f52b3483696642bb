package clientmanager_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func (p *portal) person(who user, c *v1.Contact) *v1.Contact {
	p.t.Helper()
	made, err := p.contacts.CreateContact(who, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: c})
	require.NoError(p.t, err)
	return made.GetContact()
}

func people(t *testing.T, p *portal, who user, client string) (found []string) {
	t.Helper()
	r := &v1.ListContactsRequest{ClientId: client, PageSize: 2}
	for {
		got, err := p.contacts.ListContacts(who, r)
		require.NoError(t, err)
		for _, c := range got.GetContacts() {
			found = append(found, c.GetName())
		}
		if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
			return found
		}
	}
}

func TestContacts(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	lesia := p.person(olha, &v1.Contact{ClientId: client, Name: "Леся", Email: "Lesia@Example.com", Role: "client.accountant", Main: true})
	require.Equal(t, "lesia@example.com", lesia.GetEmail())
	require.True(t, lesia.GetMain())
	p.person(olha, &v1.Contact{ClientId: client, Name: "Андрій"})
	p.person(olha, &v1.Contact{ClientId: client, Name: "Ґаля"})
	p.person(olha, &v1.Contact{ClientId: client, Name: "Гнат"})
	require.Equal(t, []string{"Леся", "Андрій", "Гнат", "Ґаля"}, people(t, p, olha, client))

	olena := p.person(olha, &v1.Contact{ClientId: client, Name: "Олена", Main: true})
	require.Equal(t, []string{"Олена", "Андрій", "Гнат", "Ґаля", "Леся"}, people(t, p, olha, client), "there is one main contact")
	got, err := p.contacts.GetContact(olha, &v1.GetContactRequest{Id: lesia.GetId()})
	require.NoError(t, err)
	require.False(t, got.GetContact().GetMain())

	update := func(c *v1.Contact, fields ...string) (*v1.Contact, error) {
		got, err := p.contacts.UpdateContact(olha, &v1.UpdateContactRequest{Contact: c, UpdateMask: mask(fields...)})
		return got.GetContact(), err
	}
	changed, err := update(&v1.Contact{Id: olena.GetId(), Phone: "+380445550142", Name: "not named", ClientId: store.NewID()}, "phone")
	require.NoError(t, err)
	want := proto.CloneOf(olena)
	want.Phone, want.Revision = "+380445550142", 2
	require.True(t, proto.Equal(want, changed), "%v", changed)
	_, err = update(&v1.Contact{Id: olena.GetId(), Phone: "1", Revision: 2}, "phone")
	refused(t, err, codes.InvalidArgument, "contact.phone", "string.pattern")
	_, err = update(&v1.Contact{Id: olena.GetId(), Name: "Other", Revision: 1}, "name")
	refused(t, err, codes.Aborted, "", "clientmanager.refusal.meanwhile")
	_, err = update(&v1.Contact{Id: olena.GetId(), Phone: "+380445550142", Revision: 1}, "phone")
	require.NoError(t, err, "a retry is no conflict")
	_, err = update(&v1.Contact{Id: olena.GetId(), ClientId: client}, "client_id")
	refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.no_field")
	_, err = update(nil, "name")
	refused(t, err, codes.InvalidArgument, "contact.id", "clientmanager.refusal.which")
	for _, role := range []string{"head", "client", "client.unknown"} {
		_, err = update(&v1.Contact{Id: olena.GetId(), Role: role}, "role")
		refused(t, err, codes.InvalidArgument, "contact.role", "clientmanager.refusal.no_role")
		_, err = p.contacts.CreateContact(olha, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{ClientId: client, Name: "A", Role: role}})
		refused(t, err, codes.InvalidArgument, "contact.role", "clientmanager.refusal.no_role")
	}
	_, err = p.contacts.DeleteContact(olha, &v1.DeleteContactRequest{Id: olena.GetId()})
	require.NoError(t, err)
	_, err = p.contacts.GetContact(olha, &v1.GetContactRequest{Id: olena.GetId()})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_contact")
	_, err = p.contacts.CreateContact(olha, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{Name: "A"}})
	refused(t, err, codes.InvalidArgument, "contact.client_id", "clientmanager.refusal.client_needed")

	history, err := p.clients.ListHistory(olha, &v1.ListHistoryRequest{ClientId: client})
	require.NoError(t, err)
	require.Equal(t, "clientmanager.history.contact_removed", history.GetEntries()[0].GetWhat())
	require.Equal(t, 5, p.rows("select count(*) from clientmanager.history where what = 'contact_added' and detail = ''"))
}

func TestMainContactFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	errs := kerneltest.AtOnce(16, func(i int) error {
		_, err := p.contacts.CreateContact(olha, &v1.CreateContactRequest{
			RequestId: store.NewID(), Contact: &v1.Contact{ClientId: client, Name: fmt.Sprint("Main ", i), Main: true},
		})
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 16, p.rows("select count(*) from clientmanager.contacts"))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.contacts where main"))
}

// A contact works on the client they act for, without naming it.
func TestContactsOfContacts(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	client, other := p.named(head, "Zerno").GetId(), p.named(head, "Lan").GetId()
	director, accountant := p.contact("Olena", client, "client.director"), p.contact("Lesia", client, "client.accountant")
	made := p.person(director, &v1.Contact{Name: "Ihor"})
	require.Equal(t, client, made.GetClientId())
	require.Equal(t, []string{"Ihor"}, people(t, p, accountant, ""))
	_, err := p.contacts.CreateContact(accountant, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{Name: "A"}})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.contacts.CreateContact(director, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{ClientId: other, Name: "A"}})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_client")
}

func TestProfile(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	client := p.add(olha, &v1.Client{Name: "Zerno", Note: "pays late", Tags: []string{"key"}, Phone: "+380445550142"})
	director, accountant := p.contact("Olena", client.GetId(), "client.director"), p.contact("Lesia", client.GetId(), "client.accountant")
	for _, who := range []user{director, accountant} {
		got, err := p.profile.GetProfile(who, &v1.GetProfileRequest{})
		require.NoError(t, err)
		require.Equal(t, "Zerno", got.GetClient().GetName())
		require.Empty(t, got.GetClient().GetNote(), "a client never sees what staff noted")
		require.Empty(t, got.GetClient().GetTags())
		require.Equal(t, []string{"phone", "email", "website", "place", "address"}, got.GetEditableFields())
	}
	update := func(who user, c *v1.Client, fields ...string) (*v1.Client, error) {
		got, err := p.profile.UpdateProfile(who, &v1.UpdateProfileRequest{Client: c, UpdateMask: mask(fields...)})
		return got.GetClient(), err
	}
	got, err := update(director, &v1.Client{Place: "Kyiv", Name: "not named"}, "place", "phone")
	require.NoError(t, err)
	require.Equal(t, []string{"Zerno", "Kyiv", ""}, []string{got.GetName(), got.GetPlace(), got.GetPhone()})
	_, err = update(director, &v1.Client{Name: "Mine", Place: "Lviv"}, "name", "place", "note")
	refused(t, err, codes.PermissionDenied, "client.name", "clientmanager.refusal.not_editable")
	refused(t, err, codes.PermissionDenied, "client.note", "clientmanager.refusal.not_editable")
	_, err = update(director, &v1.Client{Note: "nice"}, "place")
	require.Equal(t, codes.InvalidArgument, status.Code(err), "what is for staff is refused, named or not")
	_, err = update(director, &v1.Client{Status: v1.ClientStatus_CLIENT_STATUS_ACTIVE}, "status")
	refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.no_field")
	_, err = update(director, &v1.Client{Email: "no"}, "email")
	refused(t, err, codes.InvalidArgument, "client.email", "string.email")
	_, err = update(director, &v1.Client{Place: "Odesa", Revision: 1}, "place")
	refused(t, err, codes.Aborted, "", "clientmanager.refusal.meanwhile")
	_, err = update(accountant, &v1.Client{Place: "Odesa"}, "place")
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = update(olha, &v1.Client{Place: "Odesa"}, "place")
	require.Equal(t, codes.PermissionDenied, status.Code(err), "staff have UpdateClient")
	kept, err := p.clients.GetClient(head, &v1.GetClientRequest{Id: client.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"Zerno", "Kyiv", "pays late"}, []string{kept.GetClient().GetName(), kept.GetClient().GetPlace(), kept.GetClient().GetNote()})
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'profile_updated' and actor = 'Olena'"))
}

func TestProfileFieldsAreSettings(t *testing.T) {
	p := newPortal(t, func(s *clientmanager.Settings) { s.ProfileFields = []string{"name"} })
	client := p.named(p.head(), "Zerno")
	director := p.contact("Olena", client.GetId(), "client.director")
	_, err := p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Name: "Lan"}, UpdateMask: mask("name")})
	require.NoError(t, err)
	_, err = p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Place: "Kyiv"}, UpdateMask: mask("place")})
	refused(t, err, codes.PermissionDenied, "client.place", "clientmanager.refusal.not_editable")

	bad := clientmanager.Settings{ProfileFields: []string{"note", "status", "phone"}, Country: "XX"}
	err = bad.Validate()
	require.ErrorContains(t, err, `"note" is no field a client could change`)
	require.ErrorContains(t, err, `"status"`)
	require.ErrorContains(t, err, `"XX" is no country`)
	require.NotContains(t, err.Error(), `"phone"`)
}

func TestManagerCard(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	client := p.named(head, "Zerno")
	lesia := p.contact("Lesia", client.GetId(), "client.accountant")
	_, err := p.profile.GetManagerCard(lesia, &v1.GetManagerCardRequest{})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.nobody_serves")
	_, err = p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: client.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	p.staff.cards[olha.id].Phone = "+380445550199"
	got, err := p.profile.GetManagerCard(lesia, &v1.GetManagerCardRequest{})
	require.NoError(t, err)
	require.True(t, proto.Equal(&v1.GetManagerCardResponse{
		Name: "Olha", Position: "Position of Olha", Email: "staff@example.com", Phone: "+380445550199",
	}, got), "it is as accountmanager knows it now: %v", got)
	_, err = p.profile.GetManagerCard(olha, &v1.GetManagerCardRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}
