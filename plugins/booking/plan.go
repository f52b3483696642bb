package booking

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// wish is what requests have in common that ask for a time of a resource.
type wish interface {
	GetResourceId() string
	GetStartTime() *timestamppb.Timestamp
	GetDay() string
	GetTime() string
	GetMinutes() int32
}

var (
	_ wish = (*v1.CreateBookingRequest)(nil)
	_ wish = (*v1.CreateHoldRequest)(nil)
	_ wish = (*v1.MoveBookingRequest)(nil)
	_ wish = guestWish{}
)

const (
	// longest is how long a booking can be, longestBuffer how long what is kept free before or after it.
	longest       = 24 * time.Hour
	longestBuffer = 12 * time.Hour
)

// startField is the field in which a request says its start.
func startField(w wish) string {
	if w.GetStartTime() != nil {
		return "start_time"
	}
	return "time"
}

// plan finds out what a request asks for, and whether it can be had but for what is taken. usual is the resource and the
// length where the request leaves them out; client says that the rules for clients hold.
func (m *Module) plan(ctx context.Context, q store.Querier, w wish, usual planned, client bool) (planned, error) {
	id := w.GetResourceId()
	if id == "" {
		id = usual.resource.ID
	}
	p := planned{}
	var err error
	if p.resource, err = findResource(ctx, q, id); err != nil {
		return p, err
	}
	if p.resource.State != "active" {
		return p, refuse(codes.FailedPrecondition, "resource_id", "refusal.archived", "this resource takes no bookings any more")
	}
	if p.start, err = m.startOf(w); err != nil {
		return p, err
	}
	length := time.Duration(w.GetMinutes()) * time.Minute
	if length == 0 {
		length = usual.end.Sub(usual.start)
	}
	if length == 0 {
		length = time.Duration(p.resource.SlotMinutes) * time.Minute
	}
	p.end = p.start.Add(length)
	p.from, p.until = p.resource.busy(p.start, p.end)
	return p, m.allowed(ctx, q, p, startField(w), client)
}

// planned is a time of a resource that somebody wants.
type planned struct {
	resource    resourceRow
	start, end  time.Time
	from, until time.Time // with its buffers
}

// allowed refuses a time that the rules keep the caller from, and says why beside the field.
func (m *Module) allowed(ctx context.Context, q store.Querier, p planned, field string, client bool) error {
	now := m.host.Now().In(m.host.Zone)
	rules := m.rules(p.resource)
	switch {
	case !p.start.After(now):
		return refuse(codes.InvalidArgument, field, "refusal.past", "this time is over: choose a later one")
	case !p.start.After(rules.earliest(now, client)):
		return refuse(codes.InvalidArgument, field, "refusal.short_notice", "this is too soon: it must be booked "+rules.notice.String()+" ahead")
	case p.start.After(rules.latest(now)):
		return refuse(codes.InvalidArgument, field, "refusal.too_far", "this is too far ahead: choose an earlier day")
	}
	hours, err := m.timetable(ctx, q, p.start, p.end, p.resource)
	if err != nil {
		return err
	}
	if !within(m.open(hours, p.resource, p.start, p.end), p.start, p.end) {
		openings, reason := hours.on(p.resource, p.start)
		switch text := writeDay(openings); {
		case text == "" && reason != "":
			return refuse(codes.InvalidArgument, field, "refusal.closed_day", "this resource is closed that day: "+reason)
		case text == "":
			return refuse(codes.InvalidArgument, field, "refusal.closed_day", "this resource is closed that day")
		default:
			return refuse(codes.InvalidArgument, field, "refusal.closed", "this resource can be booked that day at "+text)
		}
	}
	return nil
}

// startOf is when a booking is to begin, in the portal's time zone.
func (m *Module) startOf(w wish) (time.Time, error) {
	switch {
	case w.GetStartTime() != nil && (w.GetDay() != "" || w.GetTime() != ""):
		return time.Time{}, refuse(codes.InvalidArgument, "start_time", "refusal.start_twice", "give start_time, or day and time, not both")
	case w.GetStartTime() != nil:
		return w.GetStartTime().AsTime().In(m.host.Zone).Truncate(time.Second), nil
	case w.GetDay() == "":
		return time.Time{}, refuse(codes.InvalidArgument, "day", "refusal.day_needed", "say on which day")
	case w.GetTime() == "":
		return time.Time{}, refuse(codes.InvalidArgument, "time", "refusal.time_needed", "say at which time")
	}
	day, err := m.day(w.GetDay(), "day")
	if err != nil {
		return day, err
	}
	start, ok := at(day, minuteOf(w.GetTime(), 0))
	if !ok {
		return start, refuse(codes.InvalidArgument, "time", "refusal.no_time", "clocks skip this time on that day: choose another")
	}
	return start, nil
}

// taken says of a broken promise what it means to who asked.
func taken(err error, w wish) error {
	if store.Constraint(err) == "bookings_no_double" {
		return refuse(codes.AlreadyExists, startField(w), "refusal.taken", "somebody has this resource then: choose another time")
	}
	return err
}
