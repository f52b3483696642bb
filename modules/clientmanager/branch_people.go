package clientmanager

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

func worksIn(places []workplace, branchID string) bool {
	return slices.ContainsFunc(places, func(w workplace) bool { return w.ID == branchID })
}

func leadsIn(places []workplace, branchID string) bool {
	return slices.ContainsFunc(places, func(w workplace) bool { return w.ID == branchID && w.Leads })
}

type branchPersonRow struct {
	ID, BranchID, UserID, Name string
	Leads                      bool
	Created                    time.Time
}

const branchPersonColumns = `id::text, branch_id::text, staff_id::text, name, leads, create_time`

func (r branchPersonRow) person() *v1.BranchPerson {
	return &v1.BranchPerson{Id: r.ID, BranchId: r.BranchID, UserId: r.UserID, Name: r.Name, Leads: r.Leads, CreateTime: timestamppb.New(r.Created)}
}

// ListBranchPeople lists who works in a branch.
func (s *branchService) ListBranchPeople(ctx context.Context, r *v1.ListBranchPeopleRequest) (*v1.ListBranchPeopleResponse, error) {
	if _, err := findBranch(ctx, s.host.Store, r.GetBranchId()); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("branch_id = ?::uuid", r.GetBranchId())
	var leads bool
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &leads, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(not leads, id) > (not ?::boolean, ?::uuid)", leads, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[branchPersonRow], `
		select `+branchPersonColumns+` from clientmanager.branch_people`+c.String()+` order by leads desc, branch_people.id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListBranchPeopleResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last branchPersonRow) []any { return []any{last.Leads, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.People = append(response.People, row.person())
	}
	return response, nil
}

// SetBranchPerson puts somebody into a branch, or changes whether they lead it. What they see follows with the commit.
func (s *branchService) SetBranchPerson(ctx context.Context, r *v1.SetBranchPersonRequest) (*v1.SetBranchPersonResponse, error) {
	// Before the transaction: another module is asked.
	name, err := s.staffName(ctx, r.GetUserId(), "user_id")
	if err != nil {
		return nil, err
	}
	var person *v1.BranchPerson
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		branch, err := holdBranch(ctx, tx, r.GetBranchId())
		if err != nil {
			return err
		}
		row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[branchPersonRow], `
			insert into clientmanager.branch_people (id, branch_id, staff_id, name, leads, create_time) values ($1, $2, $3, $4, $5, $6)
			on conflict (branch_id, staff_id) do update set name = excluded.name, leads = excluded.leads
			returning `+branchPersonColumns, store.NewID(), r.GetBranchId(), r.GetUserId(), name, r.GetLeads(), s.host.Now())
		if err != nil {
			return err
		}
		person = row.person()
		return letIn(ctx, tx, r.GetUserId(), r.GetBranchId(), r.GetLeads() && branch.GetState() == v1.BranchState_BRANCH_STATE_OPEN)
	})
	if err != nil {
		return nil, err
	}
	return &v1.SetBranchPersonResponse{Person: person}, nil
}

// RemoveBranchPerson takes somebody out of a branch.
func (s *branchService) RemoveBranchPerson(ctx context.Context, r *v1.RemoveBranchPersonRequest) (*v1.RemoveBranchPersonResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := holdBranch(ctx, tx, r.GetBranchId()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from clientmanager.branch_people where branch_id = $1 and staff_id = $2`, r.GetBranchId(), r.GetUserId()); err != nil {
			return err
		}
		return letIn(ctx, tx, r.GetUserId(), r.GetBranchId(), false)
	})
	if err != nil {
		return nil, err
	}
	return &v1.RemoveBranchPersonResponse{}, nil
}

// MoveClient gives a client to another branch, or to none. Who sees all clients of the former one, and this only because of
// that, sees it no more once this is committed.
func (s *branchService) MoveClient(ctx context.Context, r *v1.MoveClientRequest) (*v1.MoveClientResponse, error) {
	client, err := s.hold(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		return s.move(ctx, tx, client, r.GetBranchId())
	})
	if err != nil {
		return nil, err
	}
	return &v1.MoveClientResponse{Client: s.shown(ctx, client)}, nil
}

func (m *Module) move(ctx context.Context, tx *store.Tx, client *v1.Client, branchID string) (*v1.Client, error) {
	former := client.GetBranchId()
	if former == branchID {
		return client, nil
	}
	if ownOnly(ctx) {
		own, err := workplaces(ctx, tx, access.From(ctx).UserID)
		if err != nil {
			return nil, err
		}
		if !worksIn(own, branchID) {
			return nil, notYoursAt("branch_id")
		}
	}
	what := "branch_left"
	if branchID != "" {
		what = "branch_changed"
		if err := openBranch(ctx, tx, branchID, "branch_id"); err != nil {
			return nil, err
		}
	}
	present := proto.CloneOf(client)
	client.BranchId = branchID
	client, err := m.save(ctx, tx, present, client, entry{what: what, fields: []string{"branch_id"}})
	if err != nil {
		return nil, err
	}
	if branchID != "" {
		if err := tx.FillPortfolio(ctx, branchID, client.GetId()); err != nil {
			return nil, err
		}
	}
	if former != "" {
		// Last: it may be the caller who sees the client no more from here on.
		if err := tx.EmptyPortfolio(ctx, former, client.GetId()); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// rehouse moves written clients between branches: into and out of which, by branch.
func rehouse(ctx context.Context, tx *store.Tx, into, outOf map[string][]string) error {
	for _, branch := range slices.Sorted(maps.Keys(into)) {
		if err := openBranch(ctx, tx, branch, ""); err != nil {
			return errMeanwhile // it was open when the rows were decided
		}
		if err := tx.FillPortfolio(ctx, branch, into[branch]...); err != nil {
			return err
		}
	}
	for _, branch := range slices.Sorted(maps.Keys(outOf)) {
		if branch == "" {
			continue
		}
		if err := tx.EmptyPortfolio(ctx, branch, outOf[branch]...); err != nil {
			return err
		}
	}
	return nil
}

// branchesByName are the open branches that the caller may put clients into, by their folded names: all, or, who sees only
// some clients, those in which they work.
func branchesByName(ctx context.Context, q store.Querier) (map[string]string, error) {
	type named struct{ ID, Fold string }
	c := store.Where{Conditions: []string{"state = 'open'"}}
	if ownOnly(ctx) {
		c.Add("id in (select p.branch_id from clientmanager.branch_people p where p.staff_id = ?::uuid)", actorOf(ctx).id)
	}
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[named], `select id::text, name_fold from clientmanager.branches`+c.String(), c.Args...)
	found := map[string]string{}
	for _, row := range rows {
		found[row.Fold] = row.ID
	}
	return found, err
}
