package accountmanager

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// manyRecoveryCodes is how many there are at a time.
const manyRecoveryCodes = 10

// recoveryText writes recovery codes: letters and figures that are not taken for each other.
var recoveryText = base32.NewEncoding("abcdefghjkmnpqrstuvwxyz023456789").WithPadding(base32.NoPadding)

// newRecoveryCodes replaces a user's codes. Each is 80 random bits, too many to be guessed even from its hash.
func newRecoveryCodes(ctx context.Context, tx *store.Tx, userID string) ([]string, error) {
	shown, hashes := make([]string, 0, manyRecoveryCodes), make([][]byte, 0, manyRecoveryCodes)
	for range manyRecoveryCodes {
		var bits [10]byte
		_, _ = rand.Read(bits[:]) // never fails: the program would have ended
		code := recoveryText.EncodeToString(bits[:])
		hashes = append(hashes, hashToken(code))
		shown = append(shown, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	return shown, replaceRecoveryCodes(ctx, tx, userID, hashes)
}

// matchingStep is the step of time whose code was typed, of the present one and its neighbours; zero when it is none of them,
// or not later than the last that was taken.
func (m *Module) matchingStep(userID string, row seedRow, typed string) (int64, error) {
	seed, err := m.host.Secrets.Open(seedPurpose, row.Seed, []byte(userID))
	if err != nil {
		return 0, err
	}
	typed = bare(typed)
	present := m.host.Now().Unix() / codePeriod
	for _, step := range []int64{present, present - 1, present + 1} {
		code, err := totp.GenerateCodeCustom(string(seed), time.Unix(step*codePeriod, 0), codeOpts)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 && step > row.LastStep {
			return step, nil
		}
	}
	return 0, nil
}

// bare is a code without what people put between its parts.
func bare(typed string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, typed))
}

// checkCode takes a code of the application, or a recovery code, of a user whose second factor counts. Neither is taken
// twice. Wrong ones lock out as wrong passwords do, apart from those. It acts as the module, and commits by itself.
func (m *Module) checkCode(ctx context.Context, userID, typed string) error {
	var verdict error
	key := factorKey(userID)
	err := m.host.Store.Tx(m.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		verdict = nil   // this may run again after a deadlock
		audit.Quiet(tx) // unless the code is wrong: what it was for comes after
		now := m.host.Now()
		count, err := lockTries(ctx, tx, key, "", now)
		if err != nil {
			return err
		}
		if wait := count.wait(now); wait > 0 {
			verdict = tooMany("too many wrong codes: wait", wait)
			return nil
		}
		taken, err := m.takeCode(ctx, tx, userID, typed)
		switch {
		case err != nil:
			return err
		case taken:
			return forgetTries(ctx, tx, key)
		}
		verdict = wrongPassword(strconv.Itoa(m.passwords.tries - count.Wrong - 1))
		tx.Audit().Quiet = false
		audit.Refused(tx, "wrong_code")
		audit.About(tx, &accountmanagerv1.User{Id: userID})
		return m.passwords.wrong(ctx, tx, key, count)
	})
	return orElse(err, verdict)
}

func (m *Module) takeCode(ctx context.Context, tx *store.Tx, userID, typed string) (bool, error) {
	row, err := firstOf(holdSeed(ctx, tx, userID))
	if err != nil || !row.Confirmed {
		return false, err
	}
	step, err := m.matchingStep(userID, row, typed)
	if err != nil {
		return false, err
	}
	if step > 0 {
		return true, takeStep(ctx, tx, userID, step)
	}
	return useRecoveryCode(ctx, tx, userID, hashToken(bare(typed)), m.host.Now())
}

// factorKey names a user's count of wrong codes.
func factorKey(userID string) string { return "factor:" + userID }
