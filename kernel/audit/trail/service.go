package trail

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Config is what the service needs. All of it is required.
type Config struct {
	// Rows are the log's own: see store.DB.OpenAudit.
	Rows   *store.Store
	Router *call.Router
	Policy *access.Policy
	Texts  *locale.Bundle
	// Languages are those offered, the portal's own first.
	Languages []string
}

type service struct {
	kernelv1.UnimplementedAuditServiceServer
	Config
	identity kernelv1.IdentityServiceClient
}

var _ kernelv1.AuditServiceServer = (*service)(nil)

// Register provides the contract on the router.
func Register(r grpc.ServiceRegistrar, cfg Config) {
	kernelv1.RegisterAuditServiceServer(r, &service{
		Config: cfg, identity: kernelv1.NewIdentityServiceClient(cfg.Router.As(access.AsKernel())),
	})
}

var errNoEntry = status.Error(codes.NotFound, "there is no such entry, or it is not among yours")

// row is an entry as it is stored.
type row struct {
	ID                          string
	Time                        time.Time
	ActorKind, ActorID, ActedBy string
	SessionID                   string
	Via                         []string
	Module, Method              string
	ResourceType, ResourceID    string
	ClientID, Outcome, Reason   string
	Fields                      []string
}

const columns = `id::text, time, actor_kind, coalesce(actor_id::text, ''), coalesce(acted_by::text, ''), coalesce(session_id::text, ''),
	via, module, method, resource_type, coalesce(resource_id::text, ''), coalesce(client_id::text, ''), outcome, reason, fields`

// ListAuditEntries lists the entries that the caller sees.
func (s *service) ListAuditEntries(ctx context.Context, r *kernelv1.ListAuditEntriesRequest) (*kernelv1.ListAuditEntriesResponse, error) {
	rows, next, err := s.page(ctx, r, r.GetPageToken(), r.GetPageSize(), questionOf(r))
	if err != nil {
		return nil, err
	}
	return &kernelv1.ListAuditEntriesResponse{Entries: s.entries(ctx, rows), NextPageToken: next}, nil
}

// GetAuditEntry returns one of them, with what fields held while that is kept.
func (s *service) GetAuditEntry(ctx context.Context, r *kernelv1.GetAuditEntryRequest) (*kernelv1.GetAuditEntryResponse, error) {
	entry, err := s.get(ctx, "id = $1", r.GetId())
	return &kernelv1.GetAuditEntryResponse{Entry: entry}, err
}

// ListActivities lists what was done that concerns the client acted for.
func (s *service) ListActivities(ctx context.Context, r *kernelv1.ListActivitiesRequest) (*kernelv1.ListActivitiesResponse, error) {
	client, err := actingFor(ctx)
	if err != nil {
		return nil, err
	}
	rows, next, err := s.page(ctx, r, r.GetPageToken(), r.GetPageSize(), activityOf(r, client))
	if err != nil {
		return nil, err
	}
	return &kernelv1.ListActivitiesResponse{Activities: s.entries(ctx, rows), NextPageToken: next}, nil
}

// GetActivity returns one of them.
func (s *service) GetActivity(ctx context.Context, r *kernelv1.GetActivityRequest) (*kernelv1.GetActivityResponse, error) {
	client, err := actingFor(ctx)
	if err != nil {
		return nil, err
	}
	entry, err := s.get(ctx, "id = $1 and client_id = any (access.with_merged($2)) and outcome = 'done'", r.GetId(), client)
	return &kernelv1.GetActivityResponse{Activity: entry}, err
}

// actingFor is the client that a contact acts for. Staff have another list.
func actingFor(ctx context.Context) (string, error) {
	who := access.From(ctx)
	if who.Kind != access.Contact || who.ActingFor == "" {
		return "", status.Error(codes.FailedPrecondition, "this is for contacts, who act for a client: staff list audit entries")
	}
	return who.ActingFor, nil
}

// page reads one page and the token of the next.
func (s *service) page(ctx context.Context, list request, token string, size int32, q question) ([]row, string, error) {
	n := store.PageSize(size)
	sql, args, err := s.listing(ctx, list, token, n+1, q)
	if err != nil {
		return nil, "", err
	}
	rows, err := store.Query(ctx, s.Rows, pgx.RowToStructByPos[row], sql, args...)
	if err != nil {
		return nil, "", err
	}
	return store.NextPage(s.Rows.Pages, list, rows, n, func(last row) []any { return []any{last.Time, last.ID} })
}

// detail is what is kept beside an entry for a while.
type detail struct {
	Address, Device string
	Changes         []store.FieldChange
}

func (s *service) get(ctx context.Context, where string, args ...any) (*kernelv1.AuditEntry, error) {
	found, err := store.QueryOne(ctx, s.Rows, pgx.RowToStructByPos[row], `select `+columns+` from kernel.audit_entry where `+where, args...)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoEntry
	}
	if err != nil {
		return nil, err
	}
	details, err := store.Query(ctx, s.Rows, pgx.RowToStructByPos[detail],
		`select address, device, changes from kernel.audit_detail where entry_id = $1 order by number`, found.ID)
	if err != nil {
		return nil, err
	}
	names := s.names(ctx, []row{found})
	w := s.words(ctx, names)
	entry := w.entry(found)
	for _, d := range details {
		if entry.Address == "" {
			entry.Address, entry.Device = d.Address, d.Device
		}
		entry.Changes = append(entry.Changes, w.changes(ctx, found.ResourceType, d.Changes)...)
	}
	return entry, nil
}

// entries makes messages of rows, in the caller's language.
func (s *service) entries(ctx context.Context, rows []row) []*kernelv1.AuditEntry {
	w := s.words(ctx, s.names(ctx, rows))
	out := make([]*kernelv1.AuditEntry, len(rows))
	for i, r := range rows {
		out[i] = w.entry(r)
	}
	return out
}

// entry makes a message of a row.
func (w *words) entry(r row) *kernelv1.AuditEntry {
	e := &kernelv1.AuditEntry{
		Id: r.ID, Time: timestamppb.New(r.Time), ActorKind: actorKinds[access.Kind(r.ActorKind)], ActorId: r.ActorID, Actor: w.actor(r),
		ActedBy: w.people[r.ActedBy], SessionId: r.SessionID, Via: r.Via, Module: r.Module, Method: r.Method,
		ResourceType: r.ResourceType, ResourceId: r.ResourceID, Resource: w.things[thing{r.ResourceType, r.ResourceID}], ClientId: r.ClientID,
		Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE, Reason: w.reason(r.Reason), Fields: w.fields(r),
	}
	if r.Outcome == "refused" {
		e.Outcome = kernelv1.AuditOutcome_AUDIT_OUTCOME_REFUSED
	}
	e.Summary = w.sentence(r, e)
	return e
}

var actorKinds = map[access.Kind]kernelv1.AuditActor{
	access.Nobody: kernelv1.AuditActor_AUDIT_ACTOR_NOBODY, access.Contact: kernelv1.AuditActor_AUDIT_ACTOR_CONTACT,
	access.Staff: kernelv1.AuditActor_AUDIT_ACTOR_STAFF, access.Module: kernelv1.AuditActor_AUDIT_ACTOR_MODULE,
	access.Kernel: kernelv1.AuditActor_AUDIT_ACTOR_PORTAL,
}
