package money

import (
	"strconv"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Units counts an amount in minor units of its currency: 125000 for 1250.00 UAH, 1250 for 1250 JPY. Zeros beyond the currency's
// digits are let be, other digits are an Error that is ErrDigits: nothing is rounded here.
func Units(m *kernelv1.Money) (int64, error) {
	code, text := m.GetCurrencyCode(), m.GetAmount()
	scale, err := Scale(code)
	if err != nil {
		return 0, err
	}
	whole, fraction, ok := digits(text)
	if !ok {
		return 0, &Error{Kind: ErrForm, Currency: code, Amount: text}
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > scale {
		return 0, &Error{Kind: ErrDigits, Currency: code, Amount: text, Digits: scale}
	}
	units, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", scale-len(fraction)), 10, 64)
	if err != nil { // digits are all there is, so there are too many
		return 0, &Error{Kind: ErrRange, Currency: code, Amount: text}
	}
	return units, nil
}

// Of writes minor units as the contracts' Money, always with all digits of the currency: 125000 is "1250.00" in UAH and
// "125000" in JPY. The code must be one that Scale knows, as those are that a table holds; another panics, because every
// text for it would be a wrong amount.
func Of(code string, units int64) *kernelv1.Money {
	scale, err := Scale(code)
	if err != nil {
		panic(err)
	}
	text, sign := strconv.FormatInt(units, 10), ""
	if units < 0 {
		text, sign = text[1:], "-"
	}
	if scale > 0 {
		if missing := scale + 1 - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
	}
	return &kernelv1.Money{CurrencyCode: code, Amount: sign + text}
}

// Add adds amounts of one currency. A sum on the way that an int64 cannot hold is an Error that is ErrRange.
func Add(units ...int64) (int64, error) {
	var sum int64
	for _, one := range units {
		next := sum + one
		if (next < sum) != (one < 0) {
			return 0, &Error{Kind: ErrRange}
		}
		sum = next
	}
	return sum, nil
}

// Neg is the amount the other way round. The least int64 has none: an Error that is ErrRange.
func Neg(units int64) (int64, error) {
	if units == -units && units != 0 {
		return 0, &Error{Kind: ErrRange}
	}
	return -units, nil
}

// digits takes a decimal number apart: "-12.50" is "-12", "50". It wants what contracts want: a digit before the point and, if there
// is one, behind it; no plus, no exponent, no grouping.
func digits(text string) (whole, fraction string, ok bool) {
	whole, fraction, point := strings.Cut(text, ".")
	if !allDigits(strings.TrimPrefix(whole, "-")) || point && !allDigits(fraction) {
		return "", "", false
	}
	return whole, fraction, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
