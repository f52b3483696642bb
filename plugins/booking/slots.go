package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/access"
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
	free, err := s.freeOn(ctx, r.GetResourceId(), day, r.GetMinutes(), bound(access.From(ctx)))
	if err != nil {
		return nil, err
	}
	free = slices.DeleteFunc(free, func(f slot) bool { return f.order(afterTime, afterNo) <= 0 })
	response := &v1.ListFreeSlotsResponse{}
	free, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, free, store.PageSize(r.GetPageSize()),
		func(last slot) []any { return []any{last.start, last.resource.No} })
	if err != nil {
		return nil, err
	}
	for _, f := range free {
		response.Slots = append(response.Slots, &v1.Slot{
			ResourceId: f.resource.ID, ResourceName: f.resource.Name, StartTime: timestamppb.New(f.start), EndTime: timestamppb.New(f.end),
			Day: f.start.Format(time.DateOnly), Time: f.start.Format(clockText), Minutes: int32(f.end.Sub(f.start) / time.Minute), Hours: between(f.start, f.end),
		})
	}
	return response, nil
}

// freeOn is what can be booked on a day, of one resource or of all: by a client, or by staff.
func (m *Module) freeOn(ctx context.Context, resourceID string, day time.Time, minutes int32, client bool) ([]slot, error) {
	resources, err := m.bookable(ctx, resourceID)
	if err != nil {
		return nil, err
	}
	now := m.host.Now().In(m.host.Zone)
	from, until := opening(day, 0), nextDay(day)
	hours, err := m.timetable(ctx, m.host.Store, from, until.Add(longest), resources...)
	if err != nil {
		return nil, err
	}
	taken, err := m.busy(ctx, resources, from.Add(-longestBuffer), until.Add(longest+longestBuffer), now)
	if err != nil {
		return nil, err
	}
	var free []slot
	for _, resource := range resources {
		rules := m.rules(resource)
		earliest, latest := rules.earliest(now, client), rules.latest(now)
		for _, f := range resource.free(day, minutes, m.open(hours, resource, from, until.Add(longest)), taken[resource.No]) {
			if f.start.After(earliest) && !f.start.After(latest) {
				free = append(free, f)
			}
		}
	}
	slices.SortFunc(free, func(a, b slot) int { return a.order(b.start, b.resource.No) })
	return free, nil
}

// order compares a slot with one that begins at a time, of a resource: earliest first.
func (f slot) order(start time.Time, no int32) int {
	return cmp.Or(f.start.Compare(start), cmp.Compare(f.resource.No, no))
}

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

// busy is when resources are taken between two instants, buffers in it, by their numbers.
func (m *Module) busy(ctx context.Context, resources []resourceRow, from, until, now time.Time) (map[int32][]span, error) {
	if len(resources) == 0 {
		return nil, nil
	}
	numbers := make([]int32, len(resources))
	for i, r := range resources {
		numbers[i] = r.No
	}
	type row struct {
		No         int32
		Start, End time.Time
	}
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[row],
		`select no, busy_from, busy_until from booking.busy($1, $2, $3, $4)`, numbers, from, until, now)
	taken := map[int32][]span{}
	for _, r := range rows {
		taken[r.No] = append(taken[r.No], span{r.Start, r.End})
	}
	return taken, err
}

// free lays slots into the openings of a day and leaves out those that touch what is taken, with the buffers that a booking
// would have. Where clocks go back, a time is offered once: who reads it could not tell which of the two is meant.
func (r resourceRow) free(day time.Time, minutes int32, open, taken []span) []slot {
	if minutes == 0 {
		minutes = r.SlotMinutes
	}
	length := time.Duration(minutes) * time.Minute
	var found []slot
	for _, o := range open {
		for start := o.start; !start.Add(length).After(o.end); start = start.Add(length) {
			end := start.Add(length)
			from, until := r.busy(start, end)
			if start.Format(time.DateOnly) != day.Format(time.DateOnly) || isSecond(start) ||
				slices.ContainsFunc(taken, func(t span) bool { return t.touches(from, until) }) {
				continue
			}
			found = append(found, slot{r, start, end})
		}
	}
	return found
}

// isSecond tells whether clocks showed an instant's time an hour before already.
func isSecond(t time.Time) bool {
	first, _ := at(t, t.Hour()*60+t.Minute())
	return first.Before(t.Truncate(time.Minute))
}
