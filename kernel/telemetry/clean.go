package telemetry

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// What one span or figure may hold. What is more is cut off, wherever the module runs.
const (
	mostName       = 120
	mostKey        = 64
	mostText       = 256
	mostAttributes = 32
	mostEvents     = 8
	mostUnit       = 32
)

func limits() sdktrace.SpanLimits {
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit: mostText, AttributeCountLimit: mostAttributes, EventCountLimit: mostEvents, LinkCountLimit: mostEvents,
		AttributePerEventCountLimit: mostAttributes, AttributePerLinkCountLimit: mostAttributes,
	}
}

// line makes a text one line of so many characters at most: no control characters, nothing that turns the direction of
// what is around it, nothing that is no text.
func line(text string, most int) string {
	// Characters have four bytes at most: what is beyond need not be looked at.
	if len(text) > most*utf8.UTFMax {
		text = text[:most*utf8.UTFMax]
	}
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n == most {
			break
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// kept are the beginnings of keys that say whose something is: the portal says that, and no module.
var kept = []string{"service.", "telemetry.", "cabinet.", "otel.", "host.", "process."}

// attributes takes those that are well formed.
func attributes(in []*kernelv1.TelemetryAttribute) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, min(len(in), mostAttributes))
	seen := make(map[string]struct{}, cap(out))
	for _, a := range in {
		if len(out) == mostAttributes {
			break
		}
		key := line(a.GetKey(), mostKey)
		if _, twice := seen[key]; twice || key == "" || reserved(key) {
			continue
		}
		var value attribute.Value
		switch v := a.GetValue().(type) {
		case *kernelv1.TelemetryAttribute_Text:
			value = attribute.StringValue(line(v.Text, mostText))
		case *kernelv1.TelemetryAttribute_Whole:
			value = attribute.Int64Value(v.Whole)
		case *kernelv1.TelemetryAttribute_Decimal:
			if math.IsNaN(v.Decimal) || math.IsInf(v.Decimal, 0) {
				continue
			}
			value = attribute.Float64Value(v.Decimal)
		case *kernelv1.TelemetryAttribute_Truth:
			value = attribute.BoolValue(v.Truth)
		default:
			continue
		}
		seen[key] = struct{}{}
		out = append(out, attribute.KeyValue{Key: attribute.Key(key), Value: value})
	}
	return out
}

func reserved(key string) bool {
	for _, beginning := range kept {
		if strings.HasPrefix(strings.ToLower(key), beginning) {
			return true
		}
	}
	return false
}
