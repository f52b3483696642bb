package accountmanager

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// userService is for staff who look after people. People are no client's rows: whoever has the permission sees all
// of them, so its methods read as the module.
type userService struct {
	accountmanagerv1.UnimplementedUserServiceServer
	*Module
}

var _ accountmanagerv1.UserServiceServer = (*userService)(nil)

// ListUsers lists people by name, or by when they were last seen.
func (s *userService) ListUsers(ctx context.Context, r *accountmanagerv1.ListUsersRequest) (*accountmanagerv1.ListUsersResponse, error) {
	query := strings.ToLower(strings.TrimSpace(r.GetQuery()))
	if query != "" && len([]rune(query)) < 3 {
		return nil, refuse(codes.InvalidArgument, "query", "query_short", "write three letters at least")
	}
	var after, afterID string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after, &afterID); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := s.listUsers(s.host.Self(ctx), userFilter{
		query: query, states: numbers(r.GetStates()), staff: r.Staff, bySeen: r.GetOrderBy() == accountmanagerv1.UserOrder_USER_ORDER_LAST_SEEN,
		after: after, afterID: afterID, limit: size + 1,
	})
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListUsersResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last userRow) []any { return []any{last.sortKey(r.GetOrderBy()), last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Users = append(response.Users, row.proto())
	}
	return response, nil
}

// GetUser returns one of them.
func (s *userService) GetUser(ctx context.Context, r *accountmanagerv1.GetUserRequest) (*accountmanagerv1.GetUserResponse, error) {
	row, err := firstOf(s.findUser(s.host.Self(ctx), s.host.Store, r.GetId()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoUser)
	}
	return &accountmanagerv1.GetUserResponse{User: row.proto()}, nil
}

// updatable are the fields of a user that staff may change.
var updatable = []string{"name", "phone", "position", "roles"}

// UpdateUser changes a user. A change that is there already is no change, whatever the revision: so a retry succeeds.
// Roles are changed by those who could give each that comes or goes, and nobody changes their own.
func (s *userService) UpdateUser(ctx context.Context, r *accountmanagerv1.UpdateUserRequest) (*accountmanagerv1.UpdateUserResponse, error) {
	who, user := access.From(ctx), r.GetUser()
	if !store.IsID(user.GetId()) {
		return nil, errWhichUser
	}
	mask, err := named(r.GetUpdateMask(), updatable)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if slices.Contains(mask, "roles") {
			if err := holdHeads(ctx, tx); err != nil {
				return err
			}
		}
		old, err := firstOf(holdUserRow(ctx, tx, user.GetId()))
		if err != nil || old.ID == "" {
			return orElse(err, errNoUser)
		}
		if old.ID != who.UserID {
			if err := s.mayActUpon(who, old.Roles); err != nil {
				return err
			}
		}
		after := old.with(user, mask, s.phone)
		switch {
		case after.same(old):
			return nil
		case user.GetRevision() != 0 && user.GetRevision() != old.Revision:
			return errMeanwhile
		}
		if err := module.Constrained("user", after.proto(), mask...); err != nil {
			return err
		}
		if err := s.checkRoles(ctx, tx, who, old, after.Roles); err != nil {
			return err
		}
		if lost(old.Roles, after.Roles) {
			if err := revokeInvitationsOf(ctx, tx, old.ID, "", s.host.Now()); err != nil {
				return err
			}
		}
		if reach, _ := s.host.Policy.Reach(after.Roles, mayImpersonate); reach == access.None {
			if err := s.close(ctx, tx, lostRight, closeOfStaff, old.ID); err != nil {
				return err
			}
		}
		audit.Changed(tx, old.proto(), after.proto())
		return updateUser(ctx, tx, after)
	})
	if err != nil {
		return nil, phoneTaken(err, "user.phone")
	}
	got, err := s.GetUser(ctx, &accountmanagerv1.GetUserRequest{Id: user.GetId()})
	return &accountmanagerv1.UpdateUserResponse{User: got.GetUser()}, err
}

// with is the user with the named fields of another; phone writes a phone as it is stored.
func (r userRow) with(wanted *accountmanagerv1.User, names []string, phone func(string) string) userRow {
	for _, field := range names {
		switch field {
		case "name":
			r.Name = strings.TrimSpace(wanted.GetName())
		case "phone":
			r.Phone = phone(strings.TrimSpace(wanted.GetPhone()))
		case "position":
			r.Position = strings.TrimSpace(wanted.GetPosition())
		case "roles":
			r.Roles = wanted.GetRoles()
		}
	}
	return r
}

// same tells whether nothing was changed that staff can change.
func (r userRow) same(other userRow) bool {
	return r.Name == other.Name && r.Phone == other.Phone && r.Position == other.Position && slices.Equal(r.Roles, other.Roles)
}

// lost tells whether a role was taken.
func lost(before, after []string) bool {
	return slices.ContainsFunc(before, func(role string) bool { return !slices.Contains(after, role) })
}

// checkRoles refuses a change of roles that is not the caller's to make, or takes the last head.
func (s *userService) checkRoles(ctx context.Context, tx *store.Tx, who access.Principal, old userRow, roles []string) error {
	var differ []string
	for _, role := range slices.Concat(old.Roles, roles) {
		if slices.Contains(old.Roles, role) != slices.Contains(roles, role) {
			differ = append(differ, role)
		}
	}
	switch {
	case len(differ) == 0:
		return nil
	case len(differ) > 0 && old.ID != who.UserID && old.Staff:
		if err := access.CheckProof(who, accountmanagerv1.UserService_UpdateUser_FullMethodName, proofLasts, s.host.Now()); err != nil {
			return err
		}
	}
	switch {
	case old.ID == who.UserID:
		return refuse(codes.FailedPrecondition, "user.roles", "own_roles", "nobody changes their own roles: ask another head")
	case !old.Staff:
		return refuse(codes.FailedPrecondition, "user.roles", "contact_roles", "a contact's role belongs to their place in a client: change it there")
	}
	for _, role := range differ {
		if _, known := s.host.Policy.Role(role); !known && slices.Contains(old.Roles, role) {
			continue // the integrator has dropped it; so may anybody
		}
		if err := s.checkGive(who, "user.roles", role, true); err != nil {
			return err
		}
	}
	if slices.Contains(differ, roleHead) && slices.Contains(old.Roles, roleHead) {
		return keepAHead(ctx, tx, old.ID)
	}
	return nil
}

// BlockUser ends a user's sessions, takes back the invitations they made, and lets them in no more.
func (s *userService) BlockUser(ctx context.Context, r *accountmanagerv1.BlockUserRequest) (*accountmanagerv1.BlockUserResponse, error) {
	who := access.From(ctx)
	if who.UserID == r.GetId() {
		return nil, refuse(codes.FailedPrecondition, "", "own_block", "nobody can block themselves: ask another head")
	}
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if err := holdHeads(ctx, tx); err != nil {
			return err
		}
		user, err := firstOf(holdUserRow(ctx, tx, r.GetId()))
		switch {
		case err != nil || user.ID == "":
			return orElse(err, errNoUser)
		case user.Blocked:
			return nil
		}
		if err := s.mayActUpon(who, user.Roles); err != nil {
			return err
		}
		if slices.Contains(user.Roles, roleHead) {
			if err := keepAHead(ctx, tx, user.ID); err != nil {
				return err
			}
		}
		if err := revokeInvitationsOf(ctx, tx, user.ID, "", s.host.Now()); err != nil {
			return err
		}
		ended, err := blockUser(ctx, tx, user.ID, s.host.Now())
		if err != nil {
			return err
		}
		if err := s.close(ctx, tx, lostRight, closeOfStaff, user.ID); err != nil {
			return err
		}
		if err := s.close(ctx, tx, lostPerson, closeOfUser, user.ID); err != nil || ended == 0 {
			return err
		}
		return s.publishEnded(ctx, tx, user.ID, "", ended)
	})
	if err != nil {
		return nil, err
	}
	got, err := s.GetUser(ctx, &accountmanagerv1.GetUserRequest{Id: r.GetId()})
	return &accountmanagerv1.BlockUserResponse{User: got.GetUser()}, err
}

// UnblockUser lets a user in again, and forgets their wrong passwords.
func (s *userService) UnblockUser(ctx context.Context, r *accountmanagerv1.UnblockUserRequest) (*accountmanagerv1.UnblockUserResponse, error) {
	who := access.From(ctx)
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, r.GetId()))
		if err != nil || user.ID == "" {
			return orElse(err, errNoUser)
		}
		if err := s.mayActUpon(who, user.Roles); err != nil {
			return err
		}
		return unblockUser(ctx, tx, user.ID)
	})
	if err != nil {
		return nil, err
	}
	got, err := s.GetUser(ctx, &accountmanagerv1.GetUserRequest{Id: r.GetId()})
	return &accountmanagerv1.UnblockUserResponse{User: got.GetUser()}, err
}

// ListStaff lists the business's people who can sign in, by name.
func (s *userService) ListStaff(ctx context.Context, r *accountmanagerv1.ListStaffRequest) (*accountmanagerv1.ListStaffResponse, error) {
	var after, afterID string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after, &afterID); err != nil {
		return nil, err
	}
	size, staff := store.PageSize(r.GetPageSize()), true
	rows, err := s.listUsers(s.host.Self(ctx), userFilter{
		query: strings.ToLower(strings.TrimSpace(r.GetQuery())), staff: &staff, after: after, afterID: afterID, limit: size + 1,
		states: numbers([]accountmanagerv1.UserState{accountmanagerv1.UserState_USER_STATE_ACTIVE, accountmanagerv1.UserState_USER_STATE_LOCKED}),
	})
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListStaffResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last userRow) []any { return []any{last.Name, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Staff = append(response.Staff, row.card())
	}
	return response, nil
}

// GetStaffCard returns what a client may know of a member of staff.
func (s *userService) GetStaffCard(ctx context.Context, r *accountmanagerv1.GetStaffCardRequest) (*accountmanagerv1.GetStaffCardResponse, error) {
	row, err := firstOf(s.findUser(s.host.Self(ctx), s.host.Store, r.GetUserId()))
	if err != nil || !row.Staff {
		return nil, orElse(err, errNoUser)
	}
	return &accountmanagerv1.GetStaffCardResponse{Card: row.card()}, nil
}

func (r userRow) card() *accountmanagerv1.StaffCard {
	return &accountmanagerv1.StaffCard{UserId: r.ID, Name: r.Name, Position: r.Position, Email: r.Email, Phone: r.Phone, PhotoUrl: photoURL(r.Photo)}
}

func (r userRow) proto() *accountmanagerv1.User {
	user := &accountmanagerv1.User{
		Id: r.ID, Name: r.Name, Email: r.Email, Phone: r.Phone, Position: r.Position, Staff: r.Staff, Roles: r.Roles,
		State: accountmanagerv1.UserState(r.State), CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
		SecondFactor: r.HasFactor, PhotoUrl: photoURL(r.Photo),
	}
	if r.LastSeen != nil {
		user.LastSeenTime = timestamppb.New(*r.LastSeen)
	}
	return user
}
