package clientmanager_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (p *portal) rule(who context.Context, rule *v1.AssignmentRule) *v1.AssignmentRule {
	p.t.Helper()
	made, err := p.assignment.CreateRule(who, &v1.CreateRuleRequest{RequestId: store.NewID(), Rule: rule})
	require.NoError(p.t, err)
	return made.GetRule()
}

func (p *portal) verdicts(who context.Context, r *v1.TryRulesRequest) []string {
	p.t.Helper()
	got, err := p.assignment.TryRules(who, r)
	require.NoError(p.t, err)
	var out []string
	for _, trial := range got.GetTrials() {
		text := trial.GetName() + " " + trial.GetVerdict().String()[len("RULE_VERDICT_"):]
		if trial.GetManagerName() != "" {
			text += " " + trial.GetManagerName()
		}
		out = append(out, text)
	}
	return out
}

const (
	toManager = v1.RuleTarget_RULE_TARGET_MANAGER
	toBranch  = v1.RuleTarget_RULE_TARGET_BRANCH
	inTurn    = v1.RuleTarget_RULE_TARGET_IN_TURN
	toLeast   = v1.RuleTarget_RULE_TARGET_LEAST
)

// The first rule that fits wins, whichever way a client comes in.
func TestRules(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	west := p.branch(head, "West")
	p.works(head, west, petro, false)
	key := p.rule(head, &v1.AssignmentRule{Name: "Key", Tag: "KEY", Target: toManager, ManagerId: olha.id})
	p.rule(head, &v1.AssignmentRule{Name: "West", Place: "львів", Target: inTurn, TargetBranchId: west.GetId()})
	p.rule(head, &v1.AssignmentRule{Name: "Files", Source: v1.ClientSource_CLIENT_SOURCE_IMPORT, Target: toBranch, TargetBranchId: west.GetId()})
	p.rule(head, &v1.AssignmentRule{Name: "Off", State: v1.RuleState_RULE_STATE_OFF, Target: toManager, ManagerId: olha.id})
	served := func(c *v1.Client) []string { return []string{c.GetManagerName(), c.GetBranchId()} }
	require.Equal(t, []string{"Olha", ""}, served(p.add(head, &v1.Client{Name: "A", Tags: []string{"key"}, Place: "Львів"})))
	require.Equal(t, []string{"Petro", west.GetId()}, served(p.add(head, &v1.Client{Name: "B", Place: "Львів, центр"})))
	require.Equal(t, []string{"", ""}, served(p.add(head, &v1.Client{Name: "C", Place: "Київ"})))
	i := p.upload(head, "name,city,tags\nD,Київ,\nE,Львів,\nF,Київ,key\n")
	p.check(head, i)
	p.run(head, i)
	require.Equal(t, []string{"B", "D", "E"}, p.sees(head, west.GetId()))
	require.Equal(t, []string{"B", "E"}, p.sees(petro))
	require.Equal(t, []string{"A", "F"}, p.sees(olha))
	require.Equal(t, 2, p.rows("select count(*) from clientmanager.history where what = 'given_by_rule' and detail = 'Key'"))
	require.Len(t, events[*v1.ManagerAssigned](p), 4)
	require.Equal(t, olha.id, p.named(olha, "G").GetManagerId(), "who sees only some serves what they bring")

	// What would happen, in order; nothing happens by asking.
	require.Equal(t, []string{"Key WINS Olha", "West LATER", "Files NO"}, p.verdicts(head, &v1.TryRulesRequest{Tags: []string{"key"}, Place: "Львів"}))
	require.Equal(t, []string{"Key NO", "West NO", "Files WINS"}, p.verdicts(head, &v1.TryRulesRequest{Source: v1.ClientSource_CLIENT_SOURCE_IMPORT}))
	_, err := p.assignment.MoveRule(head, &v1.MoveRuleRequest{Id: key.GetId(), Down: true})
	require.NoError(t, err)
	require.Equal(t, []string{"West WINS Petro", "Key LATER", "Files NO"}, p.verdicts(head, &v1.TryRulesRequest{Tags: []string{"key"}, Place: "Львів"}))

	// Who was blocked is passed over, and so is a branch that is closed.
	p.staff.mu.Lock()
	p.staff.blocked[petro.id] = true
	p.staff.mu.Unlock()
	require.Equal(t, []string{"West NOBODY", "Key WINS Olha", "Files NO"}, p.verdicts(head, &v1.TryRulesRequest{Tags: []string{"key"}, Place: "Львів"}))
	require.Equal(t, []string{"", ""}, served(p.add(head, &v1.Client{Name: "H", Place: "Львів"})))
	_, err = p.branches.CloseBranch(head, &v1.CloseBranchRequest{Id: west.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"West NO", "Key NO", "Files NOBODY"}, p.verdicts(head, &v1.TryRulesRequest{Source: v1.ClientSource_CLIENT_SOURCE_IMPORT}))
	_, err = p.assignment.DeleteRule(head, &v1.DeleteRuleRequest{Id: key.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"", ""}, served(p.add(head, &v1.Client{Name: "I", Tags: []string{"key"}})))
}

func TestRulesThatCannotBe(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	for reason, rule := range map[string]*v1.AssignmentRule{
		"rule.manager_id rule_who":          {Name: "A", Target: toManager},
		"rule.target_branch_id rule_branch": {Name: "A", Target: toBranch},
		"rule.people rule_people":           {Name: "A", Target: inTurn},
		"rule.target_branch_id no_branch":   {Name: "A", Target: toLeast, TargetBranchId: store.NewID()},
		"rule.branch_id no_branch":          {Name: "A", Target: toManager, ManagerId: olha.id, BranchId: store.NewID()},
	} {
		var field, key string
		_, err := fmt.Sscan(reason, &field, &key)
		require.NoError(t, err)
		_, err = p.assignment.CreateRule(head, &v1.CreateRuleRequest{RequestId: store.NewID(), Rule: rule})
		refused(t, err, codes.InvalidArgument, field, "clientmanager.refusal."+key)
	}
}

// Sixteen at once by two rules: everybody gets as many as everybody else, and nobody waits for ever.
func TestTurnsFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	var people []string
	for i := range 4 {
		people = append(people, p.manager(fmt.Sprint("Manager ", i)).id)
	}
	p.rule(head, &v1.AssignmentRule{Name: "Persons", Kind: v1.KindCondition_KIND_CONDITION_PERSON, Target: inTurn, People: people})
	p.rule(head, &v1.AssignmentRule{Name: "Companies", Target: toLeast, People: people})
	errs := kerneltest.AtOnce(16, func(i int) error {
		for n := range 2 {
			kind := v1.ClientKind_CLIENT_KIND_PERSON
			if (i+n)%2 == 0 {
				kind = v1.ClientKind_CLIENT_KIND_COMPANY
			}
			if err := second(p.clients.CreateClient(head, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: fmt.Sprint(i, n), Kind: kind}})); err != nil {
				return err
			}
		}
		return nil
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 4, p.rows("select count(*) from (select manager_id from clientmanager.clients where kind = 'person' group by 1 having count(*) = 4) c"), "in turn")
	require.Zero(t, p.rows("select count(*) from clientmanager.clients where manager_id is null"))

	// Files take their turns all together, in both orders at once.
	a, b := "name,kind\n", "name,kind\n"
	for i := range 20 {
		a += fmt.Sprintf("a%d,person\na%d,company\n", i, i+100)
		b += fmt.Sprintf("b%d,company\nb%d,person\n", i, i+100)
	}
	files := []*v1.Import{p.upload(head, a), p.upload(head, b)}
	for _, i := range files {
		p.check(head, i)
	}
	errs = kerneltest.AtOnce(2, func(i int) error {
		return second(p.imports.RunImport(head, &v1.RunImportRequest{Id: files[i].GetId()}))
	})
	require.Equal(t, 2, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 4, p.rows("select count(*) from (select manager_id from clientmanager.clients where kind = 'person' group by 1 having count(*) = 14) c"))
	require.LessOrEqual(t, p.rows("select max(n) - min(n) from (select count(*)::int as n from clientmanager.clients group by manager_id) c"), 1, "the one with the fewest comes next")
}

func (p *portal) managers(who context.Context, client string) []string {
	p.t.Helper()
	r := &v1.ListManagersRequest{ClientId: client, PageSize: 1}
	var out []string
	for {
		page, err := p.assignment.ListManagers(who, r)
		require.NoError(p.t, err)
		for _, m := range page.GetManagers() {
			out = append(out, m.GetName()+" "+m.GetPlace().String()[len("MANAGER_PLACE_"):])
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return out
		}
	}
}

func TestWhoHelpedIsMadeTheMainManagerOfManyAtOnce(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	a, b := p.named(olha, "A"), p.named(olha, "B")
	_, err := p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: a.GetId(), ManagerId: petro.id})
	require.NoError(t, err)
	_, err = p.bulk.BulkUpdateClients(head, &v1.BulkUpdateClientsRequest{RequestId: store.NewID(), Ids: ids(a, b), ManagerId: petro.id})
	require.NoError(t, err)
	require.Equal(t, []string{"Petro MAIN"}, p.managers(head, a.GetId()), "nobody serves a client twice")

	_, err = p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: a.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	_, err = p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: a.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"Olha FURTHER"}, p.managers(head, a.GetId()))
	require.Equal(t, []string{"B"}, p.sees(petro))
}

func TestFurtherManagers(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	made := p.named(olha, "Zerno")
	for range 2 {
		_, err := p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: made.GetId(), ManagerId: petro.id})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"Olha MAIN", "Petro FURTHER"}, p.managers(petro, made.GetId()))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'helper_added' and detail = 'Petro'"))
	found, err := p.clients.ListClients(head, &v1.ListClientsRequest{ManagerIds: []string{petro.id}})
	require.NoError(t, err)
	require.Equal(t, []string{"Zerno"}, names(found.GetClients()))
	_, err = p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: made.GetId(), ManagerId: olha.id})
	refused(t, err, codes.FailedPrecondition, "manager_id", "clientmanager.refusal.main_already")
	_, err = p.assignment.RemoveManager(head, &v1.RemoveManagerRequest{ClientId: made.GetId(), ManagerId: olha.id})
	refused(t, err, codes.FailedPrecondition, "manager_id", "clientmanager.refusal.main_stays")

	// Who helped comes to be the main manager, and leaves: nothing of the help is left.
	_, err = p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: petro.id})
	require.NoError(t, err)
	require.Equal(t, []string{"Petro MAIN"}, p.managers(head, made.GetId()))
	require.Empty(t, p.sees(olha))
	_, err = p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: made.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	_, err = p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Empty(t, p.sees(petro))
	require.Equal(t, []string{"Zerno"}, p.sees(olha))
	for range 2 {
		_, err = p.assignment.RemoveManager(head, &v1.RemoveManagerRequest{ClientId: made.GetId(), ManagerId: olha.id})
		require.NoError(t, err)
	}
	require.Empty(t, p.sees(olha))
	require.Zero(t, p.rows("select count(*) from kernel.client_grant"))
	_, err = p.assignment.AddManager(olha, &v1.AddManagerRequest{ClientId: made.GetId(), ManagerId: olha.id})
	require.Contains(t, []codes.Code{codes.NotFound, codes.PermissionDenied}, status.Code(err))
}

// Whoever comes first, each grant in the end stands for somebody who serves the client, in one way.
func TestManagersFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	head, made := p.head(), p.named(p.head(), "Zerno")
	people := []user{p.manager("A"), p.manager("B"), p.manager("C")}
	errs := kerneltest.AtOnce(36, func(i int) error {
		who := people[i%3].id
		switch i / 3 % 3 {
		case 0:
			return second(p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: made.GetId(), ManagerId: who}))
		case 1:
			return second(p.assignment.RemoveManager(head, &v1.RemoveManagerRequest{ClientId: made.GetId(), ManagerId: who}))
		}
		return second(p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: who}))
	})
	for _, err := range errs {
		require.Contains(t, []codes.Code{codes.OK, codes.FailedPrecondition}, status.Code(err), "%v", err)
	}
	require.Zero(t, p.rows(`select count(*) from (
		(select manager_id from clientmanager.clients where manager_id is not null union all select user_id from clientmanager.further_managers
			except all select user_id from kernel.client_grant) union all
		(select user_id from kernel.client_grant
			except all (select manager_id from clientmanager.clients where manager_id is not null union all select user_id from clientmanager.further_managers))) d`))
}

func TestHandOver(t *testing.T) {
	p := newPortal(t)
	head, olha, petro, ivan := p.head(), p.manager("Olha"), p.manager("Petro"), p.manager("Ivan")
	who := access.From(head)
	who.Proved = time.Time{}
	_, err := p.assignment.HandOver(access.With(t.Context(), who), &v1.HandOverRequest{RequestId: store.NewID(), FromId: olha.id})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "it takes to show again who asks")
	who.Proved = time.Now()
	head.Context = access.With(t.Context(), who)
	file := "name,tags\n"
	for i := range 230 {
		file += fmt.Sprintf("Client %03d,%s\n", i, map[bool]string{true: "key"}[i%3 == 0])
	}
	i := p.upload(olha, file)
	p.check(olha, i)
	p.run(olha, i)
	helped := p.named(petro, "Helped")
	_, err = p.assignment.AddManager(head, &v1.AddManagerRequest{ClientId: helped.GetId(), ManagerId: olha.id})
	require.NoError(t, err)
	over := func(from, to string) error {
		return second(p.assignment.HandOver(head, &v1.HandOverRequest{RequestId: store.NewID(), FromId: from, ToId: to}))
	}
	refused(t, over(olha.id, olha.id), codes.InvalidArgument, "to_id", "clientmanager.refusal.same_person")
	refused(t, over(olha.id, store.NewID()), codes.InvalidArgument, "to_id", "clientmanager.refusal.cannot_serve")
	errs := kerneltest.AtOnce(4, func(int) error { return over(olha.id, ivan.id) })
	for _, err := range errs {
		require.Contains(t, []codes.Code{codes.OK, codes.FailedPrecondition}, status.Code(err), "%v", err)
	}
	require.NotZero(t, kerneltest.Count(errs, codes.OK))
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Zero(t, p.rows("select count(*) from clientmanager.handovers where state = 'running'"))
	require.Equal(t, 231, p.rows("select sum(client_count)::int from clientmanager.handovers"))
	require.Equal(t, 230, p.rows("select count(*) from clientmanager.clients where manager_id = $1 and manager_name = 'Ivan'", ivan.id))
	require.Equal(t, []string{"Ivan FURTHER", "Petro MAIN"}, func() []string {
		m := p.managers(petro, helped.GetId())
		return []string{m[1], m[0]}
	}())
	require.Empty(t, p.sees(olha))
	require.Len(t, events[*v1.ManagerAssigned](p), 230)

	// By the rules; whom none takes has no manager then.
	p.rule(head, &v1.AssignmentRule{Name: "Key", Tag: "key", Target: inTurn, People: []string{ivan.id, olha.id, petro.id}})
	require.NoError(t, over(ivan.id, ""))
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Zero(t, p.rows("select count(*) from clientmanager.clients where manager_id = $1", ivan.id))
	require.Equal(t, 153, p.rows("select count(*) from clientmanager.clients where manager_id is null"))
	require.LessOrEqual(t, p.rows("select max(n) - min(n) from (select count(*)::int as n from clientmanager.clients where 'key' = any(tags) group by manager_id) c"), 1)
	require.Zero(t, p.rows("select count(*) from kernel.client_grant where user_id = $1 and client_id <> $2", ivan.id, helped.GetId()))
}
