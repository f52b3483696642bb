package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// ListHourExceptions lists the days on which hours are otherwise.
func (s *hoursService) ListHourExceptions(ctx context.Context, r *v1.ListHourExceptionsRequest) (*v1.ListHourExceptionsResponse, error) {
	c := &store.Where{}
	if !r.GetPast() {
		c.Add("e.until_day >= ?::date", s.host.Now().In(s.host.Zone).Format(time.DateOnly))
	}
	if r.GetResourceId() != "" {
		c.Add("r.id = ?::uuid", r.GetResourceId())
	}
	var day, id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(e.day, e.id) > (?::date, ?::uuid)", day, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listExceptions(ctx, s.host.Store, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListHourExceptionsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last exceptionRow) []any { return []any{last.Day, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Exceptions = append(response.Exceptions, row.exception())
	}
	return response, nil
}

// GetHourException returns one of them.
func (s *hoursService) GetHourException(ctx context.Context, r *v1.GetHourExceptionRequest) (*v1.GetHourExceptionResponse, error) {
	row, err := findException(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetHourExceptionResponse{Exception: row.exception()}, nil
}

// exceptionChanges are the fields of an exception that can be written.
var exceptionChanges = map[string]func(to, from *v1.HourException){
	"resource_id": func(to, from *v1.HourException) { to.ResourceId = from.GetResourceId() },
	"day":         func(to, from *v1.HourException) { to.Day = from.GetDay() },
	"until_day":   func(to, from *v1.HourException) { to.UntilDay = from.GetUntilDay() },
	"hours":       func(to, from *v1.HourException) { to.Hours = from.GetHours() },
	"reason":      func(to, from *v1.HourException) { to.Reason = strings.Join(strings.Fields(from.GetReason()), " ") },
}

// CreateHourException adds a day on which hours are otherwise.
func (s *hoursService) CreateHourException(ctx context.Context, r *v1.CreateHourExceptionRequest) (*v1.CreateHourExceptionResponse, error) {
	var response *v1.CreateHourExceptionResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateHourExceptionResponse, error) {
			exception := &v1.HourException{Id: store.NewID(), Revision: 1, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range exceptionChanges {
				apply(exception, r.GetException())
			}
			return &v1.CreateHourExceptionResponse{Exception: exception}, s.saveException(ctx, tx, exception)
		})
		return err
	})
	if err != nil {
		return nil, sameDay(err)
	}
	return response, nil
}

// saveException checks and writes an exception, and fills in what follows from it.
func (m *Module) saveException(ctx context.Context, tx *store.Tx, e *v1.HourException) error {
	first, err := m.day(e.GetDay(), "exception.day")
	if err != nil {
		return err
	}
	if e.GetUntilDay() == "" {
		e.UntilDay = e.GetDay()
	}
	last, err := m.day(e.GetUntilDay(), "exception.until_day")
	switch {
	case err != nil:
		return err
	case last.Before(first):
		return refuse(codes.InvalidArgument, "exception.until_day", "refusal.until_early", "the last day is before the first")
	}
	openings, err := readDay(e.GetHours())
	if err != nil {
		return refuse(codes.InvalidArgument, "exception.hours", "refusal.bad_hours", err.Error())
	}
	e.Hours = writeDay(openings)
	if err := module.Constrained("exception", e); err != nil {
		return err
	}
	resource := resourceRow{No: business}
	if e.GetResourceId() != "" {
		if resource, err = findResource(ctx, tx, e.GetResourceId()); err != nil {
			return err
		}
	}
	e.ResourceName = resource.Name
	return writeException(ctx, tx, e, resource.No)
}

// sameDay says of a broken constraint what it means.
func sameDay(err error) error {
	if store.Constraint(err) == "hour_exceptions_no_double" {
		return refuse(codes.AlreadyExists, "exception.day", "refusal.same_day", "one of these days has an exception already: change that one")
	}
	return err
}

// UpdateHourException changes the named fields.
func (s *hoursService) UpdateHourException(ctx context.Context, r *v1.UpdateHourExceptionRequest) (*v1.UpdateHourExceptionResponse, error) {
	known := func(field string) bool { return exceptionChanges[field] != nil }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	if !store.IsID(r.GetException().GetId()) {
		return nil, refuse(codes.InvalidArgument, "exception.id", "refusal.which", "say by its id which exception is meant")
	}
	var exception *v1.HourException
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findException(ctx, tx, r.GetException().GetId(), " for no key update of e")
		if err != nil {
			return err
		}
		present := row.exception()
		exception = proto.CloneOf(present)
		for _, field := range slices.Compact(slices.Sorted(slices.Values(fields))) {
			exceptionChanges[field](exception, r.GetException())
		}
		switch revision := r.GetException().GetRevision(); {
		case proto.Equal(exception, present):
			return nil
		case revision != 0 && revision != present.GetRevision():
			return errMeanwhile
		}
		audit.Changed(tx, present, exception)
		exception.Revision++
		return s.saveException(ctx, tx, exception)
	})
	if err != nil {
		return nil, sameDay(err)
	}
	return &v1.UpdateHourExceptionResponse{Exception: exception}, nil
}

// DeleteHourException has the usual hours hold again.
func (s *hoursService) DeleteHourException(ctx context.Context, r *v1.DeleteHourExceptionRequest) (*v1.DeleteHourExceptionResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.About(tx, &v1.HourException{Id: r.GetId()})
		_, err := tx.Exec(ctx, `delete from booking.hour_exceptions where id = $1`, r.GetId())
		return err
	})
	return &v1.DeleteHourExceptionResponse{}, err
}
