package accountmanager

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// membershipService says who may act for a client. Which memberships there are is read with the caller's own eyes;
// the people in them, their sessions and grants are the module's.
type membershipService struct {
	accountmanagerv1.UnimplementedMembershipServiceServer
	*Module
}

var _ accountmanagerv1.MembershipServiceServer = (*membershipService)(nil)

// ListMemberships lists a client's people in the order they came.
func (s *membershipService) ListMemberships(ctx context.Context, r *accountmanagerv1.ListMembershipsRequest) (*accountmanagerv1.ListMembershipsResponse, error) {
	clientID, err := clientOf(access.From(ctx), r.GetClientId())
	if err != nil {
		return nil, err
	}
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := s.listMemberships(ctx, clientID, after, size+1)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListMembershipsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last membershipRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	response.Memberships, err = s.withPeople(ctx, rows)
	return response, err
}

// withPeople adds names, which rows of users hold and callers do not see.
func (s *membershipService) withPeople(ctx context.Context, rows []membershipRow) ([]*accountmanagerv1.Membership, error) {
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.UserID)
	}
	people, err := s.people(s.host.Self(ctx), ids)
	if err != nil {
		return nil, err
	}
	out := make([]*accountmanagerv1.Membership, 0, len(rows))
	for _, row := range rows {
		person := people[row.UserID]
		membership := row.proto()
		membership.Name, membership.Email = person.Name, person.Email
		if person.LastSeen != nil {
			membership.LastSeenTime = timestamppb.New(*person.LastSeen)
		}
		out = append(out, membership)
	}
	return out, nil
}

// proto is the membership without what its person is called.
func (r membershipRow) proto() *accountmanagerv1.Membership {
	return &accountmanagerv1.Membership{
		Id: r.ID, ClientId: r.ClientID, UserId: r.UserID, Role: r.Role, CreateTime: timestamppb.New(r.Created),
	}
}

// GetMembership returns one that the caller sees.
func (s *membershipService) GetMembership(ctx context.Context, r *accountmanagerv1.GetMembershipRequest) (*accountmanagerv1.GetMembershipResponse, error) {
	row, err := firstOf(s.findMembership(ctx, r.GetId()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoMembership)
	}
	memberships, err := s.withPeople(ctx, []membershipRow{row})
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.GetMembershipResponse{Membership: memberships[0]}, nil
}

// changeable returns a membership that the caller sees and may change.
func (s *membershipService) changeable(ctx context.Context, id, own, text string) (membershipRow, error) {
	row, err := firstOf(s.findMembership(ctx, id))
	switch {
	case err != nil || row.ID == "":
		return row, orElse(err, errNoMembership)
	case row.UserID == access.From(ctx).UserID:
		return row, refuse(codes.FailedPrecondition, "", own, text)
	}
	if _, known := s.host.Policy.Role(row.Role); known {
		return row, s.checkGive(access.From(ctx), "", row.Role, false)
	}
	return row, nil
}

// UpdateMembership gives a person another role in the client. It holds from their next click on.
func (s *membershipService) UpdateMembership(ctx context.Context, r *accountmanagerv1.UpdateMembershipRequest) (*accountmanagerv1.UpdateMembershipResponse, error) {
	row, err := s.changeable(ctx, r.GetId(), "own_role", "nobody changes their own role: ask somebody else of the client")
	if err != nil {
		return nil, err
	}
	if err := s.checkGive(access.From(ctx), "role", r.GetRole(), false); err != nil {
		return nil, err
	}
	present := row
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		row, err = firstOf(setMembershipRole(ctx, tx, row.ID, r.GetRole()))
		if err == nil && row.ID == "" {
			err = errNoMembership
		}
		if err == nil {
			audit.About(tx, row.proto())
			audit.Changed(tx, present.proto(), row.proto())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	memberships, err := s.withPeople(ctx, []membershipRow{row})
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.UpdateMembershipResponse{Membership: memberships[0]}, nil
}

// DeleteMembership takes a person's access to the client away: the membership, the grant, the invitations they made
// for it, and the sessions that act for it, in one transaction. Sessions that act for another client of theirs go on.
func (s *membershipService) DeleteMembership(ctx context.Context, r *accountmanagerv1.DeleteMembershipRequest) (*accountmanagerv1.DeleteMembershipResponse, error) {
	row, err := s.changeable(ctx, r.GetId(), "own_access", "nobody can take their own access away: ask somebody else of the client")
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		gone, err := deleteMembership(ctx, tx, row.ID)
		if err != nil || !gone {
			return err // somebody else was faster: it is as the caller wants it
		}
		audit.Changed(tx, row.proto(), nil)
		if err := tx.RevokeClients(ctx, row.UserID, row.ClientID); err != nil {
			return err
		}
		if err := s.publishLeft(ctx, tx, row); err != nil {
			return err
		}
		if err := revokeInvitationsOf(ctx, tx, row.UserID, row.ClientID, s.host.Now()); err != nil {
			return err
		}
		if err := s.close(ctx, tx, lostPerson, closeOfPerson, row.UserID, row.ClientID); err != nil {
			return err
		}
		ended, err := endSessionsOf(ctx, tx, row.ClientID, row.UserID)
		if err != nil || ended == 0 {
			return err
		}
		return s.publishEnded(ctx, tx, row.UserID, row.ClientID, ended)
	})
	return &accountmanagerv1.DeleteMembershipResponse{}, err
}
