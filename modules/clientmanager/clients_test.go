package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// refused says that an error has a code and names a field, and why by a key of the locale files.
func refused(t *testing.T, err error, code codes.Code, field, reason string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	found := module.Violations(err)
	for _, v := range found {
		if v.GetField() == field && v.GetReason() == reason {
			return
		}
	}
	t.Fatalf("%v: %v does not name %q, %q", err, found, field, reason)
}

func mask(fields ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: fields} }

func TestCreateAndList(t *testing.T) {
	p := newPortal(t)
	olha, petro := p.manager("Olha"), p.manager("Petro")
	mine := p.add(olha, &v1.Client{Name: "  Zerno   Roastery ", Code: "ZR-118", TaxId: "12345678", Email: "Office@Example.com", Tags: []string{"b", "a"}})
	require.Equal(t, "Zerno Roastery", mine.GetName())
	require.Equal(t, "office@example.com", mine.GetEmail())
	require.Equal(t, []string{"a", "b"}, mine.GetTags())
	require.Equal(t, v1.ClientKind_CLIENT_KIND_COMPANY, mine.GetKind())
	require.Equal(t, v1.ClientStatus_CLIENT_STATUS_ACTIVE, mine.GetStatus())
	require.Equal(t, olha.id, mine.GetManagerId(), "who sees only some clients serves what they add")
	require.Equal(t, p.clock.Now(), mine.GetCreateTime().AsTime())
	require.EqualValues(t, 1, mine.GetRevision())

	got, err := p.clients.ListClients(olha, &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetClients(), 1)
	require.True(t, proto.Equal(mine, got.GetClients()[0]))
	require.EqualValues(t, 1, got.GetTotalSize())
	got, err = p.clients.ListClients(petro, &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.Empty(t, got.GetClients())
	heads := p.named(p.head(), "Of a head")
	require.Empty(t, heads.GetManagerId(), "who sees all does not have to serve")

	created := events[*v1.ClientCreated](p)
	require.Len(t, created, 2)
	require.Equal(t, mine.GetId(), created[0].GetClientId())
}

// What the caller may not set in a new client is not taken from them.
func TestCreateIgnoresWhatIsNotTheCallers(t *testing.T) {
	p := newPortal(t)
	made := p.add(p.head(), &v1.Client{
		Id: store.NewID(), Name: "A", Status: v1.ClientStatus_CLIENT_STATUS_SUSPENDED, ManagerId: store.NewID(), ManagerName: "x", Revision: 7,
	})
	require.Equal(t, v1.ClientStatus_CLIENT_STATUS_ACTIVE, made.GetStatus())
	require.Empty(t, made.GetManagerId())
	require.Empty(t, made.GetManagerName())
	require.EqualValues(t, 1, made.GetRevision())
}

func TestCreateOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	r := &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "Zerno", TaxId: "1"}}
	first, err := p.clients.CreateClient(olha, r)
	require.NoError(t, err)
	again, err := p.clients.CreateClient(olha, r)
	require.NoError(t, err)
	require.True(t, proto.Equal(first, again))
	other := proto.CloneOf(r)
	other.Client.Name = "Another"
	_, err = p.clients.CreateClient(olha, other)
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.clients"))
	require.Len(t, events[*v1.ClientCreated](p), 1)
}

func TestTaken(t *testing.T) {
	p := newPortal(t)
	head, petro := p.head(), p.manager("Petro")
	p.add(head, &v1.Client{Name: "A", Code: "ZR-118", TaxId: "AB12"})
	_, err := p.clients.CreateClient(head, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "B", Code: "zr-118"}})
	refused(t, err, codes.AlreadyExists, "client.code", "clientmanager.refusal.code_taken")
	_, err = p.clients.CreateClient(petro, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "B", TaxId: "ab12"}})
	refused(t, err, codes.AlreadyExists, "client.tax_id", "clientmanager.refusal.tax_id_taken")
	b := p.add(petro, &v1.Client{Name: "B", Code: "B-1"})
	p.add(petro, &v1.Client{Name: "no code, no tax id"})
	p.add(petro, &v1.Client{Name: "nor has this one"})
	_, err = p.clients.UpdateClient(petro, &v1.UpdateClientRequest{Client: &v1.Client{Id: b.GetId(), Code: "ZR-118"}, UpdateMask: mask("code")})
	refused(t, err, codes.AlreadyExists, "client.code", "clientmanager.refusal.code_taken")
	require.Equal(t, 4, p.rows("select count(*) from kernel.client"), "what was refused left nothing")
}

func TestTaxIDFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	errs := kerneltest.AtOnce(32, func(int) error {
		_, err := p.clients.CreateClient(olha, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "Zerno", TaxId: "12345678"}})
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK))
	require.Equal(t, 31, kerneltest.Count(errs, codes.AlreadyExists))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.clients"))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history"))
	require.Equal(t, 1, p.rows("select count(*) from kernel.client"))
	require.Equal(t, 1, p.rows("select count(*) from kernel.client_grant"))
	require.Len(t, events[*v1.ClientCreated](p), 1)
}

func TestRequestFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	r := &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "Zerno"}}
	ids := make([]string, 16)
	errs := kerneltest.AtOnce(len(ids), func(i int) error {
		made, err := p.clients.CreateClient(olha, r)
		ids[i] = made.GetClient().GetId()
		return err
	})
	require.Equal(t, len(ids), kerneltest.Count(errs, codes.OK))
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.clients"))
}

func TestUpdate(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	made := p.add(olha, &v1.Client{Name: "Zerno", Code: "Z", Place: "Kyiv", Phone: "+380445550142"})
	update := func(c *v1.Client, fields ...string) (*v1.Client, error) {
		c.Id = made.GetId()
		got, err := p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: c, UpdateMask: mask(fields...)})
		return got.GetClient(), err
	}
	p.clock.Move(1e9)
	got, err := update(&v1.Client{Name: "Зерно", Place: "Lviv", Code: "not named"}, "name", "place", "phone")
	require.NoError(t, err)
	want := proto.CloneOf(made)
	want.Name, want.Place, want.Phone, want.Revision, want.UpdateTime = "Зерно", "Lviv", "", 2, got.GetUpdateTime()
	require.True(t, proto.Equal(want, got), "%v", got)
	require.Equal(t, p.clock.Now(), got.GetUpdateTime().AsTime())
	found, err := p.clients.ListClients(olha, &v1.ListClientsRequest{Name: "ЗЕРН"})
	require.NoError(t, err)
	require.Len(t, found.GetClients(), 1, "what it is found by follows")

	_, err = update(&v1.Client{Name: "Third", Revision: 1}, "name")
	refused(t, err, codes.Aborted, "", "clientmanager.refusal.meanwhile")
	again, err := update(&v1.Client{Name: "Зерно", Revision: 1}, "name")
	require.NoError(t, err, "a retry of what is done is no conflict")
	require.EqualValues(t, 2, again.GetRevision())

	_, err = update(&v1.Client{Name: " "}, "name")
	refused(t, err, codes.InvalidArgument, "client.name", "string.min_len")
	_, err = update(&v1.Client{Email: "nowhere"}, "email")
	refused(t, err, codes.InvalidArgument, "client.email", "string.email")
	_, err = update(&v1.Client{Name: "x"})
	refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.nothing_named")
	for _, field := range []string{"status", "manager_id", "id", "revision", "grams", "client.name", ""} {
		_, err = update(&v1.Client{Name: "x"}, field)
		refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.no_field")
	}
	for _, c := range []*v1.Client{nil, {}, {Id: "not an id"}} {
		_, err = p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: c, UpdateMask: mask("name")})
		refused(t, err, codes.InvalidArgument, "client.id", "clientmanager.refusal.which")
	}
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'updated' and fields = '{name,phone,place}'"))
	require.Equal(t, 2, p.rows("select count(*) from clientmanager.history"))
}

func TestUpdateFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	made := p.named(olha, "Zerno")
	errs := kerneltest.AtOnce(16, func(i int) error {
		_, err := p.clients.UpdateClient(olha, &v1.UpdateClientRequest{
			Client: &v1.Client{Id: made.GetId(), Revision: 1, Note: string(rune('a' + i))}, UpdateMask: mask("note"),
		})
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK))
	require.Equal(t, 15, kerneltest.Count(errs, codes.Aborted))
	require.Equal(t, 2, p.rows("select revision from clientmanager.clients"))
}

func TestHistory(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	made := p.named(olha, "Zerno")
	_, err := p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: &v1.Client{Id: made.GetId(), Phone: "+380445550142"}, UpdateMask: mask("phone")})
	require.NoError(t, err)
	_, err = p.clients.SuspendClient(head, &v1.SuspendClientRequest{Id: made.GetId(), Reason: "owes\nmuch"})
	require.NoError(t, err)
	var all []*v1.HistoryEntry
	r := &v1.ListHistoryRequest{ClientId: made.GetId(), PageSize: 2}
	for {
		got, err := p.clients.ListHistory(olha, r)
		require.NoError(t, err)
		all = append(all, got.GetEntries()...)
		if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Len(t, all, 3)
	require.Equal(t, "clientmanager.history.suspended", all[0].GetWhat())
	require.Equal(t, "owes\nmuch", all[0].GetDetail())
	require.Equal(t, head.name, all[0].GetActor())
	require.Equal(t, "clientmanager.history.updated", all[1].GetWhat())
	require.Equal(t, []string{"clientmanager.fields.phone"}, all[1].GetFields())
	require.Empty(t, all[1].GetDetail(), "a history does not hold what a field held")
	require.Equal(t, "clientmanager.history.created", all[2].GetWhat())

	got, err := p.clients.ListHistory(p.contact("Lesia", made.GetId(), "client.accountant"), &v1.ListHistoryRequest{ClientId: made.GetId()})
	require.NoError(t, err)
	require.Empty(t, got.GetEntries()[0].GetDetail(), "why staff did so is theirs to tell")

	_, err = p.clients.ResumeClient(head, &v1.ResumeClientRequest{Id: made.GetId()})
	require.NoError(t, err)
	_, err = p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: &v1.Client{Id: made.GetId(), Note: "Pays late"}, UpdateMask: mask("note")})
	require.NoError(t, err)
	got, err = p.clients.ListHistory(olha, &v1.ListHistoryRequest{ClientId: made.GetId(), PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"clientmanager.fields.note"}, got.GetEntries()[0].GetFields())
	got, err = p.clients.ListHistory(p.contact("Olena", made.GetId(), "client.director"), &v1.ListHistoryRequest{ClientId: made.GetId(), PageSize: 1})
	require.NoError(t, err)
	require.Empty(t, got.GetEntries()[0].GetFields(), "that staff keep a note is theirs too")
}

func TestOverview(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	p.clock.Move(-48 * 3600e9) // the last day of February
	p.named(head, "Old")
	p.clock.Move(48 * 3600e9)
	p.named(head, "New")
	mine := p.named(olha, "Mine")
	_, err := p.clients.SuspendClient(head, &v1.SuspendClientRequest{Id: mine.GetId()})
	require.NoError(t, err)
	got, err := p.clients.GetOverview(head, &v1.GetOverviewRequest{})
	require.NoError(t, err)
	require.True(t, proto.Equal(&v1.GetOverviewResponse{Active: 2, Suspended: 1, WithoutManager: 2, NewThisMonth: 2}, got), "%v", got)
	got, err = p.clients.GetOverview(olha, &v1.GetOverviewRequest{})
	require.NoError(t, err)
	require.True(t, proto.Equal(&v1.GetOverviewResponse{Suspended: 1, NewThisMonth: 1}, got), "%v", got)
}
