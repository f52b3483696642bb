package accountmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientsMerged makes the people of a merged client those of the one that goes on, in one transaction: memberships, invitations and
// the sessions that act for it. Somebody who is in both keeps the place that they have in the survivor. Who is granted
// which client the kernel has moved already, so nobody saw the rows of either for the other meanwhile.
func (m *Module) clientsMerged(ctx context.Context, _ event.Event, e *kernelv1.ClientsMerged) error {
	if e.GetClientId() == e.GetMergedClientId() {
		return nil
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		from := e.GetMergedClientId()
		into, err := store.Survivor(ctx, tx, from) // it may have been merged itself since
		if err != nil || into == "" {
			return err
		}
		audit.Concerns(tx, into)
		suspended, err := moveMemberships(ctx, tx, from, into)
		if err != nil {
			return err
		}
		if err := moveInvitations(ctx, tx, from, into, m.host.Now()); err != nil {
			return err
		}
		if suspended {
			ended, err := endSessionsOf(ctx, tx, from, "")
			if err == nil && ended > 0 {
				err = m.publishEnded(ctx, tx, "", into, ended)
			}
			if err != nil {
				return err
			}
		}
		return moveSessions(ctx, tx, from, into)
	})
}

// publishGiven says that somebody may act for a client.
func (m *Module) publishGiven(ctx context.Context, tx *store.Tx, id, clientID, userID, role string) error {
	return m.host.Publish(ctx, tx, clientID, &accountmanagerv1.MembershipGiven{
		ClientId: clientID, MembershipId: id, UserId: userID, Role: role, Time: timestamppb.New(m.host.Now()),
	})
}

// publishLeft says that somebody may act for a client no more.
func (m *Module) publishLeft(ctx context.Context, tx *store.Tx, row membershipRow) error {
	return m.host.Publish(ctx, tx, row.ClientID, &accountmanagerv1.MembershipEnded{
		ClientId: row.ClientID, MembershipId: row.ID, UserId: row.UserID, Role: row.Role, Time: timestamppb.New(m.host.Now()),
	})
}
