package finsystem

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Routes serves documents and statements as files, each to who may read them.
func (m *Module) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /documents/{file}", m.serveFile)
	mux.HandleFunc("GET /signatory/{file}", m.servePicture)
	mux.HandleFunc("GET /statement.pdf", m.statementFile(".pdf", "application/pdf", (*paperStatement).pdf))
	mux.HandleFunc("GET /statement.xlsx", m.statementFile(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (*paperStatement).xlsx))
	return mux
}

// statementFile answers with a statement to whoever may read it: the contract decides, as it does for the page. What a reader may not see is not there.
func (m *Module) statementFile(ending, contentType string, write func(*paperStatement) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, query := r.Context(), r.URL.Query()
		got, err := m.settlements.GetReconciliation(ctx, &v1.GetReconciliationRequest{
			ClientId: query.Get("client_id"), FromDate: query.Get("from_date"), ToDate: query.Get("to_date"), CurrencyCode: query.Get("currency_code"),
		})
		if err != nil {
			module.Refuse(w, err)
			return
		}
		p := &paperStatement{Reconciliation: got.GetReconciliation(), seller: m.settings.Seller, text: m.words.For(module.Language(ctx), m.host.Zone), made: m.host.Now()}
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
