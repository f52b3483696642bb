package ledger

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refusals of the books.
var (
	ErrOtherContent = errors.New("ledger: this was posted before, with other content")
	ErrClosed       = errors.New("ledger: the day lies in closed books: choose a later one")
	ErrUnbalanced   = errors.New("ledger: the entries of a posting sum to zero in one currency, and are at least two")
	ErrForeign      = errors.New("ledger: an account is of a client whom the caller does not act for")
	ErrTooMuch      = errors.New("ledger: more would be taken back than there was")
	ErrNothing      = errors.New("ledger: an entry of zero moves nothing: leave it out")
	ErrHold         = errors.New("ledger: the hold has ended")
)

// LimitError says that an account would owe more than was agreed.
type LimitError struct {
	// Account is which, Short by how much too little there is, in minor units.
	Account, Short int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("ledger: account %d is %d short: more would be owed on it than was agreed", e.Account, e.Short)
}

// refused makes the database's refusals the package's own.
func refused(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "FS002":
		return ErrUnbalanced
	case "FS003":
		return ErrOtherContent
	case "FS004":
		return ErrClosed
	case "FS005":
		account, _ := strconv.ParseInt(pg.Detail, 10, 64)
		short, _ := strconv.ParseInt(pg.Hint, 10, 64)
		return &LimitError{Account: account, Short: short}
	case "FS006":
		return ErrTooMuch
	case "FS007":
		return ErrHold
	case "FS008":
		return ErrNothing
	case "42501":
		return ErrForeign
	}
	return err
}
