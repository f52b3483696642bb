package clientmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// placing is what is known of who is to serve a new client that nobody made for themselves: whom staff chose, or else what
// rules say, see [Module.assigning].
type placing struct {
	rules                  *assigning
	managerID, managerName string
}

// addPlaced makes a client. Rules say who serves it where staff chose nobody; whom they chose gets it by placeNew, once all
// else is written: from then on the caller may not see it any more.
func (m *Module) addPlaced(ctx context.Context, tx *store.Tx, in way, client *v1.Client, p placing) error {
	rules := p.rules
	if p.managerID != "" {
		rules = &assigning{}
	}
	return m.add(ctx, tx, rules, in, client)
}

// placeNew gives a client that was just made to whom staff chose.
func (m *Module) placeNew(ctx context.Context, tx *store.Tx, client *v1.Client, p placing) error {
	if p.managerID == "" {
		return nil
	}
	held, err := holdClient(ctx, tx, client.GetId())
	if err != nil {
		return err
	}
	placed, err := m.assign(ctx, tx, held, p.managerID, p.managerName)
	if err != nil {
		return err
	}
	client.ManagerId, client.ManagerName, client.Revision = placed.GetManagerId(), placed.GetManagerName(), placed.GetRevision()
	client.UpdateTime = timestamppb.New(placed.GetUpdateTime().AsTime())
	return nil
}
