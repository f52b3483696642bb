package accountmanager

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// passwords makes and checks hashes, a few at a time: each takes memory, and sign-ins come from outside.
type passwords struct {
	host     *module.Host
	params   *argon2id.Params
	slots    *semaphore.Weighted
	tries    int
	lockOut  time.Duration
	stranger func() (string, error)
}

func newPasswords(s Settings, host *module.Host) *passwords {
	p := &passwords{
		host: host, slots: semaphore.NewWeighted(int64(s.Hashing.AtOnce)), tries: s.Tries, lockOut: s.LockOut,
		params: &argon2id.Params{Memory: s.Hashing.MemoryKiB, Iterations: s.Hashing.Iterations, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	}
	// A login that nobody has is checked against the hash of what nobody knows, and so takes the same time.
	p.stranger = sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), p.params) })
	return p
}

// hash makes a new password's hash. It waits for its turn; call it without a transaction.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer p.slots.Release(1)
	return argon2id.CreateHash(password, p.params)
}

// account is what a password is checked against. The zero account is nobody's.
type account struct {
	UserID  string
	Staff   bool
	Blocked bool
	Hash    string
	// Set is when the password was chosen.
	Set time.Time
}

// check compares a password with an account's. nil means that it matches; wrongPassword counts one more wrong one,
// and tooMany says that the account is locked out and nothing was compared. key names the account in the count.
//
// The row of the count is held while the hash is made, so that of many guesses sent at once no more are compared than
// there are tries. The check goes on when its caller leaves: a guess that was compared is counted.
func (p *passwords) check(ctx context.Context, key string, a account, password string) error {
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	defer p.slots.Release(1)
	hash := a.Hash
	if hash == "" {
		var err error
		if hash, err = p.stranger(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.host.Self(ctx)), 20*time.Second)
	defer cancel()
	var verdict error
	err := p.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		verdict = nil   // this may run again after a deadlock
		audit.Quiet(tx) // unless the password is wrong: what it was for comes after
		count, err := lockTries(ctx, tx, key, a.UserID, p.host.Now())
		if err != nil {
			return err
		}
		if wait := count.wait(p.host.Now()); wait > 0 {
			verdict = tooMany("too many wrong passwords: wait, or ask for a new invitation", wait)
			return nil
		}
		matches, made, err := argon2id.CheckHash(password, hash)
		switch {
		case err != nil:
			return err
		case matches && a.UserID != "":
			return p.right(ctx, tx, key, a, password, made)
		}
		verdict = wrongPassword(strconv.Itoa(p.tries - count.Wrong - 1))
		p.audit(tx, a)
		return p.wrong(ctx, tx, key, count)
	})
	if err != nil {
		return err
	}
	return verdict
}

// right forgets the wrong ones, and makes the hash anew when its price has changed since.
func (p *passwords) right(ctx context.Context, tx *store.Tx, key string, a account, password string, made *argon2id.Params) error {
	if err := forgetTries(ctx, tx, key); err != nil || *made == *p.params {
		return err
	}
	hash, err := argon2id.CreateHash(password, p.params)
	if err != nil {
		return err
	}
	return replaceHash(ctx, tx, a, hash)
}

// audit says that somebody did not come in. Of whom nobody knows, nothing is said.
func (p *passwords) audit(tx *store.Tx, a account) {
	tx.Audit().Quiet = false
	audit.Refused(tx, "wrong_password")
	if a.UserID != "" {
		audit.About(tx, &accountmanagerv1.User{Id: a.UserID})
	}
}

func (p *passwords) wrong(ctx context.Context, tx *store.Tx, key string, count tries) error {
	return p.wrongOf(ctx, tx, key, count, p.tries)
}

// wrongOf counts one more wrong one, of as many as there may be.
func (p *passwords) wrongOf(ctx context.Context, tx *store.Tx, key string, count tries, most int) error {
	now := p.host.Now()
	count.Wrong++
	if count.Wrong >= most {
		lasts := longestLockOut
		if count.LockOuts < 16 {
			lasts = min(p.lockOut<<count.LockOuts, longestLockOut)
		}
		until := now.Add(lasts)
		count = tries{LockOuts: count.LockOuts + 1, LockUntil: &until}
	}
	if err := saveTries(ctx, tx, key, count, now); err != nil {
		return err
	}
	return sweepTries(ctx, tx, now.Add(-2*longestLockOut))
}

// tries is a count of wrong passwords.
type tries struct {
	Wrong     int
	LockOuts  int
	LockUntil *time.Time
}

// wait is how long the account stays locked out; zero when it is not.
func (t tries) wait(now time.Time) time.Duration {
	if t.LockUntil == nil || !t.LockUntil.After(now) {
		return 0
	}
	return t.LockUntil.Sub(now)
}
