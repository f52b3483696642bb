package ledger

import (
	"context"
	"time"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Hold sets an amount of a client's account aside, so that it cannot be spent twice; the same id again is the same hold. what is for readers. A
// zero expires is for good. Errors: [*LimitError], [ErrOtherContent].
func Hold(ctx context.Context, tx *store.Tx, id string, account, amount int64, what string, expires time.Time) error {
	var at *time.Time
	if !expires.IsZero() {
		at = &expires
	}
	_, err := tx.Exec(ctx, "select finsystem.hold($1, $2, $3, $4, $5)", id, account, amount, what, at)
	return refused(err)
}

// Capture ends a hold and posts what it was kept for, which may be less, or more as far as the account has it.
func Capture(ctx context.Context, tx *store.Tx, id string, p Posting) (Posted, error) {
	if _, err := tx.Exec(ctx, "select finsystem.end_hold($1, 'captured')", id); err != nil {
		return Posted{}, refused(err)
	}
	done, err := Post(ctx, tx, p)
	if err != nil {
		return Posted{}, err
	}
	return done[0], nil
}

// Release gives back what a hold set aside. One that ended otherwise is [ErrHold].
func Release(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, "select finsystem.end_hold($1, 'released')", id)
	return refused(err)
}
