package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// ownPrefix is where modules' own pages lie: below /m/ID/. No screen may have a path there.
const ownPrefix = "/m/"

// fromBrowser are the headers that a module's own page is told of. Whatever else a browser sends, cookies and names by
// which the kernel speaks among them, ends here.
var fromBrowser = []string{
	"Accept", "Accept-Language", "Content-Type", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
	"If-Unmodified-Since", "Last-Event-Id", "Origin", "Range", "Referer", "User-Agent",
}

// own adds the routes of modules' own pages.
func (s *Server) own(root *echo.Group) error {
	for _, sc := range s.Screens.Screens() {
		if strings.HasPrefix(sc.Path+"/", ownPrefix) {
			return fmt.Errorf("screen %s.%s has the path %s: below %s lie modules' own pages, choose another", sc.Module, sc.ID, sc.Path, ownPrefix)
		}
	}
	for id, routes := range s.Own {
		if slices.Contains(s.Hooks, id) {
			root.POST(ownPrefix+id+hooksPath+"*", s.hook(id, routes))
		}
		scoped := func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error { c.Set(csrfScopeKey, id); return next(c) }
		}
		group := root.Group(ownPrefix+id, scoped, s.crossOrigin, keepBody, s.identify, s.csrf, s.signedIn, s.afterGuise, s.enrols, looks)
		serve := func(c echo.Context) error { return s.serveOwn(c, id, routes) }
		for _, path := range []string{"", "/*"} {
			group.GET(path, serve)
			group.POST(path, serve)
		}
	}
	return nil
}

// Drain ends the streams of events on modules' own pages, which would not end by themselves. Browsers come back.
func (s *Server) Drain() { s.drain() }

const bodyKey = "body"

// keepBody reads a form's body before the check for forgery does, for the module to read it again.
func keepBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet {
			r.Body, r.ContentLength = http.NoBody, 0
			return next(c)
		}
		body, err := io.ReadAll(r.Body)
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		case err != nil:
			return status.Error(codes.InvalidArgument, "the form could not be read")
		}
		c.Set(bodyKey, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return next(c)
	}
}

// serveOwn has a module serve a page of its own, for the reader.
func (s *Server) serveOwn(c echo.Context, id string, routes http.Handler) error {
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	defer s.open.add(visitorOf(c).identity.GetSessionId(), cancel)()
	// The request is read; the server's limit on reading would end a long download. Without one there is none to lift.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Time{})
	w := &ownWriter{c: c, origin: s.Origin, header: http.Header{}, streams: func() { context.AfterFunc(s.draining, cancel) }}
	func() {
		defer func() {
			switch p := recover(); {
			case p == nil, p == http.ErrAbortHandler && w.err != nil && !c.Response().Committed: //nolint:errorlint // net/http compares it so
				// The module, or the proxy to it, broke off because nothing more was taken.
			case p != http.ErrAbortHandler && c.Response().Committed: //nolint:errorlint // as above
				s.Log.ErrorContext(ctx, "a module's page panicked", "module", id, "path", c.Request().URL.Path, "panic", p)
				panic(http.ErrAbortHandler) // or half of an answer would pass for the whole
			default:
				panic(p)
			}
		}()
		routes.ServeHTTP(w, s.ownRequest(c, ctx, id))
	}()
	if w.how == undecided && w.err == nil {
		w.WriteHeader(http.StatusOK)
	}
	var paused interface{ Paused() bool }
	switch {
	case errors.As(w.err, &paused) && paused.Paused():
		return s.paused(c)
	case w.err != nil:
		return fmt.Errorf("a page of module %s: %w", id, w.err)
	case w.how == refusal:
		refused := refusalOf(w.code)
		if reason := w.header.Get(module.ReasonHeader); strings.HasPrefix(reason, id+".") {
			refused.said, _ = s.text(c).First(reason)
		}
		return refused
	case w.how == titled:
		title := strings.ToValidUTF8(w.header.Get(module.TitleHeader), "")
		return s.render(c, w.code, ui.Layout(s.shell(c, s.env(c, nil), title), markup(w.body.Bytes())))
	}
	return nil
}

// ownRequest is what a module sees of a request: the reader acts, through the module, and nothing is decided yet.
func (s *Server) ownRequest(c echo.Context, ctx context.Context, id string) *http.Request {
	from := c.Request()
	base := s.href(ownPrefix + id)
	who := visitorOf(c).principal
	who.Via = append(slices.Clip(who.Via), id)
	ctx = module.WithPage(access.With(ctx, who), module.Page{
		Base: base, CSRF: s.csrfFor(c, id), Language: s.text(c).Language(),
	})
	to := (&http.Request{
		Method: from.Method, Proto: from.Proto, ProtoMajor: from.ProtoMajor, ProtoMinor: from.ProtoMinor,
		Host: strings.TrimPrefix(strings.TrimPrefix(s.Origin, "https://"), "http://"), Header: http.Header{}, Body: http.NoBody,
	}).WithContext(ctx)
	for _, name := range fromBrowser {
		if values := from.Header.Values(name); len(values) > 0 {
			to.Header[name] = slices.Clone(values)
		}
	}
	if body, ok := c.Get(bodyKey).([]byte); ok {
		to.Body, to.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	to.URL = &url.URL{Path: "/" + strings.TrimPrefix(strings.TrimPrefix(from.URL.Path, base), "/"), RawQuery: from.URL.RawQuery}
	if raw, ok := strings.CutPrefix(from.URL.RawPath, base); ok {
		to.URL.RawPath = "/" + strings.TrimPrefix(raw, "/")
	}
	if query, err := url.ParseQuery(to.URL.RawQuery); err != nil {
		to.URL.RawQuery = query.Encode() // what can be read of it
	}
	to.RequestURI = to.URL.RequestURI()
	return to
}

// refusalOf is the portal's own page for a status.
func refusalOf(code int) *pageError {
	for _, known := range []struct {
		code int
		key  string
	}{
		{http.StatusNotFound, "not_found"}, {http.StatusMethodNotAllowed, "not_found"}, {http.StatusGone, "not_found"},
		{http.StatusForbidden, "not_allowed"}, {http.StatusUnauthorized, "not_allowed"}, {http.StatusConflict, "conflict"},
		{http.StatusRequestEntityTooLarge, "too_large"}, {http.StatusTooManyRequests, "too_many"}, {http.StatusServiceUnavailable, "unavailable"},
	} {
		if known.code == code {
			return &pageError{status: code, key: "kernel.error." + known.key}
		}
	}
	if code < http.StatusInternalServerError {
		return &pageError{status: code, key: "kernel.error.bad_request"}
	}
	return &pageError{status: code, key: "kernel.error.internal"}
}

// paused is the notice in the place of a module that waits for somebody of the business. Nothing is wrong with the
// reader's request, and nothing is there for them to do.
func (s *Server) paused(c echo.Context) error {
	text, key := s.text(c), "kernel.error.paused"
	problem := ui.Problem{
		Status: http.StatusServiceUnavailable, Icon: "clock", Tone: ui.ToneNone, Title: text.T(key), Text: text.T(key + "_hint"),
		Actions: []ui.Button{{Label: text.T("kernel.error.home"), Href: s.href("/")}},
	}
	return s.render(c, problem.Status, ui.Layout(s.shell(c, s.env(c, nil), problem.Title), ui.ErrorBody(problem)))
}

// markup is HTML that a module wrote. The security policy of the page keeps scripts out of it.
type markup []byte

// Render writes it as it is.
func (m markup) Render(_ context.Context, w io.Writer) error {
	_, err := w.Write(m)
	return err
}
