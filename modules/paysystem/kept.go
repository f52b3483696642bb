package paysystem

import (
	"strings"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// valued is an enum of the contract.
type valued interface {
	~int32
	String() string
}

// kept says how an enum is kept in a column: "PAYMENT_STATE_NEW" is "new".
type kept[E valued] struct {
	prefix string
	values map[string]int32
}

func (w kept[E]) text(e E) string { return strings.ToLower(strings.TrimPrefix(e.String(), w.prefix)) }

// texts are several values, as a query asks for them.
func (w kept[E]) texts(values []E) []string {
	out := make([]string, len(values))
	for i, e := range values {
		out[i] = w.text(e)
	}
	return out
}

func (w kept[E]) of(text string) E { return E(w.values[w.prefix+strings.ToUpper(text)]) }

var (
	paymentStates    = kept[v1.PaymentState]{"PAYMENT_STATE_", v1.PaymentState_value}
	paymentFlags     = kept[v1.PaymentFlag]{"PAYMENT_FLAG_", v1.PaymentFlag_value}
	methodKinds      = kept[v1.MethodKind]{"METHOD_KIND_", v1.MethodKind_value}
	refundStates     = kept[v1.RefundState]{"REFUND_STATE_", v1.RefundState_value}
	chargebackStates = kept[v1.ChargebackState]{"CHARGEBACK_STATE_", v1.ChargebackState_value}
	noticeStates     = kept[v1.NoticeState]{"NOTICE_STATE_", v1.NoticeState_value}
	receiptKinds     = kept[v1.ReceiptKind]{"RECEIPT_KIND_", v1.ReceiptKind_value}
	receiptStates    = kept[v1.ReceiptState]{"RECEIPT_STATE_", v1.ReceiptState_value}
	noticeOddities   = kept[v1.NoticeOddity]{"NOTICE_ODDITY_", v1.NoticeOddity_value}
)

// The states and flags as they are kept.
const (
	stateNew       = "new"
	statePending   = "pending"
	stateSucceeded = "succeeded"
	stateFailed    = "failed"
	stateCancelled = "cancelled"
	stateExpired   = "expired"

	flagLate          = "late"
	flagSuspended     = "client_suspended"
	flagAmount        = "amount_differs"
	flagRefundExceeds = "refund_exceeds"
	flagChargeback    = "chargeback"

	oddUnknown     = "unknown_payment"
	oddAmount      = "amount_differs"
	oddUnverified  = "unverified"
	oddRefund      = "refund_exceeds"
	oddContradicts = "contradicts"
)
