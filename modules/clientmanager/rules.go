package clientmanager

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// mostRules is how many rules there can be: each new client asks all of them, and nobody keeps more in mind.
const mostRules = 100

// ListRules lists the rules in the order in which they are asked.
func (s *assignmentService) ListRules(ctx context.Context, r *v1.ListRulesRequest) (*v1.ListRulesResponse, error) {
	c := &store.Where{}
	var after string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	} else if on {
		c.Add("(position, id) > (select b.position, b.id from clientmanager.rules b where b.id = ?::uuid)", after)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[ruleRow], `
		select `+ruleColumns+` from clientmanager.rules`+c.String()+` order by rules.position, rules.id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListRulesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last ruleRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Rules = append(response.Rules, row.rule())
	}
	return response, nil
}

// GetRule returns a rule.
func (s *assignmentService) GetRule(ctx context.Context, r *v1.GetRuleRequest) (*v1.GetRuleResponse, error) {
	rule, err := findRule(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetRuleResponse{Rule: rule}, nil
}

// ruleChanges are the fields of a rule that can be written.
var ruleChanges = map[string]func(to, from *v1.AssignmentRule){
	"name":             func(to, from *v1.AssignmentRule) { to.Name = oneLine(from.GetName()) },
	"state":            func(to, from *v1.AssignmentRule) { to.State = from.GetState() },
	"kind":             func(to, from *v1.AssignmentRule) { to.Kind = from.GetKind() },
	"place":            func(to, from *v1.AssignmentRule) { to.Place = oneLine(from.GetPlace()) },
	"tag":              func(to, from *v1.AssignmentRule) { to.Tag = oneLine(from.GetTag()) },
	"branch_id":        func(to, from *v1.AssignmentRule) { to.BranchId = from.GetBranchId() },
	"source":           func(to, from *v1.AssignmentRule) { to.Source = from.GetSource() },
	"target":           func(to, from *v1.AssignmentRule) { to.Target = from.GetTarget() },
	"manager_id":       func(to, from *v1.AssignmentRule) { to.ManagerId = from.GetManagerId() },
	"target_branch_id": func(to, from *v1.AssignmentRule) { to.TargetBranchId = from.GetTargetBranchId() },
	"people":           func(to, from *v1.AssignmentRule) { to.People = slices.Clone(from.GetPeople()) },
}

// checkRule refuses what no rule can be, and forgets what its target has no use for.
func checkRule(r *v1.AssignmentRule) error {
	if r.GetState() == v1.RuleState_RULE_STATE_UNSPECIFIED {
		r.State = v1.RuleState_RULE_STATE_ON
	}
	if err := module.Constrained("rule", r); err != nil {
		return err
	}
	switch r.GetTarget() {
	case v1.RuleTarget_RULE_TARGET_MANAGER:
		r.TargetBranchId, r.People = "", nil
		if r.GetManagerId() == "" {
			return refuse(codes.InvalidArgument, "rule.manager_id", "refusal.rule_who", "say who gets these clients")
		}
	case v1.RuleTarget_RULE_TARGET_BRANCH:
		r.ManagerId, r.People = "", nil
		if r.GetTargetBranchId() == "" {
			return refuse(codes.InvalidArgument, "rule.target_branch_id", "refusal.rule_branch", "say which branch gets these clients")
		}
	default:
		r.ManagerId = ""
		if (r.GetTargetBranchId() == "") == (len(r.GetPeople()) == 0) {
			return refuse(codes.InvalidArgument, "rule.people", "refusal.rule_people", "choose either a branch, for all who work there, or people by name")
		}
	}
	return nil
}

// CreateRule adds a rule, which is asked last.
func (s *assignmentService) CreateRule(ctx context.Context, r *v1.CreateRuleRequest) (*v1.CreateRuleResponse, error) {
	var response *v1.CreateRuleResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateRuleResponse, error) {
			if err := holdRules(ctx, tx); err != nil {
				return nil, err
			}
			present, err := store.QueryOne(ctx, tx, pgx.RowTo[int], `select count(*)::int from clientmanager.rules`)
			if err != nil {
				return nil, err
			}
			if present >= mostRules {
				return nil, refuse(codes.FailedPrecondition, "", "refusal.rules_enough", "there are a hundred rules: remove one first")
			}
			rule := &v1.AssignmentRule{Id: store.NewID(), Revision: 1, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range ruleChanges {
				apply(rule, r.GetRule())
			}
			if err := checkRule(rule); err != nil {
				return nil, err
			}
			audit.About(tx, rule)
			if err := saveRule(ctx, tx, rule); err != nil {
				return nil, err
			}
			rule.Position = int32(present) + 1
			return &v1.CreateRuleResponse{Rule: rule}, nil
		})
		return err
	})
	if err != nil {
		return nil, noSuchBranch(err)
	}
	return response, nil
}

// noSuchBranch names the field that points at a branch that there is not.
func noSuchBranch(err error) error {
	switch store.Constraint(err) {
	case "rules_branch_id_fkey":
		return noBranchAt("rule.branch_id")
	case "rules_target_branch_id_fkey":
		return noBranchAt("rule.target_branch_id")
	}
	return err
}

// UpdateRule changes the named fields.
func (s *assignmentService) UpdateRule(ctx context.Context, r *v1.UpdateRuleRequest) (*v1.UpdateRuleResponse, error) {
	if !store.IsID(r.GetRule().GetId()) {
		return nil, refuse(codes.InvalidArgument, "rule.id", "refusal.which_rule", "say by its id which rule is meant")
	}
	fields, err := named(r.GetUpdateMask(), ruleChanges)
	if err != nil {
		return nil, err
	}
	var rule *v1.AssignmentRule
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		present, err := findRule(ctx, tx, r.GetRule().GetId(), " for update")
		if err != nil {
			return err
		}
		rule, _ = changedBy(present, r.GetRule(), fields, ruleChanges)
		if err := checkRule(rule); err != nil {
			return err
		}
		switch {
		case proto.Equal(rule, present):
			return nil
		case r.GetRule().GetRevision() != 0 && r.GetRule().GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		audit.Changed(tx, present, rule)
		rule.Revision++
		return saveRule(ctx, tx, rule)
	})
	if err != nil {
		return nil, noSuchBranch(err)
	}
	return &v1.UpdateRuleResponse{Rule: rule}, nil
}

// DeleteRule takes a rule away. One that is not there is no error.
func (s *assignmentService) DeleteRule(ctx context.Context, r *v1.DeleteRuleRequest) (*v1.DeleteRuleResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := holdRules(ctx, tx); err != nil {
			return err
		}
		rule, err := findRule(ctx, tx, r.GetId(), " for update")
		if errors.Is(err, errNoRule) {
			return nil
		} else if err != nil {
			return err
		}
		audit.Changed(tx, rule, nil)
		_, err = tx.Exec(ctx, `delete from clientmanager.rules where id = $1`, r.GetId())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v1.DeleteRuleResponse{}, nil
}

// MoveRule exchanges a rule with the one before or behind it.
func (s *assignmentService) MoveRule(ctx context.Context, r *v1.MoveRuleRequest) (*v1.MoveRuleResponse, error) {
	var rule *v1.AssignmentRule
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := holdRules(ctx, tx); err != nil {
			return err
		}
		if _, err := findRule(ctx, tx, r.GetId(), ""); err != nil {
			return err
		}
		// All are counted anew, from 1, the two exchanged: numbers that were alike, or far apart, are mended by the way.
		_, err = tx.Exec(ctx, `
			with now as (select id, row_number() over (order by position, id) as n from clientmanager.rules),
			     me as (select n, n + $2 as other from now where id = $1),
			     turned as (
				select now.id, case when now.n = me.n then me.other when now.n = me.other then me.n else now.n end as n
				from now, me where exists (select from now b where b.n = me.other))
			update clientmanager.rules r set position = turned.n from turned where turned.id = r.id and r.position <> turned.n`,
			r.GetId(), map[bool]int{false: -1, true: 1}[r.GetDown()])
		if err != nil {
			return err
		}
		rule, err = findRule(ctx, tx, r.GetId(), "")
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v1.MoveRuleResponse{Rule: rule}, nil
}
