package money

import (
	"errors"
	"fmt"
)

// What may be wrong with an amount; an [Error] is one of them, as errors.Is tells.
var (
	// ErrCurrency: no currency has the code.
	ErrCurrency = errors.New("unknown currency")
	// ErrForm: the text is no decimal number.
	ErrForm = errors.New("not a decimal number")
	// ErrDigits: it has more digits than the currency, or than is kept exactly.
	ErrDigits = errors.New("too many digits")
	// ErrRange: it is larger than can be counted.
	ErrRange = errors.New("out of range")
)

// Error is an amount that cannot be taken exactly. Its text says what to do, and quotes no more than the start of what was
// given.
type Error struct {
	// Kind is one of the package's errors.
	Kind error
	// Currency is the code, where there is one.
	Currency string
	// Amount is what was given, where that is at fault.
	Amount string
	// Digits is how many there may be behind the point, with ErrDigits.
	Digits int
}

// Unwrap makes errors.Is tell the kinds apart.
func (e *Error) Unwrap() error { return e.Kind }

// Error says what is wrong, and what to do.
func (e *Error) Error() string {
	switch {
	case errors.Is(e.Kind, ErrCurrency):
		return fmt.Sprintf("%.12q is no currency that has a minor unit: give its ISO 4217 code, such as UAH", e.Currency)
	case errors.Is(e.Kind, ErrForm):
		return fmt.Sprintf("%.40q is not a decimal number: write digits with a point and nothing between thousands, such as -1250.50", e.Amount)
	case errors.Is(e.Kind, ErrDigits) && e.Currency != "":
		return fmt.Sprintf("%.40s is more exact than %s is: round it to %d digits behind the point", e.Amount, e.Currency, e.Digits)
	case errors.Is(e.Kind, ErrDigits):
		return fmt.Sprintf("%.40s has more than the 19 digits that are kept exactly: round it first", e.Amount)
	case e.Amount != "":
		return fmt.Sprintf("%.40s %s is more than can be counted: split it into smaller amounts", e.Amount, e.Currency)
	}
	return "the amount is more than can be counted: split it into smaller amounts"
}
