package finsystem

import (
	"io"
	"net/http"
	"regexp"
	"strings"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var filePath = regexp.MustCompile(`^/documents/([0-9a-f-]{36})\.pdf$`)

// serveFile answers with a document's file to whoever may read the document.
func (m *Module) serveFile(w http.ResponseWriter, r *http.Request) {
	found := filePath.FindStringSubmatch(r.URL.Path)
	if found == nil {
		http.NotFound(w, r)
		return
	}
	// Read through the contract, as the reader: what they may not see is not there.
	got, err := m.documents.GetDocument(r.Context(), &v1.GetDocumentRequest{Id: found[1]})
	if err != nil {
		module.Refuse(w, err)
		return
	}
	d := got.GetDocument()
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+fileName(d)+`"`)
	h.Set("Cache-Control", "private, no-store")
	if d.GetFileSha256() == "" { // a draft, or issued a moment ago
		row, err := findDocument(m.host.Self(r.Context()), m.host.Store, d.GetId())
		if err == nil {
			var pdf []byte
			if pdf, err = m.pdf(m.host.Self(r.Context()), row); err == nil {
				_, _ = w.Write(pdf)
				return
			}
		}
		module.Refuse(w, err)
		return
	}
	content, err := m.host.Blobs.Open(r.Context(), d.GetFileSha256())
	if err != nil {
		module.Refuse(w, err)
		return
	}
	defer content.Close()
	_, _ = io.Copy(w, content)
}

// fileName is what a document's file is called when it is kept: letters, digits and signs that no system minds.
func fileName(d *v1.Document) string {
	name := strings.Map(func(r rune) rune {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-') {
			return r
		}
		return '-'
	}, d.GetNumber())
	if strings.Trim(name, "-") == "" {
		name = d.GetId()
	}
	return name + ".pdf"
}
