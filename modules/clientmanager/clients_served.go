package clientmanager

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// SuspendClient ends the access of a client's people: accountmanager hears of it.
func (s *clientService) SuspendClient(ctx context.Context, r *v1.SuspendClientRequest) (*v1.SuspendClientResponse, error) {
	client, err := s.setStatus(ctx, r.GetId(), v1.ClientStatus_CLIENT_STATUS_SUSPENDED, entry{what: "suspended", detail: lines(r.GetReason())},
		&v1.ClientSuspended{ClientId: r.GetId(), Time: timestamppb.New(s.host.Now())})
	if err != nil {
		return nil, err
	}
	return &v1.SuspendClientResponse{Client: s.shown(ctx, client)}, nil
}

// ResumeClient serves a suspended client again.
func (s *clientService) ResumeClient(ctx context.Context, r *v1.ResumeClientRequest) (*v1.ResumeClientResponse, error) {
	client, err := s.setStatus(ctx, r.GetId(), v1.ClientStatus_CLIENT_STATUS_ACTIVE, entry{what: "resumed"},
		&v1.ClientResumed{ClientId: r.GetId(), Time: timestamppb.New(s.host.Now())})
	if err != nil {
		return nil, err
	}
	return &v1.ResumeClientResponse{Client: s.shown(ctx, client)}, nil
}

// setStatus changes the status and says so, once.
func (m *Module) setStatus(ctx context.Context, id string, status v1.ClientStatus, e entry, news proto.Message) (*v1.Client, error) {
	return m.hold(ctx, id, func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		if client.GetStatus() == status {
			return client, nil
		}
		present := proto.CloneOf(client)
		client.Status = status
		if err := m.host.Publish(ctx, tx, id, news); err != nil {
			return nil, err
		}
		return m.save(ctx, tx, present, client, e)
	})
}

// AssignManager gives a client to a member of staff, or to nobody. What each of them sees changes with it.
func (s *clientService) AssignManager(ctx context.Context, r *v1.AssignManagerRequest) (*v1.AssignManagerResponse, error) {
	name := ""
	if r.GetManagerId() != "" {
		var err error
		if name, err = s.staffName(ctx, r.GetManagerId(), "manager_id"); err != nil { // before the transaction: another module is asked
			return nil, err
		}
	}
	client, err := s.hold(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		return s.assign(ctx, tx, client, r.GetManagerId(), name)
	})
	if err != nil {
		return nil, err
	}
	return &v1.AssignManagerResponse{Client: s.shown(ctx, client)}, nil
}

func (m *Module) assign(ctx context.Context, tx *store.Tx, client *v1.Client, id, name string) (*v1.Client, error) {
	former := client.GetManagerId()
	if former == id && client.GetManagerName() == name {
		return client, nil
	}
	present := proto.CloneOf(client)
	client.ManagerId, client.ManagerName = id, name
	e := entry{what: "manager_assigned", detail: name}
	switch {
	case former == id: // the same person, who has another name now
		e = entry{what: "updated", fields: []string{"manager_name"}}
	case id == "":
		e = entry{what: "manager_removed"}
	}
	client, err := m.save(ctx, tx, present, client, e)
	if err != nil || former == id {
		return client, err
	}
	if id != "" {
		if err := tx.GrantClients(ctx, id, client.GetId()); err != nil {
			return nil, err
		}
		if err := helpNoMore(ctx, tx, id, client.GetId()); err != nil {
			return nil, err
		}
	}
	if former != "" {
		// Last: it may be the caller who sees the client no more from here on.
		if err := tx.RevokeClients(ctx, former, client.GetId()); err != nil {
			return nil, err
		}
	}
	return client, m.host.Publish(ctx, tx, client.GetId(), &v1.ManagerAssigned{
		ClientId: client.GetId(), ManagerId: id, FormerManagerId: former, Time: client.GetUpdateTime(),
	})
}

// staffName is what a member of staff is called. field is the path of the one that names them.
func (m *Module) staffName(ctx context.Context, userID, field string) (string, error) {
	card, err := m.staffCard(ctx, userID)
	switch status.Code(err) {
	case codes.OK:
		return card.GetName(), nil
	case codes.NotFound, codes.FailedPrecondition, codes.InvalidArgument:
		return "", refuse(codes.InvalidArgument, field, "refusal.no_manager", "there is no such member of staff")
	}
	return "", err
}

// staffCard asks who a member of staff is. The module asks for itself: its caller may be a client, or staff without
// the right to look through their colleagues.
func (m *Module) staffCard(ctx context.Context, userID string) (*accountmanagerv1.StaffCard, error) {
	response, err := m.users.GetStaffCard(m.host.Self(ctx), &accountmanagerv1.GetStaffCardRequest{UserId: userID})
	if err != nil {
		return nil, err
	}
	return response.GetCard(), nil
}
