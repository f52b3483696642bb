package paysystem_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/paysystem"
)

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module: paysystem.ID,
		Logged: map[string]string{
			v1.ReceiptService_RetryReceipt_FullMethodName: "TestReceipts",
			// What gateways tell, and what they are asked.
			v1.NoticeService_ResolveNotice_FullMethodName:      "TestOddNoticesAreLookedAt",
			v1.PaymentService_CheckPayment_FullMethodName:      "TestWhoAsksIsToldHowItStands",
			v1.PaymentService_ResolvePayment_FullMethodName:    "TestMoneyOfAnotherAmount",
			v1.PaymentService_UnsettlePayment_FullMethodName:   "TestSettledAndNot",
			v1.SavedCardService_DeleteSavedCard_FullMethodName: "TestSavedCards",
		},
		Options: kerneltest.Options{Assemble: assemble},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			// Ways to pay are the business's: their names say nothing of a client's.
			v1.MethodService_CreateMethod_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateMethodRequest).Method = &v1.Method{Title: "Cash", Kind: v1.MethodKind_METHOD_KIND_CASH}
			},
			v1.MethodService_UpdateMethod_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateMethodRequest)
				r.Method, r.UpdateMask = &v1.Method{Id: r.GetMethod().GetId(), Title: "Cash " + store.NewID()}, &fieldmaskpb.FieldMask{Paths: []string{"title"}}
			},
			v1.MethodService_ListPaymentMethods_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.ListPaymentMethodsRequest).CurrencyCode = ""
			},
			v1.PaymentService_CreatePayment_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreatePaymentRequest)
				r.CurrencyCode, r.Amount, r.DocumentId = "UAH", "125.50", store.NewID()
				r.Received = !side.Closed // so that there is something to give back
			},
			v1.PaymentService_RefundPayment_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.RefundPaymentRequest).Amount = "1.00"
			},
			v1.PaymentService_ResolvePayment_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.ResolvePaymentRequest).Resolution = v1.PaymentResolution_PAYMENT_RESOLUTION_CREDIT
			},
			v1.NoticeService_ResolveNotice_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.ResolveNoticeRequest).Resolution = v1.PaymentResolution_PAYMENT_RESOLUTION_UNSPECIFIED
			},
			v1.PaymentService_SettlePayment_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.SettlePaymentRequest).Amount = &kernelv1.Money{CurrencyCode: "UAH", Amount: "125.50"}
			},
		},
	}
}
