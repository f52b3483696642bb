package feedback

import (
	"testing"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// The plugin owes the portal what every module does, and which language it is written in is nobody's business.
func TestConform(t *testing.T) {
	for name, grpcOnly := range map[string]bool{"as a program": false, "as a program over gRPC": true} {
		t.Run(name, func(t *testing.T) {
			options := withFeedback(t)
			options.GRPCOnly = grpcOnly
			kerneltest.Conform(t, kerneltest.Subject{Module: "feedback", Options: options})
		})
	}
}
