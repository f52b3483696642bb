package call

import (
	"context"
	"errors"
	"log/slog"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// validate checks a request against its contract's constraints. The error names every field at fault.
func (r *Router) validate(ctx context.Context, m *method, request proto.Message) error {
	err := r.validator.Validate(request)
	if err == nil {
		return nil
	}
	var found *protovalidate.ValidationError
	if !errors.As(err, &found) {
		return r.provider(m).internal(ctx, "constraints cannot be checked", slog.String("error", err.Error()))
	}
	violations := make([]*errdetails.BadRequest_FieldViolation, len(found.Violations))
	for i, v := range found.Violations {
		violations[i] = &errdetails.BadRequest_FieldViolation{
			Field:       protovalidate.FieldPathString(v.Proto.GetField()),
			Description: v.Proto.GetMessage(),
			Reason:      v.Proto.GetRuleId(),
		}
	}
	return badRequest(violations)
}

// badRequest is an InvalidArgument that names fields.
func badRequest(violations []*errdetails.BadRequest_FieldViolation) error {
	text := "the request is not valid"
	for i, v := range violations {
		if i == 3 {
			text += "; and more"
			break
		}
		text += []string{": ", "; "}[min(i, 1)]
		if v.GetField() != "" {
			text += v.GetField() + ": "
		}
		text += v.GetDescription()
	}
	s := status.New(codes.InvalidArgument, text)
	if detailed, err := s.WithDetails(&errdetails.BadRequest{FieldViolations: violations}); err == nil {
		s = detailed
	}
	return s.Err()
}

// constrained tells whether a message, or any that it can hold, has constraints. Options that cannot be read count
// as constraints.
func constrained(d protoreflect.MessageDescriptor) bool {
	return anyMessage(d, func(d protoreflect.MessageDescriptor) bool {
		if has(d.Options(), validate.E_Message) {
			return true
		}
		for i := range d.Oneofs().Len() {
			if has(d.Oneofs().Get(i).Options(), validate.E_Oneof) {
				return true
			}
		}
		for i := range d.Fields().Len() {
			if has(d.Fields().Get(i).Options(), validate.E_Field) {
				return true
			}
		}
		return false
	})
}

func has(options proto.Message, extension protoreflect.ExtensionType) bool {
	return proto.HasExtension(options, extension) || len(options.ProtoReflect().GetUnknown()) > 0
}

// anyMessage tells whether a test holds for a message or any that it can hold, each asked once.
func anyMessage(d protoreflect.MessageDescriptor, test func(protoreflect.MessageDescriptor) bool) bool {
	seen := map[protoreflect.FullName]bool{}
	var walk func(protoreflect.MessageDescriptor) bool
	walk = func(d protoreflect.MessageDescriptor) bool {
		if seen[d.FullName()] {
			return false
		}
		seen[d.FullName()] = true
		if test(d) {
			return true
		}
		for i := range d.Fields().Len() {
			if below := d.Fields().Get(i).Message(); below != nil && walk(below) {
				return true
			}
		}
		return false
	}
	return walk(d)
}
