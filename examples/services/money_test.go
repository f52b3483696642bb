package main

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
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
		"/payments/new?amount=100.00&currency_code=UAH&description=INV&document_id="+owed, "/balance/deferrals/new?currency_code=UAH")
	look("head", s.head(t), "/documents", "/documents/"+draft, "/documents/"+draft+"/edit", "/clients/"+zerno+"/balance", "/clients/"+zerno+"/documents/new",
		"/clients/"+zerno+"/payments/new?currency_code=UAH", "/documents/"+owed+"/void", "/money/received", "/numbering", "/reports/income", "/bank", "/bank/upload", "/bank/entries", "/books", "/deferrals", "/deferrals/rules", "/services")
}
