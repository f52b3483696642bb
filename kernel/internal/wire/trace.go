package wire

import (
	"context"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// TraceKey is the metadata that says which span a call is part of, under the name by which W3C Trace Context has it, so
// that programs in other languages know it.
const TraceKey = "traceparent"

// Traceparent writes down the span of a context; empty when there is none.
func Traceparent(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return ""
	}
	id, parent := span.TraceID(), span.SpanID()
	text := append(make([]byte, 0, traceparentLength), "00-"...)
	text = append(hex.AppendEncode(text, id[:]), '-')
	text = append(hex.AppendEncode(text, parent[:]), '-')
	return string(hex.AppendEncode(text, []byte{byte(span.TraceFlags() & trace.FlagsSampled)}))
}

const traceparentLength = 55

// WithTraceparent is ctx within the span that text names; ctx itself when text names none.
func WithTraceparent(ctx context.Context, text string) context.Context {
	if span := SpanOf(text); span.IsValid() {
		return trace.ContextWithRemoteSpanContext(ctx, span)
	}
	return ctx
}

// SpanOf reads what [Traceparent] wrote; it is not valid when that is no such text.
func SpanOf(text string) trace.SpanContext {
	if len(text) != traceparentLength || text[:3] != "00-" || text[35] != '-' || text[52] != '-' || strings.ToLower(text) != text {
		return trace.SpanContext{}
	}
	id, err := trace.TraceIDFromHex(text[3:35])
	if err != nil {
		return trace.SpanContext{}
	}
	parent, err := trace.SpanIDFromHex(text[36:52])
	if err != nil {
		return trace.SpanContext{}
	}
	flags, err := hex.DecodeString(text[53:])
	if err != nil {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: parent, TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true,
	})
}
