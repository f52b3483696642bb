package kernel_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// suspended is a type that accountmanager hears.
const suspended = "cabinet.clientmanager.v1.ClientSuspended"

// park writes parked lanes as a subscriber leaves them that cannot handle what it hears, and returns their ids. Each event
// is of another client, and can be handled once it is replayed.
func park(t testing.TB, dsn string, subscriber string, n int) (ids []string) {
	t.Helper()
	return query(t, dsn, fmt.Sprintf(`
		with c as (
			insert into kernel.client (id, module) select gen_random_uuid(), 'clientmanager' from generate_series(1, %[3]d) returning id::text as client
		), e as (
			insert into kernel.outbox (id, source, type, key, payload)
			select gen_random_uuid(), 'clientmanager', '%[1]s', client, '\x0a24'::bytea || convert_to(client, 'UTF8')
			from c returning *
		), l as (
			insert into kernel.lane (subscriber, key, done, last, attempts, parked_at, error)
			select '%[2]s', key, seq - 1, seq, 10, clock_timestamp(), E'the gateway said no\ngoroutine 1: <b>main</b>' from e
		)
		select '%[2]s:' || id from e order by id`, suspended, subscriber, n))
}

func TestTheConsoleIsForTheHeadAlone(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: `
roles:
  watcher:
    title: {en: Watcher, uk: Спостерігач, ru: Наблюдатель}
    staff: true
    permissions: {kernel.events.read: all}
`})
	client := p.Client(t, "Zerno Roastery")
	id := park(t, p.DSN, "accountmanager.follow-clients", 1)[0]
	type who struct {
		name         string
		user         *kerneltest.User
		read, change codes.Code
	}
	everybody := []who{
		{"head", p.Head(t), codes.OK, codes.OK},
		{"manager", p.Staff(t, "manager"), codes.PermissionDenied, codes.PermissionDenied},
		{"somebody who may look", p.Staff(t, "watcher"), codes.OK, codes.PermissionDenied},
		{"director", p.Contact(t, client, "client.director"), codes.PermissionDenied, codes.PermissionDenied},
		{"accountant", p.Contact(t, client, "client.accountant"), codes.PermissionDenied, codes.PermissionDenied},
		{"nobody", p.Anonymous(t), codes.Unauthenticated, codes.Unauthenticated},
	}
	for i := len(everybody) - 1; i >= 0; i-- { // the head last, who changes something
		one := everybody[i]
		s := kernelv1.NewEventServiceClient(one.user.Conn)
		ask := func(what string, want codes.Code, err error) {
			t.Helper()
			require.Equal(t, want, status.Code(err), "%s as %s: %v", what, one.name, err)
		}
		_, err := s.ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
		ask("lanes", one.read, err)
		_, err = s.ListParkedEvents(t.Context(), &kernelv1.ListParkedEventsRequest{})
		ask("parked", one.read, err)
		_, err = s.GetParkedEvent(t.Context(), &kernelv1.GetParkedEventRequest{Id: id})
		ask("one", one.read, err)
		_, err = s.ListSchedules(t.Context(), &kernelv1.ListSchedulesRequest{})
		ask("schedules", one.read, err)
		_, err = s.RunSchedule(t.Context(), &kernelv1.RunScheduleRequest{Name: "kernel.keep-house", RequestId: store.NewID()})
		ask("run", one.change, err)
		_, err = s.ReplayEvents(t.Context(), &kernelv1.ReplayEventsRequest{Ids: []string{id}})
		ask("replay", one.change, err)

		// Pages follow the rights: who may not look is shown no page and no link to one.
		page := one.user.Get(t, "/events/parked")
		require.Equal(t, one.read == codes.OK, page.Status == http.StatusOK, "%s: %d", one.name, page.Status)
		home := one.user.Get(t, "/")
		require.Equal(t, one.read == codes.OK, strings.Contains(home.Body, `href="/events"`), one.name)
		if one.change != codes.OK && one.name != "nobody" {
			sent := one.user.Post(t, "/actions/kernel.parked/replay", url.Values{"ids": {id}, "return": {"/events/parked"}})
			require.Equal(t, http.StatusForbidden, sent.Status, one.name)
			require.NotContains(t, page.Body, "/actions/kernel.parked/replay", one.name)
		}
	}
	require.NoError(t, p.Events().WaitDrained(t.Context()))
}

func TestParkedEventsAreReplayed(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	s := kernelv1.NewEventServiceClient(head.Conn)
	const subscriber = "accountmanager.follow-clients"
	park(t, p.DSN, subscriber, 60)
	state := func(id string) kernelv1.DeliveryState {
		t.Helper()
		require.NoError(t, p.Events().WaitDrained(t.Context()))
		one, err := s.GetParkedEvent(t.Context(), &kernelv1.GetParkedEventRequest{Id: id})
		require.NoError(t, err)
		return one.GetParkedEvent().GetState()
	}
	const parked, handled = kernelv1.DeliveryState_DELIVERY_STATE_PARKED, kernelv1.DeliveryState_DELIVERY_STATE_HANDLED

	first, err := s.ListParkedEvents(t.Context(), &kernelv1.ListParkedEventsRequest{PageSize: 40})
	require.NoError(t, err)
	require.Len(t, first.GetParkedEvents(), 40)
	second, err := s.ListParkedEvents(t.Context(), &kernelv1.ListParkedEventsRequest{PageSize: 40, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, second.GetParkedEvents(), 20)
	require.Empty(t, second.GetNextPageToken())
	_, err = s.ListParkedEvents(t.Context(), &kernelv1.ListParkedEventsRequest{Type: suspended, PageToken: first.GetNextPageToken()})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	one := first.GetParkedEvents()[0]
	require.Equal(t, []any{subscriber, suspended, "clientmanager", int32(10), int32(1), "the gateway said no", parked, ""},
		[]any{one.GetSubscriber(), one.GetType(), one.GetSource(), one.GetAttempts(), one.GetWaiting(), one.GetError(), one.GetState(), one.GetFullError()})
	lanes, err := s.ListLanes(t.Context(), &kernelv1.ListLanesRequest{States: []kernelv1.LaneState{kernelv1.LaneState_LANE_STATE_PARKED}})
	require.NoError(t, err)
	require.Len(t, lanes.GetLanes(), 50)
	more, err := s.ListLanes(t.Context(), &kernelv1.ListLanesRequest{States: []kernelv1.LaneState{kernelv1.LaneState_LANE_STATE_PARKED}, PageToken: lanes.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, more.GetLanes(), 10)
	require.False(t, proto.Equal(lanes.GetLanes()[49], more.GetLanes()[0]))

	replay := func(r *kernelv1.ReplayEventsRequest) (int64, error) {
		said, err := s.ReplayEvents(t.Context(), r)
		return said.GetReplayed(), err
	}
	// Nothing by accident.
	for _, bad := range []*kernelv1.ReplayEventsRequest{
		{}, {Ids: []string{one.GetId()}, All: true}, {Ids: []string{one.GetId()}, Subscriber: subscriber}, {ParkedFrom: "2026-02-30"}, {ParkedFrom: "yesterday"},
		{Subscriber: "accountmanager.never"}, {Type: "cabinet.clientmanager.v1.ClientResumed"}, {ParkedUntil: "2020-01-01"},
	} {
		_, err := replay(bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v: %v", bad, err)
	}
	for _, id := range []string{"x", subscriber + ":x", "accountmanager.never:" + one.GetEventId(), subscriber + ":" + store.NewID()} {
		_, err := replay(&kernelv1.ReplayEventsRequest{Ids: []string{id}})
		require.Equal(t, codes.NotFound, status.Code(err), id)
		_, err = s.GetParkedEvent(t.Context(), &kernelv1.GetParkedEventRequest{Id: id})
		require.Equal(t, codes.NotFound, status.Code(err), id)
	}
	// One; again it is parked no more.
	n, err := replay(&kernelv1.ReplayEventsRequest{Ids: []string{one.GetId()}})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, handled, state(one.GetId()))
	_, err = replay(&kernelv1.ReplayEventsRequest{Ids: []string{one.GetId()}})
	require.Equal(t, codes.NotFound, status.Code(err))

	// Some, on the page, with one that somebody else had replayed meanwhile.
	page := head.Get(t, "/events/parked")
	require.Contains(t, page.Body, `name="ids"`)
	require.NotContains(t, page.Body, "goroutine", "a list shows how an error begins")
	chosen := []string{one.GetId(), second.GetParkedEvents()[0].GetId(), second.GetParkedEvents()[1].GetId()}
	sent := head.Post(t, "/actions/kernel.parked/replay_chosen", url.Values{"ids": chosen, "return": {"/events/parked"}})
	require.Equal(t, http.StatusSeeOther, sent.Status)
	require.Equal(t, []any{handled, handled, parked}, []any{state(chosen[1]), state(chosen[2]), state(second.GetParkedEvents()[2].GetId())})

	// The page of one says all, as text.
	other := second.GetParkedEvents()[2].GetId()
	page = head.Get(t, "/events/parked/"+url.PathEscape(other))
	require.Contains(t, page.Body, "goroutine 1: &lt;b&gt;main&lt;/b&gt;")

	// A range, by the form.
	page = head.Post(t, "/events/replay", url.Values{})
	require.Equal(t, http.StatusUnprocessableEntity, page.Status)
	require.Contains(t, page.Body, "Say which ones, or tick this.")
	sent = head.Post(t, "/events/replay", url.Values{"subscriber": {subscriber}, "parked_from": {"2020-01-01"}})
	require.Equal(t, "/events/parked", sent.Location())
	require.Equal(t, handled, state(other))
	left, err := s.ListParkedEvents(t.Context(), &kernelv1.ListParkedEventsRequest{})
	require.NoError(t, err)
	require.Empty(t, left.GetParkedEvents())
	require.Equal(t, []string{"60"}, query(t, p.DSN, `select count(*)::text from kernel.inbox where subscriber = '`+subscriber+`'`), "each was applied once")
}

func TestSchedulesAreShownAndRunByHand(t *testing.T) {
	t.Parallel()
	began, resume := make(chan struct{}, 9), make(chan struct{})
	p := kerneltest.Start(t, kerneltest.Options{Config: "time_zone: Europe/Kyiv", Assemble: func(router *call.Router) ([]module.Unit, error) {
		units, err := assemble(router)
		return append(units, module.Unit{Name: "ticker", Module: ticker(func() { began <- struct{}{}; <-resume })}), err
	}})
	head := p.Head(t)
	s := kernelv1.NewEventServiceClient(head.Conn)
	find := func() *kernelv1.Schedule {
		t.Helper()
		list, err := s.ListSchedules(t.Context(), &kernelv1.ListSchedulesRequest{})
		require.NoError(t, err)
		named := map[string]*kernelv1.Schedule{}
		for _, one := range list.GetSchedules() {
			named[one.GetName()] = one
		}
		require.Contains(t, named, "kernel.keep-house")
		require.Contains(t, named, "ticker.tick")
		return named["ticker.tick"]
	}
	tick := find()
	require.Equal(t, []any{"ticker.tick", "ticker", "0 3 * * *", kernelv1.CatchUp_CATCH_UP_EACH, kernelv1.ScheduleState_SCHEDULE_STATE_READY},
		[]any{tick.GetName(), tick.GetModule(), tick.GetCron(), tick.GetCatchUp(), tick.GetState()})
	require.Nil(t, tick.GetLastTime())
	page := head.Get(t, "/events/schedules")
	require.Contains(t, page.Body, "Delete what is past its retention")
	require.Contains(t, page.Body, ", 03:00", "the time of day in the portal's zone")

	// What the page's own button sends, twice: it runs once.
	id := regexp.MustCompile(`name="request_id" value="([0-9a-f-]{36})"`).FindStringSubmatch(page.Body)
	require.Len(t, id, 2)
	form := url.Values{"name": {"ticker.tick"}, "request_id": {id[1]}, "return": {"/events/schedules"}, "confirmed": {"1"}}
	for range 2 {
		require.Equal(t, http.StatusSeeOther, head.Post(t, "/actions/kernel.schedules/run", form).Status)
	}
	<-began
	require.Equal(t, kernelv1.ScheduleState_SCHEDULE_STATE_RUNNING, find().GetState())
	_, err := s.RunSchedule(t.Context(), &kernelv1.RunScheduleRequest{Name: "ticker.tick", RequestId: store.NewID()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	_, err = s.RunSchedule(t.Context(), &kernelv1.RunScheduleRequest{Name: "ticker.never", RequestId: store.NewID()})
	require.Equal(t, codes.NotFound, status.Code(err))
	close(resume)
	require.NoError(t, p.Events().WaitDrained(t.Context()))
	require.Equal(t, []string{"tick"}, query(t, p.DSN, `select what from ticker.run`))
	require.Equal(t, tick.GetNextTime().AsTime(), find().GetNextTime().AsTime())

	// The kernel's own works too.
	query(t, p.DSN, `insert into kernel.outbox (id, source, type, key, time, payload) values (gen_random_uuid(), 'bell', 'bell.Rang', 'old', now() - interval '31 days', '')`)
	_, err = s.RunSchedule(t.Context(), &kernelv1.RunScheduleRequest{Name: "kernel.keep-house", RequestId: store.NewID()})
	require.NoError(t, err)
	require.NoError(t, p.Events().WaitDrained(t.Context()))
	require.Equal(t, []string{"0"}, query(t, p.DSN, `select count(*)::text from kernel.outbox where key = 'old'`))
}
