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

// What stands where the payer's account does and is none, or may be the payer's word, is not learned.
func TestAccountsThatAreNone(t *testing.T) {
	o := newOffice(t)
	n := 0
	brought := func(account, info string) *v1.StatementEntry {
		n++
		day, opening := fmt.Sprintf("2611%02d", n), n*10
		if account != "" {
			info = "166?00GUTSCHRIFT?20SVWZ+" + info + "?30COBADEFF?31" + account
		}
		s := o.head.uploaded(mt(fmt.Sprint(n), fmt.Sprintf("C%sEUR%d,00", day, opening), fmt.Sprintf("C%sEUR%d,00", day, opening+10), ":61:"+day+"C10,00NTRFNONREF\n:86:"+info+"\n"))
		return o.head.entries(s.GetId())[0]
	}
	for _, c := range []struct {
		account, info string
		learned       bool
	}{
		{"0000000000", "for services", false},
		{"NOTPROVIDED", "for services", false},
		{"0111111111", "for services", false},
		{"", "4321987600 contract, for services", false},
		{"", "0111111111 ING iDEAL KN: PAYER", false},
		{"", "GIRO 4444444 P. PAYER", false},
		{"", "NL91ABNA0417164300 for services", false},
		{"DE89370400440532013000", "for services", true},
		{"0532013000", "for services", true},
	} {
		require.NoError(t, o.head.match(brought(c.account, c.info).GetId(), o.zerno))
		e := brought(c.account, c.info)
		require.Equal(t, c.learned, e.GetState() == v1.EntryState_ENTRY_STATE_MATCHED, "%s %s: %v", c.account, c.info, judged(e))
	}
}

// The payer's tax id speaks against what was learned of an account or a name.
func TestLearnedAccountsGiveWayToTaxIDs(t *testing.T) {
	o := newOffice(t)
	pays := o.payer()
	plain := paid{amount: "10.00", account: "UA77", purpose: "for services"}
	require.NoError(t, o.head.match(pays(plain).GetId(), o.zerno))
	require.Equal(t, []string{o.zerno, "RULE", "SURE", "MATCHED"}, judged(pays(plain)))
	o.taxID(o.zerno, "43219879")
	o.taxID(o.other, "38123459")
	for taxID, want := range map[string]string{"": "SURE", "43219879": "SURE", "38123459": "LIKELY", "11112222": "LIKELY"} {
		p := plain
		p.taxID = taxID
		e := pays(p)
		require.Equal(t, []string{o.zerno, "RULE", want}, judged(e)[:3], taxID)
	}
}
