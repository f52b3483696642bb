package finsystem_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

const milk, bread = ":61:261104C3,00NTRFNONREF\n:86:MILK\n", ":61:261104C2,00NTRFNONREF\n:86:BREAD\n"

// Statements of one day with a payment that is alike in each: from 16.00 on, 3.00 more with each.
var (
	no9  = mt("9", "C261104EUR16,00", "C261104EUR19,00", milk)
	no10 = mt("10", "C261104EUR19,00", "C261104EUR22,00", milk)
	no11 = mt("11", "C261104EUR22,00", "C261104EUR25,00", milk)
)

// In whatever order statements are brought in, each payment is there once.
func TestStatementsInAnyOrder(t *testing.T) {
	both, last := mt("12", "C261104EUR16,00", "C261104EUR22,00", milk, milk), mt("13", "C261104EUR19,00", "C261104EUR25,00", milk, milk)
	for name, c := range map[string]struct {
		files [][]byte
		fresh []int32
	}{
		"the later one first":              {[][]byte{no10, no9, no10, no9}, []int32{1, 1, 0, 0}},
		"the last one first":               {[][]byte{no11, no10, no9, no9, no10, no11}, []int32{1, 1, 1, 0, 0, 0}},
		"one after the other":              {[][]byte{no9, no10, no11, no9, no10, no11}, []int32{1, 1, 1, 0, 0, 0}},
		"then the first two in one":        {[][]byte{no10, no9, no11, both}, []int32{1, 1, 1, 0}},
		"then the last two in one":         {[][]byte{no10, no9, no11, last}, []int32{1, 1, 1, 0}},
		"the first two in one before them": {[][]byte{both, no9, no10, no11}, []int32{2, 0, 0, 1}},
		"the last two in one before them":  {[][]byte{last, no9, no11, no10}, []int32{2, 1, 0, 0}},
		"in one file":                      {[][]byte{slices.Concat(no9, no10, no11), no10}, []int32{3, 0}},
		"in one file, the last one first":  {[][]byte{slices.Concat(no11, no10, no9), no9, no10, no11}, []int32{3, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			for i, file := range c.files {
				s := o.head.uploaded(file)
				require.Equal(t, c.fresh[i], s.GetNewEntries(), i)
				require.Empty(t, s.GetMismatches(), i)
			}
		})
	}
}

// Where a statement between is missing nothing says whether what is alike is the same; the balances do, and it is told.
func TestStatementsWithAGap(t *testing.T) {
	o := newOffice(t)
	require.EqualValues(t, 1, o.head.uploaded(no11).GetNewEntries())
	s := o.head.uploaded(no9)
	require.Zero(t, s.GetNewEntries())
	require.Len(t, s.GetMismatches(), 1)
	require.Equal(t, "statement of 1234567: 1 entries that sum to 3.00 EUR are taken for those of bank.txt, though by the balances they are others: "+
		"bring in what the bank says of the time between, and then this file again", s.GetMismatches()[0])
	s = o.head.uploaded(no10)
	require.EqualValues(t, 1, s.GetNewEntries())
	require.Empty(t, s.GetMismatches())
	s = o.head.uploaded(no9)
	require.EqualValues(t, 1, s.GetNewEntries(), "as it was told")
	require.Empty(t, s.GetMismatches())

	// What a longer statement has too is the same, and nothing is to be told.
	longer := mt("14", "C261104EUR14,00", "C261104EUR27,00", bread, milk, milk, milk, bread)
	s = o.head.uploaded(longer)
	require.EqualValues(t, 2, s.GetNewEntries())
	require.Empty(t, s.GetMismatches())
	// Of one that overlaps with it at its end, and one at its beginning.
	s = o.head.uploaded(mt("15", "C261104EUR22,00", "C261104EUR28,00", milk, bread, strings.Replace(bread, "C2,00", "C1,00", 1)))
	require.EqualValues(t, 1, s.GetNewEntries())
	require.Empty(t, s.GetMismatches())
	s = o.head.uploaded(mt("16", "C261104EUR10,00", "C261104EUR19,00", strings.Replace(bread, "C2,00", "C4,00", 1), bread, milk))
	require.EqualValues(t, 1, s.GetNewEntries())
	require.Empty(t, s.GetMismatches())
}

// What is undone makes room for itself alone.
func TestStatementsUndoneInBetween(t *testing.T) {
	o := newOffice(t)
	first := o.head.uploaded(no9)
	require.EqualValues(t, 1, o.head.uploaded(no10).GetNewEntries())
	o.head.undo(first.GetId())
	require.Zero(t, o.head.uploaded(no10).GetNewEntries(), "it is there")
	require.EqualValues(t, 1, o.head.uploaded(no9).GetNewEntries())
	require.Zero(t, o.head.uploaded(no10).GetNewEntries())
	require.Equal(t, []string{"2"}, o.query("select count(*)::text from finsystem.statement_entries where state <> 'undone'"))
}

// An account that is swept each evening begins and ends each day with nothing: a longer statement that tells of the day again does not follow it.
func TestStatementsOfASweptAccount(t *testing.T) {
	in, out := ":61:2611051105C900,00NTRFNONREF", ":61:2611051105D900,00NTRFNONREF"
	for name, references := range map[string][2]string{"references of the bank": {"//R1", "//R2"}, "none": {"", ""}} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			a, b := in+references[0]+"\n:86:TAKINGS\n", out+references[1]+"\n:86:SWEPT\n"
			require.EqualValues(t, 2, o.head.uploaded(mt("1", "C261105EUR0,00", "C261105EUR0,00", a, b)).GetNewEntries())
			s := o.head.uploaded(mt("2", "C261105EUR0,00", "C261106EUR50,00", a, b, ":61:2611061106C50,00NTRFNONREF//R3\n:86:TAKINGS\n"))
			require.Equal(t, []int32{3, 1}, []int32{s.GetEntries(), s.GetNewEntries()})
			require.Empty(t, s.GetMismatches())
		})
	}
}

// What the bank gave a reference of its own is known by it, even where a balance comes again by chance.
func TestReferencesOfTheBankAreKnown(t *testing.T) {
	o := newOffice(t)
	in, out := ":61:2611051105C9,00NTRFNONREF//R1\n", ":61:2611051105D4,00NTRFNONREF//R2\n"
	require.EqualValues(t, 2, o.head.uploaded(mt("1", "C261105EUR10,00", "C261105EUR15,00", in, out)).GetNewEntries())
	s := o.head.uploaded(mt("2", "C261105EUR15,00", "C261105EUR20,00", in, out))
	require.Zero(t, s.GetNewEntries())
	require.Len(t, s.GetMismatches(), 1, "and that the balances speak against it is told")
	// Within a statement a bank repeats the reference of a batch.
	s = o.head.uploaded(mt("3", "C261106EUR15,00", "C261106EUR21,00", strings.Repeat(":61:2611061106C3,00NTRFNONREF//B7\n", 2)))
	require.EqualValues(t, 2, s.GetNewEntries())
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_REVIEW, s.GetStatus())
}
