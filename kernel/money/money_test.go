package money_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

func TestScaleIsThatOfISO4217(t *testing.T) {
	for code, want := range map[string]int{
		"UAH": 2, "EUR": 2, "USD": 2, "KZT": 2, "RSD": 2, "UZS": 2, "HUF": 2, "AMD": 2, // CLDR shows some of these without
		"JPY": 0, "KRW": 0, "ISK": 0, "KWD": 3, "IQD": 3, "CLF": 4, "VES": 2, "BGN": 2,
	} {
		got, err := money.Scale(code)
		require.NoError(t, err, code)
		require.Equal(t, want, got, code)
	}
	for _, code := range []string{"", "UA", "uah", "XXX", "XAU", "AAA", "UAHH"} {
		_, err := money.Scale(code)
		require.ErrorIs(t, err, money.ErrCurrency, code)
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		code, amount string
		units        int64
		canonical    string
	}{
		{"UAH", "1250.00", 125000, "1250.00"},
		{"UAH", "1250", 125000, "1250.00"},
		{"UAH", "-0.5", -50, "-0.50"},
		{"UAH", "0.01", 1, "0.01"},
		{"UAH", "-0.00", 0, "0.00"},
		{"UAH", "1.500000000", 150, "1.50"},
		{"JPY", "1250", 1250, "1250"},
		{"JPY", "1250.00", 1250, "1250"},
		{"KWD", "1.005", 1005, "1.005"},
		{"KWD", "-0.001", -1, "-0.001"},
		{"UAH", "92233720368547758.07", math.MaxInt64, "92233720368547758.07"},
		{"UAH", "-92233720368547758.08", math.MinInt64, "-92233720368547758.08"},
		{"JPY", "9223372036854775807", math.MaxInt64, "9223372036854775807"},
	} {
		got, err := money.Units(&kernelv1.Money{CurrencyCode: c.code, Amount: c.amount})
		require.NoError(t, err, c.amount)
		require.Equal(t, c.units, got, c.amount)
		require.Equal(t, c.canonical, money.Of(c.code, got).GetAmount())
	}
	for _, c := range []struct {
		code, amount string
		kind         error
		says         string
	}{
		{"UAH", "0.001", money.ErrDigits, "round it to 2 digits"},
		{"JPY", "0.5", money.ErrDigits, "round it to 0 digits"},
		{"UAH", "92233720368547758.08", money.ErrRange, "smaller amounts"},
		{"UAH", "-92233720368547758.09", money.ErrRange, "smaller amounts"},
		{"UAH", "9999999999999999999", money.ErrRange, "smaller amounts"},
		{"XXX", "1", money.ErrCurrency, "ISO 4217"},
		{"", "1", money.ErrCurrency, "ISO 4217"},
		{"UAH", "", money.ErrForm, "digits with a point"},
		{"UAH", "1,5", money.ErrForm, "digits with a point"},
		{"UAH", "1 000", money.ErrForm, "digits with a point"},
		{"UAH", "1e3", money.ErrForm, "digits with a point"},
		{"UAH", "+1", money.ErrForm, "digits with a point"},
		{"UAH", "--1", money.ErrForm, "digits with a point"},
		{"UAH", "1.", money.ErrForm, "digits with a point"},
		{"UAH", ".5", money.ErrForm, "digits with a point"},
		{"UAH", "٣", money.ErrForm, "digits with a point"},
		{"UAH", "NaN", money.ErrForm, "digits with a point"},
	} {
		_, err := money.Units(&kernelv1.Money{CurrencyCode: c.code, Amount: c.amount})
		require.ErrorIs(t, err, c.kind, c.amount)
		require.ErrorContains(t, err, c.says)
		var typed *money.Error
		require.ErrorAs(t, err, &typed)
	}
	_, err := money.Units(nil)
	require.ErrorIs(t, err, money.ErrCurrency)
	require.Panics(t, func() { money.Of("XXX", 1) })
}

// What is written is read again as the same, whatever the currency and the amount.
func TestUnitsAndOfAreInverse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		code := []string{"UAH", "JPY", "KWD", "CLF"}[r.IntN(4)]
		units := int64(r.Uint64()) >> r.IntN(64)
		m := money.Of(code, units)
		got, err := money.Units(m)
		require.NoError(t, err)
		require.Equal(t, units, got, m.GetAmount())
		d, err := money.Decimal(code, units)
		require.NoError(t, err)
		rounded, err := money.Round(d, code)
		require.NoError(t, err)
		require.Equal(t, units, rounded)
	}
}

func TestAddAndNegNoticeOverflow(t *testing.T) {
	sum, err := money.Add(1, -3, 5)
	require.NoError(t, err)
	require.EqualValues(t, 3, sum)
	sum, err = money.Add(math.MaxInt64, math.MinInt64)
	require.NoError(t, err)
	require.EqualValues(t, -1, sum)
	for _, parts := range [][]int64{{math.MaxInt64, 1}, {math.MinInt64, -1}, {math.MinInt64, math.MinInt64}, {1, math.MaxInt64}} {
		_, err = money.Add(parts...)
		require.ErrorIs(t, err, money.ErrRange)
	}
	n, err := money.Neg(math.MaxInt64)
	require.NoError(t, err)
	require.EqualValues(t, -math.MaxInt64, n)
	n, err = money.Neg(0)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = money.Neg(math.MinInt64)
	require.ErrorIs(t, err, money.ErrRange)
}

func TestParseKeepsEveryDigit(t *testing.T) {
	for text, want := range map[string]string{
		"0.125": "0.125", "3.00": "3", "-0.10": "-0.1", "9999999999999999999": "9999999999999999999", "007": "7",
		"0.0000000000000000001": "0.0000000000000000001", "-0": "0",
	} {
		d, err := money.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, money.Format(d))
	}
	for _, text := range []string{"12345678901234567890", "1.2345678901234567890", "1234567890123456789.1", "0.00000000000000000001"} {
		_, err := money.Parse(text)
		require.ErrorIs(t, err, money.ErrDigits, text)
	}
	for _, text := range []string{"", "-", "1e5", "1,5", "Inf"} {
		_, err := money.Parse(text)
		require.ErrorIs(t, err, money.ErrForm, text)
	}
}

func TestRoundingTraps(t *testing.T) {
	d := decimal.MustParse
	for _, c := range []struct {
		factors []decimal.Decimal
		code    string
		want    int64
	}{
		{[]decimal.Decimal{d("0.1"), d("3")}, "UAH", 30},
		{[]decimal.Decimal{d("0.005")}, "UAH", 1},
		{[]decimal.Decimal{d("-0.005")}, "UAH", -1},
		{[]decimal.Decimal{d("0.015")}, "UAH", 2}, // banker's rounding agrees
		{[]decimal.Decimal{d("0.025")}, "UAH", 3}, // and here it does not
		{[]decimal.Decimal{d("0.0049999999999999999")}, "UAH", 0},
		{[]decimal.Decimal{d("0.5")}, "JPY", 1},
		{[]decimal.Decimal{d("1.0005")}, "KWD", 1001},
		{[]decimal.Decimal{d("1.2345"), d("2.5"), d("0.9")}, "UAH", 278}, // 2.777625
		// Decimals alone round this product to 19 digits, which is up to a half, and that up again.
		{[]decimal.Decimal{d("0.9999999999999999999"), d("0.005")}, "UAH", 0},
		{nil, "UAH", 100},
	} {
		got, err := money.Product(c.code, c.factors...)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%v", c.factors)
	}
	_, err := money.Product("UAH", d("9999999999999999999"), d("1"))
	require.ErrorIs(t, err, money.ErrRange)
	_, err = money.Round(d("1"), "XXX")
	require.ErrorIs(t, err, money.ErrCurrency)

	for _, c := range []struct {
		units       int64
		part, whole string
		want        int64
	}{
		{12000, "20", "120", 2000},
		{10000, "20", "120", 1667},
		{-10000, "20", "120", -1667},
		{10000, "7", "107", 654},
		{1, "0.5", "1", 1},
		{1, "0.49", "1", 0},
		{100, "1", "3", 33},
		{math.MaxInt64, "1", "1", math.MaxInt64},
	} {
		got, err := money.Portion(c.units, d(c.part), d(c.whole))
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%d × %s ÷ %s", c.units, c.part, c.whole)
	}
	_, err = money.Portion(math.MaxInt64, d("2"), d("1"))
	require.ErrorIs(t, err, money.ErrRange)
	_, err = money.Portion(1, d("2"), d("0.00"))
	require.ErrorIs(t, err, money.ErrRange)
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		units   int64
		weights []int64
		want    []int64
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{100, []int64{0, 1, 0}, []int64{0, 100, 0}},
		{5, []int64{0, 0, 0}, []int64{2, 2, 1}},
		{1, []int64{1, 2}, []int64{0, 1}},
		{0, []int64{1, 2}, []int64{0, 0}},
		{math.MinInt64, []int64{math.MaxInt64, math.MaxInt64}, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
	} {
		got, err := money.Split(c.units, c.weights)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	_, err := money.Split(1, []int64{1, -1})
	require.ErrorContains(t, err, "negative weight")
	_, err = money.Split(1, nil)
	require.ErrorContains(t, err, "one part at least")
}

// The parts sum to the whole, none is a unit or more away from what is due, and no weight means no part.
func TestSplitProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		units, weights := int64(r.Uint64())>>r.IntN(64), make([]int64, 1+r.IntN(9))
		total := new(big.Int)
		for i := range weights {
			if r.IntN(4) > 0 {
				weights[i] = int64(r.Uint64()>>1) >> r.IntN(63)
			}
			total.Add(total, big.NewInt(weights[i]))
		}
		parts, err := money.Split(units, weights)
		require.NoError(t, err)
		sum := new(big.Int)
		for i, part := range parts {
			sum.Add(sum, big.NewInt(part))
			if total.Sign() == 0 {
				continue
			}
			// |part × total − units × weight| < total
			off := new(big.Int).Mul(big.NewInt(part), total)
			off.Sub(off, new(big.Int).Mul(big.NewInt(units), big.NewInt(weights[i])))
			require.Negative(t, off.CmpAbs(total), "%d by %v: %v", units, weights, parts)
			if weights[i] == 0 {
				require.Zero(t, part)
			}
		}
		require.Zero(t, sum.Cmp(big.NewInt(units)))
	}
}
