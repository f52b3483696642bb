package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// TestMoneyInABrowser looks at the pages about money: those of a manager, of a client and of the head.
func TestMoneyInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	zerno := s.client(t, "Zerno Roastery")
	documents, err := finsystemv1.NewDocumentServiceClient(s.Kernel()).ListDocuments(t.Context(), &finsystemv1.ListDocumentsRequest{ClientId: zerno})
	require.NoError(t, err)
	var draft, owed string
	for _, d := range documents.GetDocuments() {
		switch {
		case d.GetStatus() == finsystemv1.DocumentStatus_DOCUMENT_STATUS_DRAFT:
			draft = d.GetId()
		case d.GetDue().GetAmount() > "0.00":
			owed = d.GetId()
		}
	}
	require.NotEmpty(t, draft)
	require.NotEmpty(t, owed)
	postings, err := finsystemv1.NewLedgerServiceClient(s.Kernel()).ListPostings(t.Context(), &finsystemv1.ListPostingsRequest{ClientId: zerno})
	require.NoError(t, err)
	require.NotEmpty(t, postings.GetPostings())
	why := "/postings/" + postings.GetPostings()[0].GetId()

	agreement := s.agreed(t, zerno)
	head := s.head(t)
	sealed(t, newTab(t, browser, s, head))
	look := func(who, session string, paths ...string) {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, browser, s, session)
			for i, path := range paths {
				b.open(path)
				b.look("money-" + who + "-" + strconv.Itoa(i))
			}
		})
	}
	look("director", s.actingFor(t, people[0].email, zerno), "/balance", "/documents", "/documents/"+owed, why, "/obligations", "/reconciliation",
		"/balance?tab=finsystem.client_accounts", "/postings", "/services", "/payments/new?amount=100.00&currency_code=UAH&description=INV&document_id="+owed, "/balance/deferrals/new?currency_code=UAH")
	look("head", head, "/documents", "/documents/"+draft, "/documents/"+draft+"/edit", "/clients/"+zerno+"/balance", "/clients/"+zerno+"/documents/new",
		"/clients/"+zerno+"/payments/new?currency_code=UAH", "/documents/"+owed+"/void", "/money/received", "/numbering", "/reports/income", "/bank", "/bank/upload", "/bank/entries", "/books", "/deferrals", "/deferrals/rules", "/services",
		"/signatory", "/signatory/edit", "/signatory/seal", "/books/accounts", "/accounts/UAH/bank:UA213223130000026007233566001", "/accounts/UAH/agreement:"+agreement, "/postings", "/clients/"+zerno+"/services/new", "/clients/"+zerno+"/documents",
		"/clients/"+zerno+"/balance?tab=finsystem.client_accounts")
}

// agreed bills a client by an agreement, and gives it a service by the same.
func (s *site) agreed(t *testing.T, client string) string {
	t.Helper()
	agreements := clientsv1.NewAgreementServiceClient(s.Kernel())
	made, err := agreements.CreateAgreement(t.Context(), &clientsv1.CreateAgreementRequest{RequestId: once("agreed"), Agreement: &clientsv1.Agreement{
		ClientId: client, Number: "26/007", Kind: clientsv1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: daysAgo(90), CurrencyCode: "UAH",
	}})
	require.NoError(t, err)
	id := made.GetAgreement().GetId()
	_, err = agreements.ActivateAgreement(t.Context(), &clientsv1.ActivateAgreementRequest{Id: id})
	require.NoError(t, err)
	_, err = finsystemv1.NewPaymentServiceClient(s.Kernel()).CreatePayment(t.Context(), &finsystemv1.CreatePaymentRequest{
		RequestId: once("agreed paid"), ClientId: client, Source: finsystemv1.PaymentSource_PAYMENT_SOURCE_CASH, Amount: &kernelv1.Money{CurrencyCode: "UAH", Amount: "30000.00"}, Title: "Ahead",
	})
	require.NoError(t, err)
	documents := finsystemv1.NewDocumentServiceClient(s.Kernel())
	bill, err := documents.CreateDocument(t.Context(), &finsystemv1.CreateDocumentRequest{RequestId: once("agreed bill"), Document: &finsystemv1.Document{
		ClientId: client, Kind: finsystemv1.DocumentKind_DOCUMENT_KIND_INVOICE, Subject: "Service calls", CurrencyCode: "UAH", AgreementId: id, PaymentDays: 10,
		Lines: []*finsystemv1.DocumentLine{serviced("Service call", "3", "calls", "900")},
	}})
	require.NoError(t, err)
	_, err = documents.IssueDocument(t.Context(), &finsystemv1.IssueDocumentRequest{Id: bill.GetDocument().GetId()})
	require.NoError(t, err)
	_, err = finsystemv1.NewSubscriptionServiceClient(s.Kernel()).CreateSubscription(t.Context(), &finsystemv1.CreateSubscriptionRequest{
		RequestId: once("agreed service"), Start: true, Subscription: &finsystemv1.Subscription{
			ClientId: client, AgreementId: id, Name: "Remote monitoring", CurrencyCode: "UAH", Price: "450", Quantity: "1", TaxMode: finsystemv1.TaxMode_TAX_MODE_NONE,
			Period: finsystemv1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: daysAgo(3),
		},
	})
	require.NoError(t, err)
	return id
}

// sealed uploads a seal, as the head does.
func sealed(t *testing.T, b *tab) {
	ring := image.NewNRGBA(image.Rect(0, 0, 240, 240))
	for y := range 240 {
		for x := range 240 {
			if r := (x-120)*(x-120) + (y-120)*(y-120); r > 90*90 && r < 100*100 || r < 40*40 {
				ring.Set(x, y, color.NRGBA{0x24, 0x3f, 0xa0, 0xd0})
			}
		}
	}
	name := filepath.Join(t.TempDir(), "seal.png")
	file, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, png.Encode(file, ring))
	require.NoError(t, file.Close())
	b.open("/signatory/seal")
	b.leads(200, chromedp.SetUploadFiles(chromedp.CSS(`main input[type=file]`), []string{name}), click("main form:has([type=file]) .primary"))
	require.Equal(t, "/signatory", b.path())
	b.until(`(() => { const seal = document.querySelector('main img.drawing'); return !!seal && seal.complete && seal.naturalWidth > 0; })()`)
}

// moneyInAllStates are pages about money that lead to others only in some states, and so not each to all of them.
func (s *site) moneyInAllStates(t *testing.T) (paths []string) {
	t.Helper()
	documents, err := finsystemv1.NewDocumentServiceClient(s.Kernel()).ListDocuments(t.Context(), &finsystemv1.ListDocumentsRequest{
		Statuses: []finsystemv1.DocumentStatus{finsystemv1.DocumentStatus_DOCUMENT_STATUS_DRAFT},
	})
	require.NoError(t, err)
	for _, d := range documents.GetDocuments() {
		paths = append(paths, "/documents/"+d.GetId())
	}
	services, err := finsystemv1.NewSubscriptionServiceClient(s.Kernel()).ListSubscriptions(t.Context(), &finsystemv1.ListSubscriptionsRequest{})
	require.NoError(t, err)
	for _, one := range services.GetSubscriptions() {
		paths = append(paths, "/services/"+one.GetId())
	}
	deferrals, err := finsystemv1.NewDeferralServiceClient(s.Kernel()).ListDeferrals(t.Context(), &finsystemv1.ListDeferralsRequest{})
	require.NoError(t, err)
	for _, one := range deferrals.GetDeferrals() {
		paths = append(paths, "/deferrals/"+one.GetId())
	}
	payments, err := paysystemv1.NewPaymentServiceClient(s.Kernel()).ListPayments(t.Context(), &paysystemv1.ListPaymentsRequest{})
	require.NoError(t, err)
	for _, one := range payments.GetPayments() {
		paths = append(paths, "/payments/"+one.GetId())
	}
	postings, err := finsystemv1.NewLedgerServiceClient(s.Kernel()).ListPostings(t.Context(), &finsystemv1.ListPostingsRequest{
		ClientId: s.client(t, hotel), Kinds: []finsystemv1.PostingKind{finsystemv1.PostingKind_POSTING_KIND_ADJUSTMENT},
	})
	require.NoError(t, err)
	for _, one := range postings.GetPostings() {
		paths = append(paths, "/postings/"+one.GetId())
	}
	require.Len(t, paths, 1+3+2+2+1)
	return paths
}
