package statement_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// fuzz reads anything. It may be refused, by an Error that names why. What is accepted holds: all amounts have the digits of their
// currency, their sum is what the statement says and what its balances say, and reading again gives the same.
func fuzz(f *testing.F, file string, o statement.Options) {
	for _, c := range cases(f, file) {
		content, _ := c.file(f)
		f.Add(content)
	}
	o.Limits = statement.Limits{Bytes: 1 << 20, Line: 1 << 16, Text: 1 << 12, Batch: 1 << 18}
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := statement.ReadAll(t.Context(), bytes.NewReader(content), o)
		if err != nil {
			var e *statement.Error
			require.ErrorAs(t, err, &e)
			require.NotEmpty(t, e.Reason)
			require.Less(t, len(err.Error()), 4000)
			if errors.Is(err, statement.ErrMismatch) {
				accepting := o
				accepting.AcceptMismatch = true
				all, err = statement.ReadAll(t.Context(), bytes.NewReader(content), accepting)
				if err != nil {
					return
				}
				n := 0
				for _, w := range all {
					n += len(w.Mismatches)
				}
				require.Positive(t, n)
			}
		}
		digits := map[string]int{"JPY": 0, "KWD": 3, "CLF": 4}
		for _, w := range all {
			sum := decimal.Decimal{}
			require.Len(t, w.Currency, 3)
			require.NotEmpty(t, w.Account)
			require.Len(t, w.Entries, w.Statement.Entries)
			for _, e := range w.Entries {
				if scale, odd := digits[w.Currency]; odd {
					require.Equal(t, scale, e.Amount.Scale())
				}
				require.LessOrEqual(t, e.Amount.Prec(), 18)
				require.False(t, e.BookingDate.IsZero())
				require.Equal(t, w.Account, e.Account)
				require.Len(t, e.Fingerprint(), 32)
				require.Equal(t, strings.Join(strings.Fields(e.Purpose), " "), e.Purpose)
				sum, err = sum.AddExact(e.Amount, e.Amount.Scale())
				require.NoError(t, err)
			}
			net, err := w.In.AddExact(w.Out, max(w.In.Scale(), w.Out.Scale()))
			require.NoError(t, err)
			require.Zero(t, net.Cmp(sum))
			if w.Balanced {
				closing, err := w.Opening.Amount.AddExact(sum, w.Opening.Amount.Scale())
				require.NoError(t, err)
				require.Zero(t, closing.Cmp(w.Closing.Amount))
			}
		}
	})
}

func FuzzCamt053(f *testing.F) { fuzz(f, "camt053", statement.Options{}) }
func FuzzMT940(f *testing.F)   { fuzz(f, "mt940", statement.Options{Format: statement.MT940}) }
func FuzzClientBank(f *testing.F) {
	fuzz(f, "clientbank", statement.Options{Format: statement.ClientBank, Currency: "UAH"})
}
func FuzzOFX(f *testing.F) { fuzz(f, "ofx", statement.Options{Format: statement.OFX}) }

func FuzzCSV(f *testing.F) {
	fuzz(f, "csv", statement.Options{Account: "1", Currency: "EUR", Mapping: &statement.Mapping{
		Decimal: ",", Grouping: ".'", DateLayouts: []string{"02.01.2006 15:04", "02.01.2006", "2006-01-02"}, Date: "#2", Debit: "#3", Credit: "#4",
		CounterpartyTaxID: "#5", Counterparty: "#6", CounterpartyAccount: "#7", Purpose: []string{"#8", "#1"}, BankReference: "#9",
	}})
}

func FuzzCSVByHeader(f *testing.F) {
	fuzz(f, "csv", statement.Options{Account: "1", Currency: "EUR", Mapping: &statement.Mapping{DateLayouts: []string{"2006-01-02"}, Date: "Date", Amount: "Amount"}})
}

func FuzzDetect(f *testing.F) {
	for _, file := range files {
		for _, c := range cases(f, file) {
			content, _ := c.file(f)
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d := statement.Detect(content)
		_, err := statement.ReadAll(t.Context(), bytes.NewReader(content), statement.Options{Limits: statement.Limits{Bytes: 1 << 20}})
		require.False(t, d.Format == "" && err == nil)
	})
}
