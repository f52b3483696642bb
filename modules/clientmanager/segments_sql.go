package clientmanager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// segmentRuleRow is a segment as far as clients are concerned.
type segmentRuleRow struct {
	ID, Name string
	Priority int32
	Rule     []byte
}

// segmentRule is one that was read.
type segmentRule struct {
	id, name string
	priority int32
	rule     *v1.Segment
}

// readRule reads a rule as it is kept. What a newer program wrote into it and this one does not know is left out.
func readRule(text []byte) (*v1.Segment, error) {
	rule := &v1.Segment{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, rule); err != nil {
		return nil, fmt.Errorf("clientmanager: the rule of a segment: %w", err)
	}
	return rule, nil
}

// ruleOf is a segment's conditions alone.
func ruleOf(s *v1.Segment) *v1.Segment {
	rule := proto.CloneOf(s)
	rule.Id, rule.Name, rule.Note, rule.Priority, rule.State, rule.Clients, rule.UpdateTime, rule.Revision = "", "", "", 0, 0, 0, nil, 0
	return rule
}

// readRules reads the rules of segments; from is where they are had, and in which order.
func readRules(ctx context.Context, q store.Querier, from string) ([]segmentRule, error) {
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[segmentRuleRow], `select id::text, name, priority, rule from `+from)
	if err != nil {
		return nil, err
	}
	out := make([]segmentRule, len(rows))
	for i, r := range rows {
		rule, err := readRule(r.Rule)
		if err != nil {
			return nil, err
		}
		out[i] = segmentRule{id: r.ID, name: r.Name, priority: r.Priority, rule: rule}
	}
	return out, nil
}

// heldRules is the key of a transaction's rules.
type heldRules struct{}

// holdRules are the rules in force until the transaction ends. A transaction that writes clients calls it before it
// locks any, as who changes rules does: so neither waits for the other's rows.
func (m *Module) holdRules(ctx context.Context, tx *store.Tx) ([]segmentRule, error) {
	type result struct {
		rules []segmentRule
		err   error
	}
	held := tx.Local(heldRules{}, func() any {
		rules, err := readRules(ctx, tx, `clientmanager.hold_segments()`)
		return result{rules, err}
	}).(result)
	return held.rules, held.err
}

// regrouped is a client whose segments are others than before.
type regrouped struct {
	ID            string
	Now, Formerly []string
}

// regroup finds out which segments clients are in, which are locked or new, and says what changed.
func (m *Module) regroup(ctx context.Context, tx *store.Tx, ids []string) ([]regrouped, error) {
	rules, err := m.holdRules(ctx, tx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	w := &store.Where{}
	who := w.Arg(ids)
	parts := []string{"null::uuid"} // so that the array has a type when there are no segments
	for _, r := range rules {
		condition, err := m.matches(w, r.rule)
		if err != nil {
			condition = "false" // it asks for a field that the integrator took away
		}
		parts = append(parts, fmt.Sprintf("case when ('%[1]s' = any(coalesce(p.placed, '{}')) or (%[2]s)) and '%[1]s' <> all(coalesce(p.kept_out, '{}')) then '%[1]s'::uuid end", r.id, condition))
	}
	changed, err := store.Query(ctx, tx, pgx.RowToStructByPos[regrouped], `
		with now as materialized (
			select c.id, c.segments as formerly, array_remove(array[`+strings.Join(parts, ",\n")+`], null) as segments
			from clientmanager.clients c
			left join (
				select client_id, array_agg(segment_id) filter (where placed_in) as placed, array_agg(segment_id) filter (where not placed_in) as kept_out
				from clientmanager.segment_clients where client_id = any(`+who+`::uuid[]) group by client_id
			) p on p.client_id = c.id
			where c.id = any(`+who+`::uuid[])
		)
		update clientmanager.clients c set segments = now.segments from now
		where c.id = now.id and c.segments is distinct from now.segments
		returning c.id::text, c.segments::text[], now.formerly::text[]`, w.Args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(changed, func(a, b regrouped) int { return strings.Compare(a.ID, b.ID) })
	for _, c := range changed {
		if err := m.host.Publish(ctx, tx, c.ID, &v1.ClientSegmentsChanged{
			ClientId: c.ID, SegmentIds: c.Now, FormerSegmentIds: c.Formerly, Time: timestamppb.New(m.host.Now()),
		}); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// regroupClients does so for clients that were just written, and writes what it finds into them.
func (m *Module) regroupClients(ctx context.Context, tx *store.Tx, clients []*v1.Client) error {
	byID := make(map[string]*v1.Client, len(clients))
	ids := make([]string, len(clients))
	for i, c := range clients {
		ids[i], byID[c.GetId()] = c.GetId(), c
	}
	rules, err := m.holdRules(ctx, tx)
	if err != nil || len(rules) == 0 { // those of a former one the job takes away
		return err
	}
	changed, err := m.regroup(ctx, tx, ids)
	for _, c := range changed {
		byID[c.ID].SegmentIds = c.Now
	}
	return err
}

// segmentRow is a segment as stored, in the order of segmentColumns.
type segmentRow struct {
	ID, Name string
	Priority int32
	Note     string
	Rule     []byte
	Updated  time.Time
	Revision int64
	Ready    bool
}

const segmentColumns = `id::text, name, priority, note, rule, update_time, revision,
	(select done >= generation from clientmanager.segment_state)`

func (r segmentRow) segment() (*v1.Segment, error) {
	s, err := readRule(r.Rule)
	if err != nil {
		return nil, err
	}
	s.Id, s.Name, s.Priority, s.Note, s.UpdateTime, s.Revision = r.ID, r.Name, r.Priority, r.Note, timestamppb.New(r.Updated), r.Revision
	if s.State = v1.SegmentState_SEGMENT_STATE_COMPUTING; r.Ready {
		s.State = v1.SegmentState_SEGMENT_STATE_READY
	}
	return s, nil
}

func findSegment(ctx context.Context, q store.Querier, id string) (*v1.Segment, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[segmentRow], `select `+segmentColumns+` from clientmanager.segments where id = $1`, id)
	if err != nil {
		return nil, store.NotFoundAs(err, errNoSegment)
	}
	return row.segment()
}

// writeSegment inserts a segment or writes it over.
func writeSegment(ctx context.Context, tx *store.Tx, s *v1.Segment) error {
	rule, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(ruleOf(s))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into clientmanager.segments (id, name, name_fold, priority, note, rule, update_time, revision) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set name = excluded.name, name_fold = excluded.name_fold, priority = excluded.priority, note = excluded.note,
			rule = excluded.rule, update_time = excluded.update_time, revision = excluded.revision`,
		s.GetId(), s.GetName(), fold(s.GetName()), s.GetPriority(), s.GetNote(), string(rule), s.GetUpdateTime().AsTime(), s.GetRevision())
	return err
}
