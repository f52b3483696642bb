package finsystem_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

// What payers write, and what of it is the invoice.
func TestNumbersInPurposes(t *testing.T) {
	o := newOffice(t)
	first := o.manager.issued(o.zerno, nil)
	require.Equal(t, "INVOICE-00001", first.GetNumber())
	second := o.head.issued(o.other, func(d *v1.Document) { d.Lines[0].Price = "50" })
	require.Equal(t, "INVOICE-00002", second.GetNumber())
	third := o.manager.issued(o.zerno, func(d *v1.Document) { d.Lines[0].Price = "30" })
	const none = ""
	for i, c := range []struct{ purpose, client, strength string }{
		{"INVOICE-00001", o.zerno, "SURE"},
		{"Оплата по рах. № invoice-00001 від 02.11.2026, у т.ч. ПДВ 200,00", o.zerno, "SURE"},
		{"рах.INVOICE-00001.", o.zerno, "SURE"},
		{"INVOICE 00001", o.zerno, "SURE"},
		{"Invoice - 00001;thanks", o.zerno, "SURE"},
		{"INVOICE00001", o.zerno, "SURE"},
		{"INVOICE–00001", o.zerno, "SURE"},           // a dash
		{"ІNVОІСЕ-00001", o.zerno, "SURE"},           // Cyrillic letters that look so
		{"INVOICE-00001від 2.11", o.zerno, "LIKELY"}, // stuck to a word
		{"INVOICE-00001/INVOICE-00003", o.zerno, "SURE"},
		{"INVOICE-00001, INVOICE-00003", o.zerno, "SURE"},
		{"INVOICE-00001 and INVOICE-00002", none, none}, // of two clients
		{"INVOICE-000011", none, none},
		{"INVOICE-100001", none, none},
		{"INVOICE-00001/2", none, none},
		{"INVOICE-00001-1", none, none},
		{"XINVOICE-00001", none, none},
		{"OLD-INVOICE-00001", none, none},
		{"9INVOICE-00001", none, none},
		{"INVOICE-000 01", none, none},
		{"INVOICE-0000 1", none, none},
		{"00001", none, none},
		{"INVOICE", none, none},
		{"'; drop table finsystem.documents; --", none, none},
		{strings.Repeat("INVOICE-0000", 300), none, none},
		{strings.Repeat("1 ", 1500), none, none},
	} {
		s := o.head.uploaded(bankFile("05.11.2026", paid{amount: fmt.Sprintf("7.%02d", i), account: fmt.Sprint("UA", i), purpose: c.purpose}))
		e := o.head.entries(s.GetId())[0]
		require.Equal(t, c.client, e.GetClientId(), c.purpose)
		require.Equal(t, c.strength, strings.TrimPrefix(strings.ReplaceAll(e.GetStrength().String(), "MATCH_STRENGTH_UNSPECIFIED", ""), "MATCH_STRENGTH_"), c.purpose)
		require.Equal(t, c.strength == "SURE", e.GetState() == v1.EntryState_ENTRY_STATE_MATCHED, c.purpose)
		if strings.Contains(c.purpose, "00003") {
			require.Equal(t, []string{first.GetId(), third.GetId()}, e.GetDocumentIds(), c.purpose)
		}
	}

	t.Run("the payer's tax id speaks against it", func(t *testing.T) {
		o.taxID(o.zerno, "43219879")
		o.taxID(o.other, "38123459")
		s := o.head.uploaded(bankFile("06.11.2026",
			paid{amount: "1.00", account: "UA1", taxID: "38123459", purpose: "INVOICE-00001"},
			paid{amount: "2.00", account: "UA1", taxID: "11112222", purpose: "INVOICE-00001"},
			paid{amount: "3.00", account: "UA1", taxID: "43219879", purpose: "INVOICE-00001від"},
			paid{amount: "4.00", account: "UA1", taxID: "0000000000", purpose: "INVOICE-00001"},
		))
		var got []string
		for _, e := range o.head.entries(s.GetId()) {
			require.Equal(t, o.zerno, e.GetClientId())
			got = append(got, strings.TrimPrefix(e.GetStrength().String(), "MATCH_STRENGTH_"))
		}
		require.Equal(t, []string{"LIKELY", "LIKELY", "SURE", "SURE"}, got)
	})
	t.Run("an amount, and an account that paid before, are suggestions", func(t *testing.T) {
		s := o.head.uploaded(bankFile("07.11.2026", paid{amount: "600.00", account: "UA900", purpose: "services"}))
		e := o.head.entries(s.GetId())[0]
		require.Equal(t, []any{o.other, v1.MatchReason_MATCH_REASON_AMOUNT, v1.EntryState_ENTRY_STATE_WAITING}, []any{e.GetClientId(), e.GetMatchReason(), e.GetState()})
		require.EqualValues(t, 0, o.head.post(s.GetId()), "nothing is posted by a suggestion")
		require.NoError(t, o.head.match(e.GetId(), o.other, second.GetId()))
		require.EqualValues(t, 1, o.head.post(s.GetId()))
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.head.document(second.GetId()).GetStatus())
	})
	t.Run("in another currency it goes to the balance", func(t *testing.T) {
		s := o.head.uploaded(mt("77", "C261101EUR10,00", "C261102EUR15,00", ":61:261102C5,00NTRFNONREF\n:86:INVOICE-00001\n"))
		e := o.head.entries(s.GetId())[0]
		require.Equal(t, []any{o.zerno, v1.MatchStrength_MATCH_STRENGTH_LIKELY, 0}, []any{e.GetClientId(), e.GetStrength(), len(e.GetDocumentIds())})
		err := o.head.match(e.GetId(), o.zerno, first.GetId())
		refusedFor(t, err, codes.FailedPrecondition, "document_ids", "not_payable")
		require.NoError(t, o.head.match(e.GetId(), o.zerno))
		require.EqualValues(t, 1, o.head.post(s.GetId()))
		b, err := o.director.ledger.GetBalance(t.Context(), &v1.GetBalanceRequest{CurrencyCode: "EUR"})
		require.NoError(t, err)
		require.Equal(t, "5.00", b.GetBalance().GetBalance().GetAmount())
		require.Equal(t, "1200.00", o.director.document(first.GetId()).GetDue().GetAmount())
	})
}

// A hand is learned from, corrected, and forgotten.
func TestLearning(t *testing.T) {
	o := newOffice(t)
	day := 0
	pays := func(p paid) *v1.StatementEntry {
		day++
		s := o.head.uploaded(bankFile(fmt.Sprintf("%02d.11.2026", day), p))
		return o.head.entries(s.GetId())[0]
	}
	byTaxID := paid{amount: "10.00", payer: "Holding", account: "UA1", taxID: "11112222", purpose: "for a daughter"}
	e := pays(byTaxID)
	require.Equal(t, v1.EntryState_ENTRY_STATE_WAITING, e.GetState())
	require.NoError(t, o.head.match(e.GetId(), o.zerno))
	require.EqualValues(t, 1, o.head.post(e.GetStatementId()))
	second := pays(byTaxID)
	require.Equal(t, []any{v1.EntryState_ENTRY_STATE_MATCHED, v1.MatchReason_MATCH_REASON_RULE, o.zerno}, []any{second.GetState(), second.GetMatchReason(), second.GetClientId()})
	require.EqualValues(t, 1, o.head.post(second.GetStatementId()))
	require.Equal(t, "20.00", o.director.balance("").GetBalance().GetAmount())

	// It was the other's: what was posted is taken back and posted anew. Who pays for both is looked at by a hand from now on.
	require.NoError(t, o.head.match(second.GetId(), o.other))
	require.Equal(t, "10.00", o.director.balance("").GetBalance().GetAmount())
	require.EqualValues(t, 1, o.head.post(second.GetStatementId()))
	require.Equal(t, "10.00", o.stranger.balance("").GetBalance().GetAmount())
	e = pays(byTaxID)
	require.Equal(t, []any{v1.EntryState_ENTRY_STATE_WAITING, ""}, []any{e.GetState(), e.GetClientId()})

	// Without a tax id an account is learned; one that two clients pay from says nothing any more.
	transit := paid{amount: "5.00", payer: "Bank", account: "UA29090000", purpose: "from a person"}
	e = pays(transit)
	require.NoError(t, o.head.match(e.GetId(), o.zerno))
	e = pays(transit)
	require.Equal(t, v1.EntryState_ENTRY_STATE_MATCHED, e.GetState())
	require.NoError(t, o.head.match(e.GetId(), o.other))
	e = pays(transit)
	require.Equal(t, v1.EntryState_ENTRY_STATE_WAITING, e.GetState())
	// What was said to be for once is not learned.
	_, err := o.head.statements.MatchEntry(t.Context(), &v1.MatchEntryRequest{Id: pays(paid{amount: "1.00", account: "UA5"}).GetId(), ClientId: o.zerno, OnlyThisOnce: true})
	require.NoError(t, err)

	list, err := o.head.statements.ListMatchRules(t.Context(), &v1.ListMatchRulesRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetRules(), 2)
	require.Equal(t, []any{"UA29090000", true}, []any{list.GetRules()[0].GetValue(), list.GetRules()[0].GetAmbiguous()})
	require.Equal(t, []any{"11112222", true}, []any{list.GetRules()[1].GetValue(), list.GetRules()[1].GetAmbiguous()})
	for range 2 {
		_, err = o.head.statements.DeleteMatchRule(t.Context(), &v1.DeleteMatchRuleRequest{Id: list.GetRules()[1].GetId()})
		require.NoError(t, err)
	}
	require.Len(t, o.query("select method from kernel.audit_entry where method like '%/DeleteMatchRule'"), 1)
	e = pays(byTaxID)
	require.Equal(t, v1.EntryState_ENTRY_STATE_WAITING, e.GetState())
	require.NoError(t, o.head.match(e.GetId(), o.other))
	e = pays(byTaxID)
	require.Equal(t, []any{v1.EntryState_ENTRY_STATE_MATCHED, o.other}, []any{e.GetState(), e.GetClientId()}, "what was forgotten is learned anew")
}

// Money that went out gives a payment back, or is nobody's; and all of it can be undone.
func TestMoneyThatWentOut(t *testing.T) {
	o := newOffice(t)
	p := o.head.paid(o.zerno, "100.00", "")
	s := o.head.uploaded(bankFile("05.11.2026",
		paid{amount: "30.00", payer: "Zerno", account: "UA1", purpose: "back", out: true},
		paid{amount: "80.00", payer: "Zerno", account: "UA1", purpose: "more back", out: true},
		paid{amount: "500.00", payer: "ourselves", account: "UA2", purpose: "to the other account", out: true},
	))
	entries := o.head.entries(s.GetId())
	require.Equal(t, []int32{3, 3, 3, 0, 0}, figures(s))
	gives := func(i int) error {
		_, err := o.head.statements.MatchEntry(t.Context(), &v1.MatchEntryRequest{Id: entries[i].GetId(), PaymentId: p.GetId()})
		return err
	}
	refusedFor(t, o.head.match(entries[0].GetId(), o.zerno), codes.InvalidArgument, "payment_id", "went_out")
	require.NoError(t, gives(0))
	require.NoError(t, gives(1), "each alone is not more than there was")
	require.EqualValues(t, 1, o.head.post(s.GetId()))
	require.Equal(t, "70.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, v1.EntryState_ENTRY_STATE_WAITING, o.head.entries(s.GetId())[1].GetState(), "both together are: a hand looks")
	refusedFor(t, gives(1), codes.FailedPrecondition, "", "too_much_back")
	for range 2 {
		_, err := o.head.statements.IgnoreEntry(t.Context(), &v1.IgnoreEntryRequest{Id: entries[2].GetId(), BookAs: v1.BookAs_BOOK_AS_TRANSFER, Item: "savings"})
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int64{"bank": -10000 + 3000 + 50000, "transfer savings": -50000}, o.own())
	o.head.undo(s.GetId())
	require.Equal(t, map[string]int64{"bank": -10000, "transfer savings": 0}, o.own())
	require.Equal(t, "100.00", o.director.balance("").GetBalance().GetAmount())
	_, err := o.head.statements.IgnoreEntry(t.Context(), &v1.IgnoreEntryRequest{Id: entries[2].GetId()})
	refusedFor(t, err, codes.FailedPrecondition, "id", "undone")
}

// A client that is suspended has its money all the same, and a merged one's goes to who goes on.
func TestClientsThatChange(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	o.taxID(o.other, "38123459")
	s := o.head.uploaded(bankFile("05.11.2026",
		paid{amount: "10.00", account: "UA1", taxID: "43219879", purpose: "a"}, paid{amount: "20.00", account: "UA2", taxID: "38123459", purpose: "b"}))
	require.EqualValues(t, 2, s.GetMatched())
	clients := clientmanagerv1.NewClientServiceClient(o.head.user.Conn)
	_, err := clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: o.zerno, Reason: "late"})
	require.NoError(t, err)
	_, err = clientmanagerv1.NewMergeServiceClient(o.head.user.Conn).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{RequestId: store.NewID(), IntoId: o.zerno, FromId: o.other})
	require.NoError(t, err)
	require.EqualValues(t, 2, o.head.post(s.GetId()))
	require.Equal(t, "30.00", o.head.balance(o.zerno).GetBalance().GetAmount())
	require.Eventually(t, func() bool {
		for _, e := range o.head.entries(s.GetId()) {
			if e.GetClientId() != o.zerno {
				return false
			}
		}
		return true
	}, 20*time.Second, 20*time.Millisecond)
}

// Days that are closed stay so: what the bank told of them counts for the first open one, and is dated as the bank did.
func TestClosedDaysOfTheBank(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	o.query("update finsystem.books set closed_until = '2026-11-10' returning closed_until::text")
	s := o.head.uploaded(bankFile("05.11.2026", paid{amount: "10.00", account: "UA1", taxID: "43219879", purpose: "a"}))
	require.EqualValues(t, 1, o.head.post(s.GetId()))
	require.Equal(t, []string{"2026-11-11 2026-11-05"}, o.query(`
		select p.effective_date || ' ' || y.pay_date from finsystem.postings p join finsystem.payments y on y.posting_id = p.id`))
}

// A long statement is matched, posted and undone in the background.
func TestALongStatement(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	const n = 2600
	var all []paid
	for i := range n {
		all = append(all, paid{amount: "1.00", account: "UA1", taxID: "43219879", purpose: fmt.Sprint("part ", i)})
	}
	s := o.head.uploaded(bankFile("05.11.2026", all...))
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_WORKING, s.GetStatus())
	until := func(status v1.StatementStatus) *v1.Statement {
		require.Eventually(t, func() bool { return o.head.statement(s.GetId()).GetStatus() == status }, 60*time.Second, 50*time.Millisecond)
		return o.head.statement(s.GetId())
	}
	require.EqualValues(t, n, until(v1.StatementStatus_STATEMENT_STATUS_REVIEW).GetMatched())
	begun := time.Now()
	done, err := o.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: s.GetId()})
	require.NoError(t, err)
	require.True(t, done.GetStarted())
	_, err = o.head.statements.UndoStatement(t.Context(), &v1.UndoStatementRequest{Id: s.GetId(), Reason: "wrong"})
	refusedFor(t, err, codes.FailedPrecondition, "id", "working")
	require.EqualValues(t, n, until(v1.StatementStatus_STATEMENT_STATUS_DONE).GetPosted())
	t.Log(n, "entries posted in", time.Since(begun))
	require.Equal(t, "2600.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, []string{o.head.user.ID}, o.query("select distinct actor_id::text from finsystem.postings"), "by who asked for it")
	o.head.undo(s.GetId())
	until(v1.StatementStatus_STATEMENT_STATUS_UNDONE)
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
}

// The module's process is killed while it matches, posts and undoes: each entry moves its money once.
func TestALongStatementWhoseProcessIsKilled(t *testing.T) {
	o := newOffice(t, finsystem.ID)
	o.taxID(o.zerno, "43219879")
	const n = 2200
	var all []paid
	for i := range n {
		all = append(all, paid{amount: "1.00", account: "UA1", taxID: "43219879", purpose: fmt.Sprint("part ", i)})
	}
	s := o.head.uploaded(bankFile("05.11.2026", all...))
	process, kills := o.Processes()[0], 0
	count := func(sql string) (n int) {
		_, err := fmt.Sscan(o.query(sql)[0], &n)
		require.NoError(t, err)
		return n
	}
	// killed kills the process while a figure grows, and waits for what the portal does then.
	killed := func(figure string, status v1.StatementStatus) {
		at := 1 + rand.N(n-1)
		for count(figure) < at && count("select count(*)::text from finsystem.statements where task <> ''") > 0 {
			continue
		}
		changed := process.Changed()
		if pid := process.Status().PID; pid > 0 {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			<-changed
			kills++
		}
		require.Eventually(t, func() bool {
			got, err := o.head.statements.GetStatement(t.Context(), &v1.GetStatementRequest{Id: s.GetId()})
			return err == nil && got.GetStatement().GetStatus() == status
		}, 60*time.Second, 50*time.Millisecond, figure)
	}
	killed("select count(*)::text from finsystem.statement_entries where examined", v1.StatementStatus_STATEMENT_STATUS_REVIEW)
	require.EqualValues(t, n, o.head.statement(s.GetId()).GetMatched())
	require.Eventually(t, func() bool {
		_, err := o.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: s.GetId()})
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	killed("select count(*)::text from finsystem.payments", v1.StatementStatus_STATEMENT_STATUS_DONE)
	require.Equal(t, "2200.00", o.head.balance(o.zerno).GetBalance().GetAmount())
	require.Equal(t, n, count("select count(*)::text from finsystem.postings"))
	require.Eventually(t, func() bool {
		_, err := o.head.statements.UndoStatement(t.Context(), &v1.UndoStatementRequest{Id: s.GetId(), Reason: "wrong"})
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	killed("select count(*)::text from finsystem.payments where reversed > 0", v1.StatementStatus_STATEMENT_STATUS_UNDONE)
	require.Equal(t, "0.00", o.head.balance(o.zerno).GetBalance().GetAmount())
	require.Equal(t, 2*n, count("select count(*)::text from finsystem.postings"))
	t.Log(kills, "kills")
}
