package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// hotel is the client whose month is told: what it subscribes to, owes and pays.
const hotel = "Karpaty Grand Hotel"

func uah(amount string) *kernelv1.Money {
	return &kernelv1.Money{CurrencyCode: "UAH", Amount: amount}
}

// month is what goes on besides single bills: services that charge by themselves, deferrals, what the bank says, and what is paid online.
func (t *teller) month(ctx context.Context) error {
	for _, part := range []func(context.Context) error{t.deferrals, t.subscriptions, t.statement, t.online, t.adjustment} {
		switch err := part(ctx); {
		case status.Code(err) == codes.Unimplemented:
			return nil // portal.yaml switches money off
		case err != nil:
			return err
		}
	}
	return nil
}

// deferrals are one that was granted, one that waits for a decision, and the rule by which small ones are granted at once.
func (t *teller) deferrals(ctx context.Context) error {
	service := finsystemv1.NewDeferralServiceClient(t.kernel)
	asked, err := service.RequestDeferral(ctx, &finsystemv1.RequestDeferralRequest{
		RequestId: once("deferral hotel"), ClientId: t.clients[hotel], Amount: uah("60000.00"), Days: 60, Why: "The season begins in two months",
	})
	if err != nil {
		return fmt.Errorf("a deferral: %w", err)
	}
	if asked.GetDeferral().GetStatus() == finsystemv1.DeferralStatus_DEFERRAL_STATUS_REQUESTED {
		_, err = service.GrantDeferral(ctx, &finsystemv1.GrantDeferralRequest{Id: asked.GetDeferral().GetId(), Reason: "A client of many years"})
		if err != nil && status.Code(err) != codes.FailedPrecondition { // granted before the portal was killed
			return fmt.Errorf("granting a deferral: %w", err)
		}
	}
	if _, err := service.RequestDeferral(ctx, &finsystemv1.RequestDeferralRequest{
		RequestId: once("deferral Savka"), ClientId: t.clients["Halyna Savka"], Amount: uah("3000.00"), Days: 14, Why: "Paid when my salary comes",
	}); err != nil {
		return fmt.Errorf("a deferral: %w", err)
	}
	_, err = service.CreateDeferralRule(ctx, &finsystemv1.CreateDeferralRuleRequest{RequestId: once("rule of deferrals"), Rule: &finsystemv1.DeferralRule{
		Name: "Who has paid three invoices this year", CurrencyCode: "UAH", MaxAmount: uah("10000.00"), MaxDays: 30, Months: 12, MinPaidInvoices: 3, NoOverdue: true, Active: true,
	}})
	return err
}

// subscriptions are a service by the month, one that is paid by the hour from an account of its own, and one that pauses.
func (t *teller) subscriptions(ctx context.Context) error {
	service := finsystemv1.NewSubscriptionServiceClient(t.kernel)
	subscribe := func(s *finsystemv1.Subscription) (string, error) {
		s.ClientId, s.CurrencyCode, s.TaxMode, s.TaxPercent = t.clients[hotel], "UAH", finsystemv1.TaxMode_TAX_MODE_ON_TOP, "20"
		made, err := service.CreateSubscription(ctx, &finsystemv1.CreateSubscriptionRequest{RequestId: once("service " + s.GetName()), Subscription: s, Start: true})
		return made.GetSubscription().GetId(), err
	}
	if _, err := subscribe(&finsystemv1.Subscription{
		Name: "Planned maintenance of 12 units", Item: "maintenance", Price: "6000", Period: finsystemv1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: daysAgo(40),
	}); err != nil {
		return fmt.Errorf("a service: %w", err)
	}
	calls, err := subscribe(&finsystemv1.Subscription{
		Name: "Emergency calls", Item: "maintenance", Unit: "h", Price: "1250", Period: finsystemv1.ServicePeriod_SERVICE_PERIOD_USAGE, StartDate: daysAgo(40), OwnAccount: true,
	})
	if err != nil {
		return fmt.Errorf("a service: %w", err)
	}
	if _, err := service.RecordUsage(ctx, &finsystemv1.RecordUsageRequest{
		RequestId: once("a call"), SubscriptionId: calls, Quantity: "2.5", UseDate: daysAgo(4), Note: "A frozen drain on the third floor",
	}); err != nil {
		return fmt.Errorf("a call: %w", err)
	}
	pool, err := subscribe(&finsystemv1.Subscription{
		Name: "Ventilation of the pool", Item: "maintenance", Price: "1800", Period: finsystemv1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: daysAgo(10),
	})
	if err != nil {
		return fmt.Errorf("a service: %w", err)
	}
	_, err = service.PauseSubscription(ctx, &finsystemv1.PauseSubscriptionRequest{Id: pool, FromDate: daysAgo(0)})
	if status.Code(err) == codes.FailedPrecondition { // it pauses since the portal was killed
		return nil
	}
	return err
}

// statement is what the bank says came on a day: from the hotel, from somebody nobody knows, and what the bank took for itself.
func (t *teller) statement(ctx context.Context) error {
	day := time.Now().AddDate(0, 0, -2).Format("02.01.2006")
	const ours = "UA213223130000026007233566001"
	text := "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=UTF-8\nДатаНачала=" + day + "\nДатаКонца=" + day + "\nРасчСчет=" + ours + "\n"
	for i, one := range []struct{ amount, payer, payee, who, what string }{
		{"5000.00", "UA903052992990004149123456789", ours, "Готель «Карпати Гранд»", "Часткова оплата за ремонт чилера"},
		{"1260.00", "UA573543470006762462054925026", ours, "ФОП Гнатюк І. В.", "За послуги"},
		{"47.50", ours, "UA813003350000000260012345678", "АТ «Приклад Банк»", "Комісія за обслуговування рахунку"},
	} {
		came := "ДатаПоступило"
		if one.payer == ours {
			came = "ДатаСписано"
		}
		text += fmt.Sprintf("СекцияДокумент=Платежное поручение\nНомер=%d\nДата=%[2]s\nСумма=%s\nПлательщикСчет=%s\nПолучательСчет=%s\nПлательщик=%s\nПолучатель=%[6]s\n%s=%[2]s\nНазначениеПлатежа=%[8]s\nКонецДокумента\n",
			i+1, day, one.amount, one.payer, one.payee, one.who, came, one.what)
	}
	_, err := finsystemv1.NewStatementServiceClient(t.kernel).UploadStatement(ctx, &finsystemv1.UploadStatementRequest{
		RequestId: once("statement " + day), FileName: "bank.txt", Content: []byte(text + "КонецФайла\n"),
	})
	if err != nil {
		return fmt.Errorf("a statement: %w", err)
	}
	return nil
}

// online is a payment that was begun, and one that was made in cash at the office.
func (t *teller) online(ctx context.Context) error {
	payments := paysystemv1.NewPaymentServiceClient(t.kernel)
	offered, err := paysystemv1.NewMethodServiceClient(t.kernel).ListMethods(ctx, &paysystemv1.ListMethodsRequest{})
	if err != nil {
		return err
	}
	for _, m := range offered.GetMethods() {
		cash := m.GetKind() == paysystemv1.MethodKind_METHOD_KIND_CASH
		if !cash && m.GetGateway() != "banktransfer" {
			continue
		}
		if _, err := payments.CreatePayment(ctx, &paysystemv1.CreatePaymentRequest{
			RequestId: once("paid by " + m.GetTitle()), ClientId: t.clients[hotel], MethodId: m.GetId(), CurrencyCode: "UAH", Amount: "2000.00",
			Description: "Filters for the kitchen hoods", Received: cash,
		}); err != nil {
			return fmt.Errorf("%s: %w", m.GetTitle(), err)
		}
	}
	return nil
}

// adjustment is what the company gave back for a visit that came too late.
func (t *teller) adjustment(ctx context.Context) error {
	_, err := finsystemv1.NewLedgerServiceClient(t.kernel).CreateAdjustment(ctx, &finsystemv1.CreateAdjustmentRequest{
		RequestId: once("adjustment"), ClientId: t.clients[hotel], Amount: uah("150.00"), Memo: "For a visit that came a day late",
	})
	if err != nil {
		return fmt.Errorf("an adjustment: %w", err)
	}
	return nil
}
