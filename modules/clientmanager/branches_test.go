package clientmanager_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (p *portal) branch(who context.Context, name string) *v1.Branch {
	p.t.Helper()
	made, err := p.branches.CreateBranch(who, &v1.CreateBranchRequest{RequestId: store.NewID(), Branch: &v1.Branch{Name: name}})
	require.NoError(p.t, err)
	return made.GetBranch()
}

// works puts somebody into a branch.
func (p *portal) works(who context.Context, b *v1.Branch, person user, leads bool) {
	p.t.Helper()
	_, err := p.branches.SetBranchPerson(who, &v1.SetBranchPersonRequest{BranchId: b.GetId(), UserId: person.id, Leads: leads})
	require.NoError(p.t, err)
}

func (p *portal) move(who context.Context, client, branch string) error {
	_, err := p.branches.MoveClient(who, &v1.MoveClientRequest{Id: client, BranchId: branch})
	return err
}

// sees are the names of all clients that somebody lists.
func (p *portal) sees(who context.Context, branches ...string) []string {
	p.t.Helper()
	list, err := p.clients.ListClients(who, &v1.ListClientsRequest{PageSize: 200, BranchIds: branches})
	require.NoError(p.t, err)
	return names(list.GetClients())
}

func TestWhoLeadsABranchSeesItsClients(t *testing.T) {
	p := newPortal(t)
	head, lead, works := p.head(), p.member("Lead", "branch-manager"), p.manager("Works")
	kyiv, west := p.branch(head, "Kyiv"), p.branch(head, "West")
	p.works(head, kyiv, lead, true)
	p.works(head, kyiv, works, false)
	ofKyiv := p.add(head, &v1.Client{Name: "A", BranchId: kyiv.GetId()})
	p.add(head, &v1.Client{Name: "B", BranchId: west.GetId()})
	p.named(head, "C")
	require.Equal(t, []string{"A"}, p.sees(lead))
	require.Empty(t, p.sees(works), "who only works there serves their own")
	require.Equal(t, []string{"B"}, p.sees(head, west.GetId()))
	require.Equal(t, []string{"A", "B"}, p.sees(head, west.GetId(), kyiv.GetId()))
	require.Empty(t, p.sees(lead, west.GetId()))

	// Moved away, and back.
	require.NoError(t, p.move(head, ofKyiv.GetId(), west.GetId()))
	require.Empty(t, p.sees(lead))
	require.Equal(t, codes.NotFound, status.Code(second(p.clients.GetClient(lead, &v1.GetClientRequest{Id: ofKyiv.GetId()}))))
	require.NoError(t, p.move(head, ofKyiv.GetId(), kyiv.GetId()))
	require.Equal(t, []string{"A"}, p.sees(lead))
	require.NoError(t, p.move(head, ofKyiv.GetId(), ""))
	require.Empty(t, p.sees(lead))
	require.NoError(t, p.move(head, ofKyiv.GetId(), kyiv.GetId()))

	// Closed, and opened again. A closed one takes nobody.
	for range 2 {
		closed, err := p.branches.CloseBranch(head, &v1.CloseBranchRequest{Id: kyiv.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.BranchState_BRANCH_STATE_CLOSED, closed.GetBranch().GetState())
	}
	require.Empty(t, p.sees(lead))
	p.works(head, kyiv, lead, true)
	require.Empty(t, p.sees(lead), "hired into a closed branch opens nothing")
	_, err := p.clients.CreateClient(head, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "D", BranchId: kyiv.GetId()}})
	refused(t, err, codes.FailedPrecondition, "client.branch_id", "clientmanager.refusal.branch_closed")
	_, err = p.branches.ReopenBranch(head, &v1.ReopenBranchRequest{Id: kyiv.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"A"}, p.sees(lead))

	// No more the one who leads; no more there.
	p.works(head, kyiv, lead, false)
	require.Empty(t, p.sees(lead))
	p.works(head, kyiv, lead, true)
	require.Equal(t, []string{"A"}, p.sees(lead))
	for range 2 {
		_, err = p.branches.RemoveBranchPerson(head, &v1.RemoveBranchPersonRequest{BranchId: kyiv.GetId(), UserId: lead.id})
		require.NoError(t, err)
	}
	require.Empty(t, p.sees(lead))
	require.Zero(t, p.rows("select count(*) from kernel.portfolio_user"))
}

// What somebody who leads one branch may not do to another.
func TestForeignBranches(t *testing.T) {
	p := newPortal(t)
	head, lead, stranger := p.head(), p.member("Lead", "branch-manager"), p.manager("Stranger")
	kyiv, west := p.branch(head, "Kyiv"), p.branch(head, "West")
	p.works(head, kyiv, lead, true)
	own, foreign := p.add(head, &v1.Client{Name: "Own", BranchId: kyiv.GetId()}), p.add(head, &v1.Client{Name: "Foreign", BranchId: west.GetId()})
	rule := &v1.AssignmentRule{Name: "All", Target: v1.RuleTarget_RULE_TARGET_MANAGER, ManagerId: lead.id}
	for name, try := range map[string]func(context.Context) error{
		"MoveClient": func(ctx context.Context) error { return p.move(ctx, foreign.GetId(), kyiv.GetId()) },
		"AssignManager": func(ctx context.Context) error {
			return second(p.clients.AssignManager(ctx, &v1.AssignManagerRequest{Id: foreign.GetId(), ManagerId: lead.id}))
		},
		"AddManager": func(ctx context.Context) error {
			return second(p.assignment.AddManager(ctx, &v1.AddManagerRequest{ClientId: foreign.GetId(), ManagerId: lead.id}))
		},
		"RemoveManager": func(ctx context.Context) error {
			return second(p.assignment.RemoveManager(ctx, &v1.RemoveManagerRequest{ClientId: foreign.GetId(), ManagerId: lead.id}))
		},
		"ListManagers": func(ctx context.Context) error {
			return second(p.assignment.ListManagers(ctx, &v1.ListManagersRequest{ClientId: foreign.GetId()}))
		},
		"GetClient": func(ctx context.Context) error {
			return second(p.clients.GetClient(ctx, &v1.GetClientRequest{Id: foreign.GetId()}))
		},
		"SetBranchPerson": func(ctx context.Context) error {
			return second(p.branches.SetBranchPerson(ctx, &v1.SetBranchPersonRequest{BranchId: west.GetId(), UserId: lead.id, Leads: true}))
		},
		"UpdateBranch": func(ctx context.Context) error {
			return second(p.branches.UpdateBranch(ctx, &v1.UpdateBranchRequest{Branch: &v1.Branch{Id: west.GetId(), Name: "Mine"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}}))
		},
		"CloseBranch": func(ctx context.Context) error {
			return second(p.branches.CloseBranch(ctx, &v1.CloseBranchRequest{Id: west.GetId()}))
		},
		"CreateRule": func(ctx context.Context) error {
			return second(p.assignment.CreateRule(ctx, &v1.CreateRuleRequest{RequestId: store.NewID(), Rule: rule}))
		},
		"HandOver": func(ctx context.Context) error {
			return second(p.assignment.HandOver(ctx, &v1.HandOverRequest{RequestId: store.NewID(), FromId: lead.id}))
		},
	} {
		for _, who := range []user{lead, stranger} {
			err := try(who)
			require.Contains(t, []codes.Code{codes.NotFound, codes.PermissionDenied}, status.Code(err), "%s by %s: %v", name, who.name, err)
		}
	}
	// Nor can they give what is theirs to a branch that is not, or make clients there.
	refused(t, p.move(lead, own.GetId(), west.GetId()), codes.PermissionDenied, "branch_id", "clientmanager.refusal.not_your_branch")
	refused(t, p.move(lead, own.GetId(), ""), codes.PermissionDenied, "branch_id", "clientmanager.refusal.not_your_branch")
	_, err := p.clients.CreateClient(lead, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "X", BranchId: west.GetId()}})
	refused(t, err, codes.PermissionDenied, "client.branch_id", "clientmanager.refusal.not_your_branch")
	_, err = p.clients.UpdateClient(lead, &v1.UpdateClientRequest{Client: &v1.Client{Id: own.GetId(), BranchId: west.GetId()}, UpdateMask: mask("branch_id")})
	refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.no_field")

	// By its own SQL neither: a row of another branch is not there, and portfolios are written by functions alone.
	ctx := access.WithDecision(lead, access.Decision{Allowed: true, Reach: access.Granted})
	tag, err := p.own.Exec(ctx, "update clientmanager.clients set branch_id = $1", kyiv.GetId())
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())
	for _, sql := range []string{
		"insert into kernel.portfolio_user select staff_id, branch_id from clientmanager.branch_people",
		"insert into kernel.portfolio_client select branch_id, id from clientmanager.clients", "select kernel.own_portfolio(gen_random_uuid())",
		"insert into clientmanager.branch_people select gen_random_uuid(), id, gen_random_uuid(), '', true, now() from clientmanager.branches",
	} {
		_, err := p.own.Exec(ctx, sql)
		require.Equal(t, codes.PermissionDenied, status.Code(err), sql)
	}
	// Another module's portfolio is not this module's to fill.
	err = p.people.Tx(access.WithDecision(access.With(t.Context(), access.AsModule("accountmanager")), access.Decision{Allowed: true, Reach: access.All}),
		func(ctx context.Context, tx *store.Tx) error {
			return tx.GrantPortfolio(ctx, stranger.id, west.GetId())
		})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	require.Equal(t, []string{"Own"}, p.sees(lead))
}

// People of a branch make clients in it: who leads it need not serve them, the others do.
func TestClientsMadeInABranch(t *testing.T) {
	p := newPortal(t)
	head, lead, works := p.head(), p.member("Lead", "branch-manager"), p.manager("Works")
	kyiv := p.branch(head, "Kyiv")
	p.works(head, kyiv, lead, true)
	p.works(head, kyiv, works, false)
	a, b := p.named(lead, "A"), p.named(works, "B")
	require.Equal(t, []string{kyiv.GetId(), ""}, []string{a.GetBranchId(), a.GetManagerId()})
	require.Equal(t, []string{kyiv.GetId(), works.id}, []string{b.GetBranchId(), b.GetManagerId()})
	require.Equal(t, []string{"A", "B"}, p.sees(lead))
	require.Equal(t, []string{"B"}, p.sees(works))

	// Files say branches by name, each who brings one in within their own.
	p.branch(head, "Захід")
	i := p.upload(works, "name,branch\nC,Захід\nD,kyiv\nE,\n")
	require.EqualValues(t, 1, p.check(works, i).GetReport().GetFailed())
	require.Contains(t, p.report(works, i), "2 C failed branch bad_branch")
	p.run(works, i)
	require.Equal(t, []string{"A", "B", "D", "E"}, p.sees(lead))
	i = p.upload(head, "name,code,branch\nF,F-1,захід\n")
	p.check(head, i)
	p.run(head, i)
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.clients c join clientmanager.branches b on b.id = c.branch_id join kernel.portfolio_client f on f.client_id = c.id and f.portfolio_id = b.id where b.name = 'Захід'"))
	i = p.upload(head, "name,code,branch\nF,F-1,Kyiv\n")
	p.check(head, i)
	require.EqualValues(t, 1, p.run(head, i).GetReport().GetUpdated())
	require.Equal(t, []string{"A", "B", "D", "E", "F"}, p.sees(lead))
	require.Equal(t, 5, p.rows("select count(*) from kernel.portfolio_client"))
}

func TestBranchIsKept(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	kyiv := p.branch(head, "Kyiv")
	_, err := p.branches.CreateBranch(head, &v1.CreateBranchRequest{RequestId: store.NewID(), Branch: &v1.Branch{Name: " KYIV "}})
	refused(t, err, codes.AlreadyExists, "branch.name", "clientmanager.refusal.branch_name_taken")
	changed, err := p.branches.UpdateBranch(head, &v1.UpdateBranchRequest{
		Branch: &v1.Branch{Id: kyiv.GetId(), Place: "Kyiv, Podil", Phone: "+380445550100", Revision: 1}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"place", "phone"}},
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, changed.GetBranch().GetRevision())
	_, err = p.branches.UpdateBranch(head, &v1.UpdateBranchRequest{
		Branch: &v1.Branch{Id: kyiv.GetId(), Place: "Lviv", Revision: 1}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"place"}},
	})
	require.Equal(t, codes.Aborted, status.Code(err))
	for i := range 3 {
		p.branch(head, fmt.Sprint("Branch ", i))
	}
	_, err = p.branches.CloseBranch(head, &v1.CloseBranchRequest{Id: kyiv.GetId()})
	require.NoError(t, err)
	p.works(head, kyiv, p.manager("Works"), false)
	var all []string
	r := &v1.ListBranchesRequest{PageSize: 2}
	for {
		page, err := p.branches.ListBranches(head, r)
		require.NoError(t, err)
		for _, b := range page.GetBranches() {
			all = append(all, b.GetName())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{"Kyiv", "Branch 0", "Branch 1", "Branch 2"}, all)
	open, err := p.branches.ListBranches(head, &v1.ListBranchesRequest{Query: "BRANCH", States: []v1.BranchState{v1.BranchState_BRANCH_STATE_OPEN}})
	require.NoError(t, err)
	require.Len(t, open.GetBranches(), 3)
}

// Clients moved to and fro, and people let in and out, by many at once: in the end the portfolios say what the rows say.
func TestBranchesFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	head, lead := p.head(), p.member("Lead", "branch-manager")
	branches := []*v1.Branch{p.branch(head, "A"), p.branch(head, "B")}
	clients := make([]*v1.Client, 4)
	for i := range clients {
		clients[i] = p.add(head, &v1.Client{Name: fmt.Sprint("Client ", i), BranchId: branches[0].GetId()})
	}
	errs := kerneltest.AtOnce(48, func(i int) error {
		b := branches[i%2]
		switch i % 6 {
		case 0:
			return second(p.branches.SetBranchPerson(head, &v1.SetBranchPersonRequest{BranchId: b.GetId(), UserId: lead.id, Leads: i%4 == 0}))
		case 1:
			return second(p.branches.RemoveBranchPerson(head, &v1.RemoveBranchPersonRequest{BranchId: b.GetId(), UserId: lead.id}))
		case 2:
			return second(p.clients.ListClients(lead, &v1.ListClientsRequest{}))
		case 3:
			if i%4 == 1 {
				return second(p.branches.CloseBranch(head, &v1.CloseBranchRequest{Id: b.GetId()}))
			}
			return second(p.branches.ReopenBranch(head, &v1.ReopenBranchRequest{Id: b.GetId()}))
		}
		return p.move(head, clients[i%len(clients)].GetId(), branches[i/2%2].GetId())
	})
	for _, err := range errs {
		require.Contains(t, []codes.Code{codes.OK, codes.FailedPrecondition}, status.Code(err), "%v", err)
	}
	require.Zero(t, p.rows(`select count(*) from (
		(select branch_id, id from clientmanager.clients where branch_id is not null except select portfolio_id, client_id from kernel.portfolio_client) union all
		(select portfolio_id, client_id from kernel.portfolio_client except select branch_id, id from clientmanager.clients)) d`))
	require.Zero(t, p.rows(`select count(*) from (
		(select p.branch_id, p.staff_id from clientmanager.branch_people p join clientmanager.branches b on b.id = p.branch_id where p.leads and b.state = 'open'
			except select portfolio_id, user_id from kernel.portfolio_user) union all
		(select portfolio_id, user_id from kernel.portfolio_user except
			select p.branch_id, p.staff_id from clientmanager.branch_people p join clientmanager.branches b on b.id = p.branch_id where p.leads and b.state = 'open')) d`))
}
