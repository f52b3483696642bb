package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	numbergeneratorv1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// How this company's documents are numbered.
var series = []*numbergeneratorv1.Series{
	{Key: "invoice", Name: "Invoices", Pattern: "{prefix}{yyyy}-{n:4}", Prefix: "INV-", Restart: numbergeneratorv1.Restart_RESTART_YEARLY},
	{Key: "act", Name: "Acts", Pattern: "{prefix}{yyyy}-{n:4}", Prefix: "ACT-", Restart: numbergeneratorv1.Restart_RESTART_YEARLY},
}

// bill is an invoice, issued some days ago; what was paid of it, how many days ago, and whether its month was closed with an act.
type bill struct {
	client, subject string
	ago             int
	lines           []*finsystemv1.DocumentLine
	paid            string
	paidAgo         int
	act             bool
	draft           bool
}

func serviced(what, quantity, unit, price string) *finsystemv1.DocumentLine {
	return &finsystemv1.DocumentLine{
		Description: what, Item: "maintenance", Quantity: quantity, Unit: unit, Price: price, TaxMode: finsystemv1.TaxMode_TAX_MODE_ON_TOP, TaxPercent: "20",
	}
}

func part(what, quantity, price string) *finsystemv1.DocumentLine {
	line := serviced(what, quantity, "pcs", price)
	line.Item = "parts"
	return line
}

var bills = []bill{
	{client: "Zerno Roastery", subject: "Planned maintenance, two months ago", ago: 64, paid: "10200.00", paidAgo: 60, act: true,
		lines: []*finsystemv1.DocumentLine{serviced("Planned maintenance, 4 units", "4", "units", "1800"), part("Filter G4, 592×592", "8", "162.50")}},
	{client: "Zerno Roastery", subject: "Planned maintenance, last month", ago: 33, paid: "8640.00", paidAgo: 29, act: true,
		lines: []*finsystemv1.DocumentLine{serviced("Planned maintenance, 4 units", "4", "units", "1800")}},
	{client: "Zerno Roastery", subject: "Planned maintenance, this month", ago: 3, paid: "5000.00", paidAgo: 1,
		lines: []*finsystemv1.DocumentLine{serviced("Planned maintenance, 4 units", "4", "units", "1800"), part("Belt for the extract fan", "1", "640")}},
	{client: "Zerno Roastery", subject: "Second roaster: a new extract fan", draft: true,
		lines: []*finsystemv1.DocumentLine{part("Extract fan, 3,200 m³/h", "1", "28400"), serviced("Installation", "6", "h", "950")}},
	{client: "Karpaty Grand Hotel", subject: "Repair of the chiller", ago: 20, paid: "30000.00", paidAgo: 12,
		lines: []*finsystemv1.DocumentLine{serviced("Repair of the chiller", "14", "h", "1250"), part("Compressor seal kit", "1", "11200")}},
}

// How clients pay, by those gateways that portal.yaml switches on.
var methods = []*paysystemv1.Method{
	{Title: "Bank transfer", Kind: paysystemv1.MethodKind_METHOD_KIND_GATEWAY, Gateway: "banktransfer", CurrencyCode: "UAH", Position: 10},
	{Title: "Card", Kind: paysystemv1.MethodKind_METHOD_KIND_GATEWAY, Gateway: "stripe", CurrencyCode: "UAH", Position: 20},
	{Title: "Cash at the office", Kind: paysystemv1.MethodKind_METHOD_KIND_CASH, CurrencyCode: "UAH", Position: 30},
}

// payments says how clients pay.
func (t *teller) payments(ctx context.Context) error {
	for _, m := range methods {
		_, err := paysystemv1.NewMethodServiceClient(t.kernel).CreateMethod(ctx, &paysystemv1.CreateMethodRequest{RequestId: once("method " + m.GetTitle()), Method: m})
		switch status.Code(err) {
		case codes.Unimplemented:
			return nil // portal.yaml switches paysystem off
		case codes.InvalidArgument:
			continue // or this gateway
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.GetTitle(), err)
		}
	}
	return nil
}

// bills writes what the company billed, what came, and what was done.
func (t *teller) bills(ctx context.Context) error {
	for _, s := range series {
		_, err := numbergeneratorv1.NewSeriesServiceClient(t.kernel).CreateSeries(ctx, &numbergeneratorv1.CreateSeriesRequest{RequestId: once("series " + s.GetKey()), Series: s})
		if status.Code(err) == codes.Unimplemented {
			return nil // portal.yaml switches numbers off, and with them money
		}
		if err != nil {
			return fmt.Errorf("numbers of %s: %w", s.GetName(), err)
		}
	}
	for _, b := range bills {
		err := t.bill(ctx, b)
		if status.Code(err) == codes.Unimplemented {
			return nil // portal.yaml switches finsystem off
		}
		if err != nil {
			return fmt.Errorf("%s for %s: %w", b.subject, b.client, err)
		}
	}
	return nil
}

func (t *teller) bill(ctx context.Context, b bill) error {
	documents := finsystemv1.NewDocumentServiceClient(t.kernel)
	doc := &finsystemv1.Document{
		ClientId: t.clients[b.client], Kind: finsystemv1.DocumentKind_DOCUMENT_KIND_INVOICE, Subject: b.subject, CurrencyCode: "UAH", Lines: b.lines,
	}
	if !b.draft {
		doc.IssueDate = daysAgo(b.ago)
	}
	made, err := documents.CreateDocument(ctx, &finsystemv1.CreateDocumentRequest{RequestId: once("bill " + b.client + b.subject + doc.GetIssueDate()), Document: doc})
	if err != nil || b.draft {
		return err
	}
	id := made.GetDocument().GetId()
	if _, err := documents.IssueDocument(ctx, &finsystemv1.IssueDocumentRequest{Id: id}); err != nil {
		return err
	}
	if b.paid != "" {
		day := daysAgo(b.paidAgo)
		if _, err := finsystemv1.NewPaymentServiceClient(t.kernel).CreatePayment(ctx, &finsystemv1.CreatePaymentRequest{
			RequestId: once("payment " + b.client + b.subject + day), ClientId: t.clients[b.client], Source: finsystemv1.PaymentSource_PAYMENT_SOURCE_BANK,
			Amount: &kernelv1.Money{CurrencyCode: "UAH", Amount: b.paid}, PayDate: day, Title: "For " + b.subject, DocumentId: id,
		}); err != nil {
			return err
		}
	}
	if !b.act {
		return nil
	}
	act, err := documents.CopyDocument(ctx, &finsystemv1.CopyDocumentRequest{RequestId: once("act " + b.client + b.subject + doc.GetIssueDate()), Id: id, Kind: finsystemv1.DocumentKind_DOCUMENT_KIND_ACT})
	if err != nil {
		return err
	}
	if _, err := documents.UpdateDocument(ctx, &finsystemv1.UpdateDocumentRequest{
		Document: &finsystemv1.Document{Id: act.GetDocument().GetId(), IssueDate: daysAgo(b.paidAgo - 2)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"issue_date"}},
	}); err != nil && status.Code(err) != codes.FailedPrecondition { // issued before the portal was killed
		return err
	}
	_, err = documents.IssueDocument(ctx, &finsystemv1.IssueDocumentRequest{Id: act.GetDocument().GetId()})
	return err
}

func daysAgo(days int) string { return time.Now().AddDate(0, 0, -days).Format(time.DateOnly) }
