package clientmanager

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// assigning is what rules need to know about the portal to say who gets a client. The zero value gives to nobody.
type assigning struct {
	rules []candidates
}

// candidates are a rule, and of the people it names those who can get clients now, in the order of their ids.
type candidates struct {
	*v1.AssignmentRule
	// place is the condition as places are compared.
	place  string
	people []*accountmanagerv1.StaffCard
	// closed says that the branch it gives to takes no clients.
	closed bool
}

// assigning reads the rules that are on, and asks who of their people can sign in: so it is called before a transaction
// begins, since another module is asked. Those in without get nothing.
func (m *Module) assigning(ctx context.Context, without ...string) (*assigning, error) {
	self := m.host.Self(ctx)
	rows, err := store.Query(self, m.host.Store, pgx.RowToStructByPos[ruleRow], `select `+ruleColumns+` from clientmanager.rules where state = 'on' order by position, id`)
	if err != nil || len(rows) == 0 {
		return &assigning{}, err
	}
	type worker struct{ BranchID, UserID string }
	workers, err := store.Query(self, m.host.Store, pgx.RowToStructByPos[worker], `select branch_id::text, staff_id::text from clientmanager.branch_people`)
	if err != nil {
		return nil, err
	}
	closed, err := store.Query(self, m.host.Store, pgx.RowTo[string], `select id::text from clientmanager.branches where state = 'closed'`)
	if err != nil {
		return nil, err
	}
	can, err := m.canServe(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range without {
		delete(can, id)
	}
	out := &assigning{}
	for _, row := range rows {
		rule := row.rule()
		c := candidates{AssignmentRule: rule, place: fold(rule.GetPlace()), closed: slices.Contains(closed, rule.GetTargetBranchId())}
		named := slices.Clone(rule.GetPeople())
		switch {
		case rule.GetTarget() == v1.RuleTarget_RULE_TARGET_MANAGER:
			named = []string{rule.GetManagerId()}
		case rule.GetTargetBranchId() != "":
			for _, w := range workers {
				if w.BranchID == rule.GetTargetBranchId() {
					named = append(named, w.UserID)
				}
			}
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(named))) {
			if card := can[id]; card != nil {
				c.people = append(c.people, card)
			}
		}
		out.rules = append(out.rules, c)
	}
	return out, nil
}

// canServe are the members of staff who can sign in, by id.
func (m *Module) canServe(ctx context.Context) (map[string]*accountmanagerv1.StaffCard, error) {
	can := map[string]*accountmanagerv1.StaffCard{}
	r := &accountmanagerv1.ListStaffRequest{PageSize: 200}
	for {
		page, err := m.users.ListStaff(m.host.Self(ctx), r)
		if err != nil {
			return nil, err
		}
		for _, card := range page.GetStaff() {
			can[card.GetUserId()] = card
		}
		if page.GetNextPageToken() == "" {
			return can, nil
		}
		r.PageToken = page.GetNextPageToken()
	}
}

// meets tells whether a client meets a rule's conditions.
func (c candidates) meets(client *v1.Client, source v1.ClientSource) bool {
	return (c.GetKind() == v1.KindCondition_KIND_CONDITION_UNSPECIFIED || kindConditions.Text(c.GetKind()) == clientKinds.Text(client.GetKind())) &&
		strings.HasPrefix(fold(client.GetPlace()), c.place) &&
		(c.GetTag() == "" || slices.ContainsFunc(client.GetTags(), func(tag string) bool { return fold(tag) == fold(c.GetTag()) })) &&
		(c.GetBranchId() == "" || c.GetBranchId() == client.GetBranchId()) &&
		(c.GetSource() == v1.ClientSource_CLIENT_SOURCE_UNSPECIFIED || c.GetSource() == source)
}

// able tells whether the rule has somebody, or a branch, to give a client to. A client that has a branch is not moved.
func (c candidates) able(client *v1.Client) bool {
	switch {
	case c.GetTargetBranchId() != "" && c.closed:
		return false
	case c.GetTarget() == v1.RuleTarget_RULE_TARGET_BRANCH:
		return client.GetBranchId() == ""
	}
	return len(c.people) > 0
}

// inTurn tells whether several people share what the rule gives.
func (c candidates) inTurn() bool {
	return c.GetTarget() == v1.RuleTarget_RULE_TARGET_IN_TURN || c.GetTarget() == v1.RuleTarget_RULE_TARGET_LEAST
}

// place gives clients that nobody serves to whom the first rule that fits says, and returns that rule for each; nil where
// none does. The clients are not written yet. Turns are taken in the order of rules' ids, each for all clients at once, so
// that two transactions never wait for each other.
func (a *assigning) place(ctx context.Context, tx *store.Tx, source v1.ClientSource, clients []*v1.Client) ([]*v1.AssignmentRule, error) {
	given := make([]*v1.AssignmentRule, len(clients))
	shared := map[string][]*v1.Client{}
	rules := map[string]candidates{}
	for i, client := range clients {
		at := slices.IndexFunc(a.rules, func(c candidates) bool { return c.meets(client, source) && c.able(client) })
		if at < 0 {
			continue
		}
		rule := a.rules[at]
		given[i] = rule.AssignmentRule
		if rule.inTurn() {
			shared[rule.GetId()] = append(shared[rule.GetId()], client)
			rules[rule.GetId()] = rule
		} else if rule.GetTarget() == v1.RuleTarget_RULE_TARGET_MANAGER {
			client.ManagerId, client.ManagerName = rule.people[0].GetUserId(), rule.people[0].GetName()
		}
		if client.GetBranchId() == "" && rule.GetTargetBranchId() != "" {
			if err := openBranch(ctx, tx, rule.GetTargetBranchId(), ""); err != nil {
				return nil, errMeanwhile // it was open a moment ago
			}
			client.BranchId = rule.GetTargetBranchId()
		}
	}
	for _, id := range slices.Sorted(maps.Keys(shared)) {
		if err := rules[id].share(ctx, tx, shared[id]); err != nil {
			return nil, err
		}
	}
	return given, nil
}

// share gives clients to a rule's people, and keeps others from doing so by the same rule until the transaction ends.
func (c candidates) share(ctx context.Context, tx *store.Tx, clients []*v1.Client) error {
	turn, err := store.QueryOne(ctx, tx, pgx.RowTo[*int64], `select clientmanager.take_turns($1, $2)`, c.GetId(), len(clients))
	if err != nil {
		return err
	}
	if turn == nil {
		return errMeanwhile // the rule was there a moment ago
	}
	var loads map[string]int64
	if c.GetTarget() == v1.RuleTarget_RULE_TARGET_LEAST {
		if loads, err = loadsOf(ctx, tx, c.people); err != nil {
			return err
		}
	}
	for i, client := range clients {
		who := c.people[(*turn+int64(i))%int64(len(c.people))]
		if loads != nil {
			who = least(c.people, loads)
			loads[who.GetUserId()]++
		}
		client.ManagerId, client.ManagerName = who.GetUserId(), who.GetName()
	}
	return nil
}

// loadsOf counts the clients that each serves.
func loadsOf(ctx context.Context, q store.Querier, people []*accountmanagerv1.StaffCard) (map[string]int64, error) {
	type load struct {
		UserID  string
		Clients int64
	}
	ids := make([]string, len(people))
	for i, card := range people {
		ids[i] = card.GetUserId()
	}
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[load], `select user_id::text, clients from clientmanager.loads($1)`, ids)
	loads := map[string]int64{}
	for _, row := range rows {
		loads[row.UserID] = row.Clients
	}
	return loads, err
}

// least is who of people, which are some, has the fewest clients; of several the first.
func least(people []*accountmanagerv1.StaffCard, loads map[string]int64) *accountmanagerv1.StaffCard {
	return slices.MinFunc(people, func(a, b *accountmanagerv1.StaffCard) int {
		return cmp.Compare(loads[a.GetUserId()], loads[b.GetUserId()])
	})
}

// TryRules says what each rule thinks of a client. It takes nobody's turn.
func (s *assignmentService) TryRules(ctx context.Context, r *v1.TryRulesRequest) (*v1.TryRulesResponse, error) {
	a, err := s.assigning(ctx)
	if err != nil {
		return nil, err
	}
	if r.GetBranchId() != "" {
		if _, err := findBranch(ctx, s.host.Store, r.GetBranchId()); err != nil {
			return nil, refuse(codes.InvalidArgument, "branch_id", "refusal.no_branch", "there is no such branch")
		}
	}
	client := &v1.Client{Kind: cmp.Or(r.GetKind(), v1.ClientKind_CLIENT_KIND_COMPANY), Place: r.GetPlace(), Tags: r.GetTags(), BranchId: r.GetBranchId()}
	source := cmp.Or(r.GetSource(), v1.ClientSource_CLIENT_SOURCE_BY_HAND)
	response := &v1.TryRulesResponse{}
	won := false
	for _, rule := range a.rules {
		trial := &v1.RuleTrial{RuleId: rule.GetId(), Name: rule.GetName(), Verdict: v1.RuleVerdict_RULE_VERDICT_NO}
		switch {
		case !rule.meets(client, source):
		case !rule.able(client):
			trial.Verdict = v1.RuleVerdict_RULE_VERDICT_NOBODY
		case won:
			trial.Verdict = v1.RuleVerdict_RULE_VERDICT_LATER
		default:
			won = true
			trial.Verdict = v1.RuleVerdict_RULE_VERDICT_WINS
			trial.BranchId = cmp.Or(client.GetBranchId(), rule.GetTargetBranchId())
			who, err := s.next(ctx, rule)
			if err != nil {
				return nil, err
			}
			trial.ManagerName = who.GetName()
		}
		response.Trials = append(response.Trials, trial)
	}
	return response, nil
}

// next is who would get a client by a rule; nil where it gives to a branch alone.
func (s *assignmentService) next(ctx context.Context, rule candidates) (*accountmanagerv1.StaffCard, error) {
	switch rule.GetTarget() {
	case v1.RuleTarget_RULE_TARGET_BRANCH:
		return nil, nil
	case v1.RuleTarget_RULE_TARGET_IN_TURN:
		turn, err := store.QueryOne(s.host.Self(ctx), s.host.Store, pgx.RowTo[int64], `select coalesce(max(turn), 0) from clientmanager.rule_turns where rule_id = $1`, rule.GetId())
		return rule.people[turn%int64(len(rule.people))], err
	case v1.RuleTarget_RULE_TARGET_LEAST:
		loads, err := loadsOf(ctx, s.host.Store, rule.people)
		return least(rule.people, loads), err
	}
	return rule.people[0], nil
}
