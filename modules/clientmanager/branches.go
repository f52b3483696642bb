package clientmanager

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// branchService keeps branches. The clients of one are a portfolio of the kernel's, whose id is the branch's, and who
// leads it is let into that: so a client moves, and people come and go, in one row, however many clients there are.
type branchService struct {
	v1.UnimplementedBranchServiceServer
	*Module
}

var _ v1.BranchServiceServer = (*branchService)(nil)

// noBranchAt and closedAt name the field whose branch takes no clients.
func noBranchAt(field string) error {
	return refuse(codes.InvalidArgument, field, "refusal.no_branch", "there is no such branch")
}

func closedAt(field string) error {
	return refuse(codes.FailedPrecondition, field, "refusal.branch_closed", "this branch is closed: choose another one, or open it again")
}

func notYoursAt(field string) error {
	return refuse(codes.PermissionDenied, field, "refusal.not_your_branch", "you do not work in this branch: ask a head")
}

// ListBranches lists branches in the business's order.
func (s *branchService) ListBranches(ctx context.Context, r *v1.ListBranchesRequest) (*v1.ListBranchesResponse, error) {
	c := &store.Where{}
	if begins := fold(r.GetQuery()); begins != "" {
		c.Add("starts_with(name_fold, ?)", begins)
	}
	if len(r.GetStates()) > 0 {
		c.Add("state = any(?)", branchStates.Texts(r.GetStates()))
	}
	var position int32
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &position, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(position, id) > (?, ?::uuid)", position, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[branchRow], `
		select `+branchColumns+` from clientmanager.branches`+c.String()+` order by branches.position, branches.id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListBranchesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last branchRow) []any { return []any{last.Position, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Branches = append(response.Branches, row.branch())
	}
	seen, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	return response, s.countClients(ctx, seen, access.From(ctx).UserID, response.Branches)
}

// GetBranch returns a branch.
func (s *branchService) GetBranch(ctx context.Context, r *v1.GetBranchRequest) (*v1.GetBranchResponse, error) {
	branch, err := findBranch(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetBranchResponse{Branch: branch}, nil
}

// GetBranchSummary counts what stands behind a branch, of the clients the caller sees.
func (s *branchService) GetBranchSummary(ctx context.Context, r *v1.GetBranchSummaryRequest) (*v1.GetBranchSummaryResponse, error) {
	branch, err := findBranch(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	out := &v1.GetBranchSummaryResponse{People: branch.GetPeopleCount()}
	seen, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	if seen == many {
		// Only their own: see countClients.
		own, err := workplaces(ctx, s.host.Store, access.From(ctx).UserID)
		if err != nil || !worksIn(own, r.GetId()) {
			return out, err
		}
	}
	type figures struct{ Active, Suspended, WithoutManager int32 }
	f, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[figures], `select
		(select count(*)::int from (select from clientmanager.clients where branch_id = $1 and status = 'active' limit $2) c),
		(select count(*)::int from (select from clientmanager.clients where branch_id = $1 and status = 'suspended' limit $2) c),
		(select count(*)::int from (select from clientmanager.clients where branch_id = $1 and manager_id is null limit $2) c)`, r.GetId(), countedTo)
	out.Active, out.Suspended, out.WithoutManager = f.Active, f.Suspended, f.WithoutManager
	return out, err
}

// branchChanges are the fields of a branch that can be written. Its state has methods of its own.
var branchChanges = map[string]func(to, from *v1.Branch){
	"name":     func(to, from *v1.Branch) { to.Name = oneLine(from.GetName()) },
	"place":    func(to, from *v1.Branch) { to.Place = oneLine(from.GetPlace()) },
	"phone":    func(to, from *v1.Branch) { to.Phone = oneLine(from.GetPhone()) },
	"position": func(to, from *v1.Branch) { to.Position = from.GetPosition() },
}

// CreateBranch adds a branch.
func (s *branchService) CreateBranch(ctx context.Context, r *v1.CreateBranchRequest) (*v1.CreateBranchResponse, error) {
	var response *v1.CreateBranchResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateBranchResponse, error) {
			b := &v1.Branch{Id: store.NewID(), State: v1.BranchState_BRANCH_STATE_OPEN, Revision: 1, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range branchChanges {
				apply(b, r.GetBranch())
			}
			if err := module.Constrained("branch", b); err != nil {
				return nil, err
			}
			audit.About(tx, b)
			return &v1.CreateBranchResponse{Branch: b}, saveBranch(ctx, tx, b)
		})
		return err
	})
	if err != nil {
		return nil, taken(err)
	}
	return response, nil
}

// UpdateBranch changes the named fields.
func (s *branchService) UpdateBranch(ctx context.Context, r *v1.UpdateBranchRequest) (*v1.UpdateBranchResponse, error) {
	if !store.IsID(r.GetBranch().GetId()) {
		return nil, refuse(codes.InvalidArgument, "branch.id", "refusal.which_branch", "say by its id which branch is meant")
	}
	fields, err := named(r.GetUpdateMask(), branchChanges)
	if err != nil {
		return nil, err
	}
	branch, err := s.changeBranch(ctx, r.GetBranch().GetId(), r.GetBranch().GetRevision(), func(_ context.Context, _ *store.Tx, present *v1.Branch) (*v1.Branch, error) {
		b, _ := changedBy(present, r.GetBranch(), fields, branchChanges)
		return b, module.Constrained("branch", b)
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateBranchResponse{Branch: branch}, nil
}

// changeBranch writes a held branch over. A change that is there already is no change, whatever the revision.
func (m *Module) changeBranch(
	ctx context.Context, id string, revision int64, change func(context.Context, *store.Tx, *v1.Branch) (*v1.Branch, error),
) (*v1.Branch, error) {
	var out *v1.Branch
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		present, err := holdBranch(ctx, tx, id)
		if err != nil {
			return err
		}
		out, err = change(ctx, tx, proto.CloneOf(present))
		switch {
		case err != nil:
			return err
		case proto.Equal(out, present):
			return nil
		case revision != 0 && revision != present.GetRevision():
			return errMeanwhile
		}
		audit.Changed(tx, present, out)
		out.Revision++
		return saveBranch(ctx, tx, out)
	})
	return out, taken(err)
}

// CloseBranch lets nobody in who saw its clients by leading it.
func (s *branchService) CloseBranch(ctx context.Context, r *v1.CloseBranchRequest) (*v1.CloseBranchResponse, error) {
	branch, err := s.setState(ctx, r.GetId(), v1.BranchState_BRANCH_STATE_CLOSED)
	if err != nil {
		return nil, err
	}
	return &v1.CloseBranchResponse{Branch: branch}, nil
}

// ReopenBranch lets those in again who lead it.
func (s *branchService) ReopenBranch(ctx context.Context, r *v1.ReopenBranchRequest) (*v1.ReopenBranchResponse, error) {
	branch, err := s.setState(ctx, r.GetId(), v1.BranchState_BRANCH_STATE_OPEN)
	if err != nil {
		return nil, err
	}
	return &v1.ReopenBranchResponse{Branch: branch}, nil
}

func (s *branchService) setState(ctx context.Context, id string, state v1.BranchState) (*v1.Branch, error) {
	return s.changeBranch(ctx, id, 0, func(ctx context.Context, tx *store.Tx, b *v1.Branch) (*v1.Branch, error) {
		if b.GetState() == state {
			return b, nil
		}
		b.State = state
		leaders, err := store.Query(ctx, tx, pgx.RowTo[string], `select staff_id::text from clientmanager.branch_people where branch_id = $1 and leads order by 1`, id)
		if err != nil {
			return nil, err
		}
		for _, leader := range leaders {
			if err := letIn(ctx, tx, leader, id, state == v1.BranchState_BRANCH_STATE_OPEN); err != nil {
				return nil, err
			}
		}
		return b, nil
	})
}

// letIn lets a member of staff see all clients of a branch, or no more.
func letIn(ctx context.Context, tx *store.Tx, userID, branchID string, in bool) error {
	if in {
		return tx.GrantPortfolio(ctx, userID, branchID)
	}
	return tx.RevokePortfolio(ctx, userID, branchID)
}
