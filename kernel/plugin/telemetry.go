//go:build unix

package plugin

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// Telemetry takes what modules' processes report of their work. The module that is named is the one whose process it is.
type Telemetry interface {
	// Wants tells what processes need report.
	Wants() (spans, figures bool)
	// MayReport tells whether a module's process may report now, before its report is read.
	MayReport(module string) bool
	// Report takes a report, and tells what of it was not taken.
	Report(ctx context.Context, module string, r *kernelv1.ReportTelemetryRequest) *kernelv1.ReportTelemetryResponse
}

// mostReport is the largest report, in bytes.
const mostReport = 1 << 20

// report takes what a process says of its work.
func (h *Host) report(ctx context.Context, module string, stream grpc.ServerStream) error {
	switch t := h.cfg.Telemetry; {
	case t == nil:
		return status.Error(codes.FailedPrecondition, "nobody wants spans or figures: see what Open said")
	case !t.MayReport(module):
		return status.Error(codes.ResourceExhausted, "the module reports too often: gather more before the next report")
	}
	request := &kernelv1.ReportTelemetryRequest{}
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	if size := proto.Size(request); size > mostReport {
		return status.Errorf(codes.InvalidArgument, "a report of %d bytes is larger than the limit of %d bytes", size, mostReport)
	}
	return stream.SendMsg(h.cfg.Telemetry.Report(ctx, module, request))
}

// traced is the context of a call back, within the span that the process says it is part of. That is believed where the span is
// of the same trace as the call that the process serves, or where the module acts by itself, and in no trace of ours.
func (h *Host) traced(ctx context.Context, known ticket, md metadata.MD) context.Context {
	said := md.Get(wire.TraceKey)
	if h.cfg.Telemetry == nil || len(said) == 0 {
		return ctx
	}
	span := wire.SpanOf(strings.Join(said, ""))
	if !span.IsValid() {
		return ctx
	}
	if known.own || span.TraceID() == trace.SpanContextFromContext(known.ctx).TraceID() {
		return trace.ContextWithRemoteSpanContext(ctx, span)
	}
	return ctx
}
