package assets

import (
	"net/http"
	"path"
	"strconv"
	"strings"
)

var _ http.Handler = (*Bundle)(nil)

// ServeHTTP answers GET and HEAD for what URL names, whether or not the base path was stripped before. A name holds the
// hash of its content, so an answer stays good for a year and is never asked for again. Old names answer 404.
func (b *Bundle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	f, ok := b.files[path.Base(r.URL.Path)]
	if !ok {
		h.Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	body, encoding := f.plain, ""
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case f.br != nil && accepts(accepted, "br"):
		body, encoding = f.br, "br"
	case f.gzip != nil && accepts(accepted, "gzip"):
		body, encoding = f.gzip, "gzip"
	}
	// Each form has a tag of its own: a cache must not join a part of one to a part of another.
	etag := f.etag
	if encoding != "" {
		etag = strings.TrimSuffix(f.etag, `"`) + "-" + encoding + `"`
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", etag)
	h.Add("Vary", "Accept-Encoding")
	if strings.HasPrefix(f.contentType, "image/svg") {
		// Opened by itself, an SVG is a document of the portal's origin: it gets no rights.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	}
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		// A reader who has gone away is nobody's error.
		_, _ = w.Write(body)
	}
}

// accepts says whether an Accept-Encoding header takes the coding: named, or as *, and not with a weight of zero. A name
// of its own counts more than *.
func accepts(header, coding string) bool {
	any := false
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		name = strings.TrimSpace(name)
		q := strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		takes := params == "" || (err == nil && weight > 0)
		if strings.EqualFold(name, coding) {
			return takes
		}
		if name == "*" {
			any = takes
		}
	}
	return any
}

func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
