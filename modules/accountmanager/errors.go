package accountmanager

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/opencabinet/cabinet/kernel/module"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below accountmanager.errors of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, "accountmanager.errors."+reason, text)
}

// wrongPassword is the one answer to a login that does not exist, and to a password that is not its own.
func wrongPassword(triesLeft string) error {
	return detailed(codes.Unauthenticated, "login or password is wrong", &errdetails.ErrorInfo{
		Reason: "WRONG_PASSWORD", Domain: ID, Metadata: map[string]string{"tries_left": triesLeft},
	})
}

// tooMany asks to wait.
func tooMany(text string, wait time.Duration) error {
	return detailed(codes.ResourceExhausted, text, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
}

var (
	errNoSession    = status.Error(codes.Unauthenticated, "the session is not known or has ended: sign in again")
	errNoInvitation = status.Error(codes.NotFound, "the invitation is not known, was used, revoked, or has expired: ask for another")
	errNoUser       = status.Error(codes.NotFound, "there is no such user")
	errNoMembership = status.Error(codes.NotFound, "there is no such membership")
	errNotActing    = status.Error(codes.PermissionDenied, "this is no client you can act for")
	errWhichUser    = status.Error(codes.InvalidArgument, "say by its id which user is meant")
	errMeanwhile    = status.Error(codes.Aborted, "it was changed elsewhere meanwhile: read it again")

	errPasswordChanged = status.Error(codes.Unauthenticated, "the password was changed just now: sign in with the new one")
)

func detailed(code codes.Code, text string, detail protoadapt.MessageV1) error {
	s := status.New(code, text)
	if with, err := s.WithDetails(detail); err == nil {
		s = with
	}
	return s.Err()
}
