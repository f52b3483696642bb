package booking

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
)

// clockText is how times of day are written.
const clockText = "15:04"

// minuteOf reads a time of day as minutes since midnight: "09:30", "24:00". Its form the contract has checked.
func minuteOf(text string, otherwise int) int {
	var hour, minute int
	if _, err := fmt.Sscanf(text, "%d:%d", &hour, &minute); err != nil {
		return otherwise
	}
	return hour*60 + minute
}

// minuteText writes minutes since midnight.
func minuteText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// day reads a day in the portal's time zone.
func (m *Module) day(text, field string) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, text, m.host.Zone)
	if err != nil {
		return day, refuse(codes.InvalidArgument, field, "refusal.no_day", "there is no such day: write it as 2026-03-02")
	}
	return day, nil
}

// at is a minute of a day, as clocks show it. A minute that a day lacks, when clocks go forward, is not ok; one that it
// has twice is the first of the two.
func at(day time.Time, minute int) (t time.Time, ok bool) {
	t = time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, day.Location())
	if earlier := t.Add(-time.Hour); earlier.Format(clockText) == t.Format(clockText) {
		t = earlier
	}
	return t, t.Format(clockText) == minuteText(minute%(24*60))
}

// between writes from when to when.
func between(start, end time.Time) string {
	return start.Format(clockText) + "–" + end.Format(clockText)
}
