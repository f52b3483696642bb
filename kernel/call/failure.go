package call

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (r *Router) normal(ctx context.Context, m *method, err error) error {
	return Normal(ctx, r.provider(m), err)
}

func (r *Router) provider(m *method) Provider {
	return Provider{Module: m.module, Method: m.rules.Method, Log: r.options.Log}
}

// Provider names who serves a call, for the log.
type Provider struct {
	Module, Method string
	Log            *slog.Logger
}

// Normal makes any error of a provider a status, the same in the portal's process and in a module's own. What is not
// meant for callers is logged under a reference, and the caller is told the reference alone.
func Normal(ctx context.Context, p Provider, err error) error {
	if err == nil {
		return nil
	}
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		if s := carrier.GRPCStatus(); s != nil && s.Code() != codes.OK {
			return s.Err()
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return status.Error(codes.DeadlineExceeded, context.DeadlineExceeded.Error())
	}
	if errors.Is(err, context.Canceled) {
		return status.Error(codes.Canceled, context.Canceled.Error())
	}
	return p.internal(ctx, "a provider failed", slog.String("error", err.Error()))
}

// recovered is called deferred: it turns a panic of the provider into an error.
func (r *Router) recovered(ctx context.Context, m *method, err *error) {
	if p := recover(); p != nil {
		*err = Panicked(ctx, r.provider(m), p)
	}
}

// Panicked makes a recovered panic of a provider a status, its stack logged under a reference.
func Panicked(ctx context.Context, p Provider, panicked any) error {
	return p.internal(ctx, "a provider panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
}

func (p Provider) internal(ctx context.Context, what string, attrs ...slog.Attr) error {
	reference := rand.Text()[:12]
	attrs = append([]slog.Attr{
		slog.String("reference", reference), slog.String("method", p.Method), slog.String("module", p.Module),
	}, attrs...)
	p.Log.LogAttrs(ctx, slog.LevelError, what, attrs...)
	return status.Error(codes.Internal, "internal error, reference "+reference)
}
