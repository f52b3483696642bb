package booking

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// hoursService keeps when things are open. This file is the week; exceptions.go the days on which it is otherwise.
type hoursService struct {
	v1.UnimplementedHoursServiceServer
	*Module
}

var _ v1.HoursServiceServer = (*hoursService)(nil)

// days are the fields of a week, Monday first.
var days = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// dayOf is the text of one of them.
func dayOf(h *v1.Hours, i int) *string {
	return []*string{&h.Monday, &h.Tuesday, &h.Wednesday, &h.Thursday, &h.Friday, &h.Saturday, &h.Sunday}[i]
}

// GetHours returns the week of a resource or of the business.
func (s *hoursService) GetHours(ctx context.Context, r *v1.GetHoursRequest) (*v1.GetHoursResponse, error) {
	hours, err := s.week(ctx, s.host.Store, r.GetResourceId())
	if err != nil {
		return nil, err
	}
	return &v1.GetHoursResponse{Hours: hours}, nil
}

// week is the week that somebody wrote, or else what holds instead.
func (m *Module) week(ctx context.Context, q store.Querier, resourceID string) (*v1.Hours, error) {
	resource := resourceRow{No: business, Opens: usuallyOpens, Closes: usuallyCloses}
	if resourceID != "" {
		var err error
		if resource, err = findResource(ctx, q, resourceID); err != nil {
			return nil, err
		}
	}
	c := timetable{weeks: map[int32][]string{}}
	hours := &v1.Hours{ResourceId: resourceID}
	for _, no := range []int32{business, resource.No} {
		row, err := findWeek(ctx, q, no)
		if err != nil {
			return nil, err
		}
		if row.Days == nil {
			continue
		}
		c.weeks[no] = row.Days
		if no == resource.No {
			hours.Own, hours.Revision = true, row.Revision
		}
	}
	for i := range days {
		*dayOf(hours, i) = writeDay(c.usual(resource, time.Weekday((i+1)%7)))
	}
	return hours, nil
}

// UpdateHours writes days of a week.
func (s *hoursService) UpdateHours(ctx context.Context, r *v1.UpdateHoursRequest) (*v1.UpdateHoursResponse, error) {
	id := r.GetResourceId()
	if id == "" {
		id = r.GetHours().GetResourceId()
	}
	if id != "" && !store.IsID(id) {
		return nil, refuse(codes.InvalidArgument, "hours.resource_id", "refusal.which", "say by its id which resource is meant")
	}
	fields, err := module.Named(r.GetUpdateMask(), func(f string) bool { return slices.Contains(days, f) },
		ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	var hours *v1.Hours
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		no, err := s.holdWeek(ctx, tx, id)
		if err != nil {
			return err
		}
		present, err := s.week(ctx, tx, id)
		if err != nil {
			return err
		}
		hours = proto.CloneOf(present)
		for i, name := range days {
			if !slices.Contains(fields, name) {
				continue
			}
			day, err := readDay(*dayOf(r.GetHours(), i))
			if err != nil {
				return refuse(codes.InvalidArgument, "hours."+name, "refusal.bad_hours", err.Error())
			}
			*dayOf(hours, i) = writeDay(day)
		}
		switch revision := r.GetHours().GetRevision(); {
		case present.GetOwn() && proto.Equal(hours, present):
			return nil
		case revision != 0 && revision != present.GetRevision():
			return errMeanwhile
		}
		audit.Changed(tx, present, hours)
		hours.Own = true
		hours.Revision++
		return saveWeek(ctx, tx, no, hours)
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateHoursResponse{Hours: hours}, nil
}

// DeleteHours takes a week away.
func (s *hoursService) DeleteHours(ctx context.Context, r *v1.DeleteHoursRequest) (*v1.DeleteHoursResponse, error) {
	var hours *v1.Hours
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		no, err := s.holdWeek(ctx, tx, r.GetResourceId())
		if err != nil {
			return err
		}
		if err := deleteWeek(ctx, tx, no); err != nil {
			return err
		}
		hours, err = s.week(ctx, tx, r.GetResourceId())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v1.DeleteHoursResponse{Hours: hours}, nil
}

// holdWeek keeps others from changing a week until the transaction ends, and returns the number it stands under.
func (m *Module) holdWeek(ctx context.Context, tx *store.Tx, resourceID string) (no int32, err error) {
	no = business
	if resourceID != "" {
		resource, err := findResource(ctx, tx, resourceID)
		if err != nil {
			return 0, err
		}
		no = resource.No
	}
	_, err = tx.Exec(ctx, `select pg_advisory_xact_lock($1, $2)`, int32(hourLocks), no)
	return no, err
}
