package finsystem_test

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

func TestStatementFiles(t *testing.T) {
	o := newOfficeOn(t, 20)
	o.month()
	o.head.adjust(o.zerno, "1.00", "2026-11-19", `=HYPERLINK("https://example.com")`)
	o.head.adjust(o.zerno, "-1.00", "2026-11-19", "Back again")
	// A name that somebody chose to break headers and paths.
	_, err := clientmanagerv1.NewClientServiceClient(o.head.user.Conn).UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{
		Client: &clientmanagerv1.Client{Id: o.zerno, LegalName: `../"Зерно" & Co; filename=x`}, UpdateMask: mask("legal_name"),
	})
	require.NoError(t, err)
	query := "?from_date=2026-11-01&to_date=2026-11-30&client_id="

	t.Run("the page leads to them", func(t *testing.T) {
		page := o.director.user.Get(t, "/reconciliation?from_date=2026-11-01&to_date=2026-11-30")
		require.Equal(t, http.StatusOK, page.Status)
		for _, text := range []string{"INVOICE-00001", "1,251.00", "/m/finsystem/statement.pdf?client_id=" + o.zerno + "&amp;from_date=2026-11-01&amp;to_date=2026-11-30&amp;currency_code=UAH"} {
			require.Contains(t, page.Body, text)
		}
		require.Equal(t, http.StatusOK, o.manager.user.Get(t, "/clients/"+o.zerno+"/reconciliation").Status)
		require.Equal(t, http.StatusNotFound, o.manager.user.Get(t, "/clients/"+o.other+"/reconciliation").Status)
	})
	t.Run("XLSX", func(t *testing.T) {
		file := o.director.user.Get(t, "/m/finsystem/statement.xlsx"+query)
		require.Equal(t, http.StatusOK, file.Status)
		require.Contains(t, file.Header.Get("Cache-Control"), "no-store")
		_, with, err := mime.ParseMediaType(file.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "Reconciliation-statement-Зерно-Co-filename-x-2026-11-01-2026-11-30.xlsx", with["filename"])
		book, err := excelize.OpenReader(bytes.NewReader([]byte(file.Body)))
		require.NoError(t, err)
		defer func() { require.NoError(t, book.Close()) }()
		rows, err := book.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		number := func(row, column int) float64 {
			if row >= len(rows) || column >= len(rows[row]) || rows[row][column] == "" {
				return 0
			}
			n, err := strconv.ParseFloat(rows[row][column], 64)
			require.NoError(t, err)
			return n
		}
		const first, lines = 3, 7
		debits, credits := 0.0, 0.0
		for i := range lines {
			debits, credits = debits+number(first+i, 3), credits+number(first+i, 4)
		}
		require.Equal(t, []float64{1251, 1151, 1251, 1151}, []float64{debits, credits, number(first+lines, 3), number(first+lines, 4)})
		require.InDelta(t, number(first-1, 5)+credits-debits, number(first+lines+1, 5), 0)
		for _, row := range rows {
			for _, cell := range row {
				require.NotContains(t, cell[:min(1, len(cell))], "=", "nothing is computed")
			}
		}
	})
	t.Run("PDF", func(t *testing.T) {
		file := o.manager.user.Get(t, "/m/finsystem/statement.pdf"+query+o.zerno)
		require.Equal(t, http.StatusOK, file.Status)
		require.Equal(t, "application/pdf", file.Header.Get("Content-Type"))
		text := pdfText(t, file.Body)
		for _, said := range []string{"Reconciliation statement", "Polissia Climate LLC", "Зерно", "Invoice INVOICE-00001", "1,251.00", "in favour of", "Nine hundred hryvnias"} {
			require.Contains(t, text, said)
		}
	})
	t.Run("in its reader's language", func(t *testing.T) {
		at, err := url.Parse(o.URL() + "/")
		require.NoError(t, err)
		reader := o.User(t, o.director.user.Token)
		reader.HTTP.Jar.SetCookies(at, []*http.Cookie{{Name: "cabinet_language", Value: "uk"}})
		text := pdfText(t, reader.Get(t, "/m/finsystem/statement.pdf"+query).Body)
		for _, said := range []string{"Акт звірки", "Рахунок INVOICE-00001", "Сальдо на кінець", "заборгованість на користь", "Девʼятсот гривень"} {
			require.Contains(t, text, said)
		}
	})
	t.Run("nobody else's", func(t *testing.T) {
		for _, path := range []string{"statement.pdf", "statement.xlsx"} {
			require.Equal(t, http.StatusNotFound, o.stranger.user.Get(t, "/m/finsystem/"+path+query+o.zerno).Status)
			require.Equal(t, http.StatusNotFound, o.manager.user.Get(t, "/m/finsystem/"+path+query+o.other).Status)
			require.Equal(t, http.StatusBadRequest, o.director.user.Get(t, "/m/finsystem/"+path+"?from_date="+url.QueryEscape("2026-13-01")).Status)
			require.NotEqual(t, http.StatusOK, o.Anonymous(t).Get(t, "/m/finsystem/"+path+query+o.zerno).Status)
		}
	})
	t.Run("a month in which nothing moved", func(t *testing.T) {
		file := o.director.user.Get(t, "/m/finsystem/statement.pdf?from_date=2026-01-01&to_date=2026-01-31")
		require.Contains(t, pdfText(t, file.Body), "nobody owes anything")
	})
}

// pdfText is what is written in a PDF, on one line.
func pdfText(t *testing.T, pdf string) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not there")
	}
	file := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(file, []byte(pdf), 0o600))
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
	require.NoError(t, err)
	return string(bytes.Join(bytes.Fields(out), []byte(" ")))
}

// The head's pages: the report, what a figure of it is made of, and the books.
func TestReportPages(t *testing.T) {
	o := newOfficeOn(t, 29)
	o.head.payOn(o.zerno, "10000.00", "2026-10-01", "B-1")
	o.manager.sold(o.zerno, "maintenance", "10", "2026-10-15")
	o.manager.sold(o.zerno, "maintenance", "15", "2026-11-15")
	o.head.adjust(o.zerno, "30.00", "2026-11-07", "Goodwill")
	page := o.head.user.Get(t, "/reports/income?from_date=2026-11-01&to_date=2026-11-30")
	require.Equal(t, http.StatusOK, page.Status)
	for _, text := range []string{`<svg class="bar"`, `<svg class="bar out"`, "maintenance", "1,500.00", "50\u00a0%", `href="/reports/income/INCOME_KIND_INCOME/INCOME_GROUP_ITEM/maintenance?from_date=2026-11-01&amp;to_date=2026-11-30&amp;currency_code=UAH"`} {
		require.Contains(t, page.Body, text)
	}
	opened := o.head.user.Get(t, "/reports/income/INCOME_KIND_INCOME/INCOME_GROUP_ITEM/maintenance?from_date=2026-11-01&to_date=2026-11-30")
	require.Contains(t, opened.Body, "1,500.00")
	require.NotContains(t, opened.Body, "1,000.00")
	byClient := o.head.user.Get(t, "/reports/income?group_by=INCOME_GROUP_CLIENT&from_date=2026-11-01&to_date=2026-11-30")
	require.Contains(t, byClient.Body, "Zerno")
	for _, by := range []v1.IncomeGroup{v1.IncomeGroup_INCOME_GROUP_BRANCH, v1.IncomeGroup_INCOME_GROUP_MANAGER, v1.IncomeGroup_INCOME_GROUP_MONTH} {
		require.Equal(t, http.StatusOK, o.head.user.Get(t, "/reports/income?group_by="+by.String()).Status)
	}
	require.Equal(t, http.StatusForbidden, o.director.user.Get(t, "/reports/income").Status)
	require.Equal(t, http.StatusOK, o.head.user.Get(t, "/books").Status)
	require.Contains(t, o.head.user.Get(t, "/").Body, `href="/books"`)
	require.Equal(t, http.StatusOK, o.director.user.Get(t, "/obligations").Status)
	require.Contains(t, o.director.user.Get(t, "/balance").Body, "Charged this month")
}

// A statement longer than one answer is whole as a file, also while somebody posts; one longer than a file says what to do.
func TestLongStatementFiles(t *testing.T) {
	kerneltest.SkipAsProcess(t, "it posts with the module's own ledger")
	p := newPoster(t)
	first, last := p.zero.AddDate(0, 0, 1), p.zero.AddDate(0, 0, 30)
	query := "?client_id=" + p.zerno + "&from_date=" + first.Format(time.DateOnly) + "&to_date=" + last.Format(time.DateOnly)
	posted := 0
	post := func(n int) {
		many := make([]ledger.Posting, n)
		for i := range many {
			posted++
			many[i] = ledger.Posting{
				Key: store.NewID(), Kind: ledger.Payment, ClientID: p.zerno, Currency: "UAH", Date: first.AddDate(0, 0, posted%30), Memo: "Payment " + strconv.Itoa(posted),
				Entries: []ledger.Entry{{Account: p.client, Contra: p.bank, Amount: 1}},
			}
		}
		_, err := ledger.Post(p.ctx, p.s, many...)
		require.NoError(t, err)
	}
	post(3000)
	sumDays(t, p.DSN, 10_000)
	post(3000) // these are not among the sums yet

	var posting sync.WaitGroup
	posting.Go(func() { post(1) })
	file := p.director.user.Get(t, "/m/finsystem/statement.xlsx"+query)
	posting.Wait()
	require.Equal(t, http.StatusOK, file.Status)
	book, err := excelize.OpenReader(strings.NewReader(file.Body))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	rows, err := book.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	lines := rows[3 : len(rows)-3] // below the title and the opening balance, above what it comes to
	require.Contains(t, []int{6000, 6001}, len(lines))
	memos := map[string]bool{}
	for _, line := range lines {
		memos[line[2]] = true
	}
	require.Len(t, memos, len(lines))
	credits, err := strconv.ParseFloat(rows[len(rows)-3][4], 64)
	require.NoError(t, err)
	require.InDelta(t, float64(len(lines))/100, credits, 0.001)
	require.Contains(t, pdfText(t, p.director.user.Get(t, "/m/finsystem/statement.pdf"+query).Body), "Payment 6000")

	for range 7 {
		post(2000)
	}
	sumDays(t, p.DSN, 30_000)
	refused := p.director.user.Get(t, "/m/finsystem/statement.pdf"+query)
	require.Equal(t, http.StatusConflict, refused.Status)
	require.Contains(t, refused.Body, "take the workbook (XLSX)")
	require.Equal(t, http.StatusOK, p.director.user.Get(t, "/m/finsystem/statement.xlsx"+query).Status)
}
