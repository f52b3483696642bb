package accountmanager

import (
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

// GetLetter returns a letter that is still worth sending.
func (s *letterService) GetLetter(ctx context.Context, r *accountmanagerv1.GetLetterRequest) (*accountmanagerv1.GetLetterResponse, error) {
	switch access.From(ctx).Kind {
	case access.Module, access.Kernel:
	default: // whatever an integrator's role says: the link opens somebody's account
		return nil, status.Error(codes.PermissionDenied, "letters are for the modules that send them")
	}
	row, err := firstOf(s.findLetter(s.host.Self(ctx), r.GetId(), s.host.Now()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoLetter)
	}
	return &accountmanagerv1.GetLetterResponse{Letter: s.letterOf(row)}, nil
}

func (m *Module) letterOf(row letterRow) *accountmanagerv1.Letter {
	letter := &accountmanagerv1.Letter{
		Id: row.ID, Kind: accountmanagerv1.LetterKind(row.Kind), UserId: row.UserID, Name: row.Name, Email: row.Email, Phone: row.Phone,
		Language: row.Language, ExpireTime: timestamppb.New(row.Expires),
	}
	if path := letterPaths[letter.GetKind()]; path != "" {
		letter.Path = path + m.letterToken(row.ID)
	}
	if letter.GetKind() == letterPhoneSignIn || letter.GetKind() == letterPhoneConfirm {
		letter.Code = m.letterCode(row.ID)
	}
	return letter
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
	if err := insertLetter(ctx, tx, row, hash, now); err != nil {
		return false, err
	}
	if err := m.host.Publish(ctx, tx, n.userID, &accountmanagerv1.LetterWritten{
		Id: row.ID, UserId: n.userID, Kind: n.kind, Time: timestamppb.New(now),
	}); err != nil {
		return false, err
	}
	if m.settings.Letters == lettersLog {
		letter := m.letterOf(row)
		m.host.Log.WarnContext(ctx, "a letter of a portal that is being developed", "kind", letter.GetKind().String(),
			"to", n.email+n.phone, "path", letter.GetPath(), "code", letter.GetCode())
	}
	return true, nil
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
