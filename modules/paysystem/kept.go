package paysystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// How the contract's enums are kept in columns.
var (
	paymentStates    = store.Enum[v1.PaymentState]{Prefix: "PAYMENT_STATE_", Values: v1.PaymentState_value}
	paymentFlags     = store.Enum[v1.PaymentFlag]{Prefix: "PAYMENT_FLAG_", Values: v1.PaymentFlag_value}
	methodKinds      = store.Enum[v1.MethodKind]{Prefix: "METHOD_KIND_", Values: v1.MethodKind_value}
	refundStates     = store.Enum[v1.RefundState]{Prefix: "REFUND_STATE_", Values: v1.RefundState_value}
	chargebackStates = store.Enum[v1.ChargebackState]{Prefix: "CHARGEBACK_STATE_", Values: v1.ChargebackState_value}
	noticeStates     = store.Enum[v1.NoticeState]{Prefix: "NOTICE_STATE_", Values: v1.NoticeState_value}
	receiptKinds     = store.Enum[v1.ReceiptKind]{Prefix: "RECEIPT_KIND_", Values: v1.ReceiptKind_value}
	receiptStates    = store.Enum[v1.ReceiptState]{Prefix: "RECEIPT_STATE_", Values: v1.ReceiptState_value}
	noticeOddities   = store.Enum[v1.NoticeOddity]{Prefix: "NOTICE_ODDITY_", Values: v1.NoticeOddity_value}
)

// The states and flags as they are kept.
const (
	stateNew       = "new"
	statePending   = "pending"
	stateSucceeded = "succeeded"
	stateFailed    = "failed"
	stateCancelled = "cancelled"
	stateExpired   = "expired"
	stateDeferred  = "deferred"

	flagLate          = "late"
	flagSuspended     = "client_suspended"
	flagAmount        = "amount_differs"
	flagRefundExceeds = "refund_exceeds"
	flagChargeback    = "chargeback"
	flagUnsettled     = "unsettled"

	oddUnknown     = "unknown_payment"
	oddAmount      = "amount_differs"
	oddUnverified  = "unverified"
	oddRefund      = "refund_exceeds"
	oddContradicts = "contradicts"
)
