package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// slotService says when a resource is free.
type slotService struct {
	v1.UnimplementedSlotServiceServer
	*Module
}

var _ v1.SlotServiceServer = (*slotService)(nil)

// resourcesInSlots is how many resources are looked at when none is named. A portal with more asks for each.
const resourcesInSlots = 200

// slot is a free time of a resource.
type slot struct {
	resource   resourceRow
	start, end time.Time
}

// ListFreeSlots lists the times of a day that can be booked now.
func (s *slotService) ListFreeSlots(ctx context.Context, r *v1.ListFreeSlotsRequest) (*v1.ListFreeSlotsResponse, error) {
	now := s.host.Now().In(s.host.Zone)
	day := now
	if r.GetDay() != "" {
		var err error
		if day, err = s.day(r.GetDay(), "day"); err != nil {
			return nil, err
		}
	}
	var afterTime time.Time
	var afterNo int32
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &afterTime, &afterNo); err != nil {
		return nil, err
	}
	resources, err := s.bookable(ctx, r.GetResourceId())
	if err != nil {
		return nil, err
	}
	taken, err := s.busy(ctx, resources, day)
	if err != nil {
		return nil, err
	}
	var free []slot
	for _, resource := range resources {
		free = append(free, resource.free(day, r.GetMinutes(), taken[resource.No])...)
	}
	latest := s.latest(now)
	free = slices.DeleteFunc(free, func(f slot) bool {
		return !f.start.After(now) || f.start.After(latest) || f.order(afterTime, afterNo) <= 0
	})
	slices.SortFunc(free, func(a, b slot) int { return a.order(b.start, b.resource.No) })
	response := &v1.ListFreeSlotsResponse{}
	free, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, free, store.PageSize(r.GetPageSize()),
		func(last slot) []any { return []any{last.start, last.resource.No} })
	if err != nil {
		return nil, err
	}
	for _, f := range free {
		response.Slots = append(response.Slots, &v1.Slot{
			ResourceId: f.resource.ID, ResourceName: f.resource.Name, StartTime: timestamppb.New(f.start), EndTime: timestamppb.New(f.end),
			Day: f.start.Format(time.DateOnly), Time: f.start.Format(clockText), Minutes: int32(f.end.Sub(f.start) / time.Minute),
		})
	}
	return response, nil
}

// order compares a slot with one that begins at a time, of a resource: earliest first.
func (f slot) order(start time.Time, no int32) int {
	return cmp.Or(f.start.Compare(start), cmp.Compare(f.resource.No, no))
}

// latest is when a booking that is made now may begin at the latest.
func (m *Module) latest(now time.Time) time.Time { return now.AddDate(0, 0, m.settings.DaysAhead) }

// bookable are the resources that are meant: the one named, none when it is archived, or all.
func (m *Module) bookable(ctx context.Context, id string) ([]resourceRow, error) {
	if id == "" {
		return listResources(ctx, m.host.Store, v1.ResourceState_RESOURCE_STATE_ACTIVE, 0, resourcesInSlots)
	}
	row, err := findResource(ctx, m.host.Store, id)
	if err != nil || row.State != "active" {
		return nil, err
	}
	return []resourceRow{row}, nil
}

// span is a time from start to end.
type span struct{ start, end time.Time }

// busy is when resources are taken on a day, by their numbers.
func (m *Module) busy(ctx context.Context, resources []resourceRow, day time.Time) (map[int32][]span, error) {
	if len(resources) == 0 {
		return nil, nil
	}
	numbers := make([]int32, len(resources))
	for i, r := range resources {
		numbers[i] = r.No
	}
	from, _ := at(day, 0)
	until, _ := at(day, 24*60)
	type row struct {
		No         int32
		Start, End time.Time
	}
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[row],
		`select no, start_time, end_time from booking.busy($1, $2, $3)`, numbers, from, until)
	taken := map[int32][]span{}
	for _, r := range rows {
		taken[r.No] = append(taken[r.No], span{r.Start, r.End})
	}
	return taken, err
}

// free lays slots from opening to closing and leaves out those that touch what is taken.
func (r resourceRow) free(day time.Time, minutes int32, taken []span) []slot {
	if minutes == 0 {
		minutes = r.SlotMinutes
	}
	length := time.Duration(minutes) * time.Minute
	opens, closes := r.hours(day)
	var found []slot
	for start := opens; !start.Add(length).After(closes); start = start.Add(length) {
		end := start.Add(length)
		if !slices.ContainsFunc(taken, func(t span) bool { return t.start.Before(end) && start.Before(t.end) }) {
			found = append(found, slot{r, start, end})
		}
	}
	return found
}
