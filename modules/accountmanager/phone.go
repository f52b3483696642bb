package accountmanager

import (
	"context"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// phoneCodeLife is how long a code that was sent to a phone works.
	phoneCodeLife = 5 * time.Minute
	// phoneCodeWait is how long after one another is sent.
	phoneCodeWait = time.Minute
	// phoneCodeTries is how many wrong ones in a row lock out; fewer where the settings say so of passwords.
	phoneCodeTries = 5
)

// phoneService is what people do with their own phone. Codes are rows that no user sees, so it acts as the module, for the
// caller alone.
type phoneService struct {
	accountmanagerv1.UnimplementedPhoneServiceServer
	*Module
}

var _ accountmanagerv1.PhoneServiceServer = (*phoneService)(nil)

// GetOwnPhone returns the caller's phone.
func (s *phoneService) GetOwnPhone(ctx context.Context, _ *accountmanagerv1.GetOwnPhoneRequest) (*accountmanagerv1.GetOwnPhoneResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	row, err := firstOf(ownPhone(ctx, s.host.Store, who.UserID))
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.GetOwnPhoneResponse{Phone: row.proto()}, nil
}

func (r phoneRow) proto() *accountmanagerv1.OwnPhone {
	phone := &accountmanagerv1.OwnPhone{Phone: r.Phone, State: accountmanagerv1.PhoneState_PHONE_STATE_UNCONFIRMED}
	switch {
	case r.Phone == "":
		phone.State = accountmanagerv1.PhoneState_PHONE_STATE_NONE
	case r.Confirmed != nil:
		phone.State, phone.ConfirmTime = accountmanagerv1.PhoneState_PHONE_STATE_CONFIRMED, timestamppb.New(*r.Confirmed)
	}
	return phone
}

// StartPhoneConfirmation sends a code to the phone that is to be confirmed.
func (s *phoneService) StartPhoneConfirmation(ctx context.Context, r *accountmanagerv1.StartPhoneConfirmationRequest) (*accountmanagerv1.StartPhoneConfirmationResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	if !s.settings.PhoneCodes {
		return nil, refuse(codes.FailedPrecondition, "phone", "no_phone_codes", "this portal has no way to send codes: ask the business")
	}
	number, ok := s.reachable(strings.TrimSpace(r.GetPhone()))
	if !ok {
		return nil, refuse(codes.InvalidArgument, "phone", "bad_phone", "this is no phone that can be sent a code: write it with the code of its country")
	}
	wait := refuse(codes.FailedPrecondition, "phone", "phone_wait", "a code was sent just now, or too many: wait a minute")
	if s.addresses.allow(who.Place.Address) != nil {
		return nil, wait
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		mine, err := firstOf(holdPhone(ctx, tx, who.UserID))
		switch {
		case err != nil:
			return err
		case mine.Phone == number && mine.Confirmed != nil:
			return refuse(codes.FailedPrecondition, "phone", "phone_confirmed", "this phone is confirmed already")
		}
		sent, err := s.sendCode(ctx, tx, who.UserID, letterPhoneConfirm, number)
		if err != nil || !sent {
			return orElse(err, wait)
		}
		return nil
	})
	return &accountmanagerv1.StartPhoneConfirmationResponse{}, err
}

// reachable reads a number that text can be sent to; a premium one is somebody's way to earn by it.
func (m *Module) reachable(typed string) (e164 string, ok bool) {
	number, err := phonenumbers.Parse(typed, m.settings.Country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.TOLL_FREE, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// sendCode has a code sent to a phone, while its user is held; sent is false when one was just now, or too many were: to
// the user, or to the number whoever asked.
func (m *Module) sendCode(ctx context.Context, tx *store.Tx, userID string, kind accountmanagerv1.LetterKind, number string) (sent bool, err error) {
	now := m.host.Now()
	counts, err := countCodes(ctx, tx, userID, kind, number, now)
	if err != nil || counts.Recent > 0 || counts.Number >= mostLetters {
		return false, err
	}
	return m.write(ctx, tx, newLetter{userID: userID, kind: kind, phone: number, life: phoneCodeLife})
}

// FinishPhoneConfirmation takes the code. From then on the caller can sign in by the phone; codes that were sent to another
// one work no more.
func (s *phoneService) FinishPhoneConfirmation(ctx context.Context, r *accountmanagerv1.FinishPhoneConfirmationRequest) (*accountmanagerv1.FinishPhoneConfirmationResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var after phoneRow
	try := codeTry{key: "phone-confirm:" + who.UserID, userID: who.UserID, kind: letterPhoneConfirm, typed: r.GetCode()}
	err = s.checkPhoneCode(ctx, try, func(ctx context.Context, tx *store.Tx, number string) error {
		now := s.host.Now()
		mine, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil {
			return err
		}
		if err := voidLetters(ctx, tx, who.UserID, now, letterPhoneSignIn); err != nil {
			return err
		}
		if err := confirmPhone(ctx, tx, who.UserID, number, now); err != nil {
			return err
		}
		confirmed := mine
		confirmed.Phone, after = number, phoneRow{Phone: number, Confirmed: &now}
		audit.Changed(tx, mine.proto(), confirmed.proto())
		_, err = s.write(ctx, tx, newLetter{userID: who.UserID, kind: letterPhoneConfirmed, email: mine.Email})
		return err
	})
	switch status.Code(err) {
	case codes.OK:
		return &accountmanagerv1.FinishPhoneConfirmationResponse{Phone: after.proto()}, nil
	case codes.Unauthenticated:
		return nil, refuse(codes.InvalidArgument, "code", "wrong_phone_code", "the code is wrong, was used or has expired")
	case codes.ResourceExhausted:
		return nil, refuse(codes.FailedPrecondition, "code", "phone_locked", "too many wrong codes: wait")
	}
	return nil, phoneTaken(err, "code")
}
