package clientmanager

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below clientmanager of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, ID+"."+reason, text)
}

var (
	errNoClient  = refuse(codes.NotFound, "", "refusal.no_client", "there is no such client among those you may see")
	errNoContact = refuse(codes.NotFound, "", "refusal.no_contact", "there is no such contact among those you may see")
	errNoAddress = refuse(codes.NotFound, "", "refusal.no_address", "there is no such address among those you may see")
	errNoPaper   = refuse(codes.NotFound, "", "refusal.no_agreement", "there is no such agreement among those you may see")
	errNoPair    = refuse(codes.NotFound, "", "merge.no_pair", "there is no such pair among the clients you may see")
	errMerged    = refuse(codes.FailedPrecondition, "", "merge.is_merged", "this client was merged into another: open the other one")
	errSelf      = refuse(codes.InvalidArgument, "from_id", "merge.itself", "choose another client: this one is not merged with itself")
	errOnItsWay  = refuse(codes.Unavailable, "", "merge.on_its_way", "something about this client is still on its way: try again in a moment")
	errNoImport  = refuse(codes.NotFound, "", "refusal.no_import", "there is no such import, or its day is over: upload the file again")
	errNoBranch  = refuse(codes.NotFound, "", "refusal.no_branch", "there is no such branch")
	errNoRule    = refuse(codes.NotFound, "", "refusal.no_rule", "there is no such rule")
	errNoSegment = refuse(codes.NotFound, "", "refusal.no_segment", "there is no such segment")
	errNobody    = refuse(codes.NotFound, "", "refusal.nobody_serves", "nobody serves this client yet")
	errMeanwhile = refuse(codes.Aborted, "", "refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errNoActing  = refuse(codes.FailedPrecondition, "", "refusal.no_acting", "this is about the client somebody acts for, and you act for none")
	errNoUser    = refuse(codes.FailedPrecondition, "", "refusal.no_user", "a file is somebody's own, and no user acts here")
)

// taken names the field whose value is another client's.
func taken(err error) error {
	switch store.Constraint(err) {
	case "clients_code_unique":
		return refuse(codes.AlreadyExists, "client.code", "refusal.code_taken", "another client has this code")
	case "clients_tax_id_unique":
		return refuse(codes.AlreadyExists, "client.tax_id", "refusal.tax_id_taken", "another client has this tax id")
	case "branches_name_unique":
		return refuse(codes.AlreadyExists, "branch.name", "refusal.branch_name_taken", "another branch has this name")
	case "agreements_no_overlap":
		return refuse(codes.AlreadyExists, "agreement.number", "refusal.number_taken", "the client has an agreement of this number for some of these days")
	}
	return err
}

func isNotFound(err error) bool { return status.Code(err) == codes.NotFound }

// orElse is the first of two errors.
func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
