package booking

import (
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/module"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below booking of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, ID+"."+reason, text)
}

var (
	errNoResource  = refuse(codes.NotFound, "", "refusal.no_resource", "there is no such resource")
	errNoBooking   = refuse(codes.NotFound, "", "refusal.no_booking", "there is no such booking among those you may see")
	errNoClient    = refuse(codes.NotFound, "", "refusal.no_client", "there is no such client among those you may see")
	errMeanwhile   = refuse(codes.Aborted, "", "refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errNoHold      = refuse(codes.NotFound, "", "refusal.no_hold", "there is no such hold among those you may see")
	errNoException = refuse(codes.NotFound, "", "refusal.no_exception", "there is no such exception to opening hours")
	errHoldOver    = refuse(codes.FailedPrecondition, "", "refusal.hold_over", "the time was held too long ago, and is held no more: choose a time again")
	errBegan       = refuse(codes.FailedPrecondition, "", "refusal.began", "this booking has begun or was cancelled: it cannot be moved")
	errOver        = refuse(codes.FailedPrecondition, "", "refusal.over", "this booking is over: there is nothing to cancel")
)
