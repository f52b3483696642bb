package clientmanager

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The history of a client is its timeline: what this module does to it, and what others say in their contracts belongs there.

// happened writes down what another module says happened to a client, once. What comes late, when its client has become another one, happened to
// that one.
func (m *Module) happened(ctx context.Context, _ event.Event, h *kernelv1.Happened) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit().Quiet = true // the module that did it has said so
		client := h.GetClientId()
		// Held, so that the client is not merged meanwhile.
		for held := false; !held; {
			found, err := store.Query(ctx, tx, pgx.RowTo[string], `select id::text from clientmanager.clients where id = $1 for key share`, client)
			if err != nil {
				return err
			}
			if held = len(found) == 1; held {
				break
			}
			into, err := store.Survivor(ctx, tx, client)
			if err != nil || into == "" || into == client {
				return err // of a client that is not known there is nothing to tell
			}
			client = into
		}
		what := &kernelv1.Happened{
			Text: h.GetText(), Type: h.GetType(), Icon: h.GetIcon(), Link: h.GetLink(), Arguments: h.GetArguments(), ActorId: h.GetActorId(),
		}
		said, err := protojson.Marshal(what)
		if err != nil {
			return err
		}
		var about *string
		if store.IsID(h.GetAboutId()) {
			about = &h.AboutId
		}
		var actor *string
		if store.IsID(h.GetActorId()) {
			actor = &h.ActorId
		}
		if _, err := tx.Exec(ctx, `
			insert into clientmanager.history (id, client_id, time, what, actor_id, actor, detail, fields, about_id, module, happened, for_contacts)
			values ($1, $2, $3, '', $4, '', '', '{}', $5, $6, $7, $8)`,
			store.NewID(), client, h.GetTime().AsTime(), actor, about, h.GetModule(), string(said), h.GetForContacts()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into clientmanager.timeline_modules (id) values ($1) on conflict do nothing`, h.GetModule())
		return err
	})
}

// timelineService shows the history with what others say.
type timelineService struct {
	v1.UnimplementedTimelineServiceServer
	*Module
}

var _ v1.TimelineServiceServer = (*timelineService)(nil)

// ListTimeline lists what happened to a client, newest first.
func (s *timelineService) ListTimeline(ctx context.Context, r *v1.ListTimelineRequest) (*v1.ListTimelineResponse, error) {
	client, err := s.clientMeant(ctx, r.GetClientId(), "client_id")
	if err != nil {
		return nil, err
	}
	if _, err := findClient(ctx, s.host.Store, client); err != nil {
		return nil, err
	}
	c := &store.Where{}
	if r.GetModule() != "" {
		c.Add("module = ?", r.GetModule())
		if r.GetModule() != ID {
			c.Add("module <> 'clientmanager'") // which an index knows
		}
	}
	rows, next, err := s.written(ctx, r, client, c)
	if err != nil {
		return nil, err
	}
	response := &v1.ListTimelineResponse{NextPageToken: next}
	contact := access.From(ctx).Kind == access.Contact
	for _, row := range rows {
		response.Entries = append(response.Entries, row.entry(contact))
	}
	return response, nil
}

// listOfWritten is a request for a page of what is written of a client.
type listOfWritten interface {
	proto.Message
	GetAboutId() string
	GetPageToken() string
	GetPageSize() int32
}

// written reads a page of what is written of a client, newest first, and the token of the next one. c holds what else is
// asked for. A contact is not told what is for staff.
func (m *Module) written(ctx context.Context, list listOfWritten, client string, c *store.Where) ([]timelineRow, string, error) {
	c.Add("client_id = ?::uuid", client)
	if access.From(ctx).Kind == access.Contact {
		c.Add("for_contacts")
	}
	if list.GetAboutId() != "" {
		c.Add("about_id = ?::uuid", list.GetAboutId())
	}
	var id string
	if on, err := m.host.Store.DecodePageToken(list, list.GetPageToken(), &id); err != nil {
		return nil, "", err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(list.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[timelineRow], `
		select id::text, time, what, actor, detail, fields, module, happened, coalesce(about_id::text, '') from clientmanager.history`+c.String()+`
		order by history.client_id desc, history.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, "", err
	}
	return store.NextPage(m.host.Store.Pages, list, rows, n, func(last timelineRow) []any { return []any{last.ID} })
}

type timelineRow struct {
	ID                  string
	Time                time.Time
	What, Actor, Detail string
	Fields              []string
	Module              string
	Happened            []byte
	AboutID             string
}

func (r timelineRow) entry(contact bool) *v1.TimelineEntry {
	e := &v1.TimelineEntry{
		Id: r.ID, Time: timestamppb.New(r.Time), Actor: r.Actor, Detail: r.Detail, Source: r.Module + ".timeline.module", Happened: &kernelv1.Happened{},
	}
	if r.Happened != nil {
		// What a newer version wrote is shown as far as it is understood.
		_ = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(r.Happened, e.Happened)
	}
	if r.What != "" {
		e.Happened.Text = ID + ".history." + r.What
	}
	e.Happened.AboutId, e.Happened.Module = r.AboutID, r.Module
	if e.Happened.GetIcon() == "" {
		e.Happened.Icon = icons[r.What]
	}
	for _, field := range r.Fields {
		if !contact || !changes[field].staffOnly {
			e.Fields = append(e.Fields, ID+".fields."+field)
		}
	}
	if contact {
		e.Detail = "" // why staff did something is theirs to tell
	}
	return e
}

// icons are those of what this module writes down; others have the edit's.
var icons = map[string]string{
	"created": "spark", "imported": "upload", "suspended": "pause", "resumed": "undo", "manager_assigned": "person", "manager_removed": "person",
	"contact_added": "people", "contact_updated": "people", "contact_removed": "people", "address_added": "home", "address_updated": "home",
	"address_removed": "home", "agreement_added": "doc", "agreement_updated": "doc", "agreement_activated": "sign", "agreement_suspended": "pause",
	"agreement_ended": "stop", "agreement_removed": "trash", "merged": "link", "updated": "edit", "profile_updated": "edit", "updated_by_import": "upload",
}

// staffEntries are what of this module's the client's people are not told.
var staffEntries = []string{"agreement_added", "agreement_removed", "updated_by_import"}

func forContacts(what string) bool { return !slices.Contains(staffEntries, what) }

// ListTimelineModules lists who says what happens.
func (s *timelineService) ListTimelineModules(ctx context.Context, _ *v1.ListTimelineModulesRequest) (*v1.ListTimelineModulesResponse, error) {
	ids, err := store.Query(ctx, s.host.Store, pgx.RowTo[string], `select id from clientmanager.timeline_modules order by id`)
	if err != nil {
		return nil, err
	}
	response := &v1.ListTimelineModulesResponse{}
	for _, id := range ids {
		response.Modules = append(response.Modules, &v1.TimelineModule{Id: id, Title: id + ".timeline.module"})
	}
	return response, nil
}

// meaningOf is the kind of a field.
func meaningOf(f protoreflect.FieldDescriptor) kernelv1.Kind { return access.MeaningOf(f).GetKind() }
