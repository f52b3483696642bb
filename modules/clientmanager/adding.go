package clientmanager

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// way is a way in which clients come: what it is called in rules, and in their history.
type way struct {
	source v1.ClientSource
	what   string
}

var (
	byHand   = way{v1.ClientSource_CLIENT_SOURCE_BY_HAND, "created"}
	byImport = way{v1.ClientSource_CLIENT_SOURCE_IMPORT, "imported"}
	byAsking = way{v1.ClientSource_CLIENT_SOURCE_REGISTRATION, "registered"}
)

// add makes clients, with what belongs to it: their branch, who serves them, who sees them, their history, the news. All
// ways in end here. rules comes from [Module.assigning], which is asked before the transaction begins.
func (m *Module) add(ctx context.Context, tx *store.Tx, rules *assigning, in way, clients ...*v1.Client) error {
	if len(clients) == 0 {
		return nil
	}
	now := timestamppb.New(m.host.Now())
	free, err := m.settle(ctx, tx, clients)
	if err != nil {
		return err
	}
	given, err := rules.place(ctx, tx, in.source, free)
	if err != nil {
		return err
	}
	ids := make([]string, len(clients))
	entries := make([]entry, 0, len(clients))
	seers, branches := map[string][]string{}, map[string][]string{}
	for i, c := range clients {
		c.Status, c.Revision, c.CreateTime, c.UpdateTime = v1.ClientStatus_CLIENT_STATUS_ACTIVE, 1, now, now
		ids[i] = c.GetId()
		entries = append(entries, entry{client: c.GetId(), what: in.what})
		if c.GetManagerId() != "" {
			seers[c.GetManagerId()] = append(seers[c.GetManagerId()], c.GetId())
		}
		if c.GetBranchId() != "" {
			branches[c.GetBranchId()] = append(branches[c.GetBranchId()], c.GetId())
		}
		audit.About(tx, c)
		if err := m.host.Publish(ctx, tx, c.GetId(), &v1.ClientCreated{ClientId: c.GetId(), Time: now}); err != nil {
			return err
		}
	}
	for i, c := range free {
		if given[i] == nil {
			continue
		}
		entries = append(entries, entry{client: c.GetId(), what: "given_by_rule", detail: given[i].GetName()})
		if c.GetManagerId() == "" {
			continue
		}
		if err := m.host.Publish(ctx, tx, c.GetId(), &v1.ManagerAssigned{ClientId: c.GetId(), ManagerId: c.GetManagerId(), Time: now}); err != nil {
			return err
		}
	}
	if err := tx.AddClients(ctx, ids...); err != nil {
		return err
	}
	for _, user := range slices.Sorted(maps.Keys(seers)) {
		if err := tx.GrantClients(ctx, user, seers[user]...); err != nil {
			return err
		}
	}
	for _, branch := range slices.Sorted(maps.Keys(branches)) {
		if err := tx.FillPortfolio(ctx, branch, branches[branch]...); err != nil {
			return err
		}
	}
	if err := m.insertClients(ctx, tx, clients); err != nil {
		return err
	}
	return m.record(ctx, tx, entries)
}

// settle says of new clients to which branch they belong and who serves them, as far as that follows from who makes them,
// and returns those that rules may give to somebody. Who sees only some clients makes them in a branch of their own, the
// only one where they say none, and serves them, or would not see them; who leads the branch sees them anyway.
func (m *Module) settle(ctx context.Context, tx *store.Tx, clients []*v1.Client) (free []*v1.Client, err error) {
	who := actorOf(ctx)
	var own []workplace
	if ownOnly(ctx) {
		if own, err = workplaces(ctx, tx, who.id); err != nil {
			return nil, err
		}
	}
	checked := map[string]bool{"": true}
	for _, c := range clients {
		if ownOnly(ctx) && c.GetBranchId() == "" && len(own) == 1 {
			c.BranchId = own[0].ID
		}
		if !checked[c.GetBranchId()] {
			if ownOnly(ctx) && !worksIn(own, c.GetBranchId()) {
				return nil, notYoursAt("client.branch_id")
			}
			if err := openBranch(ctx, tx, c.GetBranchId(), "client.branch_id"); err != nil {
				return nil, err
			}
			checked[c.GetBranchId()] = true
		}
		if ownOnly(ctx) && !leadsIn(own, c.GetBranchId()) {
			c.ManagerId, c.ManagerName = who.id, who.name
		}
		if c.GetManagerId() == "" {
			free = append(free, c)
		}
	}
	return free, nil
}
