package finsystem_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

func mask(fields ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: fields} }

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module: finsystem.ID,
		// What is charged, held and moved may be owed.
		Options: kerneltest.Options{Assemble: assemble, Config: strings.Replace(config, "{seller:", "{credit_limit: 10000000, seller:", 1)},
		Logged: map[string]string{
			v1.StatementService_DeleteMatchRule_FullMethodName: "TestLearning",
			// Samples put services into force, so that things can be done to them.
			v1.SubscriptionService_DeleteSubscription_FullMethodName: "TestDraftsOfServices",
			v1.LedgerService_ReversePosting_FullMethodName:           "TestAnAdjustmentIsTakenBack",
			v1.PaymentService_AllocatePayment_FullMethodName:         "TestAnAdjustmentIsTakenBack",
			// They are about a bill and what its client has already.
			paysystemv1.AccountService_PayFromAccount_FullMethodName:  "TestClientsPay",
			paysystemv1.AccountService_ReturnToAccount_FullMethodName: "TestClientsPay",
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			paysystemv1.AccountService_PayFromAccount_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*paysystemv1.PayFromAccountRequest).Kind = paysystemv1.MethodKind_METHOD_KIND_BONUS
			},
			v1.BonusService_GrantBonus_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.GrantBonusRequest)
				r.Amount, r.Reason = uah("10.00"), side.Marker
			},
			v1.SubscriptionService_CreateSubscription_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreateSubscriptionRequest)
				r.Start, r.Subscription = true, &v1.Subscription{
					ClientId: side.ClientID, Name: side.Marker, CurrencyCode: "UAH", Price: "1", Quantity: "1", TaxMode: noTax, OwnAccount: true,
					Period: v1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: time.Now().Format(time.DateOnly),
				}
			},
			v1.SubscriptionService_UpdateSubscription_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateSubscriptionRequest)
				r.Subscription.Name, r.Subscription.Revision, r.UpdateMask = side.Marker, 0, mask("name")
			},
			v1.SubscriptionService_RecordUsage_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.RecordUsageRequest)
				r.Quantity, r.UseDate, r.Stage, r.Note = "1", "", "", side.Marker
			},
			v1.SubscriptionService_TransferToService_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.TransferToServiceRequest).Amount = uah("1.00")
			},
			v1.SubscriptionService_PauseSubscription_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.PauseSubscriptionRequest).FromDate = ""
			},
			v1.SubscriptionService_ResumeSubscription_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.ResumeSubscriptionRequest).FromDate = ""
			},
			v1.SubscriptionService_EndSubscription_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.EndSubscriptionRequest).LastDate = ""
			},
			// One request of a client is open at a time.
			v1.DeferralService_RequestDeferral_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.RequestDeferralRequest)
				r.Amount, r.AgreementId, r.Why = uah("500000.00"), "", side.Marker
				if !side.Closed && side.IDs["cabinet.finsystem.v1.Deferral"] != "" {
					r.ClientId = side.Spare()
				}
			},
			v1.DeferralService_GrantDeferral_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.GrantDeferralRequest)
				r.Granted, r.UntilDate = nil, ""
			},
			v1.DeferralService_UpdateDeferralRule_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateDeferralRuleRequest)
				r.Rule.Months, r.Rule.Revision, r.UpdateMask = 7, 0, mask("months")
			},
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
			v1.DocumentService_CheckDocument_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CheckDocumentRequest).Code = strings.Repeat("x", 22)
			},
			v1.PaymentService_CreatePayment_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreatePaymentRequest)
				r.Amount, r.PayDate, r.DocumentId, r.Title = uah("10.00"), "", "", side.Marker
				r.Source = v1.PaymentSource_PAYMENT_SOURCE_CASH
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
