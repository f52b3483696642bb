package clientmanager_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (p *portal) merge(who context.Context, into, from string, fields ...string) (*v1.Client, error) {
	p.t.Helper()
	r := &v1.MergeClientsRequest{RequestId: store.NewID(), IntoId: into, FromId: from, FromFields: fields}
	merged, err := p.merges.MergeClients(who, r)
	return merged.GetClient(), err
}

// two are a client, and what is the same one again, each with a person, an address and an agreement of its own.
func (p *portal) two(who user) (into, from *v1.Client) {
	p.t.Helper()
	into = p.add(who, &v1.Client{Name: "Zerno Roastery", Phone: "+380445550142", Tags: []string{"cafe"}, Note: "pays late"})
	from = p.add(who, &v1.Client{Name: "ТОВ «Зерно Roastery»", Phone: "+380445550142", Email: "office@zerno.example", Code: "ZR-118", TaxId: "12345678", Tags: []string{"key", "cafe"}})
	for _, c := range []*v1.Client{into, from} {
		p.person(who, &v1.Contact{ClientId: c.GetId(), Name: "Lesia of " + c.GetId()[30:], Email: "lesia@zerno.example", Main: true})
		p.person(who, &v1.Contact{ClientId: c.GetId(), Name: "Own of " + c.GetId()[30:]})
		_, err := p.addresses.CreateAddress(who, &v1.CreateAddressRequest{RequestId: store.NewID(), Address: &v1.Address{
			ClientId: c.GetId(), Kind: v1.AddressKind_ADDRESS_KIND_LEGAL, Street: "Sahaidachnoho, 1", Primary: true,
		}})
		require.NoError(p.t, err)
	}
	return into, from
}

func TestTwoBecomeOne(t *testing.T) {
	p := newPortal(t)
	head, olha, roman := p.head(), p.manager("Olha"), p.manager("Roman")
	into, from := p.two(head)
	for manager, client := range map[string]string{olha.id: into.GetId(), roman.id: from.GetId()} {
		_, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: client, ManagerId: manager})
		require.NoError(t, err)
	}
	lesia := p.contact("Lesia", from.GetId(), "client.director")
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))

	preview, err := p.merges.PreviewMerge(head, &v1.PreviewMergeRequest{IntoId: into.GetId(), FromId: from.GetId()})
	require.NoError(t, err)
	proposed := map[string]bool{}
	for _, f := range preview.GetComparison().GetFields() {
		proposed[f.GetField()] = f.GetRightProposed()
	}
	require.False(t, proposed["name"], "what the survivor has stays")
	require.True(t, proposed["email"], "what it lacks is filled")
	require.Equal(t, int64(2), preview.GetComparison().GetCounts()[0].GetRight(), "contacts")

	request := &v1.MergeClientsRequest{
		RequestId: store.NewID(), IntoId: into.GetId(), FromId: from.GetId(), IntoRevision: preview.GetIntoRevision(), FromRevision: preview.GetFromRevision(),
		FromFields: []string{"email", "code", "tax_id"},
	}
	merged, err := p.merges.MergeClients(head, request)
	require.NoError(t, err)
	got := merged.GetClient()
	require.Equal(t, []string{"Zerno Roastery", "office@zerno.example", "ZR-118", "12345678", "pays late"},
		[]string{got.GetName(), got.GetEmail(), got.GetCode(), got.GetTaxId(), got.GetNote()})
	require.Equal(t, []string{"cafe", "key"}, got.GetTags())
	require.Equal(t, olha.id, got.GetManagerId())
	again, err := p.merges.MergeClients(head, request)
	require.NoError(t, err)
	require.Equal(t, got.GetRevision(), again.GetClient().GetRevision(), "the same request has the first answer")

	require.Len(t, people(t, p, head, into.GetId()), 3, "who has the same e-mail is one")
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.contacts where main"))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.addresses"), "the same address is one")
	for _, table := range []string{"contacts", "addresses", "agreements", "history", "duplicates"} {
		require.Zero(t, p.rows("select count(*) from clientmanager."+table+" where client_id = $1", from.GetId()), table)
	}
	require.Zero(t, p.rows("select count(*) from kernel.client_grant where client_id = $1", from.GetId()))
	require.Len(t, events[*kernelv1.ClientsMerged](p), 1)

	// It is found by nothing, and its page says where to.
	for _, r := range []*v1.ListClientsRequest{{}, {Name: "Зерно"}, {Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_MERGED}}} {
		list, err := p.clients.ListClients(head, r)
		require.NoError(t, err)
		require.NotContains(t, names(list.GetClients()), from.GetName())
	}
	for _, who := range []user{head, olha} {
		old, err := p.clients.GetClient(who, &v1.GetClientRequest{Id: from.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.ClientStatus_CLIENT_STATUS_MERGED, old.GetClient().GetStatus())
		require.Equal(t, into.GetId(), old.GetClient().GetMergedIntoId())
	}
	for _, id := range []string{from.GetId(), into.GetId()} {
		_, err = p.clients.GetClient(roman, &v1.GetClientRequest{Id: id})
		require.Equal(t, codes.NotFound, status.Code(err), "who served the merged one serves neither")
	}
	// The contact's grant went with it; who they act for is accountmanager's to move.
	_, err = p.profile.GetProfile(lesia, &v1.GetProfileRequest{})
	require.Equal(t, codes.NotFound, status.Code(err))
	now := p.as(lesia.kind(), lesia.id, "Lesia", into.GetId(), "client", "client.director")
	_, err = p.profile.GetProfile(now, &v1.GetProfileRequest{})
	require.NoError(t, err)

	told, err := p.timeline.ListTimeline(now, &v1.ListTimelineRequest{})
	require.NoError(t, err)
	require.Equal(t, "clientmanager.history.merged", told.GetEntries()[0].GetHappened().GetText())
	require.Equal(t, from.GetId(), told.GetEntries()[0].GetHappened().GetArguments()[0].GetValue())

	// What is done with it any more is refused, saying why.
	_, err = p.clients.UpdateClient(head, &v1.UpdateClientRequest{Client: &v1.Client{Id: from.GetId(), Name: "Other"}, UpdateMask: mask("name")})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "%v", err)
	require.Equal(t, "clientmanager.merge.is_merged", module.Violations(err)[0].GetReason())
	_, err = p.merge(head, from.GetId(), into.GetId())
	require.Equal(t, codes.FailedPrecondition, status.Code(err))

	// Merged again: what led to the second leads to the third.
	third := p.named(head, "Third")
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	_, err = p.merge(head, third.GetId(), into.GetId())
	require.NoError(t, err)
	old, err := p.clients.GetClient(head, &v1.GetClientRequest{Id: from.GetId()})
	require.NoError(t, err)
	require.Equal(t, third.GetId(), old.GetClient().GetMergedIntoId())
}

// Numbers that clash are named before anything is written.
func TestAgreementsOfTheSameNumber(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	into, from := p.two(head)
	for _, c := range []*v1.Client{into, from} {
		_, err := p.agreements.CreateAgreement(head, &v1.CreateAgreementRequest{RequestId: store.NewID(), Agreement: &v1.Agreement{
			ClientId: c.GetId(), Number: "24/118", Kind: v1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: "2026-01-01", CurrencyCode: "UAH",
		}})
		require.NoError(t, err)
	}
	preview, err := p.merges.PreviewMerge(head, &v1.PreviewMergeRequest{IntoId: into.GetId(), FromId: from.GetId()})
	require.NoError(t, err)
	require.Equal(t, "24/118", preview.GetComparison().GetObstacles()[0].GetWhat())
	_, err = p.merge(head, into.GetId(), from.GetId())
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.ErrorContains(t, err, "24/118")
	require.Equal(t, 2, p.rows("select count(*) from clientmanager.clients"))
	require.Equal(t, 2, p.rows("select count(*) from clientmanager.contacts where client_id = $1", from.GetId()))
}

func TestMergeIsForWhoSeesBoth(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	into, from := p.two(head)
	_, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: into.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	for _, pair := range [][2]string{{into.GetId(), from.GetId()}, {from.GetId(), into.GetId()}} {
		_, err = p.merge(olha, pair[0], pair[1])
		require.Equal(t, codes.NotFound, status.Code(err))
		_, err = p.merges.PreviewMerge(olha, &v1.PreviewMergeRequest{IntoId: pair[0], FromId: pair[1]})
		require.Equal(t, codes.NotFound, status.Code(err))
	}
	lesia := p.contact("Lesia", into.GetId(), "client.director")
	_, err = p.merge(lesia, into.GetId(), from.GetId())
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	require.Zero(t, p.rows("select count(*) from clientmanager.merged_clients"))

	_, err = p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: from.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	_, err = p.merge(olha, into.GetId(), from.GetId())
	require.NoError(t, err, "a manager merges two of their own")
}

func TestMergeSeesWhatOthersChanged(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	into, from := p.two(head)
	for _, c := range []*v1.Client{into, from} {
		preview, err := p.merges.PreviewMerge(head, &v1.PreviewMergeRequest{IntoId: into.GetId(), FromId: from.GetId()})
		require.NoError(t, err)
		_, err = p.clients.UpdateClient(head, &v1.UpdateClientRequest{Client: &v1.Client{Id: c.GetId(), Place: "Lviv " + c.GetId()}, UpdateMask: mask("place")})
		require.NoError(t, err)
		_, err = p.merges.MergeClients(head, &v1.MergeClientsRequest{
			RequestId: store.NewID(), IntoId: into.GetId(), FromId: from.GetId(), IntoRevision: preview.GetIntoRevision(), FromRevision: preview.GetFromRevision(),
		})
		require.Equal(t, codes.Aborted, status.Code(err))
		require.Equal(t, "place", module.ConflictOf(err).GetFields()[0].GetField())
	}
}

// However merges and edits of the same clients meet, one client is left of each chain, and nothing is lost or doubled.
func TestMergesAtOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	for range 5 {
		a, b, c := p.named(head, "First"), p.named(head, "Second"), p.named(head, "Third")
		p.person(head, &v1.Contact{ClientId: a.GetId(), Name: "Own of first"})
		p.person(head, &v1.Contact{ClientId: b.GetId(), Name: "Own of second"})
		p.person(head, &v1.Contact{ClientId: c.GetId(), Name: "Own of third"})
		require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
		pairs := [][2]string{{a.GetId(), b.GetId()}, {b.GetId(), a.GetId()}, {b.GetId(), c.GetId()}, {c.GetId(), b.GetId()}, {c.GetId(), a.GetId()}}
		errs := kerneltest.AtOnce(len(pairs)*2, func(i int) error {
			if i >= len(pairs) { // somebody writes meanwhile
				id := pairs[i-len(pairs)][0]
				_, err := p.contacts.CreateContact(head, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{ClientId: id, Name: "Meanwhile"}})
				return err
			}
			_, err := p.merge(head, pairs[i][0], pairs[i][1])
			return err
		})
		for i, err := range errs {
			require.Contains(t, []codes.Code{codes.OK, codes.FailedPrecondition}, status.Code(err), "%d: %v", i, err)
		}
		merges := kerneltest.Count(errs[:len(pairs)], codes.OK)
		written := kerneltest.Count(errs[len(pairs):], codes.OK)
		ids := []string{a.GetId(), b.GetId(), c.GetId()}
		require.Equal(t, 3-merges, p.rows("select count(*) from clientmanager.clients where id = any($1::text[]::uuid[])", ids))
		require.Equal(t, merges, p.rows("select count(*) from kernel.client where id = any($1::text[]::uuid[]) and merged_into is not null", ids))
		require.Equal(t, 0, p.rows(`select count(*) from kernel.client k join kernel.client into_one on into_one.id = k.merged_into where into_one.merged_into is not null`))
		require.Equal(t, written, p.rows(`select count(*) from clientmanager.contacts where name = 'Meanwhile' and client_id = any($1::text[]::uuid[])`, ids))
		require.Equal(t, 3, p.rows(`select count(*) from clientmanager.contacts where name like 'Own of %' and client_id = any($1::text[]::uuid[])`, ids))
	}
}

// The database itself refuses what a module tries for a merged client, also of who had begun before.
func TestNothingIsWrittenForAMergedClient(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	into, from := p.two(head)
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	contact := p.person(head, &v1.Contact{ClientId: into.GetId(), Name: "Somebody"})

	// Somebody writes for the client, and has not committed: the merge waits, and takes what they wrote along.
	writer := p.admin()
	tx, err := writer.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `insert into clientmanager.history (id, client_id, time, what, actor, detail, fields) values (gen_random_uuid(), $1, now(), 'before', '', '', '{}')`, from.GetId())
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := p.merge(head, into.GetId(), from.GetId())
		done <- err
	}()
	require.Eventually(t, func() bool {
		return p.rows("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") > 0
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-done)
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'before' and client_id = $1", into.GetId()))

	attacks := map[string]string{
		"insert": `insert into clientmanager.history (id, client_id, time, what, actor, detail, fields) values (gen_random_uuid(), '` + from.GetId() + `', now(), 'x', '', '', '{}')`,
		"move":   `update clientmanager.contacts set client_id = '` + from.GetId() + `' where id = '` + contact.GetId() + `'`,
		"grant":  `insert into kernel.client_grant (user_id, client_id, module) values (gen_random_uuid(), '` + from.GetId() + `', 'accountmanager')`,
	}
	for name, sql := range attacks {
		_, err := p.admin().Exec(t.Context(), sql)
		var refused *pgconn.PgError
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, "CB003", refused.Code, name)
	}
	// Nor may a module that owns no clients merge any.
	err = p.people.Tx((&module.Host{ID: "accountmanager"}).Self(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		return tx.MergeClients(ctx, from.GetId(), into.GetId())
	})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
}
