package accountmanager

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// challengeLife is how long a sign-in waits for its second factor.
const challengeLife = 10 * time.Minute

var errNoChallenge = status.Error(codes.NotFound, "the sign-in is not known any more: begin again")

// enter opens a session for whoever has shown a password or just chosen one; or, when they have a second factor and have not
// shown it, gives the token of a challenge instead. It is for the end of a transaction, as open is.
func (m *Module) enter(ctx context.Context, tx *store.Tx, o opening) (opened openedSession, challenge string, err error) {
	if _, err := holdUserRow(ctx, tx, o.userID); err != nil {
		return openedSession{}, "", err
	}
	has, err := factorsOf(ctx, tx, o.userID, m.party.name())
	if err != nil {
		return openedSession{}, "", err
	}
	// A passkey alone asks nobody for more than their password, which they may need where the passkey is not; unless their
	// role must have a second factor.
	if !has.Totp && (has.Passkeys == 0 || !m.wantsFactor(has.Staff, has.Roles)) {
		opened, err = m.open(ctx, tx, o)
		return opened, "", err
	}
	token, hash := newToken()
	return openedSession{}, token, insertChallenge(ctx, tx, hash, challengeRow{
		UserID: o.userID, ClientID: o.clientID, Kept: o.kept, Proved: o.proved,
	}, m.host.Now())
}

// FinishSignIn takes the second factor, and opens the session that the password asked for.
func (s *identityService) FinishSignIn(ctx context.Context, r *kernelv1.FinishSignInRequest) (*kernelv1.FinishSignInResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	hash := hashToken(r.GetChallengeToken())
	found, err := firstOf(s.findChallenge(ctx, hash, s.host.Now()))
	if err != nil || found.UserID == "" {
		return nil, orElse(err, errNoChallenge)
	}
	if err := s.checkCode(ctx, found.UserID, r.GetCode()); err != nil {
		return nil, err
	}
	opened, err := s.finish(ctx, hash, found, "", r.GetOrigin())
	if err != nil {
		return nil, err
	}
	return &kernelv1.FinishSignInResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end), Keep: found.Kept}, nil
}

// finish opens the session of a sign-in whose second factor was shown, and uses its challenge up. passkey is the one that
// was shown, if it was one.
func (s *identityService) finish(ctx context.Context, hash []byte, found challengeRow, passkey string, origin *kernelv1.Origin) (opened openedSession, err error) {
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, found.UserID))
		if err != nil {
			return err
		}
		audit.By(tx, user.ID, user.Staff)
		opened, err = s.open(ctx, tx, opening{
			userID: found.UserID, proved: found.Proved, passkey: passkey, clientID: found.ClientID, kept: found.Kept, origin: origin,
		})
		if err != nil {
			return err
		}
		used, err := useChallenge(ctx, tx, hash)
		if err == nil && !used {
			err = errNoChallenge
		}
		return err
	})
	return opened, err
}
