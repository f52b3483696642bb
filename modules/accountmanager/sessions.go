package accountmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ListSessions lists where the caller is signed in, newest first.
func (s *meService) ListSessions(ctx context.Context, r *accountmanagerv1.ListSessionsRequest) (*accountmanagerv1.ListSessionsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := listSessions(ctx, s.host.Store, who.UserID, after, s.host.Now(), size+1)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListSessionsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if response.NextPageToken, err = s.host.Store.EncodePageToken(r, rows[size-1].ID); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		response.Sessions = append(response.Sessions, &accountmanagerv1.Session{
			Id: row.ID, Device: row.Device, RemoteAddress: row.Address, CreateTime: timestamppb.New(row.Created),
			LastSeenTime: timestamppb.New(row.LastSeen), ExpireTime: timestamppb.New(row.Expires), Current: row.ID == who.SessionID,
		})
	}
	return response, nil
}

// RevokeSession ends one of the caller's sessions. One that has ended, or is somebody else's, is left as it is.
func (s *meService) RevokeSession(ctx context.Context, r *accountmanagerv1.RevokeSessionRequest) (*accountmanagerv1.RevokeSessionResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { return endOne(ctx, tx, who.UserID, r.GetId()) })
	return &accountmanagerv1.RevokeSessionResponse{}, err
}

// RevokeOtherSessions ends all of the caller's sessions but the one this call came through.
func (s *meService) RevokeOtherSessions(ctx context.Context, _ *accountmanagerv1.RevokeOtherSessionsRequest) (*accountmanagerv1.RevokeOtherSessionsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.RevokeOtherSessionsResponse{}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response.Ended, err = endOthers(ctx, tx, who.UserID, who.SessionID)
		return err
	})
	return response, err
}
