package finsystem

import (
	"time"

	"google.golang.org/grpc/codes"
)

// today is the date in the portal's time zone.
func (m *Module) today() time.Time {
	y, month, d := m.host.Now().In(m.host.Zone).Date()
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// dayOf reads a date of a request; empty is today.
func (m *Module) dayOf(field, text string) (time.Time, error) {
	if text == "" {
		return m.today(), nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, refuse(codes.InvalidArgument, field, "no_date", "there is no such day")
	}
	return day, nil
}

func dateText(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}
