package finsystem_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

func mask(fields ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: fields} }

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  finsystem.ID,
		Options: kerneltest.Options{Assemble: assemble, Config: config},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			v1.DocumentService_CreateDocument_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.CreateDocumentRequest).Document = &v1.Document{
					ClientId: side.ClientID, Kind: v1.DocumentKind_DOCUMENT_KIND_INVOICE, Subject: side.Marker, CurrencyCode: "UAH",
					Lines: []*v1.DocumentLine{line(side.Marker, "1", "10", noTax, "")},
				}
			},
			v1.DocumentService_UpdateDocument_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateDocumentRequest)
				r.Document.Subject, r.UpdateMask = side.Marker, mask("subject")
			},
			v1.PaymentService_CreatePayment_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreatePaymentRequest)
				r.Amount, r.PayDate, r.DocumentId, r.Title = uah("10.00"), "", "", side.Marker
			},
			v1.LedgerService_CreateAdjustment_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreateAdjustmentRequest)
				r.Amount, r.EffectiveDate, r.Memo = uah("10.00"), "", side.Marker
			},
		},
	}
}
