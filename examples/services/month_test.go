package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// TestAMonthInABrowser is a month as people do it: a manager bills, the client sees it and begins to pay, the head brings in what
// the bank says came, and the manager closes the month with an act.
func TestAMonthInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	zerno := s.client(t, "Zerno Roastery")
	documents := finsystemv1.NewDocumentServiceClient(s.Kernel())
	drafts, err := documents.ListDocuments(t.Context(), &finsystemv1.ListDocumentsRequest{ClientId: zerno, Statuses: []finsystemv1.DocumentStatus{finsystemv1.DocumentStatus_DOCUMENT_STATUS_DRAFT}})
	require.NoError(t, err)
	require.Len(t, drafts.GetDocuments(), 1)
	id := drafts.GetDocuments()[0].GetId()
	document := func() *finsystemv1.Document {
		got, err := documents.GetDocument(t.Context(), &finsystemv1.GetDocumentRequest{Id: id})
		require.NoError(t, err)
		return got.GetDocument()
	}

	manager := newTab(t, browser, s, s.session(t, staff[0].email))
	manager.open("/documents/" + id + "/edit")
	require.True(t, ask[bool](manager, `(document.querySelector('[name="lines[1].quantity"]').value = '7') !== ''`))
	manager.leads(200, click("main form .primary"))
	require.Equal(t, "42060.00", document().GetTotal().GetAmount())
	manager.open("/documents/" + id)
	manager.do(manager.clickText("Issue"))
	manager.leads(200, click("#ask-yes"))
	number := document().GetNumber()
	require.Regexp(t, `^INV-20\d\d-\d{4}$`, number)

	director := newTab(t, browser, s, s.actingFor(t, people[0].email, zerno))
	director.open("/documents/" + id)
	director.leads(200, director.clickText("Pay"))
	require.True(t, ask[bool](director, `(() => {
		const way = document.querySelector('[name=method_id]');
		way.value = [...way.options].find((o) => o.text.startsWith('Bank transfer')).value;
		return way.value !== '';
	})()`))
	director.leads(200, director.clickText("Go on to payment"))
	require.Contains(t, ask[string](director, "document.querySelector('main').innerText"), "UA213223130000026007233566001")

	head := newTab(t, browser, s, s.head(t))
	file := filepath.Join(t.TempDir(), "bank.txt")
	day := workday(0).Format("02.01.2006")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=UTF-8\nДатаНачала=%[1]s\nДатаКонца=%[1]s\n"+
		"РасчСчет=UA213223130000026007233566001\nСекцияДокумент=Платежное поручение\nНомер=7\nДата=%[1]s\nСумма=42060.00\nПлательщикСчет=UA11\nПлательщик=Zerno\n"+
		"ПолучательСчет=UA213223130000026007233566001\nДатаПоступило=%[1]s\nНазначениеПлатежа=For %[2]s\nКонецДокумента\nКонецФайла\n", day, number), 0o600))
	head.open("/bank/upload")
	head.leads(200, chromedp.SetUploadFiles(chromedp.CSS(`main input[type=file]`), []string{file}), click("main form .primary"))
	head.do(head.clickText("Post"))
	head.leads(200, click("#ask-yes"))
	require.Equal(t, finsystemv1.DocumentStatus_DOCUMENT_STATUS_PAID, document().GetStatus())

	manager.open("/documents/" + id)
	manager.leads(200, manager.clickText("Make an act"))
	manager.open(manager.path())
	manager.do(manager.clickText("Issue"))
	manager.leads(200, click("#ask-yes"))
	acts, err := documents.ListDocuments(t.Context(), &finsystemv1.ListDocumentsRequest{BasedOnId: id})
	require.NoError(t, err)
	require.Len(t, acts.GetDocuments(), 1)
	require.Equal(t, finsystemv1.DocumentStatus_DOCUMENT_STATUS_ISSUED, acts.GetDocuments()[0].GetStatus())
	director.open("/balance")
	head.open("/reports/income")
	require.Contains(t, ask[string](head, "document.querySelector('main').innerText"), "parts")
}
