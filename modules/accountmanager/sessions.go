package accountmanager

import (
	"context"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ListSessions lists where the caller is signed in, newest first.
func (s *meService) ListSessions(ctx context.Context, r *accountmanagerv1.ListSessionsRequest) (*accountmanagerv1.ListSessionsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListSessionsResponse{}
	response.Sessions, response.NextPageToken, err = s.sessionPage(ctx, r, who.UserID, who.SessionID)
	return response, err
}

// RevokeSession ends one of the caller's sessions. One that has ended, or is somebody else's, is left as it is.
func (s *meService) RevokeSession(ctx context.Context, r *accountmanagerv1.RevokeSessionRequest) (*accountmanagerv1.RevokeSessionResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if _, err := endOne(ctx, tx, who.UserID, r.GetId()); err != nil {
			return err
		}
		return s.close(ctx, tx, signedOut, closeSignedOut)
	})
	return &accountmanagerv1.RevokeSessionResponse{}, err
}

// RevokeOtherSessions ends all of the caller's sessions but the one this call came through.
func (s *meService) RevokeOtherSessions(ctx context.Context, _ *accountmanagerv1.RevokeOtherSessionsRequest) (*accountmanagerv1.RevokeOtherSessionsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.RevokeOtherSessionsResponse{}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		if response.Ended, err = endOthers(ctx, tx, who.UserID, who.SessionID); err != nil {
			return err
		}
		return s.close(ctx, tx, signedOut, closeSignedOut)
	})
	return response, err
}
