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
	hours, err := s.timetable(ctx, s.host.Store, from, until, resources...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListClosedTimesResponse{}
	for _, resource := range resources {
		for _, c := range s.closed(hours, resource, from, until) {
			response.ClosedTimes = append(response.ClosedTimes, &v1.ClosedTime{
				ResourceId: resource.ID, StartTime: timestamppb.New(c.start), EndTime: timestamppb.New(c.end), Reason: c.reason,
			})
		}
	}
	return response, nil
}
