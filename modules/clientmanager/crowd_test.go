package clientmanager_test

import (
	"crypto/md5"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Segments that clients of the crowd are in: all of them, one in a hundred, one in ten thousand. There are no rules of them.
const (
	segmentAll = "019a0000-0000-7000-8000-000000000001"
	segmentKey = "019a0000-0000-7000-8000-000000000002"
	segmentVIP = "019a0000-0000-7000-8000-000000000003"
)

// crowd is a portal with many clients, made in SQL as the module would write them, and four who look at them.
type crowd struct {
	*portal
	callers []caller
	ids     map[string]string // of managers, by what they are
}

// caller is somebody who lists, and how a query would be narrowed to the same rows by hand.
type caller struct {
	name string
	user
	only string // a condition; empty for all
	args []any
}

// newCrowd makes n clients: 3 of them are granted to one, one in 200 to a manager, and three in ten (of few
// clients, six) are the portfolio of a branch.
func newCrowd(t testing.TB, n int) *crowd {
	t.Helper()
	c := &crowd{portal: openPortal(t), ids: map[string]string{}}
	for _, who := range []string{"few", "manager", "branch"} {
		c.ids[who] = store.NewID()
	}
	admin := c.admin()
	for _, sql := range []string{
		`create temp table made as
		select n,
			(lpad(to_hex(1700000000000 + n * 60000::bigint), 12, '0') || '7' || substr(md5('a' || n), 1, 3) || '8' || substr(md5('b' || n), 1, 15))::uuid as id,
			timestamptz '2023-11-14 22:13:20Z' + n * interval '1 minute' as at,
			(array['Аврора','Берег','Вектор','Гарант','Дніпро','Енергія','Зерно','Інтер','Карпати','Лан','Меридіан','Нива','Омега','Полісся','Рубін','Схід','Титан','Успіх','Фортеця','Шлях'])[1 + n % 20]
				|| ' ' || (array['Агро','Буд','Сервіс','Трейд','Груп','Плюс','Логістик','Проєкт','Маркет','Техно','Фарм','Лайн','Центр'])[1 + n / 20 % 13]
				|| ' ' || n as name,
			(array['Київ','Львів','Одеса','Харків','Дніпро','Полтава','Луцьк','Рівне'])[1 + width_bucket((n::bigint * 7919 % 1000)::int, array[400,600,750,850,920,970,995])]
				|| case when n % 3 = 0 then ', район ' || n % 50 else '' end as place
		from generate_series(1, ` + "$1::int" + `) n`,
		`insert into kernel.client (id, module) select id, 'clientmanager' from made`,
		`insert into clientmanager.clients (id, kind, name, legal_name, code, tax_id, email, phone, website, place, address, country_code, status, tags,
			manager_id, manager_name, note, create_time, update_time, revision, name_key, place_key, place_fold, code_fold, tax_id_fold, search, grams, segments)
		select id, case when n % 5 = 0 then 'person' else 'company' end, name, 'ТОВ "' || name || '"', 'C-' || n, lpad(n::text, 8, '0'),
			'office' || n || '@example.com', '', '', place, 'вулиця Сагайдачного, ' || n % 100, 'UA',
			case when n % 33 = 0 then 'suspended' else 'active' end,
			array['business'] || case when n % 100 = 0 then array['key'] else '{}' end || case when n % 10000 = 7 then array['vip'] else '{}' end,
			case when n % 97 = 0 then null else md5('manager' || n % 200)::uuid end, 'Manager ' || n % 200, '', at, at, 1,
			convert_to(lower(name), 'UTF8'), convert_to(lower(place), 'UTF8'), lower(place), 'c-' || n, lpad(n::text, 8, '0'),
			lower(name || chr(10) || 'ТОВ "' || name || '"' || chr(10) || 'C-' || n || chr(10) || lpad(n::text, 8, '0')),
			array(select distinct substr(line, i, 3) from unnest(array[lower(name), lower('ТОВ "' || name || '"'), 'c-' || n, lpad(n::text, 8, '0')]) line,
				generate_series(1, length(line) - 2) i),
			array['` + segmentAll + `'::uuid] || case when n % 100 = 0 then array['` + segmentKey + `'::uuid] else '{}' end
				|| case when n % 10000 = 7 then array['` + segmentVIP + `'::uuid] else '{}' end
		from made`,
	} {
		args := []any{}
		if len(args) == 0 && sql[:6] == "create" {
			args = append(args, n)
		}
		_, err := admin.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	// Spread over names, places and managers alike.
	inBranch := "n::bigint * 104729 % 1009 < 303"
	if n < 100_000 {
		inBranch = "n::bigint * 104729 % 1009 < 606" // so that there are more than many
	}
	for who, which := range map[string]string{"few": "n in (1, 400, 999)", "manager": "n % 200 = 1"} {
		_, err := admin.Exec(t.Context(), `insert into kernel.client_grant (user_id, client_id, module) select $1::uuid, id, 'clientmanager' from made where `+which, c.ids[who])
		require.NoError(t, err)
	}
	branch := store.NewID()
	for _, sql := range []string{
		`insert into kernel.portfolio_client (portfolio_id, client_id) select $1::uuid, id from made where $2::uuid is not null and ` + inBranch,
		`insert into kernel.portfolio_user (portfolio_id, user_id) values ($1, $2)`,
	} {
		_, err := admin.Exec(t.Context(), sql, branch, c.ids["branch"])
		require.NoError(t, err)
	}
	// What row security lets a branch see, by hand: a table of its own, since no list of 300,000 ids would be sent.
	_, err := admin.Exec(t.Context(), `create table public.branch as select id from made where `+inBranch+`; alter table public.branch add primary key (id)`)
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), `vacuum analyze`)
	require.NoError(t, err)
	hand := func(which string) []string {
		rows, err := admin.Query(t.Context(), `select id::text from made where `+which)
		require.NoError(t, err)
		var ids []string
		for rows.Next() {
			var id string
			require.NoError(t, rows.Scan(&id))
			ids = append(ids, id)
		}
		require.NoError(t, rows.Err())
		return ids
	}
	member := func(who, role string) user { return c.as(access.Staff, c.ids[who], who, "", role) }
	c.callers = []caller{
		{"of 3", member("few", "manager"), "id = any(?::uuid[])", []any{hand("n in (1, 400, 999)")}},
		{"of 5,000", member("manager", "manager"), "id = any(?::uuid[])", []any{hand("n % 200 = 1")}},
		{"of 300,000", member("branch", "manager"), "id in (select id from public.branch)", nil},
		{"all", c.head(), "", nil},
	}
	return c
}

// managerID is one of the 200 managers of the crowd.
func managerID(n int) string {
	sum := md5.Sum([]byte(fmt.Sprintf("manager%d", n)))
	return uuid.UUID(sum).String()
}
