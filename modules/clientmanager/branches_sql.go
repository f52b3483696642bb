package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

var branchStates = store.Enum[v1.BranchState]{Prefix: "BRANCH_STATE_", Values: v1.BranchState_value}

type branchRow struct {
	ID, Name, Place, Phone string
	Position               int32
	State                  string
	Created                time.Time
	Revision               int64
	People                 int32
}

const branchColumns = `id::text, name, place, phone, position, state, create_time, revision,
	(select count(*)::int from clientmanager.branch_people p where p.branch_id = branches.id)`

func (r branchRow) branch() *v1.Branch {
	return &v1.Branch{
		Id: r.ID, Name: r.Name, Place: r.Place, Phone: r.Phone, Position: r.Position, State: branchStates.Of(r.State),
		PeopleCount: r.People, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
}

func findBranch(ctx context.Context, q store.Querier, id string) (*v1.Branch, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[branchRow], `select `+branchColumns+` from clientmanager.branches where id = $1`, id)
	return row.branch(), store.NotFoundAs(err, errNoBranch)
}

// holdBranch reads a branch and keeps others from changing it, and from putting clients or people into it, until the
// transaction ends.
func holdBranch(ctx context.Context, tx *store.Tx, id string) (*v1.Branch, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[branchRow], `select `+branchColumns+` from clientmanager.branches where id = $1 for update`, id)
	return row.branch(), store.NotFoundAs(err, errNoBranch)
}

// saveBranch writes a branch, new or over the present one.
func saveBranch(ctx context.Context, tx *store.Tx, b *v1.Branch) error {
	_, err := tx.Exec(ctx, `
		insert into clientmanager.branches (id, name, place, phone, position, state, create_time, revision, name_fold)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set name = excluded.name, place = excluded.place, phone = excluded.phone, position = excluded.position,
			state = excluded.state, revision = excluded.revision, name_fold = excluded.name_fold`,
		b.GetId(), b.GetName(), b.GetPlace(), b.GetPhone(), b.GetPosition(), branchStates.Text(b.GetState()), b.GetCreateTime().AsTime(),
		b.GetRevision(), fold(b.GetName()))
	return err
}

// workplace is a branch in which somebody works.
type workplace struct {
	ID    string
	Leads bool
}

// workplaces are the open branches in which a member of staff works.
func workplaces(ctx context.Context, q store.Querier, userID string) ([]workplace, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[workplace], `
		select b.id::text, p.leads from clientmanager.branch_people p join clientmanager.branches b on b.id = p.branch_id
		where p.staff_id = $1 and b.state = 'open' order by b.id`, userID)
}

// countClients says how many clients of branches the caller sees. Who sees many, but not all, is told of their own branches
// alone: looking through those of another would find nothing and take long.
func (m *Module) countClients(ctx context.Context, s sight, userID string, branches []*v1.Branch) error {
	type count struct {
		ID      string
		Clients int32
	}
	ids := make([]string, len(branches))
	for i, b := range branches {
		ids[i] = b.GetId()
	}
	if s == many {
		own, err := workplaces(ctx, m.host.Store, userID)
		if err != nil {
			return err
		}
		ids = nil
		for _, w := range own {
			ids = append(ids, w.ID)
		}
	}
	sql := `select b::text, (select count(*)::int from (select from clientmanager.clients c where c.branch_id = b limit $2) c) from unnest($1::uuid[]) b`
	if s == few {
		sql = `select branch_id::text, least(count(*), $2)::int from clientmanager.clients where branch_id = any($1::uuid[]) group by 1`
	}
	counts, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[count], sql, ids, countedTo)
	if err != nil {
		return err
	}
	for _, c := range counts {
		for _, b := range branches {
			if b.GetId() == c.ID {
				b.ClientCount = c.Clients
			}
		}
	}
	return nil
}

// openBranch makes sure that a branch takes clients, until the transaction ends. field is the path of the one that names it.
func openBranch(ctx context.Context, tx *store.Tx, id, field string) error {
	open, err := branchOpen(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case open == nil:
		return noBranchAt(field)
	case !*open:
		return closedAt(field)
	}
	return nil
}

// isOpen tells whether there is a branch that takes clients; it is held until the transaction ends.
func isOpen(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	open, err := branchOpen(ctx, tx, id)
	return open != nil && *open, err
}

// branchOpen holds a branch until the transaction ends, and tells whether it is open; nil where there is none.
func branchOpen(ctx context.Context, tx *store.Tx, id string) (*bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[*bool], `select clientmanager.branch_open($1)`, id)
}
