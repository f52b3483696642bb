package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scopeName = "github.com/opencabinet/cabinet/kernel/web"

// measures makes a span and a measurement of each request, by the pattern of its route: paths name clients and carry
// tokens. What the browser says of a trace is not believed. It is nil where nobody wants either.
func measures(tracer trace.TracerProvider, meter metric.MeterProvider) (echo.MiddlewareFunc, error) {
	if tracer == nil && meter == nil {
		return nil, nil
	}
	m := &measuring{}
	if tracer != nil {
		m.tracer = tracer.Tracer(scopeName)
	}
	if meter != nil {
		var err error
		m.duration, err = meter.Meter(scopeName).Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
			metric.WithDescription("How long requests take, by route, method and status."),
			metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
		if err != nil {
			return nil, fmt.Errorf("prepare the measuring of requests: %w", err)
		}
	}
	return m.around, nil
}

type measuring struct {
	tracer   trace.Tracer            // may be nil
	duration metric.Float64Histogram // may be nil
}

// around is outermost, so that it sees the answer to an error too.
func (m *measuring) around(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		route, method, start := routeOf(c), methodOf(r.Method), time.Now()
		ctx := r.Context()
		var span trace.Span
		if m.tracer != nil {
			ctx, span = m.tracer.Start(ctx, method+" "+route, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
				trace.WithAttributes(attribute.String("http.route", route), attribute.String("http.request.method", method)))
			c.SetRequest(r.WithContext(ctx))
		}
		defer func() { // a request that is broken off ends by a panic
			code := c.Response().Status
			if span != nil {
				span.SetAttributes(attribute.Int("http.response.status_code", code))
				if code >= http.StatusInternalServerError {
					span.SetStatus(codes.Error, "")
				}
				span.End()
			}
			if m.duration != nil {
				m.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(attribute.String("http.route", route),
					attribute.String("http.request.method", method), attribute.Int("http.response.status_code", code)))
			}
		}()
		if err := next(c); err != nil {
			c.Error(err) // now, so that the answer is known
		}
		return nil
	}
}

// routeOf is the pattern that the request's path fits; a path that fits none is nobody's to choose a name by.
func routeOf(c echo.Context) string {
	path := c.Path()
	if path == "" || path == "/*" || strings.HasSuffix(path, "/*") && !strings.Contains(path, ownPrefix) && !strings.HasSuffix(path, "/assets/*") {
		return "unmatched"
	}
	return path
}

// methodOf is one of those that the portal serves.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead:
		return method
	default:
		return "_OTHER"
	}
}
