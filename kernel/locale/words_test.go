package locale

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/opencabinet/cabinet/kernel/money"
)

// The file names a currency and an amount in minor units, and under it the words in each language.
func TestAmountInWords(t *testing.T) {
	b, err := NewBundle()
	require.NoError(t, err)
	file, err := os.ReadFile("testdata/words.txt")
	require.NoError(t, err)
	cases := 0
	for block := range strings.SplitSeq(strings.TrimSpace(string(file)), "\n\n") {
		lines := strings.Split(block, "\n")
		require.Len(t, lines, 4, block)
		code, amount, _ := strings.Cut(lines[0], " ")
		units := parse(t, code, amount)
		for i, lang := range []string{"en", "uk", "ru"} {
			got := strings.ReplaceAll(b.For(lang, nil).AmountInWords(code, units), nbsp, " ")
			require.Equal(t, strings.TrimPrefix(lines[i+1], lang+" "), got, lines[0])
		}
		cases++
	}
	require.Greater(t, cases, 40)
}

func parse(t *testing.T, code, amount string) int64 {
	t.Helper()
	d, err := money.Parse(amount)
	require.NoError(t, err)
	units, err := money.Round(d, code)
	require.NoError(t, err)
	return units
}

func TestAmountInWordsKeepsMinorUnitsTogether(t *testing.T) {
	b, err := NewBundle()
	require.NoError(t, err)
	require.Equal(t, "Одна гривня 00"+nbsp+"копійок", b.For("uk", nil).AmountInWords("UAH", 100))
	require.Panics(t, func() { b.For("uk", nil).AmountInWords("XXX", 1) })
	for _, lang := range Languages() { // no amount is too large or too small
		for _, code := range []string{"UAH", "JPY", "KWD"} {
			for _, units := range []int64{math.MaxInt64, math.MinInt64, 0} {
				text := b.For(lang, nil).AmountInWords(code, units)
				require.NotContains(t, text, "  ")
				require.NotContains(t, text, "!")
			}
		}
	}
}

// The forms chosen are those that CLDR's rules choose.
func TestFormsAreThoseOfCLDR(t *testing.T) {
	for n := range uint64(1200) {
		for _, lang := range []language.Tag{language.Ukrainian, language.Russian} {
			want := map[plural.Form]int{plural.One: 0, plural.Few: 1, plural.Many: 2}[plural.Cardinal.MatchPlural(lang, int(n), 0, 0, 0, 0)]
			require.Equal(t, want, slavicForm(n), "%d", n)
		}
	}
}

// Every language names the same currencies, in all their forms, and only those that there are.
func TestCurrencyNamesAreComplete(t *testing.T) {
	for code := range currencyNames[English] {
		scale, err := money.Scale(code)
		require.NoError(t, err)
		for lang, names := range currencyNames {
			require.Len(t, names, len(currencyNames[English]), lang)
			name, found := names[code]
			require.True(t, found, "%s in %s", code, lang)
			for i := range 3 {
				require.NotEmpty(t, name.major.forms[i], "%s in %s", code, lang)
				require.Equal(t, scale == 0, name.minor.forms[i] == "", "%s in %s", code, lang)
			}
		}
	}
}
