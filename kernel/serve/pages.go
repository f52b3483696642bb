package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
)

// headerWithin is how long the portal may take to send a request's headers: it has them already.
const headerWithin = 10 * time.Second

// servePages serves the module's own pages on the socket that the portal names.
func (s *server) servePages(socket string) error {
	m, ok := s.module.(module.Pages)
	if !ok || socket == "" {
		return nil
	}
	routes := m.Routes()
	if routes == nil {
		routes = http.NotFoundHandler()
	}
	listener, err := new(net.ListenConfig).Listen(s.life, "unix", socket)
	if err != nil {
		return fmt.Errorf("the socket for pages: %w", err)
	}
	web := &http.Server{
		Handler: s.page(routes), ReadHeaderTimeout: headerWithin, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return s.life },
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.ErrorContext(s.life, "the socket for pages ended", "error", err)
		}
	}()
	s.closers = append(s.closers, func(context.Context) error {
		err := web.Close() // the portal has let those under way finish before
		<-ended
		return err
	})
	return nil
}

// page has a request served as the reader whom the portal names. What a handler panics with is logged here and is a
// refusal to the reader, as in the portal's process.
func (s *server) page(routes http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := wire.ReadPage(r.Header)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		// The request is the one that the portal would hand to a handler in its own process.
		ctx, end := s.telemetry.begin(asked.Context(r.Context()), "page of "+s.id, trace.SpanKindServer)
		if end != nil {
			defer func() { end(nil) }()
		}
		r = r.WithContext(ctx)
		r.RemoteAddr = ""
		begun := &begun{ResponseWriter: w}
		defer func() {
			switch p := recover(); {
			case p == nil:
			case p == http.ErrAbortHandler: //nolint:errorlint // net/http compares it so
				panic(p)
			default:
				_ = call.Panicked(r.Context(), call.Provider{Module: s.id, Method: "page " + r.URL.Path, Log: s.log}, p)
				if begun.yes {
					panic(http.ErrAbortHandler) // or half of an answer would pass for the whole
				}
				module.Refuse(w, errPanicked)
			}
		}()
		routes.ServeHTTP(begun, r)
	})
}

var errPanicked = errors.New("the page panicked")

// begun knows whether an answer was begun.
type begun struct {
	http.ResponseWriter
	yes bool
}

// WriteHeader begins the answer.
func (b *begun) WriteHeader(code int) {
	b.yes = b.yes || code >= http.StatusOK
	b.ResponseWriter.WriteHeader(code)
}

// Write begins the answer too.
func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Flush sends what was written.
func (b *begun) Flush() {
	b.yes = true
	_ = http.NewResponseController(b.ResponseWriter).Flush()
}
