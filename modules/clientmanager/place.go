package clientmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// source is where a new client comes from.
type source string

// The sources.
const (
	sourceRegistration source = "registration"
	sourceEntity       source = "entity"
)

// placing is what is known of who is to serve a new client: where it comes from, and whom staff chose.
type placing struct {
	source                 source
	managerID, managerName string
}

// placeNew gives a new client to who serves it, in the transaction that makes it. It is the one place where that is decided
// for clients that nobody made for themselves; without a choice the client waits for its manager.
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
