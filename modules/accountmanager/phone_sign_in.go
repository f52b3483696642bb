package accountmanager

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

var errNoPhoneCodes = status.Error(codes.FailedPrecondition, "this portal has no way to send codes to phones: sign in with the password")

// StartPhoneSignIn sends a code to whoever has confirmed a phone. Nothing of the answer tells whether anybody has, or was
// sent one just now, or is blocked or locked out: the time it takes is measured out.
func (s *identityService) StartPhoneSignIn(ctx context.Context, r *kernelv1.StartPhoneSignInRequest) (*kernelv1.StartPhoneSignInResponse, error) {
	if !s.settings.PhoneCodes {
		return nil, errNoPhoneCodes
	}
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	answer := time.NewTimer(evenly)
	defer answer.Stop()
	err := s.sendSignInCode(ctx, r.GetPhone())
	select {
	case <-answer.C:
	case <-ctx.Done():
	}
	if err != nil {
		return nil, err
	}
	return &kernelv1.StartPhoneSignInResponse{WaitSeconds: int32(phoneCodeWait / time.Second), LifeSeconds: int32(phoneCodeLife / time.Second)}, nil
}

func (s *identityService) sendSignInCode(ctx context.Context, typed string) error {
	number, userID, err := s.phoneOwner(ctx, typed)
	if err != nil || userID == "" {
		return err
	}
	return s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, userID))
		if err != nil || user.Blocked {
			return err
		}
		if theirs, err := phoneIs(ctx, tx, userID, number); err != nil || !theirs {
			return err
		}
		if locked, err := lockedOut(ctx, tx, phoneKey(userID), s.host.Now()); err != nil || locked {
			return err
		}
		_, err = s.sendCode(ctx, tx, userID, letterPhoneSignIn, number)
		return err
	})
}

// phoneOwner reads a number, and finds who has confirmed it as theirs and is not blocked; nobody for most.
func (m *Module) phoneOwner(ctx context.Context, typed string) (number, userID string, err error) {
	number, _ = m.number(typed)
	userID, err = firstOf(m.confirmedOwner(ctx, number))
	return number, userID, err
}

// phoneKey names a user's count of wrong codes of their phone.
func phoneKey(userID string) string { return "phone:" + userID }

// FinishPhoneSignIn takes a code in the place of a password. It is one factor: who has a second one is asked for it.
func (s *identityService) FinishPhoneSignIn(ctx context.Context, r *kernelv1.FinishPhoneSignInRequest) (*kernelv1.FinishPhoneSignInResponse, error) {
	if !s.settings.PhoneCodes {
		return nil, errNoPhoneCodes
	}
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	number, userID, err := s.phoneOwner(ctx, r.GetPhone())
	if err != nil {
		return nil, err
	}
	try := codeTry{key: phoneKey(userID), userID: userID, kind: letterPhoneSignIn, phone: number, typed: r.GetCode()}
	if userID == "" {
		try.key = s.strangerKey("phone:" + number)
	}
	if err := s.checkPhoneCode(ctx, try, nil); err != nil {
		return nil, err
	}
	response := &kernelv1.FinishPhoneSignInResponse{}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		response.Reset() // this may run again after a deadlock
		user, err := firstOf(holdUserRow(ctx, tx, userID))
		if err != nil {
			return err
		}
		if theirs, err := phoneIs(ctx, tx, userID, number); err != nil || !theirs {
			return orElse(err, wrongCode("0")) // it was changed at this moment
		}
		audit.By(tx, user.ID, user.Staff)
		// A password that is chosen while the second factor is waited for makes that void.
		set, err := passwordSet(ctx, tx, userID)
		if err != nil {
			return err
		}
		opened, challenge, err := s.enter(ctx, tx, opening{userID: userID, proved: set, kept: r.GetKeep(), origin: r.GetOrigin()})
		if err != nil {
			return err
		}
		if response.ChallengeToken = challenge; challenge == "" {
			response.SessionToken, response.ExpireTime = opened.token, timestamppb.New(opened.end)
		} else {
			audit.Quiet(tx) // nobody has come in yet
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

var errNoPhoneCode = refuse(codes.FailedPrecondition, "code", "no_phone_code", "no code is waited for: it was used, has expired, or was never asked for")

// codeTry is a code that somebody typed, as one that was sent to a phone.
type codeTry struct {
	// key names the count of wrong ones.
	key string
	// userID is empty for a phone that nobody has: the same is done then.
	userID string
	kind   accountmanagerv1.LetterKind
	// phone is where it must have been sent; empty for wherever it was.
	phone string
	typed string
}

// checkPhoneCode takes a code that was sent to a phone, once: nil when it is right, and then was done in the same
// transaction. wrongCode counts one more wrong one, and tooMany says that nothing was compared. The count is held
// meanwhile, so that of many guesses sent at once no more are compared than there are tries.
func (m *Module) checkPhoneCode(ctx context.Context, try codeTry, then func(ctx context.Context, tx *store.Tx, number string) error) error {
	var verdict error
	most := min(m.passwords.tries, phoneCodeTries)
	err := m.host.Store.Tx(m.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		verdict = nil // this may run again after a deadlock
		now := m.host.Now()
		if then != nil {
			if _, err := holdUserRow(ctx, tx, try.userID); err != nil {
				return err
			}
		}
		count, err := lockTries(ctx, tx, try.key, "", now)
		if err != nil {
			return err
		}
		if wait := count.wait(now); wait > 0 {
			audit.Quiet(tx)
			verdict = tooMany("too many wrong codes: wait", wait)
			return nil
		}
		letter, err := firstOf(holdCode(ctx, tx, try, now))
		switch {
		case err != nil:
			return err
		case letter.ID == "" && then != nil:
			return errNoPhoneCode // its owner may know: there is nothing to guess
		}
		if letter.ID != "" && same(m.letterCode(letter.ID), bare(try.typed)) {
			if used, err := useLetter(ctx, tx, letter.ID, now); err != nil || !used {
				return orElse(err, wrongCode("0")) // cannot be: it is held
			}
			if then == nil {
				audit.Quiet(tx) // what it is for comes after
			} else if err := then(ctx, tx, letter.Phone); err != nil {
				return err
			}
			return forgetTries(ctx, tx, try.key)
		}
		left := most - count.Wrong - 1
		verdict = wrongCode(strconv.Itoa(left))
		if left <= 0 {
			if err := voidCode(ctx, tx, try, now); err != nil {
				return err
			}
		}
		audit.Refused(tx, "wrong_code")
		if try.userID != "" {
			audit.About(tx, &accountmanagerv1.User{Id: try.userID})
		}
		return m.passwords.wrongOf(ctx, tx, try.key, count, most)
	})
	return orElse(err, verdict)
}

// wrongCode is the one answer to a code that is wrong, was used or has expired, and to a phone that nobody has.
func wrongCode(triesLeft string) error {
	return detailed(codes.Unauthenticated, "the code is wrong, was used or has expired", &errdetails.ErrorInfo{
		Reason: "WRONG_CODE", Domain: ID, Metadata: map[string]string{"tries_left": triesLeft},
	})
}
