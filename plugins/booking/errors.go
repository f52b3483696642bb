package booking

import (
	"errors"

	"buf.build/go/protovalidate"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/store"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below booking of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return violation(code, text, &errdetails.BadRequest_FieldViolation{Field: field, Description: text, Reason: ID + "." + reason})
}

func violation(code codes.Code, text string, violations ...*errdetails.BadRequest_FieldViolation) error {
	s := status.New(code, text)
	if detailed, err := s.WithDetails(&errdetails.BadRequest{FieldViolations: violations}); err == nil {
		s = detailed
	}
	return s.Err()
}

var (
	errNoResource = refuse(codes.NotFound, "", "refusal.no_resource", "there is no such resource")
	errNoBooking  = refuse(codes.NotFound, "", "refusal.no_booking", "there is no such booking among those you may see")
	errNoClient   = refuse(codes.NotFound, "", "refusal.no_client", "there is no such client among those you may see")
	errMeanwhile  = refuse(codes.Aborted, "", "refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errOver       = refuse(codes.FailedPrecondition, "", "refusal.over", "this booking is over: there is nothing to cancel")
)

// or replaces the store's "not found" by one that names the thing.
func or(err, notFound error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound
	}
	return err
}

// constrained checks the contract's constraints of a thing as it would become. The router does not do that for
// updates: what their mask does not name is empty there.
func constrained(under string, m proto.Message) error {
	err := protovalidate.Validate(m)
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	var found []*errdetails.BadRequest_FieldViolation
	for _, v := range broken.Violations {
		found = append(found, &errdetails.BadRequest_FieldViolation{
			Field: under + "." + protovalidate.FieldPathString(v.Proto.GetField()), Description: v.Proto.GetMessage(), Reason: v.Proto.GetRuleId(),
		})
	}
	return violation(codes.InvalidArgument, "the request is not valid: "+broken.Error(), found...)
}

// isID tells whether a text is an id. Requests whose constraints the router checks need not be asked.
func isID(text string) bool { return uuid.Validate(text) == nil && len(text) == 36 }
