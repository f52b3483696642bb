package finsystem_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// payer brings in payments, each on a day of its own, and answers what the portal makes of them.
func (o *office) payer() func(paid) *v1.StatementEntry {
	day := 0
	return func(p paid) *v1.StatementEntry {
		day++
		return o.head.entries(o.head.uploaded(bankFile(fmt.Sprintf("%02d.11.2026", day), p)).GetId())[0]
	}
}

// judged is whose an entry is, by what, and how surely.
func judged(e *v1.StatementEntry) []string {
	return []string{
		e.GetClientId(), strings.TrimPrefix(e.GetMatchReason().String(), "MATCH_REASON_"), strings.TrimPrefix(e.GetStrength().String(), "MATCH_STRENGTH_"),
		strings.TrimPrefix(e.GetState().String(), "ENTRY_STATE_"),
	}
}

// A client that paid for another once keeps what it pays for itself.
func TestLearningOfAClientThatPaysForAnother(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	pays := o.payer()
	own := paid{amount: "10.00", payer: "Zerno", account: "UA1", taxID: "43219879", purpose: "for services"}
	require.NoError(t, o.head.match(pays(own).GetId(), o.other))
	next := pays(own)
	require.Equal(t, []string{o.other, "RULE", "LIKELY", "WAITING"}, judged(next), "its card speaks against what was learned")
	require.EqualValues(t, 0, o.head.post(next.GetStatementId()))
}

// A tax id that pays for several, as that of a bank's counter, is nobody's.
func TestLearningOfATaxIDOfSeveral(t *testing.T) {
	o := newOffice(t)
	pays := o.payer()
	counter := paid{amount: "10.00", payer: "The bank", account: "UA2909", taxID: "14360570", purpose: "from a person"}
	require.NoError(t, o.head.match(pays(counter).GetId(), o.zerno))
	second := pays(counter)
	require.Equal(t, []string{o.zerno, "RULE", "SURE", "MATCHED"}, judged(second))
	require.NoError(t, o.head.match(second.GetId(), o.other))
	for range 2 {
		e := pays(counter)
		require.Equal(t, []string{"", "UNSPECIFIED", "UNSPECIFIED", "WAITING"}, judged(e))
		require.NoError(t, o.head.match(e.GetId(), o.other), "and what is said of it once more says nothing either")
	}
}
