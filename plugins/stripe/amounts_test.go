package stripe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/plugins/stripe"
)

// Stripe's own list of what has no digits, and its special cases: https://docs.stripe.com/currencies#zero-decimal
func TestAmountsAreCountedAsStripeDoes(t *testing.T) {
	for _, one := range []struct {
		currency, amount string
		units            int64
	}{
		{"UAH", "1250.50", 125050},
		{"USD", "0.01", 1},
		{"HUF", "1250.50", 125050}, // in payouts alone it has no digits
		{"TWD", "800.45", 80045},
		{"ISK", "500", 50000},
		{"UGX", "500", 50000},
		{"MGA", "5000.00", 5000},
		{"KWD", "1.230", 1230},
		{"TND", "5.120", 5120},
		{"BIF", "500", 500}, {"CLP", "500", 500}, {"DJF", "500", 500}, {"GNF", "500", 500}, {"JPY", "500", 500}, {"KMF", "500", 500}, {"KRW", "500", 500},
		{"PYG", "500", 500}, {"RWF", "500", 500}, {"VND", "500", 500}, {"VUV", "500", 500}, {"XAF", "500", 500}, {"XOF", "500", 500}, {"XPF", "500", 500},
	} {
		m := &kernelv1.Money{CurrencyCode: one.currency, Amount: one.amount}
		n, err := stripe.Units(m)
		require.NoError(t, err, m)
		require.Equal(t, one.units, n, m)
		back := stripe.Amount(n, one.currency)
		require.Equal(t, one.amount, back.GetAmount(), m)
		require.Equal(t, one.currency, back.GetCurrencyCode())
	}
	for _, m := range []*kernelv1.Money{
		{CurrencyCode: "MGA", Amount: "5000.20"}, // a fifth is the smallest there is, and Stripe does not take it
		{CurrencyCode: "KWD", Amount: "1.234"},
		{CurrencyCode: "CLF", Amount: "1.0000"},
		{CurrencyCode: "ISK", Amount: "9007199254740993"},
		{CurrencyCode: "XXX", Amount: "1"},
	} {
		_, err := stripe.Units(m)
		require.Error(t, err, m)
	}
	for currency, units := range map[string]int64{"isk": 150, "ugx": 1, "mga": 1<<53 + 1, "xxx": 1} {
		require.Nil(t, stripe.Amount(units, currency), currency)
	}
}
