package clientmanager_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestAlike(t *testing.T) {
	t.Parallel()
	for _, pair := range []struct {
		a, b *v1.Client
		want string
	}{
		{&v1.Client{Name: "ТОВ «Зерно Груп»"}, &v1.Client{Name: "Zerno Hrup LLC"}, "NAME"},
		{&v1.Client{Name: "Zerno Roastery, L.L.C."}, &v1.Client{Name: "zerno  roastery"}, "NAME"},
		{&v1.Client{Name: "ФОП Шевченко Тарас"}, &v1.Client{Name: "Тарас Шевченко"}, "NAME"},
		{&v1.Client{Name: "Zerno Roastery"}, &v1.Client{Name: "Zerno Roasterry"}, "NAME_NEARLY"},
		{&v1.Client{Name: "Zerno Roastery"}, &v1.Client{Name: "Zerno Roostery"}, "NAME_NEARLY"},
		{&v1.Client{Name: "Zerno Café Podil"}, &v1.Client{Name: "ТОВ «Zerno Cafe Podil»"}, "NAME"},
		{&v1.Client{Name: "Abcd"}, &v1.Client{Name: "Abce"}, ""},
		{&v1.Client{Name: "Zerno Roastery"}, &v1.Client{Name: "Zerno Bakery"}, ""},
		{&v1.Client{Name: "One", Phone: "+380445550142"}, &v1.Client{Name: "Another", Phone: "+380445550142"}, "PHONE"},
		{&v1.Client{Name: "One", Email: "Office@Zerno.example"}, &v1.Client{Name: "Another", Email: "office@zerno.example"}, "EMAIL"},
		{&v1.Client{Name: "One", Website: "https://www.zerno.example/about"}, &v1.Client{Name: "Another", Website: "http://zerno.example"}, "WEBSITE"},
		{&v1.Client{Name: "One", Website: "https://facebook.com/one"}, &v1.Client{Name: "Another", Website: "https://www.facebook.com/another"}, ""},
		{&v1.Client{Name: "LLC"}, &v1.Client{Name: "Ltd"}, ""},
	} {
		var got []string
		for _, r := range clientmanager.Alike(pair.a, pair.b) {
			got = append(got, strings.TrimPrefix(r.String(), "DUPLICATE_REASON_"))
		}
		require.Equal(t, pair.want, strings.Join(got, " "), "%v and %v", pair.a, pair.b)
		if pair.want != "" {
			require.True(t, clientmanager.ShareKey(pair.a, pair.b), "an index finds %v and %v", pair.a, pair.b)
		}
	}
}

// pairsOf are those that somebody sees, as "name = name".
func pairsOf(t *testing.T, p *portal, who user, r *v1.ListDuplicatesRequest) (found []string) {
	t.Helper()
	for r.PageSize = 1; ; {
		got, err := p.merges.ListDuplicates(who, r)
		require.NoError(t, err)
		for _, d := range got.GetDuplicates() {
			found = append(found, d.GetClientName()+" = "+d.GetOtherName())
		}
		if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
			return found
		}
	}
}

func (p *portal) match() {
	p.t.Helper()
	require.NoError(p.t, clientmanager.MatchAll(p.t.Context(), p.module))
}

func TestADismissedPairStaysAway(t *testing.T) {
	kernelOnly(t)
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	a := p.add(head, &v1.Client{Name: "Zerno", Phone: "+380445550142"})
	b := p.add(head, &v1.Client{Name: "Зерно", Phone: "+380445550142"})
	p.add(head, &v1.Client{Name: "Museum", Phone: "+380445550142"})
	mine := p.add(olha, &v1.Client{Name: "ТОВ Зерно"})
	p.match()
	require.Equal(t, []string{"Zerno = Зерно", "Зерно = ТОВ Зерно", "Zerno = ТОВ Зерно", "Зерно = Museum", "Zerno = Museum"}, pairsOf(t, p, head, &v1.ListDuplicatesRequest{}))
	require.Equal(t, []string{"Зерно = ТОВ Зерно", "Zerno = ТОВ Зерно"}, pairsOf(t, p, head, &v1.ListDuplicatesRequest{ClientId: mine.GetId()}))
	require.Empty(t, pairsOf(t, p, olha, &v1.ListDuplicatesRequest{}), "who sees one of both sees no pair")

	got, err := p.merges.ListDuplicates(head, &v1.ListDuplicatesRequest{})
	require.NoError(t, err)
	first := got.GetDuplicates()[0].GetId()
	_, err = p.merges.DismissDuplicate(olha, &v1.DismissDuplicateRequest{Id: first})
	require.Equal(t, codes.NotFound, status.Code(err))
	for range 2 {
		_, err = p.merges.DismissDuplicate(head, &v1.DismissDuplicateRequest{Id: first})
		require.NoError(t, err)
	}
	require.Equal(t, 1, p.rows("select count(*) from kernel.audit_entry where method like '%DismissDuplicate' and outcome = 'done'"))
	// For good: also when either is written again, and when one becomes part of another.
	for _, c := range []*v1.Client{a, b} {
		_, err = p.clients.UpdateClient(head, &v1.UpdateClientRequest{Client: &v1.Client{Id: c.GetId(), Place: "Lviv"}, UpdateMask: mask("place")})
		require.NoError(t, err)
	}
	p.match()
	require.NotContains(t, pairsOf(t, p, head, &v1.ListDuplicatesRequest{}), "Zerno = Зерно")
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	_, err = p.merge(head, mine.GetId(), b.GetId())
	require.NoError(t, err)
	p.match()
	require.Equal(t, []string{"Zerno = Museum"}, pairsOf(t, p, head, &v1.ListDuplicatesRequest{}))

	// What is alike no more is no pair.
	_, err = p.clients.UpdateClient(head, &v1.UpdateClientRequest{Client: &v1.Client{Id: a.GetId()}, UpdateMask: mask("phone")})
	require.NoError(t, err)
	p.match()
	require.Empty(t, pairsOf(t, p, head, &v1.ListDuplicatesRequest{}))
}

// A page of pairs, and the look for others like a client, use indexes however many clients there are.
func TestDuplicatePlans(t *testing.T) {
	kernelOnly(t)
	c := newCrowd(t, 20_000)
	admin := c.admin()
	for _, sql := range []string{
		`update clientmanager.clients set match_due = false, match_keys = array[hashtextextended(name, 1), hashtextextended(email, 2), hashtextextended(code, 3)]`,
		`insert into clientmanager.duplicates (id, client_id, other_id, reasons, strength, find_time)
			select gen_random_uuid(), id, next, '{name}', 4, now() from (select id, lead(id) over (order by id) as next from clientmanager.clients) x where next is not null`,
		`vacuum analyze clientmanager.clients`, `vacuum analyze clientmanager.duplicates`,
	} {
		_, err := admin.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	ctx := access.WithDecision(c.head(), access.Decision{Allowed: true, Reach: access.All})
	for name, sql := range map[string]string{
		"pairs": clientmanager.PairsSQL(50),
		"alike": `select id from clientmanager.clients where match_keys && array[1, 2, 3]::bigint[] limit 50`,
		"due":   `select id from clientmanager.clients where match_due order by clients.id limit 200`,
	} {
		args := []any{}
		if name == "pairs" {
			args = append(args, 51)
		}
		plan, err := store.Query(ctx, c.own, pgx.RowTo[string], "explain (costs off) "+sql, args...)
		require.NoError(t, err)
		text := strings.Join(plan, "\n")
		fmt.Fprintln(t.Output(), name+":\n"+text)
		require.NotContains(t, text, "Seq Scan", name)
		require.NotContains(t, text, "Sort", name)
	}
}
