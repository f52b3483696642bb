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

// normal makes any error of a provider a status. What is not meant for callers is logged under a reference, and the
// caller is told the reference alone.
func (r *Router) normal(ctx context.Context, m *method, err error) error {
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
	return r.internal(ctx, m, "a provider failed", slog.String("error", err.Error()))
}

// recovered is called deferred: it turns a panic of the provider into an error.
func (r *Router) recovered(ctx context.Context, m *method, err *error) {
	if p := recover(); p != nil {
		*err = r.internal(ctx, m, "a provider panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	}
}

func (r *Router) internal(ctx context.Context, m *method, what string, attrs ...slog.Attr) error {
	reference := rand.Text()[:12]
	attrs = append([]slog.Attr{
		slog.String("reference", reference), slog.String("method", m.rules.Method), slog.String("module", m.module),
	}, attrs...)
	r.options.Log.LogAttrs(ctx, slog.LevelError, what, attrs...)
	return status.Error(codes.Internal, "internal error, reference "+reference)
}
