package finsystem

import (
	"cmp"
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Routes serves documents and statements as files, each to who may read them.
func (m *Module) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /documents/{file}", m.serveFile)
	mux.HandleFunc("GET /signatory/{file}", m.servePicture)
	mux.HandleFunc("GET /statement.pdf", m.statementFile(".pdf", "application/pdf", mostPrinted, (*paperStatement).pdf))
	mux.HandleFunc("GET /statement.xlsx", m.statementFile(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", mostInSheet, (*paperStatement).xlsx))
	return mux
}

// statementFile answers with a statement to whoever may read it: the contract decides, as it does for the page. What a reader may not see is not there.
func (m *Module) statementFile(ending, contentType string, most int, write func(*paperStatement) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, query := r.Context(), r.URL.Query()
		whole, err := m.wholeStatement(ctx, &v1.ListReconciliationLinesRequest{
			ClientId: query.Get("client_id"), FromDate: query.Get("from_date"), ToDate: query.Get("to_date"), CurrencyCode: query.Get("currency_code"), PageSize: 200,
		}, most)
		if err != nil {
			module.Refuse(w, err)
			return
		}
		p := &paperStatement{Reconciliation: whole, seller: m.settings.Seller, text: m.words.For(module.Language(ctx), m.host.Zone), made: m.host.Now()}
		client, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: p.GetClientId()})
		if err != nil {
			module.Refuse(w, err)
			return
		}
		p.buyer = buyerOf(client.GetClient())
		content, err := write(p)
		if err != nil {
			m.host.Log.ErrorContext(ctx, "a statement could not be made", "error", err)
			module.Refuse(w, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Length", strconv.Itoa(len(content)))
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": statementName(p.text.T(ID+".reconciliation.title"), p.buyer.Name, p.GetFromDate(), p.GetToDate()) + ending}))
		_, _ = w.Write(content) // who breaks off reads no answer
	}
}

// How many lines a statement has as a PDF, which is some 400 pages then, and as a workbook. All of them are in memory while it is made.
const mostPrinted, mostInSheet = 20_000, 100_000

// wholeStatement asks for a statement page by page, as whoever reads it. Its lines are of one moment, as its sums are: where those changed in between, it asks again.
func (m *Module) wholeStatement(ctx context.Context, r *v1.ListReconciliationLinesRequest, most int) (*v1.Reconciliation, error) {
	for range 5 {
		var out *v1.Reconciliation
		var lines []*v1.ReconciliationLine
		for r.PageToken = ""; ; {
			page, err := m.settlements.ListReconciliationLines(ctx, r)
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = page.GetReconciliation()
			} else if !proto.Equal(page.GetReconciliation(), out) {
				break
			}
			lines = append(lines, page.GetLines()...)
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				out.Lines = lines
				return out, nil
			}
			if len(lines) >= most {
				return nil, refuse(codes.FailedPrecondition, "from_date", "too_many_lines", "there are more than "+strconv.Itoa(most)+" lines: ask for fewer days, or take the workbook, which holds "+strconv.Itoa(mostInSheet))
			}
		}
	}
	return nil, errMeanwhile
}

// statementName makes a name for a file of what people wrote: letters, digits and dashes, and no longer than a file system takes.
func statementName(parts ...string) string {
	var out []rune
	for _, part := range parts {
		for _, r := range strings.TrimSpace(part) + " " {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r):
				out = append(out, r)
			case len(out) > 0 && out[len(out)-1] != '-':
				out = append(out, '-')
			}
		}
	}
	return cmp.Or(strings.Trim(string(out[:min(len(out), 80)]), "-"), "statement")
}
