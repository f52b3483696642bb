package finsystem_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// paid is a payment as a bank tells of it, in 1CClientBankExchange.
type paid struct {
	amount, payer, account, taxID, purpose, number string
	out                                            bool
}

const ourAccount = "26007233566001"

// bankFile is a statement of a day, without balances.
func bankFile(day string, payments ...paid) []byte {
	var b strings.Builder
	b.WriteString("1CClientBankExchange\nВерсияФормата=1.03\nКодировка=UTF-8\nДатаНачала=" + day + "\nДатаКонца=" + day + "\nРасчСчет=" + ourAccount + "\n")
	for i, p := range payments {
		number := p.number
		if number == "" {
			number = fmt.Sprint(i + 1)
		}
		fmt.Fprintf(&b, "СекцияДокумент=Платежное поручение\nНомер=%s\nДата=%s\nСумма=%s\n", number, day, p.amount)
		if p.out {
			fmt.Fprintf(&b, "ПлательщикСчет=%s\nДатаСписано=%s\nПолучательСчет=%s\nПолучатель=%s\nПолучательИНН=%s\n", ourAccount, day, p.account, p.payer, p.taxID)
		} else {
			fmt.Fprintf(&b, "ПлательщикСчет=%s\nПлательщик=%s\nПлательщикИНН=%s\nПолучательСчет=%s\nДатаПоступило=%s\n", p.account, p.payer, p.taxID, ourAccount, day)
		}
		fmt.Fprintf(&b, "НазначениеПлатежа=%s\nКонецДокумента\n", p.purpose)
	}
	b.WriteString("КонецФайла\n")
	return []byte(b.String())
}

func (d *desk) upload(content []byte) (*v1.Statement, error) {
	made, err := d.statements.UploadStatement(d.t.Context(), &v1.UploadStatementRequest{RequestId: store.NewID(), FileName: "bank.txt", Content: content})
	return made.GetStatement(), err
}

func (d *desk) uploaded(content []byte) *v1.Statement {
	d.t.Helper()
	made, err := d.upload(content)
	require.NoError(d.t, err)
	return made
}

// entries are those of a statement in the order of the file.
func (d *desk) entries(statement string) []*v1.StatementEntry {
	d.t.Helper()
	list, err := d.statements.ListStatementEntries(d.t.Context(), &v1.ListStatementEntriesRequest{StatementId: statement, PageSize: 200})
	require.NoError(d.t, err)
	out := list.GetEntries()
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (d *desk) statement(id string) *v1.Statement {
	d.t.Helper()
	got, err := d.statements.GetStatement(d.t.Context(), &v1.GetStatementRequest{Id: id})
	require.NoError(d.t, err)
	return got.GetStatement()
}

func (d *desk) post(statement string) int32 {
	d.t.Helper()
	done, err := d.statements.PostEntries(d.t.Context(), &v1.PostEntriesRequest{StatementId: statement})
	require.NoError(d.t, err)
	return done.GetPosted()
}

func (d *desk) match(entry, client string, documents ...string) error {
	_, err := d.statements.MatchEntry(d.t.Context(), &v1.MatchEntryRequest{Id: entry, ClientId: client, DocumentIds: documents})
	return err
}

func (d *desk) undo(statement string) *v1.Statement {
	d.t.Helper()
	done, err := d.statements.UndoStatement(d.t.Context(), &v1.UndoStatementRequest{Id: statement, Reason: "the wrong file"})
	require.NoError(d.t, err)
	return done.GetStatement()
}

func figures(s *v1.Statement) []int32 {
	return []int32{s.GetEntries(), s.GetNewEntries(), s.GetWaiting(), s.GetMatched(), s.GetPosted()}
}

// taxID gives a client its number.
func (o *office) taxID(client, number string) {
	o.t.Helper()
	_, err := clientmanagerv1.NewClientServiceClient(o.head.user.Conn).UpdateClient(o.t.Context(), &clientmanagerv1.UpdateClientRequest{
		Client: &clientmanagerv1.Client{Id: client, TaxId: number}, UpdateMask: mask("tax_id"),
	})
	require.NoError(o.t, err)
}

// A day at the bank: an invoice is found by its number, a client by its tax id, and the rest waits.
func TestADayAtTheBank(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.other, "43219879")
	invoice := o.manager.issued(o.zerno, nil)
	file := bankFile("05.11.2026",
		paid{amount: "1200.00", payer: "Zerno LLC", account: "UA111", purpose: "Оплата зг. рах. №" + strings.ReplaceAll(strings.ToLower(invoice.GetNumber()), "o", "о") + " від 02.11.2026"},
		paid{amount: "300.00", payer: "Other LLC", account: "UA222", taxID: "43219879", purpose: "for services"},
		paid{amount: "77.00", payer: "Somebody", account: "UA333", purpose: "thanks"},
		paid{amount: "12.50", payer: "The bank", account: "UA444", purpose: "fee", out: true},
	)
	_, err := o.manager.upload(file)
	require.Equal(t, codes.PermissionDenied, status.Code(err), "what the bank says is for who reaches all clients")

	s := o.head.uploaded(file)
	require.Equal(t, []int32{4, 4, 2, 2, 0}, figures(s))
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_REVIEW, s.GetStatus())
	account := s.GetAccounts()[0]
	require.Equal(t, []string{"UA213223130000026007233566001", "1577.00", "-12.50"}, []string{account.GetAccount(), account.GetMoneyIn().GetAmount(), account.GetMoneyOut().GetAmount()})
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount(), "nothing moved yet")

	require.EqualValues(t, 2, o.head.post(s.GetId()))
	require.EqualValues(t, 0, o.head.post(s.GetId()))
	require.Equal(t, "1200.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.director.document(invoice.GetId()).GetStatus())
	require.Equal(t, "300.00", o.stranger.balance("").GetBalance().GetAmount())
	list, err := o.director.payments.ListPayments(t.Context(), &v1.ListPaymentsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetPayments(), 1)
	require.Equal(t, []string{"2026-11-05", "1200.00"}, []string{list.GetPayments()[0].GetPayDate(), list.GetPayments()[0].GetAllocated().GetAmount()})

	entries := o.head.entries(s.GetId())
	require.Equal(t, v1.MatchReason_MATCH_REASON_NUMBER, entries[0].GetMatchReason())
	require.Equal(t, []string{invoice.GetId()}, entries[0].GetDocumentIds())
	require.Equal(t, v1.MatchReason_MATCH_REASON_TAX_ID, entries[1].GetMatchReason())

	// The fee is booked, and the thanks are somebody's.
	_, err = o.head.statements.IgnoreEntry(t.Context(), &v1.IgnoreEntryRequest{Id: entries[3].GetId(), BookAs: v1.BookAs_BOOK_AS_EXPENSE, Item: "bank-fees"})
	require.NoError(t, err)
	require.NoError(t, o.head.match(entries[2].GetId(), o.zerno))
	require.EqualValues(t, 1, o.head.post(s.GetId()))
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_DONE, o.head.statement(s.GetId()).GetStatus())
	require.Equal(t, map[string]int64{"bank": -157700 + 1250, "expense bank-fees": -1250}, o.own())

	// The same file again has nothing new, and undone it is new again.
	again := o.head.uploaded(file)
	require.Equal(t, []int32{4, 0, 0, 0, 0}, figures(again))
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_DONE, again.GetStatus())
	for range 2 {
		require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_UNDONE, o.head.undo(s.GetId()).GetStatus())
	}
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, "1200.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
	require.Equal(t, map[string]int64{"bank": 0, "expense bank-fees": 0}, o.own())
	once := o.head.uploaded(file)
	require.Equal(t, []int32{4, 4, 1, 3, 0}, figures(once), "and who thanked is known now")
	require.EqualValues(t, 3, o.head.post(once.GetId()))
	require.Equal(t, "1277.00", o.director.balance("").GetBalance().GetAmount())
}

// own is what the business's own accounts come to.
func (o *office) own() map[string]int64 {
	out := map[string]int64{}
	for _, row := range o.query(`
		select trim(a.kind || ' ' || case when a.kind = 'bank' then '' else a.code end) || '=' ||
			((select coalesce(sum(amount), 0) from finsystem.entries where account_id = a.id) - (select coalesce(sum(amount), 0) from finsystem.entries where contra_id = a.id))
		from finsystem.accounts a where a.client_id is null`) {
		name, amount, _ := strings.Cut(row, "=")
		var n int64
		_, err := fmt.Sscan(amount, &n)
		require.NoError(o.t, err)
		out[name] = n
	}
	return out
}

// shared reads a file of the folder of data that is not part of the repository.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	folder := os.Getenv("CABINET_SHARED")
	if folder == "" {
		folder = "../../../shared"
	}
	content, err := os.ReadFile(filepath.Join(folder, "data/statements", name))
	if err != nil {
		t.Skip("no ../shared/data/statements beside the repository, and CABINET_SHARED names no other folder: ", err)
	}
	return content
}

// What banks wrote comes out as the files state it themselves.
func TestSharedStatements(t *testing.T) {
	o := newOffice(t)
	type want struct {
		account, opening, closing, in, out string
		entries                            int32
	}
	for _, c := range []struct {
		file       string
		accounts   []want
		mismatches int
	}{
		{"camt053/v2.minimal.xml", []want{{"NL26VAYB8060476890", "18.15 EUR", "-27.00 SEK", "8.85", "0.00", 1}}, 0},
		{"camt053/v2.multi.statement.xml", []want{{"NL26VAYB8060476890", "18.15 EUR", "20.00 EUR", "8.85", "-7.00", 2}}, 0},
		{"camt053/v4.xml", []want{{"NL26VAYB8060476890", "18.15 EUR", "-27.00 SEK", "8.85", "0.00", 1}}, 0},
		{"mt940/abnamro.sta", []want{{"517852257", "3236.28 EUR", "1849.75 EUR", "0.00", "-345.93", 10}}, 2},
		{"mt940/generic.sta", []want{{"11111111", "100.00 EUR", "80.00 EUR", "0.00", "-20.00", 2}}, 0},
		{"mt940/ing.sta", []want{{"0001234567", "0.00 EUR", "3.47 EUR", "4.68", "-50.27", 7}}, 4},
		{"mt940/rabobank-iban.sta", []want{{"NL71RABO0123456789", "1000.00 EUR", "930.00 EUR", "0.00", "-70.00", 4}}, 0},
		{"mt940/sns.sta", []want{{"0123456789", "1234.56 EUR", "1209.56 EUR", "0.00", "-25.00", 2}}, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			request := &v1.UploadStatementRequest{RequestId: store.NewID(), FileName: c.file, Content: shared(t, c.file)}
			made, err := o.head.statements.UploadStatement(t.Context(), request)
			if c.mismatches > 0 {
				refusedFor(t, err, codes.InvalidArgument, "", "file_mismatch")
				request.AcceptMismatch, request.RequestId = true, store.NewID()
				made, err = o.head.statements.UploadStatement(t.Context(), request)
			}
			require.NoError(t, err)
			s := made.GetStatement()
			require.Len(t, s.GetMismatches(), c.mismatches)
			var got []want
			for _, a := range s.GetAccounts() {
				got = append(got, want{
					a.GetAccount(), a.GetOpening().GetAmount() + " " + a.GetOpening().GetCurrencyCode(), a.GetClosing().GetAmount() + " " + a.GetClosing().GetCurrencyCode(),
					a.GetMoneyIn().GetAmount(), a.GetMoneyOut().GetAmount(), a.GetEntries(),
				})
			}
			require.Equal(t, c.accounts, got)
			before := o.head.entries(s.GetId())
			require.Len(t, before, int(s.GetNewEntries()))
			request.RequestId = store.NewID()
			again, err := o.head.statements.UploadStatement(t.Context(), request)
			require.NoError(t, err)
			require.Zero(t, again.GetStatement().GetNewEntries())
		})
	}
	t.Run("a damaged one brings in nothing", func(t *testing.T) {
		_, err := o.head.upload(shared(t, "camt053/v2.wrong.xml"))
		refusedFor(t, err, codes.InvalidArgument, "", "file_damaged")
		require.ErrorContains(t, err, "line 8, field BkToCstmrStmt/Stmt")
	})
}

func TestDamagedStatements(t *testing.T) {
	o := newOffice(t)
	good := bankFile("05.11.2026", paid{amount: "10.00", account: "UA1", purpose: "a"}, paid{amount: "20.00", account: "UA2", purpose: "b"})
	_, err := o.head.upload([]byte(strings.Replace(string(good), "Сумма=20.00", "Сумма=2O.00", 1)))
	refusedFor(t, err, codes.InvalidArgument, "", "file_damaged")
	require.ErrorContains(t, err, "Сумма")
	require.ErrorContains(t, err, "line ")
	for cut := 1; cut < len(good)-len("КонецФайла\n"); cut += 37 {
		_, err := o.head.upload(good[:cut])
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%d: %v", cut, err)
	}
	_, err = o.head.upload([]byte("%PDF-1.7"))
	refusedFor(t, err, codes.InvalidArgument, "", "file_format")
	require.Empty(t, o.query("select id::text from finsystem.statement_entries union all select id::text from finsystem.statements"))
}

func mt(number, opening, closing string, entries ...string) []byte {
	return []byte(":20:S\n:25:1234567\n:28C:" + number + "\n:60F:" + opening + "\n" + strings.Join(entries, "") + ":62F:" + closing + "\n-\n")
}

// Statements that overlap, payments that are alike on one day, and statements of one day that follow each other.
func TestOverlappingStatements(t *testing.T) {
	o := newOffice(t)
	coffee, tea := ":61:261102C2,50NTRFNONREF\n:86:COFFEE\n", ":61:261103C1,00NTRFNONREF\n:86:TEA\n"
	brought := func(file []byte) int32 { return o.head.uploaded(file).GetNewEntries() }
	first := mt("1", "C261101EUR10,00", "C261102EUR15,00", coffee, coffee)
	require.EqualValues(t, 2, brought(first), "two alike on one day are two")
	require.EqualValues(t, 0, brought(first))
	require.EqualValues(t, 0, brought(append(first, first...)), "nor twice in one file")
	require.EqualValues(t, 1, brought(mt("7", "C261101EUR10,00", "C261103EUR16,00", coffee, coffee, tea)))
	require.EqualValues(t, 1, brought(mt("8", "C261101EUR10,00", "C261102EUR17,50", coffee, coffee, coffee)), "a third one came that day")

	// Two of one day, the second from where the first ends.
	milk := ":61:261104C3,00NTRFNONREF\n:86:MILK\n"
	morning, evening := mt("9", "C261104EUR16,00", "C261104EUR19,00", milk), mt("10", "C261104EUR19,00", "C261104EUR22,00", milk)
	require.EqualValues(t, 1, brought(morning))
	require.EqualValues(t, 1, brought(evening), "not the same as in the morning")
	require.EqualValues(t, 0, brought(evening))
	require.EqualValues(t, 0, brought(morning))
	require.EqualValues(t, 0, brought(mt("11", "C261104EUR16,00", "C261104EUR22,00", milk, milk)), "and both in one")
}

// Many bring the same file in at once, and its entries are there once; many post them at once, and money moves once.
func TestStatementsAtOnce(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	var all []paid
	for i := range 40 {
		all = append(all, paid{amount: fmt.Sprintf("%d.00", i+1), account: "UA1", taxID: "43219879", purpose: "part"})
	}
	file := bankFile("05.11.2026", all...)
	made := make([]*v1.Statement, 6)
	for _, err := range kerneltest.AtOnce(len(made), func(i int) (err error) {
		made[i], err = o.head.upload(file)
		return err
	}) {
		require.NoError(t, err)
	}
	fresh := int32(0)
	var id string
	for _, s := range made {
		if fresh += s.GetNewEntries(); s.GetNewEntries() > 0 {
			id = s.GetId()
		}
	}
	require.EqualValues(t, 40, fresh)
	posted := make([]int32, 6)
	for _, err := range kerneltest.AtOnce(len(posted), func(i int) error {
		done, err := o.head.statements.PostEntries(t.Context(), &v1.PostEntriesRequest{StatementId: id})
		posted[i] = done.GetPosted()
		return err
	}) {
		require.NoError(t, err)
	}
	sum := int32(0)
	for _, n := range posted {
		sum += n
	}
	require.EqualValues(t, 40, sum)
	require.Equal(t, "820.00", o.director.balance("").GetBalance().GetAmount())
	for _, err := range kerneltest.AtOnce(4, func(int) error {
		_, err := o.head.statements.UndoStatement(t.Context(), &v1.UndoStatementRequest{Id: id, Reason: "twice"})
		return err
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
}

// A table by a layout of portal.yaml.
func TestTablesOfABank(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	list, err := o.head.statements.ListStatementTables(t.Context(), &v1.ListStatementTablesRequest{})
	require.NoError(t, err)
	require.Equal(t, "Savings Bank", list.GetTables()[0].GetTitle())
	file := "Виписка\n\nДата;Контрагент;ЄДРПОУ;Дебет;Кредит;Призначення платежу\n05.11.2026;Zerno;43219879;;1 200,50;за послуги\n05.11.2026;Банк;;12,00;;комісія\nВсього;;;12,00;1 200,50;\n"
	upload := func(table, account string) (*v1.Statement, error) {
		made, err := o.head.statements.UploadStatement(t.Context(), &v1.UploadStatementRequest{
			RequestId: store.NewID(), FileName: "a.csv", Content: []byte(file), TableId: table, Account: account,
		})
		return made.GetStatement(), err
	}
	_, err = upload("", "")
	refusedFor(t, err, codes.InvalidArgument, "", "file_format")
	_, err = upload("other", "")
	refusedFor(t, err, codes.InvalidArgument, "table_id", "no_table")
	s, err := upload("savings", "")
	require.NoError(t, err)
	a := s.GetAccounts()[0]
	require.Equal(t, []string{"UA213223130000026007233566001", "UAH", "1200.50", "-12.00"}, []string{a.GetAccount(), a.GetCurrencyCode(), a.GetMoneyIn().GetAmount(), a.GetMoneyOut().GetAmount()})
	require.Nil(t, a.GetOpening())
	require.EqualValues(t, 1, s.GetMatched())
	again, err := upload("savings", "UA213223130000026007233566001")
	require.NoError(t, err)
	require.Zero(t, again.GetNewEntries())
}
