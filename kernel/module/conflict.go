package module

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Conflicted is ABORTED with what others changed meanwhile. key and text are as in [Refusal].
func Conflicted(conflict *kernelv1.Conflict, key, text string) error {
	refusal := status.Convert(Refusal(codes.Aborted, "", key, text))
	if detailed, err := refusal.WithDetails(conflict); err == nil {
		refusal = detailed
	}
	return refusal.Err()
}

// ConflictOf is what an error says others changed meanwhile; nil when it does not.
func ConflictOf(err error) *kernelv1.Conflict {
	for _, detail := range status.Convert(err).Details() {
		if conflict, ok := detail.(*kernelv1.Conflict); ok {
			return conflict
		}
	}
	return nil
}
