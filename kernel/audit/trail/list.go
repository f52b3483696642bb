package trail

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

type request = proto.Message

// question is what a list is asked for. What is empty is not asked for.
type question struct {
	from, to                                string // days, both included
	actor, client, module, method, resource string
	outcome                                 kernelv1.AuditOutcome
}

func questionOf(r *kernelv1.ListAuditEntriesRequest) question {
	return question{
		from: r.GetFromDate(), to: r.GetToDate(), actor: r.GetActorId(), client: r.GetClientId(), module: r.GetModule(), method: r.GetMethod(),
		resource: r.GetResourceId(), outcome: r.GetOutcome(),
	}
}

// activityOf is what a contact is told: what was done that concerns the client.
func activityOf(r *kernelv1.ListActivitiesRequest, client string) question {
	return question{from: r.GetFromDate(), to: r.GetToDate(), client: client, outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE}
}

// fewEntries is up to how many entries it is quickest to read all that a member of staff sees, and sort them: beyond, so many
// entries are theirs that the newest of all are looked through. At a million, either takes about as long here.
const fewEntries = 7_000

// listing is the statement that answers a page of a list.
func (s *service) listing(ctx context.Context, list request, token string, limit int, q question) (sql string, args []any, err error) {
	c := &store.Where{}
	if err := s.days(c, q); err != nil {
		return "", nil, err
	}
	if err := s.ofClient(ctx, c, q.client); err != nil {
		return "", nil, err
	}
	for column, value := range map[string]string{"actor_id": q.actor, "resource_id": q.resource} {
		if value != "" {
			c.Add(column+" = ?::uuid", value)
		}
	}
	for column, value := range map[string]string{"module": q.module, "method": q.method} {
		if value != "" {
			c.Add(column+" = ?", value)
		}
	}
	// In the statement itself, so that the planner knows how frequent they are, and which partial index holds them.
	switch q.outcome {
	case kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE:
		c.Add("outcome = 'done'")
	case kernelv1.AuditOutcome_AUDIT_OUTCOME_REFUSED:
		c.Add("outcome = 'refused'")
	}
	var at time.Time
	var id string
	if on, err := s.Rows.DecodePageToken(list, token, &at, &id); err != nil {
		return "", nil, err
	} else if on {
		c.Add("(time, id) < (?, ?::uuid)", at, id)
	}
	few, err := s.few(ctx, q)
	if err != nil {
		return "", nil, err
	}
	most := c.Arg(limit)
	const newest = " order by e.time desc, e.id desc limit "
	if few {
		c.Add("client_id = any ((select access.audited_clients())::uuid[])")
		return `with e as materialized (select * from kernel.audit_entry` + c.String() + `) select ` + columns + ` from e` + newest + most, c.Args, nil
	}
	return `select ` + columns + ` from kernel.audit_entry e` + c.String() + newest + most, c.Args, nil
}

// few tells whether the caller sees so few entries that all of them are read.
func (s *service) few(ctx context.Context, q question) (bool, error) {
	if access.DecisionFrom(ctx).Reach == access.All || q.client != "" || q.resource != "" {
		return false, nil
	}
	n, err := store.QueryOne(ctx, s.Rows, pgx.RowTo[int], `select kernel.audit_mine($1)`, fewEntries)
	return n <= fewEntries, err
}

// days limits a list to days of the portal's time zone.
func (s *service) days(c *store.Where, q question) error {
	for _, d := range []struct {
		field, day, condition string
		add                   int
	}{{"from_date", q.from, "time >= ?", 0}, {"to_date", q.to, "time < ?", 1}} {
		if d.day == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, d.day, s.Texts.For("", nil).Zone())
		if err != nil {
			return module.Refusal(codes.InvalidArgument, d.field, "kernel.audit.no_day", "there is no such day: write it as 2026-11-25")
		}
		c.Add(d.condition, day.AddDate(0, 0, d.add))
	}
	return nil
}

// ofClient limits a list to a client, and to those that were merged into it. A client of which that is none, as nearly all are, is
// compared with alone: so an index gives its entries in order.
func (s *service) ofClient(ctx context.Context, c *store.Where, client string) error {
	if client == "" {
		return nil
	}
	ids, err := store.QueryOne(ctx, s.Rows, pgx.RowTo[[]string], "select access.with_merged($1)::text[]", client)
	switch {
	case err != nil:
		return err
	case len(ids) == 1:
		c.Add("client_id = ?::uuid", client)
	default:
		c.Add("client_id = any(?::uuid[])", ids)
	}
	return nil
}
