package accountmanager

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// meService is what everybody may do with their own account. It reads and writes with the caller's own eyes: rows of
// other people are not there.
type meService struct {
	accountmanagerv1.UnimplementedMeServiceServer
	*Module
}

var _ accountmanagerv1.MeServiceServer = (*meService)(nil)

// me is the caller, who must be a person.
func me(ctx context.Context) (access.Principal, error) {
	who := access.From(ctx)
	if !who.IsUser() {
		return who, status.Error(codes.FailedPrecondition, "this is for people: a module has no account")
	}
	return who, nil
}

// GetMe returns the caller's own account.
func (s *meService) GetMe(ctx context.Context, _ *accountmanagerv1.GetMeRequest) (*accountmanagerv1.GetMeResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	row, err := firstOf(findMe(ctx, s.host.Store, who.UserID))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoUser)
	}
	return &accountmanagerv1.GetMeResponse{Me: row.proto()}, nil
}

// changeable are the fields of one's own account that one may change.
var changeable = []string{"name", "phone", "position", "language", "theme"}

// UpdateMe changes the caller's own account. A change that is there already is no change, whatever the revision: so a
// retry succeeds.
func (s *meService) UpdateMe(ctx context.Context, r *accountmanagerv1.UpdateMeRequest) (*accountmanagerv1.UpdateMeResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	mask, err := named(r.GetUpdateMask(), changeable)
	if err != nil {
		return nil, err
	}
	wanted := r.GetMe()
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil || row.ID == "" {
			return orElse(err, errNoUser)
		}
		after := row.with(wanted, mask, s.phone)
		switch {
		case after == row:
			return nil
		case wanted.GetRevision() != 0 && wanted.GetRevision() != row.Revision:
			return errMeanwhile
		}
		if err := module.Constrained("me", after.proto(), mask...); err != nil {
			return err
		}
		audit.Changed(tx, row.proto(), after.proto())
		return updateMe(ctx, tx, after)
	})
	if err != nil {
		return nil, phoneTaken(err, "me.phone")
	}
	got, err := s.GetMe(ctx, &accountmanagerv1.GetMeRequest{})
	return &accountmanagerv1.UpdateMeResponse{Me: got.GetMe()}, err
}

// with is the account with the named fields of another; phone writes a phone as it is stored.
func (r meRow) with(wanted *accountmanagerv1.Me, names []string, phone func(string) string) meRow {
	for _, field := range names {
		switch field {
		case "name":
			r.Name = strings.TrimSpace(wanted.GetName())
		case "phone":
			r.Phone = phone(strings.TrimSpace(wanted.GetPhone()))
		case "position":
			r.Position = strings.TrimSpace(wanted.GetPosition())
		case "language":
			r.Language = wanted.GetLanguage()
		case "theme":
			r.Theme = int16(wanted.GetTheme())
		}
	}
	return r
}

// ChangePassword sets a new password and ends the caller's other sessions. A wrong present one counts as at sign-in.
func (s *meService) ChangePassword(ctx context.Context, r *accountmanagerv1.ChangePasswordRequest) (*accountmanagerv1.ChangePasswordResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	self := s.host.Self(ctx)
	account, err := s.accountByID(self, who.UserID)
	if err != nil || account.UserID == "" {
		return nil, orElse(err, errNoUser)
	}
	switch err := s.passwords.check(ctx, "user:"+who.UserID, account, r.GetPresentPassword()); status.Code(err) {
	case codes.OK:
	case codes.Unauthenticated:
		return nil, refuse(codes.InvalidArgument, "present_password", "present_password", "this is not your present password")
	default:
		return nil, err
	}
	hash, err := s.passwords.hash(ctx, r.GetNewPassword())
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(self, func(ctx context.Context, tx *store.Tx) error {
		// Whoever signs in at this moment waits, and then meets the new password.
		mine, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil {
			return err
		}
		if set, err := passwordSet(ctx, tx, who.UserID); err != nil || !set.Equal(account.Set) {
			return orElse(err, errMeanwhile)
		}
		if err := s.newPassword(ctx, tx, who.UserID, mine.Email, hash); err != nil {
			return err
		}
		audit.About(tx, &accountmanagerv1.Me{UserId: who.UserID})
		if _, err = endOthers(ctx, tx, who.UserID, who.SessionID); err != nil {
			return err
		}
		return s.close(ctx, tx, signedOut, closeSignedOut)
	})
	return &accountmanagerv1.ChangePasswordResponse{}, err
}

func (r meRow) proto() *accountmanagerv1.Me {
	return &accountmanagerv1.Me{
		UserId: r.ID, Name: r.Name, Email: r.Email, Phone: r.Phone, Position: r.Position, Language: r.Language,
		Theme: accountmanagerv1.Theme(r.Theme), Revision: r.Revision, PhotoUrl: photoURL(r.Photo),
	}
}
