package accountmanager

import (
	"cmp"
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// letterService hands letters to the modules that send them.
type letterService struct {
	accountmanagerv1.UnimplementedLetterServiceServer
	*Module
}

var _ accountmanagerv1.LetterServiceServer = (*letterService)(nil)

// Shorter names for the kinds of letter.
const (
	letterReset           = accountmanagerv1.LetterKind_LETTER_KIND_PASSWORD_RESET
	letterPasswordChanged = accountmanagerv1.LetterKind_LETTER_KIND_PASSWORD_CHANGED
	letterEmailConfirm    = accountmanagerv1.LetterKind_LETTER_KIND_EMAIL_CONFIRM
	letterEmailChanged    = accountmanagerv1.LetterKind_LETTER_KIND_EMAIL_CHANGED
	letterPhoneSignIn     = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_SIGN_IN
	letterPhoneConfirm    = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_CONFIRM
	letterPhoneConfirmed  = accountmanagerv1.LetterKind_LETTER_KIND_PHONE_CONFIRMED
	letterExternalLinked  = accountmanagerv1.LetterKind_LETTER_KIND_EXTERNAL_LINKED
	letterImpersonated    = accountmanagerv1.LetterKind_LETTER_KIND_IMPERSONATED
)

const (
	// noticeLife is how long a notice is worth sending.
	noticeLife = 24 * time.Hour
	// mostLetters is how many links or codes of a kind one user is sent in an hour. Who asks for more is not told.
	mostLetters = 5
)

// linkKinds are those that open something: by a link or by a code.
var linkKinds = []accountmanagerv1.LetterKind{letterReset, letterEmailConfirm, letterPhoneSignIn, letterPhoneConfirm}

// letterPaths are where the links of letters lead.
var letterPaths = map[accountmanagerv1.LetterKind]string{
	letterReset: "/reset-password/", letterEmailConfirm: "/confirm-email/",
}

var errNoLetter = status.Error(codes.NotFound, "the letter is not known, was used or replaced, or has expired: drop it")

// modulesAlone keeps people out, whatever an integrator's role says: a letter's link opens somebody's account.
func modulesAlone(ctx context.Context) error {
	switch access.From(ctx).Kind {
	case access.Module, access.Kernel:
		return nil
	}
	return status.Error(codes.PermissionDenied, "this is for modules that act by themselves")
}

// GetLetter returns a letter that is still worth sending.
func (s *letterService) GetLetter(ctx context.Context, r *accountmanagerv1.GetLetterRequest) (*accountmanagerv1.GetLetterResponse, error) {
	if err := modulesAlone(ctx); err != nil {
		return nil, err
	}
	row, err := firstOf(s.findLetter(s.host.Self(ctx), r.GetId(), s.host.Now()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoLetter)
	}
	letter, err := s.letterOf(row)
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.GetLetterResponse{Letter: letter}, nil
}

func (m *Module) letterOf(row letterRow) (*accountmanagerv1.Letter, error) {
	letter := &accountmanagerv1.Letter{
		Id: row.ID, Kind: accountmanagerv1.LetterKind(row.Kind), UserId: row.UserID, Name: row.Name, Email: row.Email, Phone: row.Phone,
		Language: row.Language, ExpireTime: timestamppb.New(row.Expires), Text: row.Text,
	}
	switch path := letterPaths[letter.GetKind()]; {
	case path != "":
		letter.Path = path + m.letterToken(row.ID)
	case row.InvitationID != "":
		letter.Path = invitationPath + m.invitationToken(row.InvitationID)
	case len(row.Path) > 0:
		opened, err := m.host.Secrets.Open(sealedPath, row.Path, []byte(row.ID))
		if err != nil {
			return nil, err
		}
		letter.Path = string(opened)
	}
	if letter.GetKind() == letterPhoneSignIn || letter.GetKind() == letterPhoneConfirm {
		letter.Code = m.letterCode(row.ID)
	}
	return letter, nil
}

// newLetter is a letter to be written: to an e-mail or a phone.
type newLetter struct {
	userID       string
	kind         accountmanagerv1.LetterKind
	email, phone string
	// life is how long its link works; zero for a notice, which has none.
	life time.Duration
}

// write puts a letter down in the transaction, in which its user is held, and says that it waits. An earlier link of the
// same kind stops working. sent is false, and nothing is written, when the user was sent enough of them.
func (m *Module) write(ctx context.Context, tx *store.Tx, n newLetter) (sent bool, err error) {
	if m.settings.Letters == lettersOff {
		return false, nil
	}
	now, row := m.host.Now(), letterRow{ID: store.NewID(), Kind: int16(n.kind), UserID: n.userID, Email: n.email, Phone: n.phone}
	row.Expires = now.Add(noticeLife)
	var hash []byte
	if n.life > 0 {
		recent, err := countLetters(ctx, tx, n.userID, n.kind, now.Add(-time.Hour))
		if err != nil || recent >= mostLetters {
			return false, err
		}
		if err := voidLetters(ctx, tx, n.userID, now, n.kind); err != nil {
			return false, err
		}
		row.Expires, hash = now.Add(n.life), hashToken(m.letterToken(row.ID))
	}
	return true, m.put(ctx, tx, row, hash)
}

// put keeps a letter and says that it waits.
func (m *Module) put(ctx context.Context, tx *store.Tx, row letterRow, hash []byte) error {
	now, kind := m.host.Now(), accountmanagerv1.LetterKind(row.Kind)
	if err := insertLetter(ctx, tx, row, hash, now); err != nil {
		return err
	}
	if err := m.host.Publish(ctx, tx, cmp.Or(row.UserID, row.ID), &accountmanagerv1.LetterWritten{
		Id: row.ID, UserId: row.UserID, Kind: kind, Time: timestamppb.New(now),
	}); err != nil || m.settings.Letters != lettersLog {
		return err
	}
	letter, err := m.letterOf(row)
	if err != nil {
		return err
	}
	m.host.Log.WarnContext(ctx, "a letter of a portal that is being developed", "kind", kind.String(),
		"to", row.Email+row.Phone, "path", letter.GetPath(), "code", letter.GetCode(), "text", letter.GetText())
	return nil
}

// link finds the letter of a kind whose link works.
func (m *Module) link(ctx context.Context, kind accountmanagerv1.LetterKind, token string) (letterRow, error) {
	found, err := firstOf(m.letterByToken(ctx, kind, hashToken(token), m.host.Now()))
	if err != nil || found.ID == "" {
		return letterRow{}, orElse(err, errNoReset)
	}
	return found, nil
}

// takeLink uses a letter's link up, while its user is held; of many at once one does.
func (m *Module) takeLink(ctx context.Context, tx *store.Tx, l letterRow) (userRow, error) {
	user, err := firstOf(holdUserRow(ctx, tx, l.UserID))
	if err != nil || user.ID == "" || user.Blocked {
		return userRow{}, orElse(err, errNoReset)
	}
	if used, err := useLetter(ctx, tx, l.ID, m.host.Now()); err != nil || !used {
		return userRow{}, orElse(err, errNoReset)
	}
	return user, nil
}
