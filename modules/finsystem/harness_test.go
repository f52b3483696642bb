package finsystem_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/modules/finsystem"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return // a test's portal runs the module in a process of its own: this one
	}
	os.Exit(storetest.Main(m))
}

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{
		module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts)), module.Unit(numbergenerator.NewUnit(numbergenerator.New())),
		module.Unit(finsystem.NewUnit(finsystem.New(router))),
	}, nil
}

const config = `
modules:
  accountmanager: {settings: {letters: module}}
  finsystem: {settings: {seller: {name: "Polissia Climate LLC", tax_id: "43219876", iban: UA213223130000026007233566001}, statement_tables: [
    {id: savings, title: Savings Bank, decimal: ",", grouping: " ", dates: ["02.01.2006"], date: "Дата", debit: "Дебет", credit: "Кредит", counterparty: "Контрагент",
     counterparty_tax_id: "ЄДРПОУ", purpose: ["Призначення платежу"], end: "Всього"}]}}
`

// office is a portal with a head, a manager who serves Zerno, its director, and a client whom nobody here serves.
type office struct {
	*kerneltest.Portal
	t                       *testing.T
	clock                   *kerneltest.Clock
	zerno, other            string
	head, manager, director *desk
	stranger                *desk
}

// desk is somebody at work: the module's contracts, called as them.
type desk struct {
	t          *testing.T
	user       *kerneltest.User
	ledger     v1.LedgerServiceClient
	documents  v1.DocumentServiceClient
	payments   v1.PaymentServiceClient
	statements v1.StatementServiceClient
}

func newOffice(t *testing.T, processes ...string) *office {
	t.Helper()
	return newOfficeOn(t, 2, processes...)
}

// newOfficeOn is one on a day of November.
func newOfficeOn(t *testing.T, day int, processes ...string) *office {
	t.Helper()
	o := &office{t: t, clock: kerneltest.NewClock(time.Date(2026, 11, day, 9, 0, 0, 0, time.UTC))}
	o.Portal = kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: config, Clock: o.clock, Processes: processes})
	o.zerno, o.other = o.Client(t, "Zerno"), o.Client(t, "Other")
	o.head, o.manager = o.desk(o.Head(t)), o.desk(o.Staff(t, "manager"))
	o.Serve(t, o.manager.user, o.zerno)
	o.director, o.stranger = o.desk(o.Contact(t, o.zerno, "client.director")), o.desk(o.Contact(t, o.other, "client.director"))
	t.Cleanup(o.balanced)
	return o
}

// query asks the database itself, for texts.
func (o *office) query(sql string, args ...any) []string {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.DSN)
	require.NoError(o.t, err)
	defer conn.Close(context.WithoutCancel(o.t.Context()))
	rows, err := conn.Query(o.t.Context(), sql, args...)
	require.NoError(o.t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(o.t, err)
	return out
}

// sumDays brings the sums of days on, by so many postings at a time, as the module's own role may.
func sumDays(t testing.TB, dsn string, together int) {
	t.Helper()
	storetest.Run(t, dsn, fmt.Sprintf(`do $$ begin
		perform set_config('role', (select all_role from finsystem.books), true);
		while finsystem.sum_days(%d) loop end loop;
	end $$`, together))
}

// balanced looks whether the books hold together, and the sums of their days.
func (o *office) balanced() {
	ctx := context.WithoutCancel(o.t.Context())
	conn, err := pgx.Connect(ctx, o.DSN)
	require.NoError(o.t, err)
	defer conn.Close(ctx)
	// Whoever still posts, as what happens behind a merge does, is waited for: until then what came after is not final.
	require.Eventually(o.t, func() (all bool) {
		sumDays(o.t, o.DSN, 7)
		require.NoError(o.t, conn.QueryRow(ctx, "select not exists (select from finsystem.summed where through < (select max(id) from finsystem.postings))").Scan(&all))
		return all
	}, 20*time.Second, 50*time.Millisecond, "not all is summed")
	rows, err := conn.Query(ctx, `
		select coalesce(account_id, posting_id)::text || ': ' || problem from (select * from finsystem.wrong_books() union all select * from finsystem.wrong_days()) w
		union all
		select p.id || ': a payment says that another amount was taken back' from finsystem.payments p where p.reversed <> (
			select coalesce(sum(r.amount - (select coalesce(sum(b.amount), 0) from finsystem.postings b where b.reverses = r.id)), 0)
			from finsystem.postings r where r.reverses = p.posting_id)
		union all
		select p.id || ': a payment pays more than there is of it' from finsystem.payments p where p.allocated > p.amount - p.reversed
		union all
		select d.id || ': more is held for an invoice than was paid' from finsystem.holds h join finsystem.documents d on d.id = h.document_id
		where h.status = 'held' and h.amount > d.paid`)
	require.NoError(o.t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(o.t, err)
	require.Empty(o.t, wrong)
}

func (o *office) desk(u *kerneltest.User) *desk {
	return &desk{
		t: o.t, user: u, ledger: v1.NewLedgerServiceClient(u.Conn), documents: v1.NewDocumentServiceClient(u.Conn), payments: v1.NewPaymentServiceClient(u.Conn),
		statements: v1.NewStatementServiceClient(u.Conn),
	}
}

func uah(amount string) *kernelv1.Money { return &kernelv1.Money{CurrencyCode: "UAH", Amount: amount} }

func line(what, quantity, price string, mode v1.TaxMode, percent string) *v1.DocumentLine {
	return &v1.DocumentLine{Description: what, Quantity: quantity, Unit: "h", Price: price, TaxMode: mode, TaxPercent: percent}
}

const (
	onTop    = v1.TaxMode_TAX_MODE_ON_TOP
	included = v1.TaxMode_TAX_MODE_INCLUDED
	noTax    = v1.TaxMode_TAX_MODE_NONE
)

// draft makes a draft of 1,000 hryvnias and 20 % of tax on top.
func (d *desk) draft(client string, change func(*v1.Document)) (*v1.Document, error) {
	doc := &v1.Document{
		ClientId: client, Kind: v1.DocumentKind_DOCUMENT_KIND_INVOICE, Subject: "Maintenance in November", CurrencyCode: "UAH",
		Lines: []*v1.DocumentLine{line("Maintenance", "10", "100", onTop, "20")},
	}
	if change != nil {
		change(doc)
	}
	made, err := d.documents.CreateDocument(d.t.Context(), &v1.CreateDocumentRequest{RequestId: store.NewID(), Document: doc})
	return made.GetDocument(), err
}

func (d *desk) issue(id string) (*v1.Document, error) {
	done, err := d.documents.IssueDocument(d.t.Context(), &v1.IssueDocumentRequest{Id: id})
	return done.GetDocument(), err
}

func (d *desk) issued(client string, change func(*v1.Document)) *v1.Document {
	d.t.Helper()
	made, err := d.draft(client, change)
	require.NoError(d.t, err)
	done, err := d.issue(made.GetId())
	require.NoError(d.t, err)
	return done
}

func (d *desk) document(id string) *v1.Document {
	d.t.Helper()
	got, err := d.documents.GetDocument(d.t.Context(), &v1.GetDocumentRequest{Id: id})
	require.NoError(d.t, err)
	return got.GetDocument()
}

func (d *desk) pay(client, amount, document string) (*v1.Payment, error) {
	done, err := d.payments.CreatePayment(d.t.Context(), &v1.CreatePaymentRequest{
		RequestId: store.NewID(), ClientId: client, Source: v1.PaymentSource_PAYMENT_SOURCE_BANK, Amount: uah(amount), DocumentId: document,
	})
	return done.GetPayment(), err
}

func (d *desk) paid(client, amount, document string) *v1.Payment {
	d.t.Helper()
	p, err := d.pay(client, amount, document)
	require.NoError(d.t, err)
	return p
}

func (d *desk) balance(client string) *v1.Balance {
	d.t.Helper()
	got, err := d.ledger.GetBalance(d.t.Context(), &v1.GetBalanceRequest{ClientId: client})
	require.NoError(d.t, err)
	return got.GetBalance()
}

// refusedFor requires that a call was refused with a code, for a field and a reason of the module's.
func refusedFor(t *testing.T, err error, code codes.Code, field, reason string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	v := module.Violations(err)
	require.NotEmpty(t, v, "%v", err)
	require.Equal(t, []string{field, "finsystem.refusal." + reason}, []string{v[0].GetField(), v[0].GetReason()})
}
