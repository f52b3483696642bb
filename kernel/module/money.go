package module

import (
	"errors"

	"google.golang.org/grpc/codes"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// Units counts an amount that came with a request in minor units of its currency, see [money.Units]. What cannot be counted is
// refused in words for people, at the field's path.
func Units(field string, m *kernelv1.Money) (int64, error) {
	units, err := money.Units(m)
	if err == nil {
		return units, nil
	}
	key, at := "kernel.refusal.money_form", field+".amount"
	switch {
	case errors.Is(err, money.ErrCurrency):
		key, at = "kernel.refusal.money_currency", field+".currency_code"
	case errors.Is(err, money.ErrDigits):
		key = "kernel.refusal.money_digits"
	case errors.Is(err, money.ErrRange):
		key = "kernel.refusal.money_range"
	}
	return 0, Refusal(codes.InvalidArgument, at, key, err.Error())
}
