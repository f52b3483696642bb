package finsystem_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

func mask(fields ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: fields} }

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  finsystem.ID,
		Options: kerneltest.Options{Assemble: assemble, Config: config},
		Logged:  map[string]string{v1.StatementService_DeleteMatchRule_FullMethodName: "TestLearning"},
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
				r.Source = v1.PaymentSource_PAYMENT_SOURCE_CASH
			},
			v1.DocumentService_CheckDocument_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CheckDocumentRequest).Code = "AAAAAAAAAAAAAAAAAAAAAA"
			},
			v1.StatementService_UploadStatement_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UploadStatementRequest)
				r.Content = bankFile("05.11.2026", paid{amount: "10.00", payer: side.Marker, account: "UA1", purpose: r.GetRequestId()})
				r.TableId, r.Account = "", ""
			},
			v1.StatementService_MatchEntry_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.MatchEntryRequest)
				r.ClientId, r.DocumentIds, r.PaymentId = side.ClientID, nil, ""
			},
			v1.StatementService_PostEntries_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.PostEntriesRequest)
				if r.Ids, r.StatementId = nil, side.IDs["cabinet.finsystem.v1.Statement"]; r.StatementId == "" {
					r.StatementId = store.NewID()
				}
			},
			v1.LedgerService_CreateAdjustment_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreateAdjustmentRequest)
				r.Amount, r.EffectiveDate, r.Memo = uah("10.00"), "", side.Marker
			},
		},
	}
}
