package access

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// CheckProof refuses a user who has not shown within so long that it is them. The router does so for methods that say it in
// their options; a provider whose method is dangerous only at times calls it then. Modules and the kernel, acting by
// themselves, have nothing to prove. The error is PERMISSION_DENIED; see [AsksProof].
func CheckProof(who Principal, method string, within time.Duration, now time.Time) error {
	if who.ActedBy != "" {
		return Refused(NotAsAnother, "nobody does it as another: the user calls "+method+" themselves", method)
	}
	if !who.IsUser() || !who.Proved.IsZero() && now.Sub(who.Proved) <= within {
		return nil
	}
	return Refused(ProofNeeded, fmt.Sprintf("show again that it is you, and then call %s within %s", method, within), method)
}

// Refused is the status of a refusal, PERMISSION_DENIED, whose reason programs can read. See [RefusalOf].
func Refused(code Refusal, text, method string) error {
	s := status.New(codes.PermissionDenied, text)
	if with, err := s.WithDetails(&errdetails.ErrorInfo{
		Reason: string(code), Domain: "cabinet", Metadata: map[string]string{"method": method},
	}); err == nil {
		s = with
	}
	return s.Err()
}

// AsksProof tells whether an error is the refusal of CheckProof, also when it came through modules.
func AsksProof(err error) bool { return RefusalOf(err) == ProofNeeded }

// RefusalOf is why a call was not allowed, also when the error came through modules; NotRefused for other errors.
func RefusalOf(err error) Refusal {
	if status.Code(err) != codes.PermissionDenied {
		return NotRefused
	}
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "cabinet" {
			return Refusal(info.GetReason())
		}
	}
	return NotRefused
}
