package accountmanager

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ListUserSessions lists where somebody is signed in, for staff.
func (s *userService) ListUserSessions(ctx context.Context, r *accountmanagerv1.ListUserSessionsRequest) (*accountmanagerv1.ListUserSessionsResponse, error) {
	who := access.From(ctx)
	response := &accountmanagerv1.ListUserSessionsResponse{}
	var err error
	response.Sessions, response.NextPageToken, err = s.sessionPage(s.host.Self(ctx), r, r.GetUserId(), who.SessionID)
	return response, err
}

// EndSession ends anybody's session whose roles the caller could give.
func (s *userService) EndSession(ctx context.Context, r *accountmanagerv1.EndSessionRequest) (*accountmanagerv1.EndSessionResponse, error) {
	who := access.From(ctx)
	owner, err := firstOf(s.ownerOfSession(s.host.Self(ctx), r.GetId()))
	if err != nil || owner == "" {
		return &accountmanagerv1.EndSessionResponse{}, err
	}
	_, err = s.endFor(ctx, who, owner, func(ctx context.Context, tx *store.Tx) (int32, error) { return endOne(ctx, tx, owner, r.GetId()) })
	return &accountmanagerv1.EndSessionResponse{}, err
}

// EndUserSessions ends all of somebody's sessions; of the caller's own it leaves the present one.
func (s *userService) EndUserSessions(ctx context.Context, r *accountmanagerv1.EndUserSessionsRequest) (*accountmanagerv1.EndUserSessionsResponse, error) {
	who := access.From(ctx)
	ended, err := s.endFor(ctx, who, r.GetUserId(), func(ctx context.Context, tx *store.Tx) (int32, error) {
		return endOthers(ctx, tx, r.GetUserId(), who.SessionID)
	})
	return &accountmanagerv1.EndUserSessionsResponse{Ended: ended}, err
}

// endFor ends sessions of a user on behalf of staff, and says so when it is not their own.
func (s *userService) endFor(ctx context.Context, who access.Principal, userID string, end func(context.Context, *store.Tx) (int32, error)) (ended int32, err error) {
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, userID))
		if err != nil || user.ID == "" {
			return orElse(err, errNoUser)
		}
		if err := s.mayActUpon(who, user.Roles); err != nil {
			return err
		}
		if ended, err = end(ctx, tx); err != nil || ended == 0 {
			return err
		}
		if err := s.close(ctx, tx, signedOut, closeSignedOut); err != nil || user.ID == who.UserID {
			return err
		}
		return s.publishEnded(ctx, tx, user.ID, "", ended)
	})
	return ended, err
}

// pageRequest is a request for a page of a list.
type pageRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// sessionPage is a page of a user's sessions, as the caller in ctx sees them; current is the one they ask through.
func (m *Module) sessionPage(ctx context.Context, r pageRequest, userID, current string) (page []*accountmanagerv1.Session, next string, err error) {
	var after string
	if _, err := m.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, "", err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := listSessions(ctx, m.host.Store, userID, after, m.host.Now(), size+1)
	if err != nil {
		return nil, "", err
	}
	rows, next, err = store.NextPage(m.host.Store.Pages, r, rows, size, func(last sessionRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, "", err
	}
	for _, row := range rows {
		page = append(page, &accountmanagerv1.Session{
			Id: row.ID, Device: row.Device, RemoteAddress: row.Address, CreateTime: timestamppb.New(row.Created),
			LastSeenTime: timestamppb.New(row.LastSeen), ExpireTime: timestamppb.New(row.Expires), Current: row.ID == current,
		})
	}
	return page, next, nil
}

// FindEndedSessions says which sessions are no more: ended, expired, or of somebody who is blocked.
func (s *identityService) FindEndedSessions(ctx context.Context, r *kernelv1.FindEndedSessionsRequest) (*kernelv1.FindEndedSessionsResponse, error) {
	ctx, now := s.host.Self(ctx), s.host.Now()
	ended, err := s.endedOf(ctx, r.GetSessionIds(), now)
	if err != nil || len(ended) == 0 {
		return &kernelv1.FindEndedSessionsResponse{}, err
	}
	on, err := s.goOn(ctx, ended, now)
	ended = slices.DeleteFunc(ended, func(id string) bool { return on[id] })
	return &kernelv1.FindEndedSessionsResponse{EndedIds: ended}, err
}
