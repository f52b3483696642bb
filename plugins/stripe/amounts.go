package stripe

import (
	"errors"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// Stripe counts in the smallest unit of a currency, and two that have none as if they had two digits; what has three digits
// must end in a zero: https://docs.stripe.com/currencies
var withHundredths = []string{"ISK", "UGX"}

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
		if n > 1<<53 {
			return 0, errAmount
		}
		return n * 100, nil
	case scale == 3 && n%10 != 0:
		return 0, errAmount
	}
	return n, nil
}

// amount is what Stripe says as the contracts' money; nil for what is no amount of a currency that is known.
func amount(units int64, currency string) *kernelv1.Money {
	code := strings.ToUpper(currency)
	if _, err := money.Scale(code); err != nil {
		return nil
	}
	if slices.Contains(withHundredths, code) {
		if units%100 != 0 {
			return nil
		}
		units /= 100
	}
	return money.Of(code, units)
}
