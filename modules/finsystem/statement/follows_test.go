package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// A day that ends with what it began with, told again by a longer statement.
func TestNothingFollowsADayThatCancelsOut(t *testing.T) {
	kept := importer{}
	in, out := ":61:2311051105C900,00NTRFNONREF\n:86:TAKINGS\n", ":61:2311051105D900,00NTRFNONREF\n:86:SWEPT\n"
	day := mtFile("1", "C231105EUR0,00", "C231105EUR0,00", in, out)
	longer := mtFile("2", "C231105EUR0,00", "C231106EUR50,00", in, out, ":61:2311061106C50,00NTRFNONREF\n:86:TAKINGS\n")
	require.Equal(t, 3, kept.bring(t, day+longer, statement.Options{}))
	read := func(file string) *statement.Statement {
		all, err := statement.ReadAll(t.Context(), strings.NewReader(file), statement.Options{})
		require.NoError(t, err)
		return all[0].Statement
	}
	require.False(t, read(longer).Follows(read(day)))
	require.True(t, read(mtFile("3", "C231106EUR0,00", "C231106EUR0,00")).Follows(read(day)))
}

// An entry with the bank's own reference is one wherever it stands.
func TestReferencedEntriesAreCountedInTheirStatement(t *testing.T) {
	kept := importer{}
	paid, word := ":61:231105C5,00NTRFNONREF//A17\n", ":61:231105C5,00NTRFNONREF//CASH\n"
	for _, c := range []struct {
		entry string
		added int
	}{{paid, 2}, {word, 3}} {
		require.Equal(t, c.added, kept.bring(t,
			mtFile("1", "C231105EUR10,00", "C231105EUR20,00", c.entry, c.entry)+mtFile("2", "C231105EUR20,00", "C231105EUR25,00", c.entry), statement.Options{}), c.entry)
	}
}
