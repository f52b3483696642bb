package clientmanager

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A merge is one transaction, with the caller's own eyes: who does not see both clients merges neither. What other modules
// have follows when they hear of it; until then their rows of the merged client are shown to nobody, and none is written.

// mergedFields are those of which one of two stays, in the order in which they are shown. Tags are united.
var mergedFields = []string{
	"name", "kind", "legal_name", "code", "tax_id", "birth_date", "phone", "email", "website", "place", "address", "country_code", managerField, "note",
}

// managerField is whose client it is.
const managerField = "manager_id"

const (
	// mergeTries is how often a merge is tried while events about the merged client are on their way, mergePause apart.
	mergeTries = 20
	mergePause = 100 * time.Millisecond
)

// MergeClients makes one client of two.
func (s *mergeService) MergeClients(ctx context.Context, r *v1.MergeClientsRequest) (*v1.MergeClientsResponse, error) {
	if r.GetIntoId() == r.GetFromId() {
		return nil, errSelf
	}
	if err := s.checkChosen(r.GetFromFields()); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		response, err := s.mergeOnce(ctx, r)
		if err == nil {
			response.Client = s.shown(ctx, response.GetClient())
			return response, nil
		}
		if !store.IsOnItsWay(err) {
			return nil, taken(err)
		}
		if try == mergeTries {
			return nil, errOnItsWay
		}
		pause := time.NewTimer(mergePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// checkChosen refuses names that are no fields to choose.
func (m *Module) checkChosen(fields []string) error {
	for _, field := range fields {
		id, extra := strings.CutPrefix(field, extraField+".")
		if extra && slices.Contains(m.settings.Fields.IDs(), id) || slices.Contains(mergedFields, field) {
			continue
		}
		return refuse(codes.InvalidArgument, "from_fields", "merge.no_field", "there is no field "+field+" to choose")
	}
	return nil
}

func (s *mergeService) mergeOnce(ctx context.Context, r *v1.MergeClientsRequest) (*v1.MergeClientsResponse, error) {
	var response *v1.MergeClientsResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.MergeClientsResponse, error) {
			if _, err := s.holdRules(ctx, tx); err != nil { // before any client is locked
				return nil, err
			}
			into, from, err := s.both(ctx, tx, r.GetIntoId(), r.GetFromId(), " for update")
			switch {
			case err != nil:
				return nil, err
			case r.GetIntoRevision() != 0 && into.GetRevision() != r.GetIntoRevision():
				return nil, s.changedMeanwhile(ctx, tx, into, r.GetIntoRevision())
			case r.GetFromRevision() != 0 && from.GetRevision() != r.GetFromRevision():
				return nil, s.changedMeanwhile(ctx, tx, from, r.GetFromRevision())
			}
			client, err := s.merge(ctx, tx, into, from, r.GetFromFields())
			return &v1.MergeClientsResponse{Client: client}, err
		})
		return err
	})
	return response, err
}

// both reads the two clients. With a lock they are held in the order of ids, so that two merges of the same do not wait for each
// other; for update also waits for those who are writing something for either, so that it is moved with the rest.
func (m *Module) both(ctx context.Context, tx *store.Tx, intoID, fromID, lock string) (into, from *v1.Client, err error) {
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[clientRow],
		`select `+clientColumns+` from clientmanager.clients where id = any($1::uuid[]) order by clients.id`+lock, []string{intoID, fromID})
	if err != nil {
		return nil, nil, err
	}
	found := map[string]*v1.Client{}
	for _, row := range rows {
		found[row.ID] = row.client()
	}
	for _, id := range []string{intoID, fromID} {
		if found[id] == nil {
			return nil, nil, whereTo(ctx, tx, id)
		}
	}
	return found[intoID], found[fromID], nil
}

// merge makes two held clients one.
func (m *Module) merge(ctx context.Context, tx *store.Tx, into, from *v1.Client, chosen []string) (*v1.Client, error) {
	numbers, err := clashing(ctx, tx, into.GetId(), from.GetId())
	switch {
	case err != nil:
		return nil, err
	case len(numbers) > 0:
		list := strings.Join(numbers, ", ")
		return nil, refuse(codes.FailedPrecondition, "from_id", "merge.same_numbers",
			"both have agreements of the same number for the same days: "+list+". Give one of each another number or end it, and merge then")
	}
	client := m.joined(into, from, chosen)
	if err := module.Constrained("client", client); err != nil {
		return nil, err
	}
	_, differ := changed(into, client, slices.Collect(func(yield func(string) bool) {
		for field := range changes {
			if !yield(field) {
				return
			}
		}
	}))
	if len(differ) > 0 {
		if err := m.fits(client, differ...); err != nil {
			return nil, err
		}
	}
	if err := moveAll(ctx, tx, into.GetId(), from.GetId()); err != nil {
		return nil, err
	}
	if err := retire(ctx, tx, from, into.GetId(), m.host.Now()); err != nil {
		return nil, err
	}
	client, err = m.save(ctx, tx, into, client, entry{
		what: "merged", fields: differ, about: from.GetId(), happened: mergedWith(from.GetId()),
	})
	if err != nil {
		return nil, err
	}
	if client.GetManagerId() != "" {
		if err := helpNoMore(ctx, tx, client.GetManagerId(), client.GetId()); err != nil {
			return nil, err
		}
	}
	if err := m.regrant(ctx, tx, into, from, client); err != nil {
		return nil, err
	}
	if client.GetBranchId() != from.GetBranchId() && from.GetBranchId() != "" {
		// Or the kernel would give the survivor to the other branch too.
		if err := tx.EmptyPortfolio(ctx, from.GetBranchId(), from.GetId()); err != nil {
			return nil, err
		}
	}
	now := timestamppb.New(m.host.Now())
	if client.GetGroupId() != into.GetGroupId() {
		if err := m.host.Publish(ctx, tx, into.GetId(), &v1.ClientRegrouped{ClientId: into.GetId(), Time: now}); err != nil {
			return nil, err
		}
	}
	// With the merged client's key: what happened to it comes before.
	if err := m.host.Publish(ctx, tx, from.GetId(), &kernelv1.ClientsMerged{ClientId: into.GetId(), MergedClientId: from.GetId(), Time: now}); err != nil {
		return nil, err
	}
	return client, tx.MergeClients(ctx, into.GetId(), from.GetId())
}

// joined is what the two become: the survivor, with the merged one's values in the chosen fields.
func (m *Module) joined(into, from *v1.Client, chosen []string) *v1.Client {
	client := proto.CloneOf(into)
	extra := custom.Of(client.GetExtra())
	theirs := custom.Of(from.GetExtra())
	for _, field := range chosen {
		if id, ok := strings.CutPrefix(field, extraField+"."); ok {
			if extra[id] = theirs[id]; theirs[id] == "" {
				delete(extra, id)
			}
			continue
		}
		if field == managerField {
			client.ManagerId, client.ManagerName = from.GetManagerId(), from.GetManagerName()
			continue
		}
		changes[field].apply(client, from)
	}
	client.Extra = fieldValues(extra)
	client.Tags = append(client.GetTags(), from.GetTags()...)
	// Where the survivor has none, it comes to where the merged one belonged.
	client.BranchId = cmp.Or(client.GetBranchId(), from.GetBranchId())
	client.GroupId = cmp.Or(client.GetGroupId(), from.GetGroupId())
	tidy(client)
	return client
}

// regrant takes the clients from those who served them, and gives the survivor to who serves it. What other modules granted the
// kernel gives on. It is done last: the caller may be who sees a client no more.
func (m *Module) regrant(ctx context.Context, tx *store.Tx, into, from, client *v1.Client) error {
	if id := from.GetManagerId(); id != "" {
		if err := tx.RevokeClients(ctx, id, from.GetId()); err != nil {
			return err
		}
	}
	if client.GetManagerId() == into.GetManagerId() {
		return nil
	}
	if id := client.GetManagerId(); id != "" {
		if err := tx.GrantClients(ctx, id, client.GetId()); err != nil {
			return err
		}
	}
	if id := into.GetManagerId(); id != "" {
		if err := tx.RevokeClients(ctx, id, client.GetId()); err != nil {
			return err
		}
	}
	return m.host.Publish(ctx, tx, client.GetId(), &v1.ManagerAssigned{
		ClientId: client.GetId(), ManagerId: client.GetManagerId(), FormerManagerId: into.GetManagerId(), Time: client.GetUpdateTime(),
	})
}

// mergedWith is what the timeline says of a merge: which client that was is asked for when it is shown.
func mergedWith(id string) *kernelv1.Happened {
	return &kernelv1.Happened{
		Arguments: []*kernelv1.HappenedArgument{{Name: "client", Value: id, RefersTo: "cabinet.clientmanager.v1.Client"}},
	}
}
