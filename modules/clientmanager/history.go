package clientmanager

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// entry is a thing that happened to a client, about to be written down.
type entry struct {
	client string
	// about is the thing of the client's that it happened to; empty for the client itself.
	about string
	// revision is that of the client which the change made; 0 when it made none.
	revision int64
	// what is the end of a key of the locale files.
	what string
	// detail is for staff. It never holds what a field held: a history outlives an erasure.
	detail string
	// fields are the names of those that changed.
	fields []string
	// happened is what the entry's text speaks of, in ids; nil for most.
	happened *kernelv1.Happened
}

// record writes down what happened, in the transaction in which it does. Who did it is who acts.
func (m *Module) record(ctx context.Context, tx *store.Tx, entries []entry) error {
	type row struct {
		ID       string    `json:"id"`
		ClientID string    `json:"client_id"`
		Time     time.Time `json:"time"`
		What     string    `json:"what"`
		ActorID  *string   `json:"actor_id"`
		Actor    string    `json:"actor"`
		Detail   string    `json:"detail"`
		AboutID  *string   `json:"about_id"`
		Revision *int64    `json:"revision"`
		Fields   []string  `json:"fields"`

		Happened    json.RawMessage `json:"happened"`
		ForContacts bool            `json:"for_contacts"`
	}
	who := actorOf(ctx)
	return inChunks(entries, func(chunk []entry) error {
		rows := make([]row, len(chunk))
		for i, e := range chunk {
			rows[i] = row{ID: store.NewID(), ClientID: e.client, Time: m.host.Now(), What: e.what, Detail: e.detail, Fields: append([]string{}, e.fields...)}
			rows[i].ForContacts = forContacts(e.what)
			if e.happened != nil {
				said, err := protojson.Marshal(e.happened)
				if err != nil {
					return err
				}
				rows[i].Happened = said
			}
			if e.revision != 0 {
				rows[i].Revision = &e.revision
			}
			if e.about != "" {
				rows[i].AboutID = &e.about
			}
			if who.id != "" {
				rows[i].ActorID, rows[i].Actor = &who.id, who.name
			}
		}
		return execJSON(ctx, tx, `
			insert into clientmanager.history (id, client_id, time, what, actor_id, actor, detail, fields, about_id, revision, happened, for_contacts)
			select id, client_id, time, what, actor_id, actor, detail, fields, about_id, revision, nullif(happened, 'null'), for_contacts
			from jsonb_to_recordset($1) as e(id uuid, client_id uuid, time timestamptz, what text, actor_id uuid, actor text, detail text, fields text[], about_id uuid,
				revision bigint, happened jsonb, for_contacts boolean)`, rows)
	})
}

// changedMeanwhile says what others changed of a client since a revision.
func (m *Module) changedMeanwhile(ctx context.Context, tx *store.Tx, client *v1.Client, since int64) error {
	type row struct {
		Fields []string
		Actor  string
		Time   time.Time
	}
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[row], `select fields, actor, time from clientmanager.history
		where client_id = $1 and revision > $2 order by client_id, revision`, client.GetId(), since)
	if err != nil {
		return err
	}
	last := map[string]*kernelv1.ChangedField{}
	for _, row := range rows {
		for _, field := range row.Fields {
			if changes[field].staffOnly && access.From(ctx).Kind == access.Contact {
				continue
			}
			last[field] = &kernelv1.ChangedField{Field: field, Actor: row.Actor, Time: timestamppb.New(row.Time)}
		}
	}
	conflict := &kernelv1.Conflict{Revision: client.GetRevision()}
	for _, field := range slices.Sorted(maps.Keys(last)) {
		conflict.Fields = append(conflict.Fields, last[field])
	}
	return module.Conflicted(conflict, ID+".refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
}

// ListHistory lists what happened to a client, newest first.
func (s *clientService) ListHistory(ctx context.Context, r *v1.ListHistoryRequest) (*v1.ListHistoryResponse, error) {
	if _, err := findClient(ctx, s.host.Store, r.GetClientId()); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("what <> ''") // what other modules say has texts that only the timeline can tell
	rows, next, err := s.written(ctx, r, r.GetClientId(), c)
	if err != nil {
		return nil, err
	}
	response := &v1.ListHistoryResponse{NextPageToken: next}
	contact := access.From(ctx).Kind == access.Contact
	for _, row := range rows {
		e := row.entry(contact)
		response.Entries = append(response.Entries, &v1.HistoryEntry{
			Id: e.GetId(), Time: e.GetTime(), What: e.GetHappened().GetText(), Actor: e.GetActor(), Detail: e.GetDetail(), Fields: e.GetFields(),
		})
	}
	return response, nil
}

// GetClientSummary counts what stands behind a client.
func (s *clientService) GetClientSummary(ctx context.Context, r *v1.GetClientSummaryRequest) (*v1.GetClientSummaryResponse, error) {
	type figures struct {
		InForce, Expiring, Contacts int32
		Last                        time.Time
	}
	f, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[figures], `select
		(select count(*)::int from clientmanager.agreements a where a.client_id = c.id and a.status = 'active'),
		(select count(*)::int from clientmanager.agreements a where a.client_id = c.id and a.status = 'active' and a.end_date <= $2),
		(select count(*)::int from clientmanager.contacts p where p.client_id = c.id),
		coalesce((select h.time from clientmanager.history h where h.client_id = c.id order by h.client_id desc, h.id desc limit 1), c.update_time)
		from clientmanager.clients c where c.id = $1`, r.GetId(), s.soon())
	if err != nil {
		return nil, store.NotFoundAs(err, errNoClient)
	}
	return &v1.GetClientSummaryResponse{
		AgreementsInForce: f.InForce, AgreementsExpiring: f.Expiring, Contacts: f.Contacts, LastEventTime: timestamppb.New(f.Last),
	}, nil
}
