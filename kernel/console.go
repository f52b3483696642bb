package kernel

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// eventService is the head's view of events and schedules. What it shows is of no client, so that row security has no
// part in it: the permission alone opens it.
type eventService struct {
	kernelv1.UnimplementedEventServiceServer
	portal     *Portal
	dispatcher atomic.Pointer[event.Dispatcher] // nil until it runs
}

var _ kernelv1.EventServiceServer = (*eventService)(nil)

// events is the dispatcher. Before it runs there is nothing to say.
func (s *eventService) events() (*event.Dispatcher, error) {
	if d := s.dispatcher.Load(); d != nil {
		return d, nil
	}
	return nil, status.Error(codes.Unavailable, "the portal is being opened: try again in a moment")
}

var laneStates = map[event.LaneState]kernelv1.LaneState{
	event.LaneWaiting: kernelv1.LaneState_LANE_STATE_WAITING, event.LaneRunning: kernelv1.LaneState_LANE_STATE_RUNNING,
	event.LaneFailing: kernelv1.LaneState_LANE_STATE_FAILING, event.LaneParked: kernelv1.LaneState_LANE_STATE_PARKED,
}

// ListLanes lists lanes in which events wait.
func (s *eventService) ListLanes(ctx context.Context, r *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	var last event.Lane
	after := &last
	if more, err := s.portal.db.Pages().DecodePageToken(r, r.GetPageToken(), &last.Subscriber, &last.Key); err != nil {
		return nil, store.ErrorStatus(err)
	} else if !more {
		after = nil
	}
	var states []event.LaneState
	for in, out := range laneStates {
		for _, wanted := range r.GetStates() {
			if out == wanted {
				states = append(states, in)
			}
		}
	}
	size := store.PageSize(r.GetPageSize())
	lanes, err := d.LanesAfter(ctx, r.GetSubscriber(), states, after, size+1)
	if err != nil {
		return nil, store.ErrorStatus(err)
	}
	response := &kernelv1.ListLanesResponse{}
	lanes, response.NextPageToken, err = store.NextPage(s.portal.db.Pages(), r, lanes, size, func(last event.Lane) []any { return []any{last.Subscriber, last.Key} })
	if err != nil {
		return nil, err
	}
	for _, l := range lanes {
		out := &kernelv1.Lane{
			Subscriber: l.Subscriber, Key: l.Key, State: laneStates[l.State], Waiting: int32(l.Waiting), //nolint:gosec // at most 1,000
			OldestTime: stamp(l.Oldest), Attempts: int32(min(l.Attempts, 1<<20)), Error: beginning(l.Error), //nolint:gosec // bounded
		}
		if l.State != event.LaneParked {
			out.DueTime = timestamppb.New(l.Due)
		}
		response.Lanes = append(response.Lanes, out)
	}
	return response, nil
}

// ListParkedEvents lists events that hold up their lanes, the last parked first.
func (s *eventService) ListParkedEvents(ctx context.Context, r *kernelv1.ListParkedEventsRequest) (*kernelv1.ListParkedEventsResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	var last event.Parked
	after := &last
	if more, err := s.portal.db.Pages().DecodePageToken(r, r.GetPageToken(), &last.At, &last.Subscriber, &last.Key); err != nil {
		return nil, store.ErrorStatus(err)
	} else if !more {
		after = nil
	}
	size := store.PageSize(r.GetPageSize())
	list, err := d.Parked(ctx, event.Selection{Subscriber: r.GetSubscriber(), Type: r.GetType()}, after, size+1)
	if err != nil {
		return nil, store.ErrorStatus(err)
	}
	response := &kernelv1.ListParkedEventsResponse{}
	list, response.NextPageToken, err = store.NextPage(s.portal.db.Pages(), r, list, size, func(last event.Parked) []any { return []any{last.At, last.Subscriber, last.Key} })
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		response.ParkedEvents = append(response.ParkedEvents, parkedEvent(p))
	}
	return response, nil
}

// GetParkedEvent returns one that is parked, or was.
func (s *eventService) GetParkedEvent(ctx context.Context, r *kernelv1.GetParkedEventRequest) (*kernelv1.GetParkedEventResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	which, ok := delivery(r.GetId())
	if !ok {
		return nil, status.Error(codes.NotFound, "there is no such event: an id is SUBSCRIBER:EVENT")
	}
	p, err := d.Delivered(ctx, which)
	switch {
	case err != nil:
		return nil, store.ErrorStatus(err)
	case p == nil:
		return nil, status.Error(codes.NotFound, "there is no such event for this subscriber, or it is past its retention")
	}
	out := parkedEvent(*p)
	out.FullError = p.Error
	return &kernelv1.GetParkedEventResponse{ParkedEvent: out}, nil
}

// ReplayEvents has parked events delivered again: those named, or all of which something is true.
func (s *eventService) ReplayEvents(ctx context.Context, r *kernelv1.ReplayEventsRequest) (*kernelv1.ReplayEventsResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	which := event.Selection{Subscriber: r.GetSubscriber(), Type: r.GetType()}
	if which.From, err = s.day("parked_from", r.GetParkedFrom(), 0); err != nil {
		return nil, err
	}
	if which.Until, err = s.day("parked_until", r.GetParkedUntil(), 1); err != nil {
		return nil, err
	}
	some := r.GetSubscriber()+r.GetType()+r.GetParkedFrom()+r.GetParkedUntil() != ""
	switch {
	case len(r.GetIds()) > 0 && (some || r.GetAll()):
		return nil, status.Error(codes.InvalidArgument, "name events by ids, or say what they have in common, and not both")
	case len(r.GetIds()) == 0 && !some && !r.GetAll():
		return nil, module.Refusal(codes.InvalidArgument, "all", "kernel.refusal.replay_what", "say which parked events to replay, or set all")
	}
	for _, id := range r.GetIds() {
		one, ok := delivery(id)
		if !ok {
			return nil, status.Errorf(codes.NotFound, "there is no parked event %q: an id is SUBSCRIBER:EVENT", id)
		}
		which.Deliveries = append(which.Deliveries, one)
	}
	n, err := d.Replay(ctx, which)
	switch {
	case err != nil:
		return nil, store.ErrorStatus(err)
	case n == 0 && len(r.GetIds()) > 0:
		return nil, status.Error(codes.NotFound, "none of these is parked any more")
	case n == 0:
		return nil, module.Refusal(codes.InvalidArgument, "subscriber", "kernel.refusal.replay_none", "no parked event is like that")
	}
	return &kernelv1.ReplayEventsResponse{Replayed: n}, s.audit(ctx, "replayed", strconv.Itoa(int(n)))
}

// day is the beginning of a day in the portal's time zone, or of one that many days later.
func (s *eventService) day(field, text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, s.portal.config.Location())
	if err != nil {
		return day, module.Refusal(codes.InvalidArgument, field, "kernel.refusal.no_day", "there is no such day: write it as 2006-01-02")
	}
	return day.AddDate(0, 0, later), nil
}

var scheduleStates = map[event.LaneState]kernelv1.ScheduleState{
	"": kernelv1.ScheduleState_SCHEDULE_STATE_READY, event.LaneRunning: kernelv1.ScheduleState_SCHEDULE_STATE_RUNNING,
	event.LaneFailing: kernelv1.ScheduleState_SCHEDULE_STATE_FAILING, event.LaneParked: kernelv1.ScheduleState_SCHEDULE_STATE_PARKED,
}

// ListSchedules lists what runs by the clock.
func (s *eventService) ListSchedules(ctx context.Context, _ *kernelv1.ListSchedulesRequest) (*kernelv1.ListSchedulesResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	list, err := d.Schedules(ctx)
	if err != nil {
		return nil, store.ErrorStatus(err)
	}
	response := &kernelv1.ListSchedulesResponse{}
	for _, p := range list {
		response.Schedules = append(response.Schedules, &kernelv1.Schedule{
			Name: p.Name, Title: p.Title, Module: p.Module, Cron: p.Cron, CatchUp: wire.CatchUp(p.CatchUp), State: scheduleStates[p.State],
			LastTime: stamp(p.Last), NextTime: timestamppb.New(p.Next),
		})
	}
	return response, nil
}

// RunSchedule runs a schedule now.
func (s *eventService) RunSchedule(ctx context.Context, r *kernelv1.RunScheduleRequest) (*kernelv1.RunScheduleResponse, error) {
	d, err := s.events()
	if err != nil {
		return nil, err
	}
	var unknown *event.UnknownScheduleError
	err = d.RunSchedule(ctx, r.GetName(), r.GetRequestId())
	switch {
	case errors.As(err, &unknown):
		return nil, status.Error(codes.NotFound, unknown.Error())
	case errors.Is(err, event.ErrUnderWay):
		return nil, status.Error(codes.FailedPrecondition, "a run of it waits, is under way, or is parked: wait for it, or replay it")
	case err != nil:
		return nil, store.ErrorStatus(err)
	}
	return &kernelv1.RunScheduleResponse{}, s.audit(ctx, "schedule", r.GetName())
}

// audit writes down what somebody had the dispatcher do, once it does it: the two are no one transaction.
func (s *eventService) audit(ctx context.Context, field, what string) error {
	return s.portal.auditDone(ctx, field, what)
}

// auditDone writes down that somebody had the kernel do something that is no transaction of the database.
func (p *Portal) auditDone(ctx context.Context, field, what string) error {
	return store.ErrorStatus(pgx.BeginFunc(ctx, p.db.Pool(), func(tx pgx.Tx) error {
		return p.db.AuditOwn(ctx, tx, store.FieldChange{Field: field, After: what, Staff: true})
	}))
}

func parkedEvent(p event.Parked) *kernelv1.ParkedEvent {
	out := &kernelv1.ParkedEvent{
		Id: p.Subscriber + ":" + p.EventID, Subscriber: p.Subscriber, EventId: p.EventID, Type: p.Type, Source: p.Source, Key: p.Key, Name: p.Type[strings.LastIndex(p.Type, ".")+1:],
		EventTime: timestamppb.New(p.Time), Attempts: int32(min(p.Attempts, 1<<20)), Error: beginning(p.Error), Waiting: int32(p.Waiting), //nolint:gosec // bounded
		State: kernelv1.DeliveryState_DELIVERY_STATE_WAITING,
	}
	switch {
	case p.Handled:
		out.State = kernelv1.DeliveryState_DELIVERY_STATE_HANDLED
	case !p.At.IsZero():
		out.State, out.ParkTime = kernelv1.DeliveryState_DELIVERY_STATE_PARKED, timestamppb.New(p.At)
	}
	return out
}

// delivery reads the id of a parked event.
func delivery(id string) (event.Delivery, bool) {
	subscriber, eventID, ok := strings.Cut(id, ":")
	parsed, err := uuid.Parse(eventID)
	return event.Delivery{Subscriber: subscriber, EventID: parsed.String()}, ok && err == nil
}

// beginning is the first line of an error, and not too much of it.
func beginning(text string) string {
	const most = 200
	line, _, _ := strings.Cut(text, "\n")
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

func stamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
