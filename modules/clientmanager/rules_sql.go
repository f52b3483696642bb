package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	kindConditions = store.Enum[v1.KindCondition]{Prefix: "KIND_CONDITION_", Values: v1.KindCondition_value}
	clientSources  = store.Enum[v1.ClientSource]{Prefix: "CLIENT_SOURCE_", Values: v1.ClientSource_value}
	ruleTargets    = store.Enum[v1.RuleTarget]{Prefix: "RULE_TARGET_", Values: v1.RuleTarget_value}
	ruleStates     = store.Enum[v1.RuleState]{Prefix: "RULE_STATE_", Values: v1.RuleState_value}
)

type ruleRow struct {
	ID, Name, State, Kind, Place, Tag string
	BranchID                          *string
	Source, Target                    string
	ManagerID, TargetBranchID         *string
	People                            []string
	Position                          int32
	Created                           time.Time
	Revision                          int64
}

// The position shown is a rule's place among all, whatever number it is kept under.
const ruleColumns = `id::text, name, state, kind, place, tag, branch_id::text, source, target, manager_id::text, target_branch_id::text,
	people::text[], (select count(*)::int from clientmanager.rules b where (b.position, b.id) <= (rules.position, rules.id)), create_time, revision`

func (r ruleRow) rule() *v1.AssignmentRule {
	rule := &v1.AssignmentRule{
		Id: r.ID, Name: r.Name, State: ruleStates.Of(r.State), Place: r.Place, Tag: r.Tag, Target: ruleTargets.Of(r.Target), People: r.People,
		Position: r.Position, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
	if r.Kind != "" {
		rule.Kind = kindConditions.Of(r.Kind)
	}
	if r.Source != "" {
		rule.Source = clientSources.Of(r.Source)
	}
	for to, from := range map[*string]*string{&rule.BranchId: r.BranchID, &rule.ManagerId: r.ManagerID, &rule.TargetBranchId: r.TargetBranchID} {
		if from != nil {
			*to = *from
		}
	}
	return rule
}

func findRule(ctx context.Context, q store.Querier, id, lock string) (*v1.AssignmentRule, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[ruleRow], `select `+ruleColumns+` from clientmanager.rules where id = $1`+lock, id)
	return row.rule(), store.NotFoundAs(err, errNoRule)
}

// holdRules makes everything that changes rules or their order wait for its turn, until the transaction ends.
func holdRules(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('clientmanager.rules ' || current_database(), 0))`)
	return err
}

// saveRule writes a rule: a new one last, a present one over, where it stands.
func saveRule(ctx context.Context, tx *store.Tx, r *v1.AssignmentRule) error {
	kind, source := "", ""
	if r.GetKind() != v1.KindCondition_KIND_CONDITION_UNSPECIFIED {
		kind = kindConditions.Text(r.GetKind())
	}
	if r.GetSource() != v1.ClientSource_CLIENT_SOURCE_UNSPECIFIED {
		source = clientSources.Text(r.GetSource())
	}
	_, err := tx.Exec(ctx, `
		insert into clientmanager.rules (id, position, name, state, kind, place, tag, branch_id, source, target, manager_id, target_branch_id, people, create_time, revision)
		values ($1, (select coalesce(max(position), 0) + 1 from clientmanager.rules), $2, $3, $4, $5, $6, nullif($7, '')::uuid, $8, $9, nullif($10, '')::uuid,
			nullif($11, '')::uuid, $12::uuid[], $13, $14)
		on conflict (id) do update set name = excluded.name, state = excluded.state, kind = excluded.kind, place = excluded.place, tag = excluded.tag,
			branch_id = excluded.branch_id, source = excluded.source, target = excluded.target, manager_id = excluded.manager_id,
			target_branch_id = excluded.target_branch_id, people = excluded.people, revision = excluded.revision`,
		r.GetId(), r.GetName(), ruleStates.Text(r.GetState()), kind, r.GetPlace(), r.GetTag(), r.GetBranchId(), source, ruleTargets.Text(r.GetTarget()),
		r.GetManagerId(), r.GetTargetBranchId(), append([]string{}, r.GetPeople()...), r.GetCreateTime().AsTime(), r.GetRevision())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into clientmanager.rule_turns (rule_id) values ($1) on conflict do nothing`, r.GetId())
	return err
}
