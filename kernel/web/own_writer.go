package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opencabinet/cabinet/kernel/module"
)

// fromModule are the headers of a module's answer that are passed on: those that speak of the answer itself. What speaks
// for the site, its cookies and its security policy among them, is the portal's.
var fromModule = []string{
	"Accept-Ranges", "Content-Disposition", "Content-Language", "Content-Length", "Content-Range", "Content-Type",
	"Etag", "Last-Modified", "Location", "Retry-After",
}

// mostMarkup is how much HTML of a module is put inside the layout, in bytes; it is held in memory.
const mostMarkup = 4 << 20

// ownWriter takes a module's answer and decides, at its beginning, what becomes of it.
type ownWriter struct {
	c       echo.Context
	origin  string
	header  http.Header
	streams func() // called when a stream of events begins

	how  fate
	code int
	body bytes.Buffer // of what is titled
	err  error
}

// fate is what becomes of an answer.
type fate int

const (
	undecided fate = iota
	passed         // goes to the browser as it comes
	titled         // is put inside the layout
	refusal        // is told by the portal's own page
)

var errOver = errors.New("the answer is not passed on")

// Header is the module's alone until the answer begins.
func (w *ownWriter) Header() http.Header { return w.header }

// Fail says why there is no answer.
func (w *ownWriter) Fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// WriteHeader begins the answer.
func (w *ownWriter) WriteHeader(code int) {
	if w.how != undecided || w.err != nil || code < http.StatusOK {
		return // hints come before an answer; browsers do well without
	}
	w.code = code
	kind, _, _ := mime.ParseMediaType(w.header.Get("Content-Type"))
	switch {
	case w.header.Get(module.TitleHeader) != "" && (kind == "text/html" || kind == "") && (code < 300 || code >= 400):
		w.how = titled
	case code >= http.StatusBadRequest && (kind == "text/plain" || kind == ""):
		w.how = refusal
	default:
		w.pass(kind)
	}
}

// pass begins an answer that goes to the browser as it comes.
func (w *ownWriter) pass(kind string) {
	if strings.Contains(kind, "javascript") || strings.Contains(kind, "ecmascript") {
		// On this site it could do whatever its reader may, and more than the module.
		w.err = fmt.Errorf("it answers with a script (%s), and modules' pages bring none of their own", kind)
		return
	}
	if to := w.header.Get("Location"); to != "" && !w.within(to) {
		w.err = fmt.Errorf("it leads to another site: %q", to)
		return
	}
	w.how = passed
	h := w.c.Response().Header()
	for _, name := range fromModule {
		if values := w.header.Values(name); len(values) > 0 {
			h[name] = values
		}
	}
	// What one reader may see is no one else's: stores that several share keep nothing.
	if cache := strings.ToLower(w.header.Get("Cache-Control")); strings.Contains(cache, "private") && !strings.Contains(cache, "public") {
		h.Set("Cache-Control", cache)
	}
	if kind == "text/event-stream" {
		w.streams()
	}
	w.c.Response().WriteHeader(w.code)
}

// within tells whether an address is of this portal.
func (w *ownWriter) within(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, "\\\t\r\n") || u.Opaque != "" {
		return false
	}
	if u.Scheme == "" && u.Host == "" {
		return !strings.HasPrefix(address, "//")
	}
	return u.Scheme+"://"+u.Host == w.origin && u.User == nil
}

// Write writes of the answer.
func (w *ownWriter) Write(p []byte) (int, error) {
	if w.how == undecided && w.err == nil {
		if w.header.Get("Content-Type") == "" {
			w.header.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return 0, errOver
	case w.how == refusal:
		return len(p), nil
	case w.how == passed:
		return w.c.Response().Write(p)
	case w.body.Len()+len(p) > mostMarkup:
		w.err = fmt.Errorf("it is larger than %d bytes, which is too much for a page inside the layout", mostMarkup)
		return 0, errOver
	}
	return w.body.Write(p)
}

// Flush sends what was written so far; what is put inside the layout comes as a whole.
func (w *ownWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if w.how == passed && w.err == nil {
		w.c.Response().Flush()
	}
}
