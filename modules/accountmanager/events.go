package accountmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientSuspended lets nobody act for a client: it is remembered, and the sessions that act for it end. Sessions of
// the same people that act for another of their clients go on.
func (m *Module) clientSuspended(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientSuspended) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, e.GetClientId())
		if err := m.setSuspended(ctx, tx, e.GetClientId(), true); err != nil {
			return err
		}
		if err := m.close(ctx, tx, lostClient, closeOfClient, e.GetClientId()); err != nil {
			return err
		}
		ended, err := endSessionsOf(ctx, tx, e.GetClientId(), "")
		if err != nil || ended == 0 {
			return err
		}
		return m.publishEnded(ctx, tx, "", e.GetClientId(), ended)
	})
}

// clientResumed lets people act for a client again; they sign in anew.
func (m *Module) clientResumed(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientResumed) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, e.GetClientId())
		return m.setSuspended(ctx, tx, e.GetClientId(), false)
	})
}

// clientRegrouped has the client be asked for again, before it is next shown in the switch of clients.
func (m *Module) clientRegrouped(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientRegrouped) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		_, err := tx.Exec(ctx, `update accountmanager.client_copies set name_time = '-infinity' where client_id = $1`, e.GetClientId())
		return err
	})
}

// setSuspended remembers the state of a client, also of one not heard of before. Its name is asked for when somebody
// is to act for it.
func (m *Module) setSuspended(ctx context.Context, tx *store.Tx, clientID string, suspended bool) error {
	_, err := tx.Exec(ctx, `
		insert into accountmanager.client_copies as k (client_id, name_time, suspended) values ($1, '-infinity', $2)
		on conflict (client_id) do update set suspended = excluded.suspended`, clientID, suspended)
	return err
}

// publishEnded says that sessions were ended by something other than their user. Events about one client, or one
// blocked user, arrive in order.
func (m *Module) publishEnded(ctx context.Context, tx *store.Tx, userID, clientID string, count int32) error {
	key := clientID
	if key == "" {
		key = userID
	}
	return m.host.Publish(ctx, tx, key, &accountmanagerv1.SessionsEnded{
		ClientId: clientID, UserId: userID, Count: count, Time: timestamppb.New(m.host.Now()),
	})
}
