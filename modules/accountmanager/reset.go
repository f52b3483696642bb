package accountmanager

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// evenly is how long an answer takes that must not tell whether there was something to do; more than that takes.
const evenly = 300 * time.Millisecond

var (
	errNoReset   = status.Error(codes.NotFound, "the link is not known, was used or replaced, or has expired: ask for another")
	errNoLetters = status.Error(codes.FailedPrecondition, "this portal has no way to send letters: ask the business for an invitation")
)

// GetSignInOptions says which ways in there are.
func (s *identityService) GetSignInOptions(context.Context, *kernelv1.GetSignInOptionsRequest) (*kernelv1.GetSignInOptionsResponse, error) {
	options := &kernelv1.GetSignInOptionsResponse{
		PasswordReset: s.settings.Letters != lettersOff, Phone: s.settings.PhoneCodes, Passkeys: s.party != nil,
	}
	for _, p := range s.settings.OIDC {
		options.Providers = append(options.Providers, &kernelv1.SignInProvider{Id: p.ID, Title: p.Title})
	}
	return options, nil
}

// StartPasswordReset sends whoever has a login a link. Nothing of the answer tells whether anybody has it, or was sent
// too many already, or is blocked: the time it takes is measured out.
func (s *identityService) StartPasswordReset(ctx context.Context, r *kernelv1.StartPasswordResetRequest) (*kernelv1.StartPasswordResetResponse, error) {
	if s.settings.Letters == lettersOff {
		return nil, errNoLetters
	}
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	answer := time.NewTimer(evenly)
	defer answer.Stop()
	err := s.sendReset(ctx, r.GetLogin())
	select {
	case <-answer.C:
	case <-ctx.Done():
	}
	return &kernelv1.StartPasswordResetResponse{}, err
}

func (s *identityService) sendReset(ctx context.Context, login string) error {
	email, phone := s.login(login)
	found, err := s.accountByLogin(ctx, email, phone)
	if err != nil || found.UserID == "" {
		return err
	}
	return s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, found.UserID))
		if err != nil || user.ID == "" || user.Blocked {
			return err
		}
		_, err = s.write(ctx, tx, newLetter{userID: user.ID, kind: letterReset, email: user.Email, life: s.settings.ResetLife})
		return err
	})
}

// PreviewPasswordReset shows whose password a link is for.
func (s *identityService) PreviewPasswordReset(ctx context.Context, r *kernelv1.PreviewPasswordResetRequest) (*kernelv1.PreviewPasswordResetResponse, error) {
	found, err := s.link(s.host.Self(ctx), letterReset, r.GetToken())
	if err != nil {
		return nil, err
	}
	return &kernelv1.PreviewPasswordResetResponse{Email: found.Email}, nil
}

// FinishPasswordReset sets a new password by a link, ends the user's sessions, and forgets their wrong passwords. It signs
// nobody in: whoever opened the link still has to show all that sign-in asks for.
func (s *identityService) FinishPasswordReset(ctx context.Context, r *kernelv1.FinishPasswordResetRequest) (*kernelv1.FinishPasswordResetResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	found, err := s.link(ctx, letterReset, r.GetToken())
	if err != nil {
		return nil, err
	}
	hash, err := s.passwords.hash(ctx, r.GetPassword())
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := s.takeLink(ctx, tx, found)
		if err != nil {
			return err
		}
		if err := s.newPassword(ctx, tx, user.ID, user.Email, hash); err != nil {
			return err
		}
		if _, err := endOthers(ctx, tx, user.ID, ""); err != nil {
			return err
		}
		if err := s.close(ctx, tx, signedOut, closeSignedOut); err != nil {
			return err
		}
		return forgetTries(ctx, tx, "user:"+user.ID)
	})
	return &kernelv1.FinishPasswordResetResponse{}, err
}

// newPassword sets the password of a user who is held, makes links useless that were sent before, and tells them.
func (m *Module) newPassword(ctx context.Context, tx *store.Tx, userID, email, hash string) error {
	now := m.host.Now()
	if err := setPassword(ctx, tx, userID, hash, now); err != nil {
		return err
	}
	if err := voidLetters(ctx, tx, userID, now, linkKinds...); err != nil {
		return err
	}
	_, err := m.write(ctx, tx, newLetter{userID: userID, kind: letterPasswordChanged, email: email})
	return err
}
