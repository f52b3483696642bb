package module

import (
	"errors"
	"io/fs"
	"slices"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Refusal is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; key is of the module's locale files, and text says the same in English, for logs and the API.
func Refusal(code codes.Code, field, key, text string) error {
	return Refusals(code, text, &errdetails.BadRequest_FieldViolation{Field: field, Description: text, Reason: key})
}

// Refusals is an error about several fields; the reason of each is a key of the locale files.
func Refusals(code codes.Code, text string, fields ...*errdetails.BadRequest_FieldViolation) error {
	s := status.New(code, text)
	if detailed, err := s.WithDetails(&errdetails.BadRequest{FieldViolations: fields}); err == nil {
		s = detailed
	}
	return s.Err()
}

// Violations are the fields that an error names, as [Refusals] wrote them.
func Violations(err error) []*errdetails.BadRequest_FieldViolation {
	var found []*errdetails.BadRequest_FieldViolation
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			found = append(found, bad.GetFieldViolations()...)
		}
	}
	return found
}

// Constrained checks the contract's constraints of a thing as it would become: of the named fields, or of all when none is
// named. The router does not do that for an update whose thing is marked IGNORE_ALWAYS: what its mask does not name is
// empty there. under is the request's field that holds the thing.
func Constrained(under string, thing proto.Message, fields ...string) error {
	err := protovalidate.Validate(thing)
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	var found []*errdetails.BadRequest_FieldViolation
	for _, v := range broken.Violations {
		steps := v.Proto.GetField().GetElements()
		if len(fields) > 0 && (len(steps) == 0 || !slices.Contains(fields, steps[0].GetFieldName())) {
			continue
		}
		found = append(found, &errdetails.BadRequest_FieldViolation{
			Field: under + "." + protovalidate.FieldPathString(v.Proto.GetField()), Description: v.Proto.GetMessage(), Reason: v.Proto.GetRuleId(),
		})
	}
	if len(found) == 0 {
		return nil
	}
	return Refusals(codes.InvalidArgument, "the request is not valid: "+broken.Error(), found...)
}

// Named are the fields that an update's mask names. One that names none would change all, to what the caller may not have
// thought of; so it is refused, and so is one that names what is not known. nothing and unknown are the keys of the
// locale files that say so.
func Named(mask *fieldmaskpb.FieldMask, known func(field string) bool, nothing, unknown string) ([]string, error) {
	fields := mask.GetPaths()
	if len(fields) == 0 {
		return nil, Refusal(codes.InvalidArgument, "update_mask", nothing, "name the fields to change in update_mask")
	}
	for _, field := range fields {
		if !known(field) {
			return nil, Refusal(codes.InvalidArgument, "update_mask", unknown, "there is no field "+field+" to change here")
		}
	}
	return fields, nil
}

// Folder is a folder of an embedded file system, for [Manifest.Migrations]. The folder is there, or the program would
// not have been compiled.
func Folder(files fs.FS, name string) fs.FS {
	found, err := fs.Sub(files, name)
	if err != nil {
		panic(err)
	}
	return found
}
