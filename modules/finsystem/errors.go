package finsystem

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// refuse is an error whose words people read. field is the path of the one at fault in the request, empty when none
// is; reason is a key below finsystem.refusal of the locale files, and text the same for logs and the API.
func refuse(code codes.Code, field, reason, text string) error {
	return module.Refusal(code, field, ID+".refusal."+reason, text)
}

var (
	errNoClient    = refuse(codes.NotFound, "", "no_client", "there is no such client among those you may see")
	errNoDocument  = refuse(codes.NotFound, "", "no_document", "there is no such document among those you may see")
	errNoPayment   = refuse(codes.NotFound, "", "no_payment", "there is no such payment among those you may see")
	errNoPosting   = refuse(codes.NotFound, "", "no_posting", "there is no such posting among those you may see")
	errMeanwhile   = refuse(codes.Aborted, "", "meanwhile", "somebody changed this in the meantime: read it again and repeat your change")
	errNoDraft     = refuse(codes.FailedPrecondition, "id", "no_draft", "only a draft changes: void what was issued, or make a credit note")
	errNotIssued   = refuse(codes.FailedPrecondition, "id", "not_issued", "this was not issued: issue it first")
	errClosed      = refuse(codes.FailedPrecondition, "", "closed", "the day lies in closed books: choose a later one")
	errOther       = refuse(codes.AlreadyExists, "request_id", "other_content", "this was sent before, with other content: begin anew")
	errGivenBack   = refuse(codes.FailedPrecondition, "", "given_back", "money of a payment of this was given back since: take that back first, by undoing what gave it back")
	errTooMuchBack = refuse(codes.FailedPrecondition, "", "too_much_back", "more would be taken back than there was")
)

// refused makes what the ledger says an error for callers.
func refused(err error) error {
	var limit *ledger.LimitError
	switch {
	case errors.As(err, &limit):
		return refuse(codes.FailedPrecondition, "", "limit", "more would be owed than was agreed, by "+strconv.FormatInt(limit.Short, 10)+
			" of the smallest unit: take a payment first, or grant a deferral")
	case errors.Is(err, ledger.ErrClosed):
		return errClosed
	case errors.Is(err, ledger.ErrOtherContent):
		return errOther
	case errors.Is(err, ledger.ErrTooMuch):
		return errTooMuchBack
	case errors.Is(err, ledger.ErrForeign):
		return errNoClient
	}
	return err
}

// amountOf reads the amount of a request, which says itself what it is in.
func amountOf(r interface {
	GetAmount() *kernelv1.Money
	GetCurrencyCode() string
}) (currency string, units int64, err error) {
	if r.GetCurrencyCode() != "" && r.GetCurrencyCode() != r.GetAmount().GetCurrencyCode() {
		return "", 0, refuse(codes.InvalidArgument, "currency_code", "two_currencies", "the amount says another currency")
	}
	units, err = money.Units(r.GetAmount())
	return r.GetAmount().GetCurrencyCode(), units, wrongAmount("amount", err)
}

// wrongAmount says which field holds an amount that cannot be taken.
func wrongAmount(field string, err error) error {
	reason := "no_amount"
	switch {
	case errors.Is(err, money.ErrCurrency):
		reason = "no_currency"
	case errors.Is(err, money.ErrDigits):
		reason = "amount_digits"
	case errors.Is(err, money.ErrRange):
		reason = "amount_range"
	case err == nil:
		return nil
	}
	return module.Refusals(codes.InvalidArgument, err.Error(), &errdetails.BadRequest_FieldViolation{
		Field: field, Description: err.Error(), Reason: ID + ".refusal." + reason,
	})
}

// clientMeant is the client that a request names, or the one its contact acts for.
func clientMeant(ctx context.Context, named string) (string, error) {
	if client := access.From(ctx).ClientMeant(named); client != "" {
		return client, nil
	}
	return "", refuse(codes.InvalidArgument, "client_id", "client_needed", "say which client is meant")
}

func isContact(ctx context.Context) bool { return access.From(ctx).Kind == access.Contact }
