package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

const (
	// hooksPath is where programs elsewhere post to, below a module's own pages.
	hooksPath = "/hooks/"
	// hooksPerMinute is how many posts one address may send. A gateway that has many notices to deliver comes back for what
	// was refused.
	hooksPerMinute = 1200
	// mostAnswer is how much of a module's answer is passed on, in bytes.
	mostAnswer = 64 << 10
)

// notToHooks are headers that are between a sender and the portal: its cookies, and how the connection is kept.
var notToHooks = []string{"Cookie", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding"}

// hook has a module take what a program elsewhere posts. Nobody acts: the module finds out whether to believe it.
func (s *Server) hook(id string, routes http.Handler) echo.HandlerFunc {
	base := s.href(ownPrefix + id)
	return func(c echo.Context) error {
		if wait := s.public.hooks.Take(c.RealIP()); wait > 0 {
			return tooOften(c, wait)
		}
		from := c.Request()
		body, err := io.ReadAll(http.MaxBytesReader(c.Response(), from.Body, module.MostHook))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return c.String(http.StatusRequestEntityTooLarge, "too large\n")
		case err != nil:
			return c.String(http.StatusBadRequest, "it could not be read\n")
		}
		ctx := access.With(from.Context(), access.Principal{Place: place(c), Via: []string{id}})
		ctx = module.WithPage(ctx, module.Page{Base: base, Language: s.Languages[0]})
		to := (&http.Request{
			Method: from.Method, Proto: from.Proto, ProtoMajor: from.ProtoMajor, ProtoMinor: from.ProtoMinor,
			Host: strings.TrimPrefix(strings.TrimPrefix(s.Origin, "https://"), "http://"), Header: from.Header.Clone(),
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			URL: &url.URL{Path: "/" + strings.TrimPrefix(strings.TrimPrefix(from.URL.Path, base), "/"), RawQuery: from.URL.RawQuery},
		}).WithContext(ctx)
		to.RequestURI = to.URL.RequestURI()
		for name := range to.Header {
			if strings.HasPrefix(name, "Cabinet-") || strings.HasPrefix(name, "X-Forwarded-") {
				to.Header.Del(name)
			}
		}
		for _, name := range notToHooks {
			to.Header.Del(name)
		}
		w := &hookWriter{header: http.Header{}}
		if err := s.served(ctx, id, routes, w, to); err != nil || w.err != nil {
			s.Log.WarnContext(ctx, "what a program posted was not taken", "module", id, "error", errors.Join(err, w.err))
			return c.String(http.StatusServiceUnavailable, "try again later\n")
		}
		if w.code == 0 {
			w.code = http.StatusOK
		}
		return c.Blob(w.code, "text/plain; charset=utf-8", w.body.Bytes())
	}
}

// served runs a module's handler; a panic is an error, and told to nobody.
func (s *Server) served(ctx context.Context, id string, routes http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.ErrorContext(ctx, "a module's hook panicked", "module", id, "panic", p)
			err = errors.New("the handler panicked")
		}
	}()
	routes.ServeHTTP(w, r)
	return nil
}

// hookWriter keeps the answer to a program: a status and a short text.
type hookWriter struct {
	header http.Header
	code   int
	body   bytes.Buffer
	err    error
}

// Header is the module's; nothing of it is passed on.
func (w *hookWriter) Header() http.Header { return w.header }

// Fail says why there is no answer.
func (w *hookWriter) Fail(err error) { w.err = err }

// WriteHeader says the status.
func (w *hookWriter) WriteHeader(code int) {
	if w.code == 0 && code >= http.StatusOK {
		w.code = code
	}
}

// Write keeps the beginning of the text.
func (w *hookWriter) Write(p []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	w.body.Write(p[:min(len(p), mostAnswer-w.body.Len())])
	return len(p), nil
}
