package accountmanager

import (
	"context"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// proofLasts is how long a proof is fresh for what this module itself asks one for; contracts say it in their options.
const proofLasts = 10 * time.Minute

// Prove has the user of a session show again that it is them. Wrong passwords, codes and passkeys count as at sign-in.
func (s *identityService) Prove(ctx context.Context, r *kernelv1.ProveRequest) (*kernelv1.ProveResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	found, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), s.host.Now()))
	if err != nil || found.SessionID == "" {
		return nil, orElse(err, errNoSession)
	}
	if found.Impersonation != "" {
		return nil, errActsAsAnother
	}
	account, err := s.accountByID(ctx, found.UserID)
	if err != nil {
		return nil, err
	}
	switch {
	case r.GetPasskey() != nil:
		_, err = s.checkPasskey(ctx, r.GetPasskey(), forProof, found.SessionID, found.UserID)
	case r.GetCode() != "":
		err = s.checkCode(ctx, found.UserID, r.GetCode())
	default:
		err = s.passwords.check(ctx, "user:"+found.UserID, account, r.GetPassword())
	}
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.By(tx, account.UserID, account.Staff)
		return markProved(ctx, tx, found.SessionID, account.Set, s.host.Now())
	})
	return &kernelv1.ProveResponse{}, err
}

// markProved leaves a session alone that has ended, and one whose user has another password since.
func markProved(ctx context.Context, tx *store.Tx, sessionID string, set, now time.Time) error {
	done, err := tx.Exec(ctx, `
		update accountmanager.sessions s set proof_time = $2
		where id = $1 and exists (select from accountmanager.credentials c where c.user_id = s.user_id and c.change_time = $3)`,
		sessionID, now, set)
	if err == nil && done.RowsAffected() == 0 {
		err = errNoSession
	}
	return err
}
