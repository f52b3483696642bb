package statement

import (
	"fmt"
	"strings"

	"github.com/govalues/decimal"

	"github.com/opencabinet/cabinet/kernel/money"
)

// maxDigits is how many an amount may have with all digits of its currency, so that it fits an int64 of minor units.
const maxDigits = 18

func isCurrency(code string) bool {
	_, err := money.Scale(code)
	return err == nil
}

// unsigned reads an amount: digits, and perhaps one point (whichever byte that is) and more digits. It takes nothing that
// would lose a digit, and answers why not. The amount has all digits of its currency.
func unsigned(text, currency string, point byte) (amount decimal.Decimal, reason string) {
	whole, fraction, _ := strings.Cut(text, string(point))
	if whole == "" && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return amount, fmt.Sprintf("this is no amount: it is written with digits and %q as its decimal sign; %s", string(point), anew)
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	scale, err := money.Scale(currency)
	if err != nil {
		scale = 2 // it is not said yet, or refused where it is
	}
	if len(fraction) > scale {
		return amount, fmt.Sprintf("%s has %d digits behind the decimal sign, and this has %d: nothing is rounded, so ask the bank what it means",
			currency, scale, len(fraction))
	}
	if len(whole)+scale > maxDigits {
		return amount, fmt.Sprintf("an amount of %s has at most %d digits before the decimal sign: %s", currency, maxDigits-scale, anew)
	}
	amount, err = decimal.Parse("0" + whole + "." + fraction + strings.Repeat("0", scale-len(fraction)))
	if err != nil { // "0." is what no currency without minor units would have otherwise
		amount, err = decimal.Parse("0" + whole)
	}
	if err != nil || amount.Scale() != scale {
		return decimal.Decimal{}, "this is no amount: " + anew
	}
	return amount, ""
}

// signed is unsigned behind an optional plus or minus.
func signed(text, currency string, point byte) (decimal.Decimal, string) {
	minus := false
	for _, sign := range []string{"+", "-", "\u2212", "\u2013"} {
		if after, ok := strings.CutPrefix(text, sign); ok {
			minus, text = sign != "+", after
			break
		}
	}
	amount, reason := unsigned(text, currency, point)
	if minus {
		amount = amount.Neg()
	}
	return amount, reason
}

// units is an amount that was read, which has all digits of its currency and fits.
func units(amount decimal.Decimal) int64 {
	n := int64(amount.Coef())
	if amount.IsNeg() {
		return -n
	}
	return n
}

// plus adds without rounding.
func plus(a, b decimal.Decimal) (decimal.Decimal, bool) {
	sum, err := a.AddExact(b, max(a.Scale(), b.Scale()))
	return sum, err == nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
