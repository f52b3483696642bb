//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
)

const (
	// idlePages is how many connections to a process are kept for pages to come.
	idlePages = 32
	// copied is how much of an answer is passed on at once, in bytes.
	copied = 32 << 10
	// mostHeaders is how large the headers of a page may be, in bytes.
	mostHeaders = 64 << 10
)

// Pages are the handlers of modules that serve pages of their own, by id. Each expects what [module.Pages] promises its
// handlers: a request that is free of what only the portal may say, with a context in which the reader acts. A handler
// that cannot answer tells why to a writer that has Fail(error); others get a status alone.
func (h *Host) Pages() map[string]http.Handler {
	out := map[string]http.Handler{}
	for _, p := range h.Processes() {
		if p.Description().Pages {
			out[p.id] = p.pages()
		}
	}
	return out
}

// pages passes requests on to whichever process runs.
func (p *Process) pages() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", p.id, r.In.Host
		},
		Transport: pagesTransport{p}, BufferPool: &buffers, FlushInterval: -1, // what is flushed there is flushed here
		ErrorLog: slog.NewLogLogger(p.host.cfg.Log.Handler(), slog.LevelDebug), // connections that break, most often the reader's
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if f, ok := w.(interface{ Fail(err error) }); ok {
				f.Fail(err)
				return
			}
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		},
	}
}

var buffers = bufferPool{sync.Pool{New: func() any { b := make([]byte, copied); return &b }}}

type bufferPool struct{ pool sync.Pool }

// Get lends a buffer.
func (b *bufferPool) Get() []byte { return *b.pool.Get().(*[]byte) } //nolint:forcetypeassert // it holds nothing else

// Put takes it back.
func (b *bufferPool) Put(p []byte) { b.pool.Put(&p) }

// pagesConn is the way to one process's pages.
type pagesConn struct {
	socket    string
	transport *http.Transport
}

// newPagesConn keeps the socket in the process's own folder, which is closed to others.
func newPagesConn(folder string) *pagesConn {
	c := &pagesConn{socket: filepath.Join(folder, "pages")}
	c.transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", c.socket)
		},
		DisableCompression: true, MaxIdleConns: idlePages, MaxIdleConnsPerHost: idlePages, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: mostHeaders, WriteBufferSize: copied, ReadBufferSize: copied,
	}
	return c
}

// PausedError is what a page of a module in quarantine fails with: waiting is in vain until somebody resumes it.
type PausedError struct{ Module string }

var _ error = (*PausedError)(nil)

// Error names the module.
func (e *PausedError) Error() string { return "module " + e.Module + " is quarantined" }

// Paused tells the web server that it is no matter of a moment.
func (e *PausedError) Paused() bool { return true }

// GRPCStatus is that of a call to such a module.
func (e *PausedError) GRPCStatus() *status.Status { return status.New(codes.Unavailable, e.Error()) }

// pagesTransport asks the process that runs now.
type pagesTransport struct{ p *Process }

var _ http.RoundTripper = pagesTransport{}

// RoundTrip asks once, or again when the process went away before it answered somebody who only reads.
func (t pagesTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	readOnly := r.Method == http.MethodGet || r.Method == http.MethodHead
	waiting, cancel := context.WithTimeout(r.Context(), t.p.host.cfg.Timing.Page)
	defer cancel()
	for {
		response, err := t.once(r, waiting, readOnly)
		if err == nil || !readOnly || !errors.Is(err, errBroken) {
			return response, err
		}
	}
}

// once asks the process that runs. waiting bounds how long one is waited for, and nothing else.
func (t pagesTransport) once(r *http.Request, waiting context.Context, readOnly bool) (*http.Response, error) {
	p, ctx := t.p, r.Context()
	inst, leave, err := p.enter(waiting, readOnly)
	if err != nil {
		if p.Status().State == Quarantined {
			err = &PausedError{p.id}
		}
		return nil, err
	}
	token, revoke := p.host.tokens.issue(ticket{module: p.id, ctx: ctx})
	end := sync.OnceFunc(func() { revoke(); leave() })
	sent := r.Clone(ctx)
	err = wire.Page{Principal: access.From(ctx), Token: token, Page: module.PageOf(ctx), Traceparent: wire.Traceparent(ctx)}.Attach(sent.Header)
	if err != nil {
		end()
		return nil, err
	}
	response, err := inst.pages.transport.RoundTrip(sent)
	if err != nil {
		defer end()
		return nil, p.unanswered(ctx, inst, err)
	}
	response.Body = &ending{response.Body, end}
	return response, nil
}

// unanswered says why a request failed: its reader left, its process has ended, or that broke off the answer alone.
func (p *Process) unanswered(ctx context.Context, inst *instance, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case p.gone(ctx, inst):
		return fmt.Errorf("%w: %w", errBroken, status.Errorf(codes.Unavailable, "module %s went away: %v", p.id, err))
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("the process of module %s broke off its answer: %w", p.id, err)
}

// ending is an answer's body; with it the request ends, and what its token stood for.
type ending struct {
	io.ReadCloser
	end func()
}

// Close ends the request.
func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
