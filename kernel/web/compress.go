package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// worthwhile is how long a page is, in bytes, before it is compressed: shorter ones travel in one packet anyhow.
const worthwhile = 1400

var writers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// sendPage sends a page, compressed where that gives nothing away. A page has secrets (the token of its forms, a client's figures) beside
// what an address brings (a name looked for), and from how long both are together compressed a secret can be guessed by whoever makes a browser ask often
// enough and sees the lengths: https://www.breachattack.com. Another site can do the first only with requests that browsers mark as coming from
// there, so what is compressed is what our own pages, or somebody at the address bar, asked for:
// https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header. A browser that does not say gets the page as it is.
func sendPage(c echo.Context, code int, page string) error {
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	h.Add(echo.HeaderVary, "Sec-Fetch-Site")
	if len(page) < worthwhile || !ourOwn(c.Request()) || !takesGzip(c.Request()) {
		return c.HTML(code, page)
	}
	h.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	h.Set(echo.HeaderContentEncoding, "gzip")
	c.Response().WriteHeader(code)
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(c.Response())
	if _, err := io.WriteString(w, page); err != nil {
		return err
	}
	return w.Close()
}

// ourOwn tells whether a request comes from a page of this origin or from somebody at the address bar.
func ourOwn(r *http.Request) bool {
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "same-origin" || from == "none"
}

// takesGzip tells whether who asks can unpack: https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding.
func takesGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(strings.Join(r.Header.Values(echo.HeaderAcceptEncoding), ","), ",") {
		name, weight, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, q, given := strings.Cut(weight, "=")
		if !given {
			return true
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return err == nil && n > 0
	}
	return false
}
