package money

import (
	"math/big"

	"github.com/govalues/decimal"
)

// Round takes a decimal number to minor units of a currency, half away from zero: 0.005 UAH is 0.01, −0.005 is −0.01.
// That is commercial rounding (DIN 1333; Regulation (EC) No 1103/97, article 5: "If the application of the conversion
// rate gives a result which is exactly half-way, the sum shall be rounded up"), and what Postgres's round(numeric) does
// (https://www.postgresql.org/docs/current/functions-math.html: "ties are broken by rounding away from zero"), so that a
// query comes to the same.
//
// A product of decimals may have been rounded already, to 19 digits, and rounding twice can come out one unit off: round
// products and quotients by [Product] and [Portion].
func Round(d decimal.Decimal, code string) (int64, error) { return Product(code, d) }

// Product multiplies and rounds once: the amount of a line is Product("UAH", price, quantity).
func Product(code string, factors ...decimal.Decimal) (int64, error) {
	return Share(code, 1, 1, factors...)
}

// Share is a part of a product, rounded once: 12 of 30 days of a service are Share("UAH", 12, 30, price, quantity). whole must not
// be zero.
func Share(code string, part, whole int64, factors ...decimal.Decimal) (int64, error) {
	digits, err := Scale(code)
	if err != nil {
		return 0, err
	}
	if whole == 0 {
		return 0, &Error{Kind: ErrRange, Currency: code}
	}
	numerator, scale := big.NewInt(part), 0
	for _, d := range factors {
		numerator.Mul(numerator, coefficient(d))
		scale += d.Scale()
	}
	denominator := power(scale - digits)
	if scale < digits {
		numerator.Mul(numerator, power(digits-scale))
	}
	return quotient(numerator, denominator.Mul(denominator, big.NewInt(whole)), code)
}

// Portion is units × part ÷ whole, rounded once, half away from zero: the VAT of 20 % that is in a gross amount is
// Portion(gross, 20, 120). whole must not be zero.
func Portion(units int64, part, whole decimal.Decimal) (int64, error) {
	numerator, denominator := big.NewInt(units), coefficient(whole)
	if denominator.Sign() == 0 {
		return 0, &Error{Kind: ErrRange}
	}
	numerator.Mul(numerator, coefficient(part))
	numerator.Mul(numerator, power(whole.Scale()-part.Scale()))
	denominator.Mul(denominator, power(part.Scale()-whole.Scale()))
	return quotient(numerator, denominator, "")
}

func coefficient(d decimal.Decimal) *big.Int {
	n := new(big.Int).SetUint64(d.Coef())
	if d.IsNeg() {
		n.Neg(n)
	}
	return n
}

// power is ten to the n, and one for an n below zero.
func power(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, 0))), nil)
}

// quotient divides, half away from zero.
func quotient(numerator, denominator *big.Int, code string) (int64, error) {
	negative := numerator.Sign() != denominator.Sign()
	numerator.Abs(numerator)
	denominator.Abs(denominator)
	// ⌊(2n + d) / 2d⌋ is n/d to the nearest, a half going up.
	twice := new(big.Int).Lsh(numerator, 1)
	twice.Add(twice, denominator)
	twice.Quo(twice, denominator.Lsh(denominator, 1))
	if negative {
		twice.Neg(twice)
	}
	if !twice.IsInt64() {
		return 0, &Error{Kind: ErrRange, Currency: code}
	}
	return twice.Int64(), nil
}
