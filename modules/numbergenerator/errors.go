package numbergenerator

import (
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/module"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below numbergenerator of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, ID+"."+reason, text)
}

var (
	errNoSeries   = refuse(codes.NotFound, "", "refusal.no_series", "there is no such series")
	errMeanwhile  = refuse(codes.Aborted, "", "refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errTaken      = refuse(codes.AlreadyExists, "series.key", "refusal.taken", "there is a series of this key for this branch already: change that one")
	errGiven      = refuse(codes.FailedPrecondition, "next_number", "refusal.given", "this number or one after it was given in this period: name a later one")
	errDate       = refuse(codes.InvalidArgument, "date", "refusal.date", "this is no day of the years 2000 to 2099: write it as 2026-03-31")
	errEverybodys = refuse(codes.PermissionDenied, "", "refusal.everybodys", "series are of all branches: changing them takes a role that reaches everything")
)
