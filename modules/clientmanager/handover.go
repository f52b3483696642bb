package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// handedTogether is how many clients change hands in one transaction. Each is half a dozen statements.
const handedTogether = 100

var handoverStates = store.Enum[v1.HandoverState]{Prefix: "HANDOVER_STATE_", Values: v1.HandoverState_value}

type handoverRow struct {
	ID, FromID, FromName string
	ToID                 *string
	ToName, State        string
	Clients              int32
	Created              time.Time
}

const handoverColumns = `id::text, from_id::text, from_name, to_id::text, to_name, state, client_count, create_time`

func (r handoverRow) handover() *v1.Handover {
	h := &v1.Handover{
		Id: r.ID, FromId: r.FromID, FromName: r.FromName, ToName: r.ToName, State: handoverStates.Of(r.State), ClientCount: r.Clients,
		CreateTime: timestamppb.New(r.Created),
	}
	if r.ToID != nil {
		h.ToId = *r.ToID
	}
	return h
}

// HandOver begins to take all clients from a manager. What is to be done is written down with the first event that says so;
// each batch, and the event for the next, is one transaction: killed anywhere, it goes on where it was.
func (s *assignmentService) HandOver(ctx context.Context, r *v1.HandOverRequest) (*v1.HandOverResponse, error) {
	if r.GetFromId() == r.GetToId() {
		return nil, refuse(codes.InvalidArgument, "to_id", "refusal.same_person", "these clients are theirs already: choose somebody else")
	}
	from, err := s.staffName(ctx, r.GetFromId(), "from_id")
	if err != nil {
		return nil, err
	}
	to := ""
	if r.GetToId() != "" {
		can, err := s.canServe(ctx)
		if err != nil {
			return nil, err
		}
		card := can[r.GetToId()]
		if card == nil {
			return nil, refuse(codes.InvalidArgument, "to_id", "refusal.cannot_serve", "they cannot sign in: choose somebody else")
		}
		to = card.GetName()
	}
	var response *v1.HandOverResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.HandOverResponse, error) {
			row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[handoverRow], `
				insert into clientmanager.handovers (id, from_id, from_name, to_id, to_name, state, client_count, create_time)
				values ($1, $2, $3, nullif($4, '')::uuid, $5, 'running', 0, $6) returning `+handoverColumns,
				store.NewID(), r.GetFromId(), from, r.GetToId(), to, s.host.Now())
			if err != nil {
				return nil, err
			}
			audit.About(tx, row.handover())
			return &v1.HandOverResponse{Handover: row.handover()}, s.host.Publish(ctx, tx, row.ID, &v1.HandoverDue{HandoverId: row.ID})
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// handOverNext takes the next clients, and has itself called again while there are some.
func (m *Module) handOverNext(ctx context.Context, _ event.Event, due *v1.HandoverDue) error {
	h, err := store.QueryOne(ctx, m.host.Store, pgx.RowToStructByPos[handoverRow], `select `+handoverColumns+` from clientmanager.handovers where id = $1`, due.GetHandoverId())
	if err != nil {
		return store.NotFoundAs(err, nil) // of a database that is not this one any more
	}
	rules := &assigning{}
	if h.ToID == nil {
		if rules, err = m.assigning(ctx, h.FromID); err != nil {
			return err
		}
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		taken, more, err := m.takeFrom(ctx, tx, h, rules)
		if err != nil {
			return err
		}
		state := "running"
		if !more {
			state = "done"
		}
		if _, err := tx.Exec(ctx, `update clientmanager.handovers set client_count = client_count + $2, state = $3 where id = $1`, h.ID, taken, state); err != nil {
			return err
		}
		if !more {
			return nil
		}
		return m.host.Publish(ctx, tx, h.ID, due)
	})
}

// takeFrom takes some clients from a manager, who then serves them no more, and says how many these were, and whether there
// may be more.
func (m *Module) takeFrom(ctx context.Context, tx *store.Tx, h handoverRow, rules *assigning) (handed int, more bool, err error) {
	ids, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select id::text from clientmanager.clients where manager_id = $1 order by id limit $2`, h.FromID, handedTogether)
	if err != nil {
		return 0, false, err
	}
	held, err := findClients(ctx, tx, ids, true)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		client := held[id]
		if client.GetManagerId() != h.FromID {
			continue // given to somebody else before the row could be held
		}
		if err := m.pass(ctx, tx, h, rules, client); err != nil {
			return 0, false, err
		}
		handed++
	}
	if len(ids) > 0 {
		return handed, true, nil
	}
	return m.takeHelp(ctx, tx, h)
}

// pass gives one client to whom a handover says.
func (m *Module) pass(ctx context.Context, tx *store.Tx, h handoverRow, rules *assigning, client *v1.Client) error {
	if h.ToID != nil {
		_, err := m.assign(ctx, tx, client, *h.ToID, h.ToName)
		return err
	}
	// As if it had come without a manager, in no particular way.
	probe := &v1.Client{Id: client.GetId(), Kind: client.GetKind(), Place: client.GetPlace(), Tags: client.GetTags(), BranchId: client.GetBranchId()}
	given, err := rules.place(ctx, tx, v1.ClientSource_CLIENT_SOURCE_UNSPECIFIED, []*v1.Client{probe})
	if err != nil {
		return err
	}
	if given[0] != nil {
		if err := m.record(ctx, tx, []entry{{client: client.GetId(), what: "given_by_rule", detail: given[0].GetName()}}); err != nil {
			return err
		}
	}
	if client, err = m.move(ctx, tx, client, probe.GetBranchId()); err != nil {
		return err
	}
	_, err = m.assign(ctx, tx, client, probe.GetManagerId(), probe.GetManagerName())
	return err
}

// takeHelp takes from a manager the clients with which they help, as many at a time.
func (m *Module) takeHelp(ctx context.Context, tx *store.Tx, h handoverRow) (handed int, more bool, err error) {
	ids, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select client_id::text from clientmanager.further_managers where user_id = $1 order by client_id limit $2`, h.FromID, handedTogether)
	if err != nil {
		return 0, false, err
	}
	held, err := findClients(ctx, tx, ids, true)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		client := held[id]
		gone, err := tx.Exec(ctx, `delete from clientmanager.further_managers where client_id = $1 and user_id = $2`, id, h.FromID)
		if err != nil {
			return 0, false, err
		}
		if gone.RowsAffected() == 0 {
			continue // taken from them before the client could be held
		}
		handed++
		e := entry{client: id, what: "helper_removed", detail: h.FromName}
		if h.ToID != nil && client.GetManagerId() != *h.ToID {
			if _, err := tx.Exec(ctx, `
				insert into clientmanager.further_managers (client_id, user_id, name, create_time) values ($1, $2, $3, $4) on conflict do nothing`,
				id, *h.ToID, h.ToName, m.host.Now()); err != nil {
				return 0, false, err
			}
			if err := tx.GrantClients(ctx, *h.ToID, id); err != nil {
				return 0, false, err
			}
			e = entry{client: id, what: "helper_added", detail: h.ToName}
		}
		if err := m.record(ctx, tx, []entry{e}); err != nil {
			return 0, false, err
		}
		if err := tx.RevokeClients(ctx, h.FromID, id); err != nil {
			return 0, false, err
		}
	}
	return handed, len(ids) > 0, nil
}

// ListHandovers lists what was handed over, newest first.
func (s *assignmentService) ListHandovers(ctx context.Context, r *v1.ListHandoversRequest) (*v1.ListHandoversResponse, error) {
	c := &store.Where{}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[handoverRow], `
		select `+handoverColumns+` from clientmanager.handovers`+c.String()+` order by handovers.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListHandoversResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last handoverRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Handovers = append(response.Handovers, row.handover())
	}
	return response, nil
}
