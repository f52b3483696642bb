package accountmanager

import (
	"errors"
	"slices"

	"buf.build/go/protovalidate"
	"github.com/nyaruka/phonenumbers"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// named are the fields that an update is about. A mask that names none would change all, roles as well, to what
// the caller may not have thought of; so it is refused.
func named(mask, known []string) ([]string, error) {
	if len(mask) == 0 {
		return nil, refuse(codes.InvalidArgument, "update_mask", "nothing_named", "name the fields to change in update_mask")
	}
	for _, path := range mask {
		if !slices.Contains(known, path) {
			return nil, refuse(codes.InvalidArgument, "update_mask", "unknown_field", "there is no field "+path+" to change here")
		}
	}
	return mask, nil
}

// constrained checks the contract's constraints of the named fields of a thing as it would become. The router does
// not do that for updates: what their mask does not name is empty there.
func constrained(under string, m proto.Message, names []string) error {
	err := protovalidate.Validate(m)
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	detail := &errdetails.BadRequest{}
	for _, v := range broken.Violations {
		steps := v.Proto.GetField().GetElements()
		if len(steps) > 0 && slices.Contains(names, steps[0].GetFieldName()) {
			detail.FieldViolations = append(detail.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field:       under + "." + protovalidate.FieldPathString(v.Proto.GetField()),
				Description: v.Proto.GetMessage(), Reason: v.Proto.GetRuleId(),
			})
		}
	}
	if len(detail.GetFieldViolations()) == 0 {
		return nil
	}
	return detailed(codes.InvalidArgument, "the request is not valid: "+broken.Error(), detail)
}

// phone writes a phone as it is stored, also one typed as at home: "044 555-01-42". What is none stays as it is, for
// the contract's constraint to refuse.
func (m *Module) phone(typed string) string {
	number, err := phonenumbers.Parse(typed, m.settings.Country)
	if err != nil {
		return typed
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}
