package accountmanager

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ChangeEmail sends the new address a link. Nothing changes before it is opened. Whether somebody else has the address is
// not told: then nothing is sent.
func (s *meService) ChangeEmail(ctx context.Context, r *accountmanagerv1.ChangeEmailRequest) (*accountmanagerv1.ChangeEmailResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	if s.settings.Letters == lettersOff {
		return nil, refuse(codes.FailedPrecondition, "email", "no_letters", "this portal has no way to send letters: ask the business")
	}
	email := strings.ToLower(strings.TrimSpace(r.GetEmail()))
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		mine, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil || mine.ID == "" {
			return orElse(err, errNoUser)
		}
		if taken, err := emailTaken(ctx, tx, email); err != nil || taken {
			return err
		}
		_, err = s.write(ctx, tx, newLetter{userID: mine.ID, kind: letterEmailConfirm, email: email, life: s.settings.ResetLife})
		return err
	})
	return &accountmanagerv1.ChangeEmailResponse{}, err
}

// PreviewEmailChange shows which address a link confirms.
func (s *identityService) PreviewEmailChange(ctx context.Context, r *kernelv1.PreviewEmailChangeRequest) (*kernelv1.PreviewEmailChangeResponse, error) {
	found, err := s.link(s.host.Self(ctx), letterEmailConfirm, r.GetToken())
	if err != nil {
		return nil, err
	}
	return &kernelv1.PreviewEmailChangeResponse{NewEmail: found.Email}, nil
}

// ConfirmEmailChange gives the user the address that the link was sent to, and tells the one before. Links sent before to
// either stop working.
func (s *identityService) ConfirmEmailChange(ctx context.Context, r *kernelv1.ConfirmEmailChangeRequest) (*kernelv1.ConfirmEmailChangeResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	found, err := s.link(ctx, letterEmailConfirm, r.GetToken())
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := s.takeLink(ctx, tx, found)
		if err != nil {
			return err
		}
		if err := voidLetters(ctx, tx, user.ID, s.host.Now(), linkKinds...); err != nil {
			return err
		}
		if err := setEmail(ctx, tx, user.ID, found.Email); err != nil {
			return err
		}
		_, err = s.write(ctx, tx, newLetter{userID: user.ID, kind: letterEmailChanged, email: user.Email})
		return err
	})
	if store.Constraint(err) == "users_email_unique" {
		return nil, errNoReset // somebody came in with it meanwhile
	}
	return &kernelv1.ConfirmEmailChangeResponse{}, err
}

func emailTaken(ctx context.Context, tx *store.Tx, email string) (bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool], `select exists (select from accountmanager.users where email = $1)`, email)
}

func setEmail(ctx context.Context, tx *store.Tx, userID, email string) error {
	_, err := tx.Exec(ctx, `update accountmanager.users set email = $2, revision = revision + 1 where user_id = $1`, userID, email)
	return err
}
