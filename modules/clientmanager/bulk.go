package clientmanager

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// bulkService changes many clients at once.
type bulkService struct {
	v1.UnimplementedBulkServiceServer
	*Module
}

var _ v1.BulkServiceServer = (*bulkService)(nil)

// bulk is what is to be done to each client.
type bulk struct {
	add, remove       []string
	manages           bool // the manager is set, or taken away when managerID is empty
	managerID, called string
	// mayAssign holds the clients whose manager the caller may set; nil for all that they see.
	mayAssign map[string]bool
}

// BulkUpdateClients changes what can be changed, and says what was passed over.
func (s *bulkService) BulkUpdateClients(ctx context.Context, r *v1.BulkUpdateClientsRequest) (*v1.BulkUpdateClientsResponse, error) {
	b := bulk{
		add: tidyTags(r.GetAddTags()), remove: tidyTags(r.GetRemoveTags()),
		manages: r.GetManagerId() != "" || r.GetWithoutManager(), managerID: r.GetManagerId(),
	}
	switch {
	case len(b.add)+len(b.remove) == 0 && !b.manages:
		return nil, refuse(codes.InvalidArgument, "add_tags", "refusal.nothing_bulk", "say what to change: tags or the manager")
	case r.GetManagerId() != "" && r.GetWithoutManager():
		return nil, refuse(codes.InvalidArgument, "without_manager", "refusal.both_managers", "choose a manager or nobody, not both")
	case slices.ContainsFunc(b.add, func(tag string) bool { return slices.Contains(b.remove, tag) }):
		return nil, refuse(codes.InvalidArgument, "remove_tags", "refusal.both_tags", "a tag cannot be added and removed at once")
	}
	reach := access.All
	if who := access.From(ctx); b.manages && who.IsUser() {
		if reach, _ = s.host.Policy.Reach(who.Roles, assignClients); reach == access.None {
			return nil, refuse(codes.PermissionDenied, "manager_id", "refusal.no_assign", "you may not say who serves a client")
		}
	}
	if b.managerID != "" {
		var err error
		if b.called, err = s.staffName(ctx, b.managerID, "manager_id"); err != nil { // before the transaction: another module is asked
			return nil, err
		}
	}
	var response *v1.BulkUpdateClientsResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.BulkUpdateClientsResponse, error) {
			if b.manages && reach != access.All {
				if b.mayAssign, err = granted(ctx, tx, r.GetIds()); err != nil {
					return nil, err
				}
			}
			return s.bulkUpdate(ctx, tx, r.GetIds(), b)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// granted are those of some clients that were granted to the caller, however far their role reaches.
func granted(ctx context.Context, tx *store.Tx, ids []string) (map[string]bool, error) {
	rows, err := store.Query(ctx, tx, pgx.RowTo[string], `select client_id::text from access.my_clients where client_id = any($1::uuid[])`, ids)
	found := map[string]bool{}
	for _, id := range rows {
		found[id] = true
	}
	return found, err
}

func (m *Module) bulkUpdate(ctx context.Context, tx *store.Tx, ids []string, b bulk) (*v1.BulkUpdateClientsResponse, error) {
	if _, err := m.holdRules(ctx, tx); err != nil {
		return nil, err
	}
	found, err := findClients(ctx, tx, ids, true)
	if err != nil {
		return nil, err
	}
	response := &v1.BulkUpdateClientsResponse{}
	skip := func(id string, reason v1.BulkSkip, count *int32) {
		*count++
		response.Skipped = append(response.Skipped, &v1.SkippedClient{Id: id, Reason: reason})
	}
	now := timestamppb.New(m.host.Now())
	var changed []*v1.Client
	var entries []entry
	var revoked = map[string][]string{} // by their former manager
	var given []string
	for _, id := range ids {
		present := found[strings.ToLower(id)]
		switch {
		case present == nil, b.mayAssign != nil && !b.mayAssign[present.GetId()]:
			skip(id, v1.BulkSkip_BULK_SKIP_NOT_FOUND, &response.NotFound)
			continue
		case present.GetStatus() == v1.ClientStatus_CLIENT_STATUS_SUSPENDED:
			skip(id, v1.BulkSkip_BULK_SKIP_SUSPENDED, &response.Suspended)
			continue
		}
		client := proto.CloneOf(present)
		client.Tags = tidyTags(append(slices.DeleteFunc(client.GetTags(), func(tag string) bool { return slices.Contains(b.remove, tag) }), b.add...))
		if len(client.GetTags()) > tagsMost {
			skip(id, v1.BulkSkip_BULK_SKIP_TOO_MANY_TAGS, &response.TooManyTags)
			continue
		}
		if b.manages {
			client.ManagerId, client.ManagerName = b.managerID, b.called
		}
		if proto.Equal(client, present) {
			response.Unchanged++
			continue
		}
		response.Changed++
		audit.Changed(tx, present, client)
		client.Revision++
		client.UpdateTime = now
		changed = append(changed, client)
		entries = append(entries, bulkEntries(present, client)...)
		former := present.GetManagerId()
		if former == client.GetManagerId() {
			continue
		}
		if former != "" {
			revoked[former] = append(revoked[former], client.GetId())
		}
		given = append(given, client.GetId())
		if err := m.host.Publish(ctx, tx, client.GetId(), &v1.ManagerAssigned{
			ClientId: client.GetId(), ManagerId: client.GetManagerId(), FormerManagerId: former, Time: now,
		}); err != nil {
			return nil, err
		}
	}
	if err := m.overwriteClients(ctx, tx, changed); err != nil {
		return nil, err
	}
	if err := m.record(ctx, tx, entries); err != nil {
		return nil, err
	}
	if b.managerID != "" && len(given) > 0 {
		if err := tx.GrantClients(ctx, b.managerID, given...); err != nil {
			return nil, err
		}
		if err := helpNoMore(ctx, tx, b.managerID, given...); err != nil {
			return nil, err
		}
	}
	for former, clients := range revoked { // last: it may be the caller who sees the clients no more from here on
		if err := tx.RevokeClients(ctx, former, clients...); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// tagsMost is how many tags a client can have, as the contract says.
const tagsMost = 32

// bulkEntries are what a client's history says, the same as of single changes.
func bulkEntries(before, after *v1.Client) []entry {
	var out []entry
	add := func(e entry) {
		e.client, e.revision = after.GetId(), after.GetRevision()
		out = append(out, e)
	}
	if !slices.Equal(before.GetTags(), after.GetTags()) {
		add(entry{what: "updated", fields: []string{"tags"}})
	}
	switch {
	case before.GetManagerId() == after.GetManagerId() && before.GetManagerName() == after.GetManagerName():
	case before.GetManagerId() == after.GetManagerId():
		add(entry{what: "updated", fields: []string{"manager_name"}})
	case after.GetManagerId() == "":
		add(entry{what: "manager_removed"})
	default:
		add(entry{what: "manager_assigned", detail: after.GetManagerName()})
	}
	return out
}
