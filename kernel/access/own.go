package access

import (
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// OwnRequest is the reason of the refusal of [CheckNotOwn].
const OwnRequest Refusal = "own_request"

// CheckNotOwn keeps duties apart: who asked for something, or changed what is asked for, does not decide on it. actorIDs
// are the users who did; a member of staff who acts as somebody else counts as both, then and now, so name Principal.ActedBy
// among them too: see [Actors]. It goes by people, not roles, and holds for heads. Modules and the kernel, acting by
// themselves, are no people and pass.
//
// The error is PERMISSION_DENIED with the reason "own_request", in ErrorInfo for programs and with words for people. A
// module whose integrator wants none of it does not call it: it has a setting for that, on unless switched off.
func CheckNotOwn(who Principal, actorIDs ...string) error {
	for _, id := range Actors(who) {
		if slices.Contains(actorIDs, id) {
			return errOwnRequest
		}
	}
	return nil
}

// Actors are the ids of the people who act when who does: the user, and the member of staff who acts as them. None for
// modules and the kernel.
func Actors(who Principal) []string {
	var ids []string
	for _, id := range []string{who.UserID, who.ActedBy} {
		if who.IsUser() && id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

var errOwnRequest = ownRequest()

func ownRequest() error {
	const text = "who filed or changed a request does not decide on it: somebody else has to"
	s := status.New(codes.PermissionDenied, text)
	if with, err := s.WithDetails(
		&errdetails.ErrorInfo{Reason: string(OwnRequest), Domain: "cabinet"},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Description: text, Reason: "kernel.own_request"}}},
	); err == nil {
		s = with
	}
	return s.Err()
}
