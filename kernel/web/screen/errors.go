package screen

import (
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// badRequest turns a value that could not be read into the error a contract would give for it.
func badRequest(err error) error {
	var bad *BadValueError
	if !errors.As(err, &bad) {
		return err
	}
	s, withErr := status.New(codes.InvalidArgument, err.Error()).WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: bad.Field, Description: "not a " + bad.Wanted, Reason: "kernel.bad_" + strings.ReplaceAll(bad.Wanted, " ", "_")}},
	})
	if withErr != nil {
		return err
	}
	return s.Err()
}

// violations are what a provider, or the kernel before it, found wrong with a request: field path → what is wrong, in
// the reader's language where the violation's reason is a key of the locale files.
func (e *Env) violations(err error) map[string]string {
	found := map[string]string{}
	for _, detail := range status.Convert(err).Details() {
		bad, ok := detail.(*errdetails.BadRequest)
		if !ok {
			continue
		}
		for _, v := range bad.GetFieldViolations() {
			text := v.GetDescription()
			if v.GetReason() != "" {
				if said, ok := e.Text.First(v.GetReason(), "kernel.violation."+strings.ReplaceAll(v.GetReason(), ".", "_")); ok {
					text = said
				}
			}
			found[v.GetField()] = text
		}
	}
	return found
}

// returnsToForm tells whether an error is about what was typed, so that the form comes back with it.
func returnsToForm(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted, codes.OutOfRange:
		return true
	}
	return false
}

func notFound(text string) error { return status.Error(codes.NotFound, text) }

// LocalPath keeps a path that a form brought back inside the portal: an address of another site becomes the start.
func LocalPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}

// statusText is an error's message, without the code before it.
func statusText(err error) string { return status.Convert(err).Message() }
