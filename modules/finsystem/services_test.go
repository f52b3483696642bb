package finsystem_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// run has the schedule that charges run, and waits until it did.
func (o *office) run() {
	o.t.Helper()
	require.NoError(o.t, o.Events().RunSchedule(o.t.Context(), "finsystem.charge", store.NewID()))
	o.handled()
}

// handled waits until nothing waits to be handled.
func (o *office) handled() {
	o.t.Helper()
	require.Eventually(o.t, func() bool {
		return o.text("select count(*)::text from kernel.lane where done < last") == "0"
	}, 30*time.Second, 10*time.Millisecond)
}

// text is the one text that a query gives.
func (o *office) text(sql string) (text string) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.DSN)
	require.NoError(o.t, err)
	defer func() { require.NoError(o.t, conn.Close(context.WithoutCancel(o.t.Context()))) }()
	require.NoError(o.t, conn.QueryRow(o.t.Context(), sql).Scan(&text))
	return text
}

func (d *desk) services() v1.SubscriptionServiceClient {
	return v1.NewSubscriptionServiceClient(d.user.Conn)
}

// service makes a service of 300 hryvnias a month from the 1st of November and puts it into force.
func (d *desk) service(client string, change func(*v1.Subscription)) *v1.Subscription {
	d.t.Helper()
	s, err := d.start(client, change)
	require.NoError(d.t, err)
	return s
}

func (d *desk) start(client string, change func(*v1.Subscription)) (*v1.Subscription, error) {
	s := &v1.Subscription{
		ClientId: client, Name: "Maintenance", Item: "maintenance", Unit: "month", CurrencyCode: "UAH", Price: "300", Quantity: "1", TaxMode: noTax,
		Period: v1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: "2026-11-01",
	}
	if change != nil {
		change(s)
	}
	made, err := d.services().CreateSubscription(d.t.Context(), &v1.CreateSubscriptionRequest{RequestId: store.NewID(), Subscription: s})
	if err != nil {
		return nil, err
	}
	got, err := d.services().ResumeSubscription(d.t.Context(), &v1.ResumeSubscriptionRequest{Id: made.GetSubscription().GetId()})
	return got.GetSubscription(), err
}

func (d *desk) subscription(id string) *v1.Subscription {
	d.t.Helper()
	got, err := d.services().GetSubscription(d.t.Context(), &v1.GetSubscriptionRequest{Id: id})
	require.NoError(d.t, err)
	return got.GetSubscription()
}

// charges are those of a service, the oldest first: "2026-11-01 300.00 CHARGED".
func (d *desk) charges(id string) (list []string) {
	d.t.Helper()
	got, err := d.services().ListCharges(d.t.Context(), &v1.ListChargesRequest{SubscriptionId: id, PageSize: 200})
	require.NoError(d.t, err)
	for _, c := range got.GetCharges() {
		list = append([]string{c.GetFromDate() + " " + c.GetTotal().GetAmount() + " " + c.GetStatus().String()[len("CHARGE_STATUS_"):]}, list...)
	}
	return list
}

// A month of a service, day by day: it is charged once, given back for a pause, charged again when it goes on, and given back for days after its last.
func TestAServiceIsCharged(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "1000.00", "")
	s := o.manager.service(o.zerno, nil)
	require.Equal(t, []string{"2026-11-01 300.00 CHARGED"}, o.director.charges(s.GetId()))
	require.Equal(t, "700.00", o.director.balance("").GetBalance().GetAmount())
	o.run()
	require.Equal(t, "700.00", o.director.balance("").GetBalance().GetAmount(), "once")
	require.Equal(t, []string{"2026-12-01", "300.00", "0.00"}, []string{s.GetNextChargeDate(), s.GetCharged().GetAmount(), s.GetUnpaid().GetAmount()})

	for range 2 {
		p, err := o.manager.services().PauseSubscription(t.Context(), &v1.PauseSubscriptionRequest{Id: s.GetId()}) // from the 2nd on
		require.NoError(t, err)
		require.Equal(t, v1.SubscriptionStatus_SUBSCRIPTION_STATUS_PAUSED, p.GetSubscription().GetStatus())
	}
	require.Equal(t, "990.00", o.director.balance("").GetBalance().GetAmount(), "29 of 30 days are given back")
	o.clock.Move(3 * time.Hour)
	_, err := o.manager.services().ResumeSubscription(t.Context(), &v1.ResumeSubscriptionRequest{Id: s.GetId(), FromDate: "2026-11-01"})
	refusedFor(t, err, codes.InvalidArgument, "from_date", "before_pause")
	_, err = o.manager.services().ResumeSubscription(t.Context(), &v1.ResumeSubscriptionRequest{Id: s.GetId()})
	require.NoError(t, err)
	require.Equal(t, "700.00", o.director.balance("").GetBalance().GetAmount(), "it goes on the day it was paused")
	_, err = o.manager.services().EndSubscription(t.Context(), &v1.EndSubscriptionRequest{Id: s.GetId(), LastDate: "2026-11-20"})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11-01 200.00 CHARGED"}, o.director.charges(s.GetId()))
	require.Equal(t, "800.00", o.director.balance("").GetBalance().GetAmount())
	require.Empty(t, o.director.subscription(s.GetId()).GetNextChargeDate())

	// Every change of the balance stands on the statement, with the service that it is of.
	list, err := o.director.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{AboutId: s.GetId()})
	require.NoError(t, err)
	require.Len(t, list.GetPostings(), 4)

	// Nobody else's.
	for _, err := range []error{
		second(o.stranger.services().GetSubscription(t.Context(), &v1.GetSubscriptionRequest{Id: s.GetId()})),
		second(o.stranger.services().TransferToService(t.Context(), &v1.TransferToServiceRequest{RequestId: store.NewID(), SubscriptionId: s.GetId(), Amount: uah("1")})),
		second(o.manager.start(o.other, nil)),
	} {
		require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
	}
	none, err := o.stranger.services().ListCharges(t.Context(), &v1.ListChargesRequest{SubscriptionId: s.GetId()})
	require.NoError(t, err)
	require.Empty(t, none.GetCharges())
}

func second[T any](_ T, err error) error { return err }

// What could not be charged stays due, is said once, keeps nobody else from being charged, and is charged when there is money.
func TestRefusedUntilPaid(t *testing.T) {
	o := newOffice(t)
	o.head.paid(o.other, "300.00", "")
	poor := o.manager.service(o.zerno, func(s *v1.Subscription) { s.StartDate = "2026-10-01"; s.TaxMode, s.TaxPercent = onTop, "20" })
	rich := o.head.service(o.other, nil)
	require.Equal(t, []string{"2026-10-01 360.00 REFUSED", "2026-11-01 360.00 REFUSED"}, o.director.charges(poor.GetId()))
	require.Equal(t, v1.SubscriptionStatus_SUBSCRIPTION_STATUS_UNPAID, o.director.subscription(poor.GetId()).GetStatus())
	require.Equal(t, "720.00", o.director.subscription(poor.GetId()).GetUnpaid().GetAmount())
	require.Equal(t, []string{"2026-11-01 300.00 CHARGED"}, o.head.charges(rich.GetId()))
	o.clock.Move(time.Minute)
	o.run()
	require.Equal(t, "2", o.text("select count(*)::text from kernel.outbox where type = 'cabinet.finsystem.v1.ChargeRefused'"))

	o.manager.paid(o.zerno, "400.00", "")
	o.handled()
	require.Equal(t, []string{"2026-10-01 360.00 CHARGED", "2026-11-01 360.00 REFUSED"}, o.director.charges(poor.GetId()), "the oldest first")
	list, err := o.director.services().ListSubscriptions(t.Context(), &v1.ListSubscriptionsRequest{Statuses: []v1.SubscriptionStatus{v1.SubscriptionStatus_SUBSCRIPTION_STATUS_UNPAID}})
	require.NoError(t, err)
	require.Len(t, list.GetSubscriptions(), 1)

	// A mistake is taken back, what was charged and what was not.
	all, err := o.manager.services().ListCharges(t.Context(), &v1.ListChargesRequest{SubscriptionId: poor.GetId()})
	require.NoError(t, err)
	for _, c := range all.GetCharges() {
		for range 2 {
			_, err := o.manager.services().CancelCharge(t.Context(), &v1.CancelChargeRequest{Id: c.GetId(), Reason: "agreed otherwise"})
			require.NoError(t, err)
		}
	}
	require.Equal(t, "400.00", o.director.balance("").GetBalance().GetAmount())
	o.clock.Move(time.Minute)
	o.run()
	require.Equal(t, []string{"2026-10-01 0.00 CANCELLED", "2026-11-01 0.00 CANCELLED"}, o.director.charges(poor.GetId()))
}

// What is done is charged by its stage, in decimals, to an account of the service's own.
func TestUsageAndOwnAccount(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "500.00", "")
	s := o.manager.service(o.zerno, func(s *v1.Subscription) {
		s.Period, s.OwnAccount, s.Price = v1.ServicePeriod_SERVICE_PERIOD_USAGE, true, "100"
		s.Stages = []*v1.ServiceStage{{Name: "Design", Quantity: "2", Price: "33.335"}, {Name: "Build"}}
	})
	fill := func(amount string) (*v1.Subscription, error) {
		got, err := o.director.services().TransferToService(t.Context(), &v1.TransferToServiceRequest{RequestId: store.NewID(), SubscriptionId: s.GetId(), Amount: uah(amount)})
		return got.GetSubscription(), err
	}
	_, err := fill("500.01")
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	filled, err := fill("120.00")
	require.NoError(t, err)
	require.Equal(t, "120.00", filled.GetBalance().GetAmount())
	require.Equal(t, "380.00", o.director.balance("").GetBalance().GetAmount())

	record := func(quantity, stage string) (*v1.Charge, error) {
		got, err := o.manager.services().RecordUsage(t.Context(), &v1.RecordUsageRequest{RequestId: store.NewID(), SubscriptionId: s.GetId(), Quantity: quantity, Stage: stage})
		return got.GetCharge(), err
	}
	c, err := record("0.5", "Design")
	require.NoError(t, err)
	require.Equal(t, []string{"16.67", "CHARGE_STATUS_CHARGED"}, []string{c.GetTotal().GetAmount(), c.GetStatus().String()})
	c, err = record("1.25", "Build")
	require.NoError(t, err)
	require.Equal(t, []string{"125.00", "CHARGE_STATUS_REFUSED", "21.67"}, []string{c.GetTotal().GetAmount(), c.GetStatus().String(), c.GetShort().GetAmount()}, "the balance is another account")
	_, err = record("1", "Paint")
	refusedFor(t, err, codes.InvalidArgument, "stage", "no_stage")
	_, err = record("0.00", "")
	refusedFor(t, err, codes.InvalidArgument, "quantity", "quantity_zero")

	_, err = fill("21.67")
	require.NoError(t, err)
	o.clock.Move(time.Minute)
	o.run()
	got := o.director.subscription(s.GetId())
	require.Equal(t, []string{"141.67", "0.00", "0.00"}, []string{got.GetCharged().GetAmount(), got.GetUnpaid().GetAmount(), got.GetBalance().GetAmount()})
	require.Equal(t, []string{"0.5", "1.25"}, []string{got.GetStages()[0].GetDone(), got.GetStages()[1].GetDone()})
}

// Two portals that were down for three months make up for them, once.
func TestDowntime(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "100000.00", "")
	var ids []string
	for range 20 {
		ids = append(ids, o.manager.service(o.zerno, nil).GetId())
	}
	last := o.manager.service(o.zerno, func(s *v1.Subscription) { s.StartDate = "2026-10-31" })
	o.Beside(t)
	o.clock.Move(91 * 24 * time.Hour) // to the 1st of February
	kernel := &desk{t: t, user: &kerneltest.User{Conn: o.Kernel()}}
	require.Eventually(t, func() bool { return len(kernel.charges(ids[19])) == 4 && len(kernel.charges(last.GetId())) == 4 }, 30*time.Second, 20*time.Millisecond)
	o.handled()
	for _, id := range ids {
		require.Equal(t, []string{"2026-11-01 300.00 CHARGED", "2026-12-01 300.00 CHARGED", "2027-01-01 300.00 CHARGED", "2027-02-01 300.00 CHARGED"}, kernel.charges(id))
	}
	require.Equal(t, []string{"2026-10-31 300.00 CHARGED", "2026-11-30 300.00 CHARGED", "2026-12-31 300.00 CHARGED", "2027-01-31 300.00 CHARGED"}, kernel.charges(last.GetId()))
	require.Equal(t, "2027-02-28", kernel.subscription(last.GetId()).GetNextChargeDate())
	require.Equal(t, "84", o.text("select count(*)::text from finsystem.postings where kind = 'charge'"))
}

// Nobody is charged for days on which they are suspended.
func TestSuspendedClientsAreNotCharged(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "1000.00", "")
	s := o.manager.service(o.zerno, nil)
	clients := clientmanagerv1.NewClientServiceClient(o.Kernel())
	_, err := clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: o.zerno, Reason: "x"})
	require.NoError(t, err)
	o.handled()
	kernel := &desk{t: t, user: &kerneltest.User{Conn: o.Kernel()}}
	kernel.ledger = v1.NewLedgerServiceClient(o.Kernel())
	got := kernel.subscription(s.GetId())
	require.Equal(t, v1.SubscriptionStatus_SUBSCRIPTION_STATUS_PAUSED, got.GetStatus())
	require.True(t, got.GetClientSuspended())
	_, err = o.manager.services().ResumeSubscription(t.Context(), &v1.ResumeSubscriptionRequest{Id: s.GetId()})
	refusedFor(t, err, codes.FailedPrecondition, "id", "suspended")
	o.clock.Move(44 * 24 * time.Hour) // to the 16th of December
	o.handled()
	_, err = clients.ResumeClient(t.Context(), &clientmanagerv1.ResumeClientRequest{Id: o.zerno})
	require.NoError(t, err)
	o.handled()
	// The 1st of November, and 16 of 31 days of December.
	require.Equal(t, []string{"2026-11-01 10.00 CHARGED", "2026-12-01 154.84 CHARGED"}, kernel.charges(s.GetId()))
	require.Equal(t, "835.16", kernel.balance(o.zerno).GetBalance().GetAmount())
}

// A draft is the business's own; it changes and goes, and what is in force does neither but in what is to come.
func TestDraftsOfServices(t *testing.T) {
	o := newOffice(t)
	made, err := o.manager.services().CreateSubscription(t.Context(), &v1.CreateSubscriptionRequest{RequestId: store.NewID(), Subscription: &v1.Subscription{
		ClientId: o.zerno, Name: "Hosting", CurrencyCode: "UAH", Price: "10", TaxMode: onTop, TaxPercent: "20.0", Period: v1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: "2026-11-01",
	}})
	require.NoError(t, err)
	one := made.GetSubscription()
	require.Equal(t, []string{"1", "20", "SUBSCRIPTION_STATUS_DRAFT"}, []string{one.GetQuantity(), one.GetTaxPercent(), one.GetStatus().String()})
	require.Equal(t, codes.NotFound, status.Code(second(o.director.services().GetSubscription(t.Context(), &v1.GetSubscriptionRequest{Id: one.GetId()}))))
	update := func(change func(*v1.Subscription), fields ...string) error {
		s := &v1.Subscription{Id: one.GetId()}
		change(s)
		return second(o.manager.services().UpdateSubscription(t.Context(), &v1.UpdateSubscriptionRequest{Subscription: s, UpdateMask: mask(fields...)}))
	}
	_, err = o.manager.services().RecordUsage(t.Context(), &v1.RecordUsageRequest{RequestId: store.NewID(), SubscriptionId: one.GetId(), Quantity: "1"})
	refusedFor(t, err, codes.FailedPrecondition, "id", "service_not_in_force")
	require.NoError(t, update(func(s *v1.Subscription) { s.StartDate, s.Price = "2026-11-02", "20" }, "start_date", "price"))
	refusedFor(t, update(func(s *v1.Subscription) { s.EndDate = "2026-10-01" }, "end_date"), codes.InvalidArgument, "subscription.end_date", "ends_before")
	refusedFor(t, update(func(s *v1.Subscription) { s.StartDate = "2026-02-30" }, "start_date"), codes.InvalidArgument, "subscription.start_date", "no_date")
	refusedFor(t, update(func(s *v1.Subscription) { s.CurrencyCode = "XYZ" }, "currency_code"), codes.InvalidArgument, "subscription.price", "no_currency")
	refusedFor(t, update(func(s *v1.Subscription) { s.Price, s.Quantity = "999999999999", "999999999999" }, "price", "quantity"), codes.InvalidArgument, "subscription.price", "amount_range")
	refusedFor(t, update(func(s *v1.Subscription) { s.Revision = 7 }, "name"), codes.Aborted, "", "meanwhile")

	in := o.manager.service(o.zerno, nil)
	one = in
	refusedFor(t, update(func(s *v1.Subscription) { s.StartDate = "2026-10-01" }, "start_date"), codes.FailedPrecondition, "subscription.start_date", "service_in_force")
	require.NoError(t, update(func(s *v1.Subscription) { s.Price = "400" }, "price"))
	require.Equal(t, []string{"2026-11-01 300.00 REFUSED"}, o.director.charges(in.GetId()), "the new price is for what is to come")
	_, err = o.manager.services().DeleteSubscription(t.Context(), &v1.DeleteSubscriptionRequest{Id: in.GetId()})
	refusedFor(t, err, codes.FailedPrecondition, "id", "service_no_draft")
	_, err = o.manager.services().DeleteSubscription(t.Context(), &v1.DeleteSubscriptionRequest{Id: made.GetSubscription().GetId()})
	require.NoError(t, err)
	require.Equal(t, "1", o.text("select count(*)::text from kernel.audit_entry where outcome = 'done' and method = '"+v1.SubscriptionService_DeleteSubscription_FullMethodName+"'"))
}
