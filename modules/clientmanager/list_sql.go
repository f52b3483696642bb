package clientmanager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// countedTo is how far figures are counted, and lists of callers with few clients, who cost nothing to count.
	countedTo = 10_000
	// countedLong is how far the other lists are counted: at a million clients, farther takes longer than the page.
	countedLong = 1_000
	// listedIDs is how many ids an index search may give. When there are more, matches are so frequent that looking
	// through rows in their order finds a page of them soon.
	listedIDs = 5_000
)

// order is how a list is ordered: the key compared before the id, if any.
type order struct {
	key  string
	down bool
	of   func(clientRow) []byte
}

func orderOf(r *v1.ListClientsRequest) order {
	switch r.GetOrderBy() {
	case v1.ClientOrder_CLIENT_ORDER_NEWEST:
		return order{down: !r.GetDescending()} // ids grow with time
	case v1.ClientOrder_CLIENT_ORDER_PLACE:
		return order{key: "place_key", down: r.GetDescending(), of: func(row clientRow) []byte { return row.PlaceKey }}
	default:
		return order{key: "name_key", down: r.GetDescending(), of: func(row clientRow) []byte { return row.NameKey }}
	}
}

// by names columns with their table: a bare "id" would be the text that the query returns, which no index has in order.
func (o order) by() string {
	direction := ""
	if o.down {
		direction = " desc"
	}
	if o.key == "" {
		return " order by clients.id" + direction
	}
	return " order by clients." + o.key + direction + ", clients.id" + direction
}

// after lets through what comes after a row. Its arguments are c's. Some queries have ids as text by then.
func (o order) after(c *store.Where, key []byte, id string) store.Where {
	before := c.Conditions
	defer func() { c.Conditions = before }()
	c.Conditions = nil
	sign := ">"
	if o.down {
		sign = "<"
	}
	if o.key == "" {
		c.Add("id::uuid "+sign+" ?::uuid", id)
	} else {
		c.Add("("+o.key+", id::uuid) "+sign+" (?, ?::uuid)", key, id)
	}
	return store.Where{Conditions: c.Conditions}
}

// filter turns a request's filters into conditions.
func (m *Module) filter(ctx context.Context, s sight, r *v1.ListClientsRequest) (*store.Where, error) {
	c := &store.Where{}
	if text := fold(r.GetName()); r.GetName() != "" {
		wanted := grams(text)
		if len(wanted) == 0 {
			return nil, refuse(codes.InvalidArgument, "name", "refusal.three_letters", "write three letters at least")
		}
		if err := m.indexed(ctx, s, c, "grams", "clients_with_grams", wanted); err != nil {
			return nil, err
		}
		c.Add("strpos(search, ?) > 0", text)
	}
	if len(r.GetTags()) > 0 {
		if err := m.indexed(ctx, s, c, "tags", "clients_with_tags", r.GetTags()); err != nil {
			return nil, err
		}
		if s != all { // for whom the index has said so already
			c.Add("tags @> ?", r.GetTags())
		}
	}
	terms, err := m.extraTerms(r)
	if err != nil {
		return nil, err
	}
	if len(terms) > 0 {
		if err := m.indexed(ctx, s, c, "extra_terms", "clients_with_terms", terms); err != nil {
			return nil, err
		}
		if s != all {
			c.Add("extra_terms @> ?", terms)
		}
	}
	if ids := r.GetSegmentIds(); len(ids) > 0 {
		if err := m.indexedBy(ctx, s, c, "segments && ?::uuid[]", "clients_with_segments", ids); err != nil {
			return nil, err
		}
		if s != all {
			c.Add("segments && ?::uuid[]", ids)
		}
	}
	if place := fold(r.GetPlace()); place != "" {
		c.Add("place_fold >= ?", place)
		if end := after(place); end != "" {
			c.Add("place_fold < ?", end)
		}
	}
	var statuses []string
	for _, status := range r.GetStatuses() {
		if status != v1.ClientStatus_CLIENT_STATUS_UNSPECIFIED {
			statuses = append(statuses, "'"+clientStatuses.Text(status)+"'")
		}
	}
	// Values of enums stand in the statement itself: so the planner knows how frequent they are, and which partial
	// indexes hold them.
	switch len(statuses) {
	case 0:
	case 1:
		c.Add("status = " + statuses[0])
	default:
		c.Add("status in (" + strings.Join(statuses, ", ") + ")")
	}
	if r.GetKind() != v1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		c.Add("kind = '" + clientKinds.Text(r.GetKind()) + "'")
	}
	if err := m.served(ctx, c, r.GetManagerIds()); err != nil {
		return nil, err
	}
	switch ids := r.GetBranchIds(); len(ids) {
	case 0:
	case 1:
		c.Add("branch_id = ?::uuid", ids[0])
	default:
		c.Add("branch_id = any(?::uuid[])", ids)
	}
	if r.GetWithoutManager() {
		c.Add("manager_id is null")
	}
	return c, nil
}

// served narrows a list to what these serve, as main managers or as further ones. Who helps nobody is found by the main
// managers' index alone, which with one of them gives its rows in order.
func (m *Module) served(ctx context.Context, c *store.Where, managers []string) error {
	if len(managers) == 0 {
		return nil
	}
	helped, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[*[]string], `select clientmanager.clients_helped_by($1, $2)::text[]`, managers, listedIDs)
	switch {
	case err != nil:
		return err
	case helped == nil:
		c.Add(`(manager_id = any(?::uuid[]) or exists (select from clientmanager.further_managers f where f.client_id = clients.id and f.user_id = any(?::uuid[])))`,
			managers, managers)
	case len(*helped) > 0:
		c.Add("(manager_id = any(?::uuid[]) or id = any(?::uuid[]))", managers, *helped)
	case len(managers) == 1:
		c.Add("manager_id = ?::uuid", managers[0])
	default:
		c.Add("manager_id = any(?::uuid[])", managers)
	}
	return nil
}

// indexed narrows a search by an index on an array, which row security lets nobody use but who reaches all rows.
// Whose clients are few needs none; for many, a function of the module's owner looks into the index.
func (m *Module) indexed(ctx context.Context, s sight, c *store.Where, column, function string, wanted []string) error {
	return m.indexedBy(ctx, s, c, column+" @> ?", function, wanted)
}

// indexedBy does so by a condition of its caller's.
func (m *Module) indexedBy(ctx context.Context, s sight, c *store.Where, condition, function string, wanted []string) error {
	switch s {
	case all:
		c.Add(condition, wanted)
	case many:
		ids, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[[]string], `select clientmanager.`+function+`($1, $2)::text[]`, wanted, listedIDs)
		if err != nil {
			return err
		}
		if ids != nil {
			c.Add("id = any(?::uuid[])", ids)
		}
	}
	return nil
}

// listed is a row of a page, with how many there are on all pages.
type listed struct {
	clientRow
	Total int32
}

// selectPage reads the rows of a page that begins after a row: after leads on from there, and is empty for the first.
// Page and count are one statement, since taking a role and finding out what it sees costs as much as a short query.
// Few rows are all read, sorted and counted in one go; of many, an index gives the first in order, and the count stops
// at counted, being one more when there are more.
func selectPage(c *store.Where, s sight, after store.Where, o order, limit int) string {
	if s == few {
		return fmt.Sprintf(`select * from (select %s, count(*) over ()::int as total from clientmanager.clients%s) clients%s%s limit %d`,
			clientColumns, c.String(), after.String(), o.by(), limit)
	}
	page := store.Where{Conditions: slices.Concat(c.Conditions, after.Conditions)}
	total := fmt.Sprintf(`(select count(*)::int from (select from clientmanager.clients%s limit %d) c)`, c.String(), s.counted()+1)
	if s == many && len(c.Conditions) == 0 {
		total = fmt.Sprint(s.counted() + 1) // who sees many sees more than is counted
	}
	return fmt.Sprintf(`select %s, %s from clientmanager.clients%s%s limit %d`, clientColumns, total, page.String(), o.by(), limit)
}

const overviewSQL = `select
	(select count(*)::int from (select from clientmanager.clients where status = 'active' limit $1) c),
	(select count(*)::int from (select from clientmanager.clients where status = 'suspended' limit $1) c),
	(select count(*)::int from (select from clientmanager.clients where manager_id is null limit $1) c),
	(select count(*)::int from (select from clientmanager.clients where create_time >= $2 limit $1) c)`

// overview counts for the dashboard.
func (m *Module) overview(ctx context.Context, month time.Time) (*v1.GetOverviewResponse, error) {
	type figures struct{ Active, Suspended, WithoutManager, NewThisMonth int32 }
	f, err := store.QueryOne(ctx, m.host.Store, pgx.RowToStructByPos[figures], overviewSQL, countedTo, month)
	return &v1.GetOverviewResponse{
		Active: f.Active, Suspended: f.Suspended, WithoutManager: f.WithoutManager, NewThisMonth: f.NewThisMonth,
	}, err
}
