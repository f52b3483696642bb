package money

import (
	"strings"

	"github.com/govalues/decimal"
)

// Parse reads a decimal number with a point: a price, a rate, a quantity. It reads the same form as contracts have, "-1234.50",
// and keeps every digit that is given, zeros at the end too; more than 19 digits in all are an Error that is ErrDigits, where decimal.Parse
// would round.
func Parse(text string) (decimal.Decimal, error) {
	whole, fraction, ok := digits(text)
	if !ok {
		return decimal.Decimal{}, &Error{Kind: ErrForm, Amount: text}
	}
	if len(fraction) > decimal.MaxScale || len(strings.TrimLeft(strings.TrimPrefix(whole, "-")+fraction, "0")) > decimal.MaxPrec {
		return decimal.Decimal{}, &Error{Kind: ErrDigits, Amount: text}
	}
	d, err := decimal.ParseExact(text, len(fraction))
	if err != nil {
		return decimal.Decimal{}, &Error{Kind: ErrForm, Amount: text}
	}
	return d, nil
}

// Format writes a decimal number as Parse reads it, without zeros at its end: "0.125", "3".
func Format(d decimal.Decimal) string { return d.Trim(0).String() }

// Decimal is an amount as a decimal number: 12.50 for 1250 in UAH. A code that no currency has is an Error that is ErrCurrency.
func Decimal(code string, units int64) (decimal.Decimal, error) {
	scale, err := Scale(code)
	if err != nil {
		return decimal.Decimal{}, err
	}
	d, err := decimal.New(units, scale)
	if err != nil {
		return decimal.Decimal{}, &Error{Kind: ErrRange, Currency: code}
	}
	return d, nil
}
