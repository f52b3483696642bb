package accountmanager

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// invitationService gives people a way in. It reads and writes invitations with the caller's own eyes; of users and
// names of clients it asks as the module.
type invitationService struct {
	accountmanagerv1.UnimplementedInvitationServiceServer
	*Module
}

var _ accountmanagerv1.InvitationServiceServer = (*invitationService)(nil)

// CreateInvitation makes a contact's link. An earlier one of the same person for the same client stops working.
func (s *invitationService) CreateInvitation(ctx context.Context, r *accountmanagerv1.CreateInvitationRequest) (*accountmanagerv1.CreateInvitationResponse, error) {
	who := access.From(ctx)
	clientID, err := clientOf(who, r.GetClientId())
	if err != nil {
		return nil, err
	}
	if err := s.checkGive(who, "role", r.GetRole(), false); err != nil {
		return nil, err
	}
	client, err := s.knowClient(ctx, clientID)
	if err != nil {
		return nil, err
	}
	n, err := s.invitation(who, r.GetName(), r.GetEmail(), r.GetRole())
	if err != nil {
		return nil, err
	}
	n.clientID = clientID
	suspended, err := s.isSuspended(s.host.Self(ctx), clientID)
	if err != nil {
		return nil, err
	}
	n.suspended = suspended || client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED
	made, err := s.invite(ctx, r.GetRequestId(), r, n)
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.CreateInvitationResponse{Invitation: made, Token: s.invitationToken(made.GetId())}, nil
}

// InviteStaff makes the link of a member of staff.
func (s *invitationService) InviteStaff(ctx context.Context, r *accountmanagerv1.InviteStaffRequest) (*accountmanagerv1.InviteStaffResponse, error) {
	who := access.From(ctx)
	if err := s.checkGive(who, "role", r.GetRole(), true); err != nil {
		return nil, err
	}
	n, err := s.invitation(who, r.GetName(), r.GetEmail(), r.GetRole())
	if err != nil {
		return nil, err
	}
	n.staff = true
	// The invitation is no client's, so that only who reaches all rows could write it; the permission is checked.
	made, err := s.invite(s.host.Self(ctx), r.GetRequestId(), r, n)
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.InviteStaffResponse{Invitation: made, Token: s.invitationToken(made.GetId())}, nil
}

func (m *Module) invitation(who access.Principal, name, email, role string) (newInvitation, error) {
	now, name := m.host.Now(), strings.TrimSpace(name)
	if name == "" {
		return newInvitation{}, refuse(codes.InvalidArgument, "name", "name_needed", "write a name")
	}
	if !who.IsUser() {
		who = access.Principal{} // the portal itself, whose name says nothing to people
	}
	return newInvitation{
		name: name, email: strings.ToLower(strings.TrimSpace(email)), role: role,
		invitedBy: who.UserID, invitedByName: who.Name, now: now, expires: now.Add(m.settings.InvitationLife),
	}, nil
}

// invite writes an invitation, once for each request id. What is kept of the answer holds no token: that follows
// from the id. A request that was answered is answered again, whatever became of the person or the client since.
func (s *invitationService) invite(ctx context.Context, requestID string, request proto.Message, n newInvitation) (*accountmanagerv1.Invitation, error) {
	refusal, err := s.refusal(ctx, n)
	if err != nil {
		return nil, err
	}
	var made *accountmanagerv1.Invitation
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = store.Once(ctx, tx, requestID, request, func() (*accountmanagerv1.Invitation, error) {
			if refusal != nil {
				return nil, refusal
			}
			n.id = store.NewID()
			n.hash = hashToken(s.invitationToken(n.id))
			return n.proto(), insertInvitation(ctx, tx, n)
		})
		return err
	})
	return made, err
}

// refusal is why somebody cannot be invited: the client is suspended, or they have what is offered, or are on the
// other side.
func (s *invitationService) refusal(ctx context.Context, n newInvitation) (refusal, err error) {
	if n.suspended {
		return refuse(codes.FailedPrecondition, "", "client_suspended", "the client is suspended: resume it before letting people in"), nil
	}
	known, err := firstOf(s.findInvitee(s.host.Self(ctx), n.email, n.clientID))
	if err != nil || known.UserID == "" {
		return nil, err
	}
	if refusal := otherSide(known.Staff, n.staff); refusal != nil {
		return refusal, nil
	}
	if known.HasAccess || slices.Contains(known.Roles, n.role) {
		return refuse(codes.FailedPrecondition, "email", "has_access", "this person has access already"), nil
	}
	return nil, nil
}

// ListInvitations lists those that the caller sees, newest first: a contact those of the client acted for.
func (s *invitationService) ListInvitations(ctx context.Context, r *accountmanagerv1.ListInvitationsRequest) (*accountmanagerv1.ListInvitationsResponse, error) {
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := s.listInvitations(ctx, invitationFilter{
		clientID: r.GetClientId(), states: numbers(r.GetStates()), withStaff: s.seesStaff(ctx), after: after, limit: size + 1,
	})
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListInvitationsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last invitationRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Invitations = append(response.Invitations, row.proto())
	}
	return response, nil
}

// RevokeInvitation makes a link useless. Doing it twice is no error; one that was used cannot be taken back so.
func (s *invitationService) RevokeInvitation(ctx context.Context, r *accountmanagerv1.RevokeInvitationRequest) (*accountmanagerv1.RevokeInvitationResponse, error) {
	var row invitationRow
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		row, err = firstOf(revokeInvitation(ctx, tx, r.GetId(), s.seesStaff(ctx), s.host.Now()))
		if row.ID != "" {
			audit.About(tx, row.proto())
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case row.ID == "":
		return nil, status.Error(codes.NotFound, "there is no such invitation")
	case row.State == int32(accountmanagerv1.InvitationState_INVITATION_STATE_ACCEPTED):
		return nil, refuse(codes.FailedPrecondition, "", "was_accepted", "the invitation was accepted: take the person's access away instead")
	}
	return &accountmanagerv1.RevokeInvitationResponse{Invitation: row.proto()}, nil
}

// seesStaff says whether the caller may know of invitations of staff: those who may make them.
func (m *Module) seesStaff(ctx context.Context) bool {
	who := access.From(ctx)
	reach, _ := m.host.Policy.Reach(who.Roles, mayInviteStaff)
	return reach != access.None || who.Kind == access.Module
}

// clientOf is the client a request is about: the one it names, or the one a contact acts for.
func clientOf(who access.Principal, named string) (string, error) {
	if client := who.ClientMeant(named); client != "" {
		return client, nil
	}
	return "", refuse(codes.InvalidArgument, "client_id", "client_needed", "say which client")
}

func (n newInvitation) proto() *accountmanagerv1.Invitation {
	return &accountmanagerv1.Invitation{
		Id: n.id, ClientId: n.clientID, Name: n.name, Email: n.email, Role: n.role,
		State: accountmanagerv1.InvitationState_INVITATION_STATE_WAITING, InvitedBy: n.invitedByName,
		ExpireTime: timestamppb.New(n.expires.Truncate(time.Microsecond)), CreateTime: timestamppb.New(n.now.Truncate(time.Microsecond)),
	}
}

func (r invitationRow) proto() *accountmanagerv1.Invitation {
	return &accountmanagerv1.Invitation{
		Id: r.ID, ClientId: r.ClientID, Name: r.Name, Email: r.Email, Role: r.Role, State: accountmanagerv1.InvitationState(r.State),
		InvitedBy: r.InvitedBy, ExpireTime: timestamppb.New(r.Expires), CreateTime: timestamppb.New(r.Created),
	}
}
