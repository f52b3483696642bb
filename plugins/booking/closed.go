package booking

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// mostAsked is how much time is looked at in one call: two months, and what a page of one shows around it.
const mostAsked = 62 * 24 * time.Hour

// ListClosedTimes lists when resources are closed.
func (s *slotService) ListClosedTimes(ctx context.Context, r *v1.ListClosedTimesRequest) (*v1.ListClosedTimesResponse, error) {
	from, until := r.GetFromTime().AsTime(), r.GetUntilTime().AsTime()
	switch {
	case !from.Before(until):
		return nil, refuse(codes.InvalidArgument, "until_time", "refusal.ends_early", "the time must end after it begins")
	case until.Sub(from) > mostAsked:
		return nil, refuse(codes.InvalidArgument, "until_time", "refusal.too_long", "ask for 62 days at most")
	}
	resources, err := s.bookable(ctx, r.GetResourceId())
	if err != nil {
		return nil, err
	}
	response := &v1.ListClosedTimesResponse{}
	for _, resource := range resources {
		for _, c := range closed(from.In(s.host.Zone), until, resource.hours) {
			response.ClosedTimes = append(response.ClosedTimes, &v1.ClosedTime{
				ResourceId: resource.ID, StartTime: timestamppb.New(c.start), EndTime: timestamppb.New(c.end),
			})
		}
	}
	return response, nil
}

// closed is what is left between two instants when a resource's hours are taken out. Days are those of from's time zone.
func closed(from, until time.Time, hours func(time.Time) (opens, closes time.Time)) []span {
	var found []span
	last := from
	for day := from; day.Before(until); day = nextDay(day) {
		opens, closes := hours(day)
		if opens.After(last) && last.Before(until) {
			found = append(found, span{last, earlier(opens, until)})
		}
		if closes.After(last) {
			last = closes
		}
	}
	if last.Before(until) {
		found = append(found, span{last, until})
	}
	return found
}

// nextDay is the first instant of the day after an instant's.
func nextDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
