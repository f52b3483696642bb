package statement_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// shared opens a file of the folder of data that is not part of the repository.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	folder := os.Getenv("CABINET_SHARED")
	if folder == "" {
		folder = "../../../../shared"
	}
	f, err := os.Open(filepath.Join(folder, "data/statements", name))
	if err != nil {
		t.Skip("no ../shared/data/statements beside the repository, and CABINET_SHARED names no other folder: ", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func amounts(w statement.Whole) (all []string) {
	for _, e := range w.Entries {
		all = append(all, e.Amount.String())
	}
	return all
}

func balance(b *statement.Balance) string {
	if b == nil {
		return ""
	}
	return fmt.Sprint(b.Amount, " ", b.Currency, " ", b.Date.Format("2006-01-02"))
}

// What the files state themselves, read by eye.
func TestSharedFiles(t *testing.T) {
	type one struct {
		account, number  string
		opening, closing string
		amounts          []string
		balanced         bool
	}
	for _, c := range []struct {
		file       string
		statements []one
		// Control figures of the file that its own entries contradict: line and field.
		mismatches []string
	}{
		{"camt053/v2.minimal.xml", []one{{"NL26VAYB8060476890", "12312", "18.15 EUR 2014-12-30", "-27.00 SEK 2014-12-31", []string{"8.85"}, false}}, nil},
		{"camt053/v2.multi.statement.xml", []one{
			{"NL26VAYB8060476890", "12312", "18.15 EUR 2014-12-30", "27.00 EUR 2014-12-31", []string{"8.85"}, true},
			{"NL26VAYB8060476890", "", "27.00 EUR 2014-12-30", "20.00 EUR 2014-12-31", []string{"-7.00"}, true},
		}, nil},
		{"camt053/v4.xml", []one{{"NL26VAYB8060476890", "12312/2", "18.15 EUR 2014-12-30", "-27.00 SEK 2014-12-30", []string{"8.85"}, false}}, nil},
		{"mt940/abnamro.sta", []one{
			{"517852257", "19321/1", "3236.28 EUR 2011-05-22", "876.84 EUR 2011-05-23", []string{"-9.00", "-11.59", "-11.63", "-11.80", "-13.45", "-15.49", "-107.00", "-141.48"}, false},
			{"517852257", "19322/1", "2876.84 EUR 2011-05-23", "1849.75 EUR 2011-05-24", []string{"-9.49", "-15.00"}, false},
		}, []string{"27 closing balance", "40 closing balance"}},
		{"mt940/generic.sta", []one{
			{"11111111", "1", "100.00 EUR 2011-01-01", "90.00 EUR 2011-02-01", []string{"-10.00"}, true},
			{"11111111", "2", "90.00 EUR 2011-02-01", "80.00 EUR 2011-03-01", []string{"-10.00"}, true},
		}, nil},
		{"mt940/ing.sta", []one{{"0001234567", "000", "0.00 EUR 2010-07-22", "3.47 EUR 2010-07-23", []string{"-25.03", "-3.03", "-1.11", "-20.00", "-1.10", "3.68", "1.00"}, false}},
			[]string{"27 :86: number of debits", "27 :86: sum of debits", "27 :86: sum of credits", "26 closing balance"}},
		{"mt940/rabobank-iban.sta", []one{
			{"NL71RABO0123456789", "0", "1000.00 EUR 2013-01-01", "965.00 EUR 2013-01-08", []string{"-25.00", "-10.00"}, true},
			{"NL71RABO0123456789", "0", "965.00 EUR 2013-01-08", "930.00 EUR 2013-01-15", []string{"-25.00", "-10.00"}, true},
		}, nil},
		{"mt940/sns.sta", []one{
			{"0123456789", "160/1", "1234.56 EUR 2012-06-08", "1209.56 EUR 2012-06-08", []string{"-20.00", "-5.00"}, true},
			{"0123456789", "161/1", "1209.56 EUR 2012-06-09", "1209.56 EUR 2012-06-09", nil, true},
		}, nil},
	} {
		t.Run(c.file, func(t *testing.T) {
			all, err := statement.ReadAll(t.Context(), shared(t, c.file), statement.Options{})
			if c.mismatches != nil {
				require.ErrorIs(t, err, statement.ErrMismatch)
				var e *statement.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.mismatches[0], fmt.Sprint(e.Line, " ", e.Field))
				require.Equal(t, c.statements[0].number, e.Statement)
				all, err = statement.ReadAll(t.Context(), shared(t, c.file), statement.Options{AcceptMismatch: true})
			}
			require.NoError(t, err)
			var got []one
			var mismatches []string
			for _, w := range all {
				got = append(got, one{w.Account, w.Number, balance(w.Opening), balance(w.Closing), amounts(w), w.Balanced})
				sum := decimal.Decimal{}
				for _, e := range w.Entries {
					require.False(t, e.Reversal)
					require.Equal(t, "EUR", e.Currency)
					sum, err = sum.Add(e.Amount)
					require.NoError(t, err)
				}
				net, err := w.In.Add(w.Out)
				require.NoError(t, err)
				require.Zero(t, sum.Cmp(net))
				require.Equal(t, len(w.Entries), w.Statement.Entries)
				for _, m := range w.Mismatches {
					mismatches = append(mismatches, fmt.Sprint(m.Line, " ", m.Field))
				}
			}
			require.Equal(t, c.statements, got)
			require.Equal(t, c.mismatches, mismatches)
		})
	}
}

func TestSharedEntries(t *testing.T) {
	for _, c := range []struct {
		file string
		i    int // of all entries of the file
		want string
	}{
		{"camt053/v2.minimal.xml", 0, `2014-12-31 2015-01-02 8.85 "NAME NAME" NL56AGDH9619008421 "" rf=4654654654654654`},
		{"camt053/v4.xml", 0, `2014-12-31 2015-01-02 8.85 "NAME NAME" NL56AGDH9619008421 "" ref=AAAASESS-FP-CN_98765/01 rf=4654654654654654`},
		{"camt053/v2.multi.statement.xml", 1, `2014-12-31 2015-01-02 -7.00 "Company Name 2" NL56AGDH9619008421 "Transaction Description 2" e2e=000000002`},
		{"mt940/abnamro.sta", 0, `2011-05-24 2011-05-24 -9.00 "" 428428 "GIRO 428428 KPN - DIGITENNE BETALINGSKENM. 0000000421886595314606715 BETREFT FACTUUR D.D. 20-05-2011 INCL. 1,44 BTW"`},
		{"mt940/abnamro.sta", 9, `2011-05-24 2011-05-24 -15.00 "" 528939882 "52.89.39.882 MYCOM DEN HAAG"`},
		{"mt940/ing.sta", 1, `2010-07-22 2010-07-22 -3.03 "" 0111111111 "0111111111 GPSEOUL SPOEDBETALING MPBZS1016000047 GPSEOUL"`},
		{"mt940/rabobank-iban.sta", 0, `2013-01-01 2013-01-01 -25.00 "CONTRA ACCOUNT HOLDER" NL70ABNA0987654321 "" e2e=01-01-2013 12:00 0030000987654321`},
		{"mt940/rabobank-iban.sta", 3, `2013-01-09 2013-01-09 -10.00 "JOHN DOE" P001234567 "Reference 201301234"`},
		{"mt940/sns.sta", 0, `2012-06-08 2012-06-07 -20.00 "" 0987654321 "0987654321 marechal s dit is een test" doc=0987654321`},
	} {
		t.Run(fmt.Sprint(c.file, c.i), func(t *testing.T) {
			all, err := statement.ReadAll(t.Context(), shared(t, c.file), statement.Options{AcceptMismatch: true})
			require.NoError(t, err)
			var entries []statement.Entry
			for _, w := range all {
				entries = append(entries, w.Entries...)
			}
			require.Equal(t, c.want, line(entries[c.i]))
		})
	}
}

// line is an entry in one line, without what it has not.
func line(e statement.Entry) string {
	s := e.BookingDate.Format("2006-01-02")
	if !e.ValueDate.IsZero() {
		s += " " + e.ValueDate.Format("2006-01-02")
	} else {
		s += " -"
	}
	c := e.Counterparty
	s += fmt.Sprintf(" %s %q %s %q", e.Amount, c.Name, c.Account, e.Purpose)
	for _, more := range [][2]string{{"tax", c.TaxID}, {"bank", c.BankID}, {"ref", e.BankReference}, {"e2e", e.EndToEndID}, {"doc", e.DocumentNumber}, {"rf", e.CreditorReference}} {
		if more[1] != "" {
			s += " " + more[0] + "=" + more[1]
		}
	}
	if e.Reversal {
		s += " reversal"
	}
	return s
}

func TestSharedWrongFile(t *testing.T) {
	_, err := statement.ReadAll(t.Context(), shared(t, "camt053/v2.wrong.xml"), statement.Options{AcceptMismatch: true})
	require.ErrorIs(t, err, statement.ErrDamaged)
	require.EqualError(t, err, "line 8, field BkToCstmrStmt/Stmt: the message has no statement, though it must have one: get the file from the bank anew")
}
