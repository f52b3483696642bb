package stripe

import (
	"errors"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// Stripe counts in the smallest unit of a currency, which is not ISO 4217's of each: https://docs.stripe.com/currencies#zero-decimal and #special-cases.
// The ariary has no digits there, and two in the standard; two that have none are counted as if they had two. The forint and the Taiwan dollar have two
// digits in payments, as in the standard, and none in payouts alone. What has three digits must end in a zero.
var (
	withoutHundredths = []string{"MGA"}
	withHundredths    = []string{"ISK", "UGX"}
)

var errAmount = errors.New("Stripe cannot take this amount")

// units is an amount as Stripe counts it.
func units(m *kernelv1.Money) (int64, error) {
	n, err := money.Units(m)
	if err != nil {
		return 0, err
	}
	scale, err := money.Scale(m.GetCurrencyCode())
	switch {
	case err != nil:
		return 0, err
	case slices.Contains(withHundredths, m.GetCurrencyCode()):
		if n > most || n < -most {
			return 0, errAmount
		}
		return n * 100, nil
	case slices.Contains(withoutHundredths, m.GetCurrencyCode()):
		if n%100 != 0 {
			return 0, errAmount
		}
		return n / 100, nil
	case scale > 3, scale == 3 && n%10 != 0:
		return 0, errAmount
	}
	return n, nil
}

// most is more than Stripe takes of anything, and small enough to have two digits more.
const most = 1 << 53

// amount is what Stripe says as the contracts' money; nil for what is no amount of a currency that is known.
func amount(units int64, currency string) *kernelv1.Money {
	code := strings.ToUpper(currency)
	if _, err := money.Scale(code); err != nil {
		return nil
	}
	switch {
	case slices.Contains(withHundredths, code):
		if units%100 != 0 {
			return nil
		}
		units /= 100
	case slices.Contains(withoutHundredths, code):
		if units > most || units < -most {
			return nil
		}
		units *= 100
	}
	return money.Of(code, units)
}
