package finsystem_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// Parts of a bill are paid by whatever way, each for itself, and what is too much is the client's.
func (w *till) inParts(t *testing.T) {
	client := w.Client(t, "In Parts Ltd")
	payer := w.desk(w.Contact(t, client, "client.director"))
	d := w.bill(client, "1000.00", 0)
	due := func() string { return w.head.document(d.GetId()).GetDue().GetAmount() }
	// The form's amount is what is left, and the payer's to lower.
	page := payer.user.Get(t, "/payments/new?amount=1000.00&currency_code=UAH&description=x&document_id="+d.GetId()).Body
	require.Contains(t, page, `value="1000.00"`)
	require.Contains(t, payer.user.Get(t, "/documents/"+d.GetId()).Body, "amount=1000.00")

	card := w.must(w.checkout(payer, byGateway, "300.00", d.GetId(), false))
	second := w.must(w.checkout(payer, byGateway, "250.50", d.GetId(), false))
	w.told(second, "250.50")
	require.Equal(t, "749.50", due())
	w.told(card, "300.00")
	require.Equal(t, "449.50", due())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PARTLY_PAID, w.head.document(d.GetId()).GetStatus())
	require.Contains(t, payer.user.Get(t, "/documents/"+d.GetId()).Body, "amount=449.50", "the next part begins with what is left")
	require.NoError(t, w.grant(client, "100.00"))
	w.must(w.checkout(payer, byBonus, "100.00", d.GetId(), false))
	require.Equal(t, "349.50", due())
	cash, err := paysystemv1.NewPaymentServiceClient(w.head.user.Conn).ListPayments(t.Context(), &paysystemv1.ListPaymentsRequest{DocumentId: d.GetId()})
	require.NoError(t, err)
	require.Len(t, cash.GetPayments(), 3)

	t.Run("what comes twice is the client's", func(t *testing.T) {
		over := w.must(w.checkout(payer, byGateway, "400.00", d.GetId(), false))
		rest := w.must(w.checkout(payer, byGateway, "349.50", d.GetId(), false)) // begun in another window
		w.told(rest, "349.50")
		w.told(over, "400.00")
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(d.GetId()).GetStatus())
		require.Equal(t, "1400.00", payer.balance(client).GetBalance().GetAmount())
		require.Equal(t, "1000.00", payer.balance(client).GetAdvance().GetAmount())
		next := w.bill(client, "500.00", 0) // takes what is free at once
		require.Equal(t, "100.00", w.head.document(next.GetId()).GetDue().GetAmount())
	})
	t.Run("another amount than was asked for", func(t *testing.T) {
		d := w.bill(client, "100.00", 0)
		p := w.must(w.checkout(payer, byGateway, "100.00", d.GetId(), false))
		w.told(p, "60.00")
		require.Equal(t, "100.00", w.head.document(d.GetId()).GetDue().GetAmount(), "nobody has said anything")
		service := paysystemv1.NewPaymentServiceClient(w.head.user.Conn)
		_, err := service.ResolvePayment(t.Context(), &paysystemv1.ResolvePaymentRequest{Id: p.GetId(), Resolution: paysystemv1.PaymentResolution_PAYMENT_RESOLUTION_CREDIT})
		require.NoError(t, err)
		w.drained()
		require.Equal(t, "40.00", w.head.document(d.GetId()).GetDue().GetAmount())
		before := payer.balance(client).GetBalance().GetAmount()
		p = w.must(w.checkout(payer, byGateway, "40.00", d.GetId(), false))
		w.told(p, "70.00")
		_, err = service.ResolvePayment(t.Context(), &paysystemv1.ResolvePaymentRequest{Id: p.GetId(), Resolution: paysystemv1.PaymentResolution_PAYMENT_RESOLUTION_GIVE_BACK})
		require.NoError(t, err)
		w.drained()
		require.Equal(t, "70.00", w.payment(p.GetId()).GetRefunded().GetAmount())
		require.Equal(t, "40.00", w.head.document(d.GetId()).GetDue().GetAmount())
		require.Equal(t, before, payer.balance(client).GetBalance().GetAmount(), "it came, and went back")
	})
}

// What was begun in the portal and made at the payer's bank is found by its reference.
func (w *till) byStatement(t *testing.T) {
	client := w.Client(t, "Transfer Ltd")
	payer := w.desk(w.Contact(t, client, "client.director"))
	d := w.bill(client, "120.00", 0)
	p := w.must(w.checkout(payer, byNonCash, "120.00", d.GetId(), false))
	require.Equal(t, isPending, p.GetState())
	broken := "Payment " + strings.ToLower(p.GetReference()[:7]) + " " + p.GetReference()[7:] + ", thank you" // as banks break lines
	file := bankFile("02.11.2026", paid{amount: "120.00", account: "UA7", payer: "Somebody", purpose: broken})
	s := w.head.uploaded(file)
	e := w.head.entries(s.GetId())[0]
	require.Equal(t, []any{client, v1.MatchReason_MATCH_REASON_REFERENCE, v1.EntryState_ENTRY_STATE_MATCHED}, []any{e.GetClientId(), e.GetMatchReason(), e.GetState()})
	require.Equal(t, []string{d.GetId()}, e.GetDocumentIds())
	post := func(statement string) {
		t.Helper()
		_, err := w.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: statement})
		require.NoError(t, err)
		w.drained()
	}
	came := func() []string {
		return w.query("select (sum(amount - reversed) / 100.0)::numeric(10, 2)::text from finsystem.payments where client_id = $1", client)
	}
	post(s.GetId())
	post(s.GetId())
	require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(d.GetId()).GetStatus())
	require.Equal(t, []string{"120.00"}, came(), "and it is booked once")

	t.Run("taken back, and brought in again", func(t *testing.T) {
		_, err := w.head.statements.UndoStatement(t.Context(), &v1.UndoStatementRequest{Id: s.GetId(), Reason: "another bank's"})
		require.NoError(t, err)
		w.drained()
		now := w.payment(p.GetId())
		require.Equal(t, isPending, now.GetState())
		require.Equal(t, []paysystemv1.PaymentFlag{paysystemv1.PaymentFlag_PAYMENT_FLAG_UNSETTLED}, now.GetFlags())
		require.Equal(t, "120.00", w.head.document(d.GetId()).GetDue().GetAmount())
		again := w.head.uploaded(file)
		post(again.GetId())
		require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
		require.Empty(t, w.payment(p.GetId()).GetFlags())
		require.Equal(t, []string{"120.00"}, came())
	})
	t.Run("given back", func(t *testing.T) {
		require.Equal(t, "20.00", w.refund(p.GetId(), "20.00").GetRefunded().GetAmount())
		require.Equal(t, []string{"100.00"}, came())
		require.Equal(t, "20.00", w.head.document(d.GetId()).GetDue().GetAmount())
	})
	t.Run("twice, and of another amount", func(t *testing.T) {
		d := w.bill(client, "50.00", 0)
		first, second := w.must(w.checkout(payer, byNonCash, "50.00", d.GetId(), false)), w.must(w.checkout(payer, byNonCash, "50.00", d.GetId(), false))
		s := w.head.uploaded(bankFile("02.11.2026",
			paid{number: "11", amount: "50.00", account: "UA7", purpose: first.GetReference()}, paid{number: "12", amount: "50.00", account: "UA7", purpose: first.GetReference()},
			paid{number: "13", amount: "49.00", account: "UA7", purpose: second.GetReference()}, paid{number: "14", amount: "5.00", account: "UA7", purpose: "PAY0000000000"}))
		post(s.GetId())
		require.Equal(t, isPaid, w.payment(first.GetId()).GetState())
		require.Equal(t, isPending, w.payment(second.GetId()).GetState())
		require.Equal(t, []string{"1"}, w.query("select count(*)::text from finsystem.payments where settles = $1", first.GetId()))
		require.Equal(t, []string{"249.00"}, came(), "all that came is the client's")
		require.Equal(t, v1.EntryState_ENTRY_STATE_WAITING, w.head.entries(s.GetId())[3].GetState(), "no such payment")
		// The one that settled it is another client's after all: the payment waits again.
		settled := w.query("select e.id::text from finsystem.statement_entries e join finsystem.payments p on p.id = e.payment_id where p.settles = $1", first.GetId())
		_, err := w.head.statements.MatchEntry(t.Context(), &v1.MatchEntryRequest{Id: settled[0], ClientId: w.other, OnlyThisOnce: true})
		require.NoError(t, err)
		w.drained()
		require.Equal(t, isPending, w.payment(first.GetId()).GetState())
	})
	t.Run("posted from many sides at once", func(t *testing.T) {
		d := w.bill(client, "33.00", 0)
		made, err := paysystemv1.NewPaymentServiceClient(payer.user.Conn).CreatePayment(t.Context(), &paysystemv1.CreatePaymentRequest{
			RequestId: store.NewID(), MethodId: w.bank, Amount: "33.00", DocumentId: d.GetId(),
		})
		p := w.must(made.GetPayment(), err)
		s := w.head.uploaded(bankFile("02.11.2026", paid{number: "21", amount: "33.00", account: "UA7", purpose: p.GetReference()}))
		errs := kerneltest.AtOnce(6, func(int) error {
			_, err := w.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: s.GetId()})
			return err
		})
		require.Equal(t, 6, kerneltest.Count(errs, codes.OK), "%v", errs)
		w.drained()
		require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
		require.Equal(t, []string{"1"}, w.query("select count(*)::text from finsystem.payments where settles = $1", p.GetId()))
	})
}

// Money is credited once, whoever says first that it came: somebody's hand, or the bank's statement.
func (w *till) saidTwice(t *testing.T) {
	client := w.Client(t, "Said Twice Ltd")
	payer := w.desk(w.Contact(t, client, "client.director"))
	service := paysystemv1.NewPaymentServiceClient(w.head.user.Conn)
	confirm := func(p *paysystemv1.Payment) {
		t.Helper()
		_, err := service.ConfirmPayment(t.Context(), &paysystemv1.ConfirmPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		w.drained()
	}
	number := 0
	uploaded := func(p *paysystemv1.Payment, amount string) string {
		number++
		return w.head.uploaded(bankFile("02.11.2026", paid{number: strconv.Itoa(number), amount: amount, account: "UA9", payer: "Somebody", purpose: "For " + p.GetReference()})).GetId()
	}
	post := func(statement string) {
		t.Helper()
		_, err := w.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: statement})
		require.NoError(t, err)
		w.drained()
	}
	was := 0
	// came tells how much was credited since it was asked last.
	came := func() string {
		t.Helper()
		now, err := strconv.Atoi(w.query("select coalesce(sum(amount - reversed), 0)::text from finsystem.payments where client_id = $1", client)[0])
		require.NoError(t, err)
		defer func() { was = now }()
		return money.Of("UAH", int64(now-was)).GetAmount()
	}
	waits := func(statement string) *v1.StatementEntry {
		t.Helper()
		e := w.head.entries(statement)[0]
		require.Equal(t, []any{v1.EntryState_ENTRY_STATE_WAITING, v1.MatchStrength_MATCH_STRENGTH_LIKELY, v1.MatchReason_MATCH_REASON_REFERENCE, client, ""},
			[]any{e.GetState(), e.GetStrength(), e.GetMatchReason(), e.GetClientId(), e.GetPaymentId()})
		return e
	}
	begin := func() *paysystemv1.Payment {
		t.Helper()
		return w.must(w.checkout(payer, byNonCash, "120.00", w.bill(client, "120.00", 0).GetId(), false))
	}

	t.Run("by a hand, and then by the statement", func(t *testing.T) {
		p := begin()
		confirm(p)
		require.Equal(t, "120.00", came())
		s := uploaded(p, "120.00")
		waits(s)
		post(s)
		require.Equal(t, "0.00", came())
		e := waits(s)
		// It came twice after all, says a hand, and that stays.
		_, err := w.head.statements.MatchEntry(t.Context(), &v1.MatchEntryRequest{Id: e.GetId(), ClientId: client, OnlyThisOnce: true})
		require.NoError(t, err)
		post(s)
		require.Equal(t, "120.00", came())
		require.Equal(t, v1.EntryState_ENTRY_STATE_POSTED, w.head.entries(s)[0].GetState())
	})
	t.Run("by a hand while the statement is matched already", func(t *testing.T) {
		p := begin()
		s := uploaded(p, "120.00")
		require.Equal(t, v1.EntryState_ENTRY_STATE_MATCHED, w.head.entries(s)[0].GetState())
		confirm(p)
		post(s)
		require.Equal(t, "120.00", came())
		waits(s)
		require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
		require.Empty(t, w.payment(p.GetId()).GetFlags())
	})
	t.Run("by the statement in another amount, and then by a hand", func(t *testing.T) {
		p := begin()
		s := uploaded(p, "119.00")
		post(s)
		require.Equal(t, "119.00", came())
		require.Equal(t, isPending, w.payment(p.GetId()).GetState())
		confirm(p)
		require.Equal(t, "1.00", came(), "119.00 waits, 120.00 came")
		waits(s)
	})
	t.Run("by a hand while the statement's payment is being settled", func(t *testing.T) {
		p := begin()
		s := uploaded(p, "119.00")
		post(s)
		came()
		// As it stands between what settlementDue writes and what paysystem is told.
		w.query("update finsystem.payments set settles = $1::uuid where client_id = $2::uuid and amount = 11900 and reversed = 0 returning id::text", p.GetId(), client)
		confirm(p)
		require.Equal(t, "1.00", came())
		waits(s)
		require.Equal(t, isPaid, w.payment(p.GetId()).GetState(), "and it does not wait for its money again")
	})
	t.Run("both at once", func(t *testing.T) {
		for range 3 {
			p := begin()
			s := uploaded(p, "120.00")
			errs := kerneltest.AtOnce(2, func(i int) error {
				if i == 0 {
					_, err := service.ConfirmPayment(t.Context(), &paysystemv1.ConfirmPaymentRequest{Id: p.GetId()})
					return err
				}
				_, err := w.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: s})
				return err
			})
			require.Equal(t, 2, kerneltest.Count(errs, codes.OK), "%v", errs)
			w.drained()
			require.Equal(t, "120.00", came())
			require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
		}
	})
}

// What a payer's bank took and gave again goes back like any other money.
func (w *till) wonAndGivenBack(t *testing.T) {
	client := w.Client(t, "Disputed Ltd")
	payer := w.desk(w.Contact(t, client, "client.director"))
	dispute := func(p *paysystemv1.Payment, kind paysystemv1.FactKind, id, amount string) {
		t.Helper()
		headers, body := pt.Notice(true, &paysystemv1.Fact{Kind: kind, PaymentId: p.GetId(), GatewayPaymentId: "T-" + p.GetId(), GatewayId: id, Amount: uah(amount)})
		world := pt.World{Portal: w.Portal}
		world.Tell(t, "testpay", headers, body)
		w.drained()
	}
	opened, won, lost := paysystemv1.FactKind_FACT_KIND_CHARGEBACK_OPENED, paysystemv1.FactKind_FACT_KIND_CHARGEBACK_WON, paysystemv1.FactKind_FACT_KIND_CHARGEBACK_LOST
	left := func() string { return payer.balance(client).GetBalance().GetAmount() }
	paid := func() *paysystemv1.Payment {
		t.Helper()
		p := w.must(w.checkout(payer, byGateway, "100.00", "", false))
		w.told(p, "100.00")
		w.drained()
		return p
	}

	t.Run("in two parts, told twice", func(t *testing.T) {
		p := paid()
		dispute(p, opened, "dp-1", "100.00")
		require.Equal(t, "0.00", left())
		dispute(p, won, "dp-1", "100.00")
		require.Equal(t, "100.00", left())
		w.refund(p.GetId(), "60.00")
		require.Equal(t, "40.00", left())
		w.refund(p.GetId(), "40.00")
		require.Equal(t, "0.00", left())
		w.query(`insert into kernel.outbox (id, source, type, key, payload) select gen_random_uuid(), source, type, key, payload from kernel.outbox
			where type = 'cabinet.paysystem.v1.PaymentRefunded' and key = $1 order by seq returning id::text`, client)
		lane := w.query(`update kernel.lane set last = (select max(seq) from kernel.outbox where key = $1), due = clock_timestamp()
			where key = $1 and subscriber = 'finsystem.gateway-refunds' returning subscriber`, client)
		require.Len(t, lane, 1)
		w.drained()
		require.Equal(t, []string{"4"}, w.query(`select count(*)::text from kernel.inbox where subscriber = 'finsystem.gateway-refunds'
			and event_id in (select id from kernel.outbox where key = $1)`, client))
		require.Equal(t, "0.00", left())
	})
	t.Run("disputed again, and given back from both", func(t *testing.T) {
		p := paid()
		dispute(p, opened, "dp-2", "70.00")
		dispute(p, won, "dp-2", "70.00")
		w.refund(p.GetId(), "50.00") // 30.00 of what came first, and 20.00 of what came again
		require.Equal(t, "50.00", left())
		dispute(p, opened, "dp-3", "50.00")
		require.Equal(t, "0.00", left())
		dispute(p, won, "dp-3", "50.00")
		require.Equal(t, "50.00", left())
		dispute(p, opened, "dp-4", "50.00")
		dispute(p, lost, "dp-4", "50.00")
		require.Equal(t, "0.00", left())
	})
	parked := w.query("select subscriber || ' ' || key from kernel.lane where parked_at is not null")
	require.Empty(t, parked)
}
