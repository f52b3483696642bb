package paysystem

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/module"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none is; reason
// is a key below paysystem of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, ID+"."+reason, text)
}

var (
	errNoPayment   = refuse(codes.NotFound, "", "refusal.no_payment", "there is no such payment among those you may see")
	errNoMethod    = refuse(codes.NotFound, "", "refusal.no_method", "there is no such way to pay")
	errNoReceipt   = refuse(codes.NotFound, "", "refusal.no_receipt", "there is no such receipt among those you may see")
	errNoNotice    = refuse(codes.NotFound, "", "refusal.no_notice", "there is no such notice among those you may see")
	errNoClient    = refuse(codes.NotFound, "", "refusal.no_client", "there is no such client among those you may see")
	errNoCard      = refuse(codes.NotFound, "", "refusal.no_card", "there is no such card among those you may see")
	errCardOf      = refuse(codes.PermissionDenied, "method_id", "refusal.card_of_client", "only the client pays with a card that is kept: choose another way")
	errMeanwhile   = refuse(codes.Aborted, "", "refusal.meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errNotOffered  = refuse(codes.FailedPrecondition, "method_id", "refusal.not_offered", "this way to pay is not offered to the client: choose another")
	errNothing     = refuse(codes.InvalidArgument, "amount", "refusal.nothing", "write an amount above zero")
	errAmount      = refuse(codes.InvalidArgument, "amount", "refusal.amount", "this is no amount of the currency: it has too many digits")
	errCurrency    = refuse(codes.InvalidArgument, "currency_code", "refusal.currency", "this way to pay does not take the currency: choose another way, or the currency it takes")
	errNoCurrency  = refuse(codes.InvalidArgument, "currency_code", "refusal.no_currency", "there is no such currency: write its three letters, such as UAH")
	errTooLittle   = refuse(codes.InvalidArgument, "amount", "refusal.too_little", "this way to pay takes larger amounts only")
	errTooMuch     = refuse(codes.InvalidArgument, "amount", "refusal.too_much", "this way to pay takes smaller amounts only: pay in parts, or another way")
	errGateway     = refuse(codes.Unavailable, "", "refusal.gateway", "the payment service does not answer right now: try again in a moment")
	errRefused     = refuse(codes.FailedPrecondition, "", "refusal.gateway_refused", "the payment service did not take this payment: choose another way to pay")
	errPaid        = refuse(codes.FailedPrecondition, "", "refusal.paid", "this payment is made: it can be given back, not called off")
	errOver        = refuse(codes.FailedPrecondition, "", "refusal.over", "this payment is over: begin another one")
	errReported    = refuse(codes.FailedPrecondition, "", "refusal.reported", "the gateway says by itself whether money came: nobody can say it in its place")
	errNotConfirm  = refuse(codes.PermissionDenied, "received", "refusal.not_confirm", "you may not say that money came: begin the payment without")
	errNotPaid     = refuse(codes.FailedPrecondition, "", "refusal.not_paid", "nothing was paid, so nothing can be given back")
	errRefundMuch  = refuse(codes.FailedPrecondition, "amount", "refusal.refund_too_much", "this is more than is left of the payment: give back less")
	errNoRefunds   = refuse(codes.FailedPrecondition, "", "refusal.no_refunds", "this gateway gives nothing back: pay the client back in another way")
	errWhole       = refuse(codes.FailedPrecondition, "amount", "refusal.whole", "this gateway gives back a payment as a whole only")
	errNoGateway   = refuse(codes.InvalidArgument, "method.gateway", "refusal.no_gateway", "name one of the portal's gateways")
	errNotGateway  = refuse(codes.InvalidArgument, "method.gateway", "refusal.not_gateway", "only a way to pay by a gateway has one: leave it empty")
	errBounds      = refuse(codes.InvalidArgument, "method.most", "refusal.bounds", "the most that is paid is less than the least")
	errBoundsIn    = refuse(codes.InvalidArgument, "method.currency_code", "refusal.bounds_currency", "bounds are in a currency: name it")
	errAccounts    = refuse(codes.Unavailable, "", "refusal.accounts", "the books cannot be asked right now: try again in a moment")
	errNoAccounts  = refuse(codes.FailedPrecondition, "method_id", "refusal.no_accounts", "nothing here keeps accounts: choose another way to pay")
	errNoBill      = refuse(codes.InvalidArgument, "method_id", "refusal.no_bill", "only a bill is paid so: open the bill, and pay it from there")
	errSuspended   = refuse(codes.FailedPrecondition, "", "refusal.suspended", "the client is suspended: pay another way, or ask the business")
	errByItself    = refuse(codes.FailedPrecondition, "", "refusal.by_itself", "this is booked by itself: nobody says that money came")
	errDeferred    = refuse(codes.FailedPrecondition, "", "refusal.deferred", "it is agreed that the bill is paid later: to end that, pay it")
	errSame        = refuse(codes.FailedPrecondition, "", "refusal.same", "no other amount came than was asked for: there is nothing to say of it")
	errGivenBack   = refuse(codes.FailedPrecondition, "", "refusal.given_back", "some of this payment was given back: it cannot wait for its money again")
	errOtherAmount = refuse(codes.FailedPrecondition, "amount", "refusal.other_amount", "another amount came than was asked for")
)

// passing tells whether a call may work when it is made again later.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound, codes.Unimplemented, codes.OutOfRange, codes.AlreadyExists, codes.PermissionDenied:
		return false
	}
	return true
}
