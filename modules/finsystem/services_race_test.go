package finsystem_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

// many makes services of a hryvnia a month for as many clients, of whom every tenth has nothing and may owe nothing, as straight as can be.
func many(clients int) string {
	return `
		with made as (
			insert into kernel.client (id, module) select gen_random_uuid(), 'clientmanager' from generate_series(1, ` + strconv.Itoa(clients) + `) returning id
		), accounts as (
			insert into finsystem.accounts (client_id, kind, code, currency_code) select id, 'client', '', 'UAH' from made returning id, client_id
		), balances as (
			insert into finsystem.balances (account_id, client_id, currency_code, balance, held, credit_limit)
			select id, client_id, 'UAH', 0, 0, case when row_number() over () % 10 = 0 then 0 else 1000000 end from accounts
		)
		insert into finsystem.subscriptions (id, client_id, name, item, unit, currency_code, price, quantity, tax_mode, tax_percent, period, billing_day, start_date, stages,
			own_account, status, next_start, pauses, suspended, create_time, update_time, revision)
		select gen_random_uuid(), client_id, 'x', '', '', 'UAH', 1, 1, 'on_top', '20', 'month', 0, '2026-09-30', '[]', false, 'active', '2026-09-30', '[]', false, now(), now(), 1
			from accounts`
}

// capture keeps the modules of portals as they are made.
func capture(into *[]*finsystem.Module) func(*call.Router) ([]module.Unit, error) {
	return func(r *call.Router) ([]module.Unit, error) {
		units, err := assemble(r)
		for _, u := range units {
			if m, ok := u.Module.(*finsystem.Module); ok {
				*into = append(*into, m)
			}
		}
		return units, err
	}
}

// Runs of two portals at once, whose connections are cut in the midst of it, charge each period once, and nobody who may not owe it.
func TestChargingIsKilled(t *testing.T) {
	kerneltest.SkipAsProcess(t, "it runs the module's own function")
	var modules []*finsystem.Module
	o := &office{t: t, clock: kerneltest.NewClock(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))}
	o.Portal = kerneltest.Start(t, kerneltest.Options{Assemble: capture(&modules), Config: config, Clock: o.clock})
	o.Beside(t)
	modules = slices.DeleteFunc(modules, func(m *finsystem.Module) bool { return !m.Runs() })
	modules = modules[len(modules)-2:] // one before them may have made the database
	storetest.Run(t, o.DSN, many(1000))
	t.Cleanup(o.balanced)

	// The server cuts whoever writes the 700th charge, and the 2,100th, the moment it is written.
	storetest.Run(t, o.DSN, `
		create sequence public.written;
		create function public.cut() returns trigger language plpgsql security definer as $$ begin
			if new.status = 'charged' and nextval('public.written') in (700, 2100) then perform pg_terminate_backend(pg_backend_pid()); end if;
			return new;
		end $$;
		create trigger cut after update on finsystem.charges for each row execute function public.cut()`)
	cut, run := 0, o.clock.Now()
	for {
		errs := kerneltest.AtOnce(4, func(i int) error { return modules[i%2].Charge(t.Context(), run) })
		if kerneltest.Count(errs, codes.OK) == len(errs) {
			break
		}
		cut++
		require.Less(t, cut, 20, "%v", errs)
	}
	require.Positive(t, cut, "nothing was cut")
	require.Equal(t, "2000 1800", o.text(`select count(*) || ' ' || count(*) filter (where status = 'charged') from finsystem.charges`))
	require.Equal(t, "1800", o.text(`select count(*)::text from finsystem.postings where kind = 'charge'`))
	require.Equal(t, "200", o.text(`select count(*)::text from finsystem.charges where status = 'refused' and short = 120 and posted_net = 0`))
	require.Equal(t, "-2.40 0.00", o.text(`select string_agg((balance / 100.0)::numeric(9, 2)::text, ' ' order by balance) from (select distinct balance from finsystem.balances) b`))
}

// A charge counts from the first moment of its day in the portal's time zone, also where clocks change.
func TestDaysAreThePortals(t *testing.T) {
	o := &office{t: t, clock: kerneltest.NewClock(time.Date(2026, 10, 24, 20, 30, 0, 0, time.UTC))} // half an hour before the day on which clocks go back
	o.Portal = kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: config + "\ntime_zone: Europe/Kyiv\n", Clock: o.clock})
	t.Cleanup(o.balanced)
	o.zerno = o.Client(t, "Zerno")
	head := o.desk(o.Head(t))
	head.paid(o.zerno, "3100.00", "")
	s := head.service(o.zerno, func(s *v1.Subscription) { s.StartDate, s.Price = "2026-10-25", "31" })
	require.Empty(t, head.charges(s.GetId()), "it has not begun")
	o.clock.Move(35 * time.Minute)
	o.handled()
	require.Eventually(t, func() bool { return len(head.charges(s.GetId())) == 1 }, 30*time.Second, 20*time.Millisecond)
	head.user = &kerneltest.User{Conn: o.Kernel()} // whose session does not end
	o.clock.Move(24*time.Hour + 30*time.Minute)    // the day has 25 hours: it is 23:35 of it
	p, err := head.services().PauseSubscription(t.Context(), &v1.PauseSubscriptionRequest{Id: s.GetId()})
	require.NoError(t, err)
	require.Equal(t, "2026-10-25", p.GetSubscription().GetPausedFrom())
	require.Equal(t, []string{"2026-10-25 0.00 CHARGED"}, head.charges(s.GetId()))
	o.clock.Move(30 * time.Minute)
	_, err = head.services().ResumeSubscription(t.Context(), &v1.ResumeSubscriptionRequest{Id: s.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-10-25 30.00 CHARGED"}, head.charges(s.GetId()), "a day of 31 is not charged")
}

// Services, what was charged for them and deferrals follow a merge.
func TestServicesFollowAMerge(t *testing.T) {
	o := newOffice(t)
	o.head.paid(o.other, "500.00", "")
	s := o.head.service(o.other, nil)
	ask := func(client string) *v1.Deferral {
		d, err := o.head.ask(client, "100.00", 5)
		require.NoError(t, err)
		return d
	}
	ask(o.other)
	ask(o.zerno)
	_, err := clientmanagerv1.NewMergeServiceClient(o.head.user.Conn).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{
		RequestId: store.NewID(), IntoId: o.zerno, FromId: o.other,
	})
	require.NoError(t, err)
	o.handled()
	require.Equal(t, []string{"2026-11-01 300.00 CHARGED"}, o.director.charges(s.GetId()))
	list, err := o.director.deferrals().ListDeferrals(t.Context(), &v1.ListDeferralsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetDeferrals(), 2)
	_, err = o.head.services().EndSubscription(t.Context(), &v1.EndSubscriptionRequest{Id: s.GetId(), LastDate: "2026-11-10"})
	require.NoError(t, err)
	require.Equal(t, "400.00", o.director.balance("").GetBalance().GetAmount())
}
