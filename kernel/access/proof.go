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
	if !who.IsUser() || !who.Proved.IsZero() && now.Sub(who.Proved) <= within {
		return nil
	}
	s := status.New(codes.PermissionDenied, fmt.Sprintf("show again that it is you, and then call %s within %s", method, within))
	if with, err := s.WithDetails(&errdetails.ErrorInfo{
		Reason: string(ProofNeeded), Domain: "cabinet", Metadata: map[string]string{"method": method},
	}); err == nil {
		s = with
	}
	return s.Err()
}

// AsksProof tells whether an error is the refusal of CheckProof, also when it came through modules.
func AsksProof(err error) bool {
	if status.Code(err) != codes.PermissionDenied {
		return false
	}
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "cabinet" && info.GetReason() == string(ProofNeeded) {
			return true
		}
	}
	return false
}
