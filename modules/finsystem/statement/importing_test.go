package statement_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// importer keeps entries the way a table with a unique key would.
type importer map[string]bool

func (i importer) bring(t *testing.T, file string, o statement.Options) (added int) {
	var seen statement.Occurrences
	staged := map[string]bool{}
	for item, err := range statement.Read(t.Context(), strings.NewReader(file), o) {
		if err != nil {
			return 0
		}
		if item.Kind == statement.Booked {
			staged[fmt.Sprint(item.Entry.Fingerprint(), seen.Next(item.Statement, item.Entry))] = true
		}
	}
	for key := range staged {
		if !i[key] {
			i[key] = true
			added++
		}
	}
	return added
}

const coffee = ":61:231102D2,50NTRFNONREF\n:86:COFFEE\n"

func mtFile(number, opening, closing string, entries ...string) string {
	return ":20:S\n:25:1234567\n:28C:" + number + "\n:60F:" + opening + "\n" + strings.Join(entries, "") + ":62F:" + closing + "\n-\n"
}

func TestSameStatementTwice(t *testing.T) {
	kept := importer{}
	file := mtFile("1", "C231101EUR10,00", "C231102EUR5,00", coffee, coffee)
	require.Equal(t, 2, kept.bring(t, file, statement.Options{}), "two alike on one day are two")
	require.Equal(t, 0, kept.bring(t, file, statement.Options{}))
	require.Equal(t, 0, kept.bring(t, file+file, statement.Options{}), "and twice in one file")
	require.Equal(t, 0, kept.bring(t, strings.ReplaceAll(file, "COFFEE", "COF\nFEE"), statement.Options{}), "breaks in texts do not count")
}

func TestOverlappingStatements(t *testing.T) {
	kept := importer{}
	tea := ":61:231103D1,00NTRFNONREF\n:86:TEA\n"
	require.Equal(t, 2, kept.bring(t, mtFile("1", "C231101EUR10,00", "C231102EUR5,00", coffee, coffee), statement.Options{}))
	require.Equal(t, 2, kept.bring(t, mtFile("7", "C231101EUR10,00", "C231103EUR1,50", coffee, coffee, tea, strings.Replace(coffee, "1102", "1103", 1)), statement.Options{}))
	require.Equal(t, 1, kept.bring(t, mtFile("8", "C231101EUR10,00", "C231102EUR2,50", coffee, coffee, coffee), statement.Options{}), "a third one came that day")
}

// Two statements of one day, the second from where the first ends: the payments in them are alike and not the same.
func TestStatementThatFollows(t *testing.T) {
	first, second := mtFile("1", "C231102EUR10,00", "C231102EUR7,50", coffee), mtFile("2", "C231102EUR7,50", "C231102EUR5,00", coffee)
	kept := importer{}
	require.Equal(t, 2, kept.bring(t, first+second, statement.Options{}))
	require.Equal(t, 0, kept.bring(t, first+second, statement.Options{}))
	require.Equal(t, 0, kept.bring(t, second, statement.Options{}))

	read := func(file string) *statement.Statement {
		all, err := statement.ReadAll(t.Context(), strings.NewReader(file), statement.Options{})
		require.NoError(t, err)
		return all[0].Statement
	}
	require.True(t, read(second).Follows(read(first)))
	require.False(t, read(first).Follows(read(second)))
	require.False(t, read(first).Follows(read(first)))
	still := mtFile("1", "C231102EUR10,00", "C231102EUR10,00")
	require.False(t, read(still).Follows(read(still)), "the same statement, in which nothing moved")
}

// A damaged file imports nothing, wherever the damage is.
func TestDamagedImportsNothing(t *testing.T) {
	kept := importer{}
	file := mtFile("1", "C231101EUR10,00", "C231102EUR5,00", coffee, coffee)
	for cut := range len(file) - len("00\n-\n") {
		require.Zero(t, kept.bring(t, file[:cut], statement.Options{}), cut)
	}
	require.Empty(t, kept)
}

// In every format: windows of a year of payments, many alike, imported in any order and more than once, give each payment once.
func TestWindowsOfManyPayments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, w := range writers {
		t.Run(w.name, func(t *testing.T) {
			s, few := random(r, 6)
			var all []statement.Entry
			for range 120 {
				e := few[r.IntN(len(few))]
				e.BookingDate = s.Opening.Date.AddDate(0, 0, len(all)/8) // some days have the same several times
				e.ValueDate = e.BookingDate
				all = append(all, e)
			}
			kept := importer{}
			for range 12 {
				first := r.IntN(12)
				days := first + 1 + r.IntN(15-first)
				part := all[first*8 : days*8]
				sum := s.Opening.Amount
				for _, e := range part {
					sum, _ = sum.AddExact(e.Amount, 2)
				}
				window := s
				window.ID = fmt.Sprint("W", first, days)
				window.Closing = &statement.Balance{Amount: sum, Currency: "UAH", Date: s.Closing.Date}
				kept.bring(t, w.write(window, part), w.options)
			}
			whole := s
			sum := s.Opening.Amount
			for _, e := range all {
				sum, _ = sum.AddExact(e.Amount, 2)
			}
			whole.Closing = &statement.Balance{Amount: sum, Currency: "UAH", Date: s.Closing.Date}
			kept.bring(t, w.write(whole, all), w.options)
			require.Len(t, kept, len(all))
		})
	}
}

// The same payments by MT940 and camt.053 are known again where both carry the references.
func TestFormatsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s, entries := random(r, 50)
	for i := range entries { // what the formats both have
		entries[i].Counterparty.TaxID, entries[i].CreditorReference = "", ""
	}
	kept := importer{}
	require.Equal(t, 50, kept.bring(t, writers[0].write(s, entries), statement.Options{}))
	require.Equal(t, 0, kept.bring(t, writers[1].write(s, entries), statement.Options{}))
	require.Equal(t, 0, kept.bring(t, writers[4].write(s, entries), writers[4].options))
}

func TestUnits(t *testing.T) {
	all, err := statement.ReadAll(t.Context(), strings.NewReader(mtFile("1", "D231101JPY10,", "D231102JPY25,", ":61:231102D15,NTRFNONREF\n")), statement.Options{})
	require.NoError(t, err)
	require.EqualValues(t, -15, all[0].Entries[0].Units())
	require.EqualValues(t, -10, all[0].Opening.Units())
	most := mtFile("1", "C231101EUR9999999999999999,99", "C231101EUR9999999999999999,99")
	all, err = statement.ReadAll(t.Context(), strings.NewReader(most), statement.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 999_999_999_999_999_999, all[0].Opening.Units())
	_, err = statement.ReadAll(t.Context(), strings.NewReader(strings.ReplaceAll(most, "9999999999999999,99", "10000000000000000,00")), statement.Options{})
	require.ErrorIs(t, err, statement.ErrDamaged)
}

func TestFingerprintTellsApart(t *testing.T) {
	_, entries := random(rand.New(rand.NewPCG(5, 6)), 1)
	e := entries[0]
	same := e
	same.Line, same.ValueDate, same.Purpose, same.Counterparty.Name = 99, same.ValueDate.AddDate(0, 0, 1), "shorter", ""
	require.Equal(t, e.Fingerprint(), same.Fingerprint(), "texts do not count where the bank has a reference")
	for name, change := range map[string]func(*statement.Entry){
		"amount":    func(e *statement.Entry) { e.Amount = e.Amount.Neg() },
		"day":       func(e *statement.Entry) { e.BookingDate = e.BookingDate.AddDate(0, 0, 1) },
		"account":   func(e *statement.Entry) { e.Account = "other" },
		"currency":  func(e *statement.Entry) { e.Currency = "USD" },
		"reference": func(e *statement.Entry) { e.BankReference += "1" },
		"payer":     func(e *statement.Entry) { e.Counterparty.Account += "1" },
	} {
		other := e
		change(&other)
		require.NotEqual(t, e.Fingerprint(), other.Fingerprint(), name)
	}
	e.BankReference = ""
	other := e
	other.Purpose += " 2"
	require.NotEqual(t, e.Fingerprint(), other.Fingerprint())
}
