package finsystem

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func date(t *testing.T, text string) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return day
}

func TestPeriods(t *testing.T) {
	for name, c := range map[string]struct {
		period     string
		billingDay int
		start      string
		begin      []string
	}{
		"from the day it begins":          {"month", 0, "2026-11-15", []string{"2026-11-15", "2026-12-15", "2027-01-15"}},
		"the 31st is the last day":        {"month", 0, "2027-12-31", []string{"2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"}},
		"a day of the month":              {"month", 1, "2026-11-15", []string{"2026-11-01", "2026-12-01"}},
		"a day that is not there":         {"month", 31, "2026-11-15", []string{"2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"}},
		"quarters of its own":             {"quarter", 0, "2026-11-30", []string{"2026-11-30", "2027-02-28", "2027-05-30"}},
		"the calendar's quarters":         {"quarter", 1, "2026-11-30", []string{"2026-10-01", "2027-01-01"}},
		"quarters that begin on the 15th": {"quarter", 15, "2026-10-03", []string{"2026-07-15", "2026-10-15"}},
		"a leap day":                      {"year", 0, "2028-02-29", []string{"2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"}},
		"the calendar's years":            {"year", 1, "2026-06-01", []string{"2026-01-01", "2027-01-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			periods := calendarOf(c.period, c.billingDay, date(t, c.start))
			for i, want := range c.begin {
				require.Equal(t, want, periods.begin(i).Format(time.DateOnly))
			}
			// Every day lies in one period, and the periods leave no day out.
			for day, i := date(t, c.start), 0; i < 1500; day, i = day.AddDate(0, 0, 1), i+1 {
				at := periods.at(day)
				require.False(t, periods.begin(at).After(day), day)
				require.True(t, periods.begin(at+1).After(day), day)
			}
		})
	}
}

func TestServedDays(t *testing.T) {
	first, last, end := date(t, "2026-11-01"), date(t, "2026-11-30"), date(t, "2026-11-20")
	for name, c := range map[string]struct {
		start  string
		end    *time.Time
		pauses []pause
		want   int
	}{
		"all of them":               {"2026-01-01", nil, nil, 30},
		"from its first day":        {"2026-11-16", nil, nil, 15},
		"to its last":               {"2026-01-01", &end, nil, 20},
		"but for a pause":           {"2026-01-01", nil, []pause{{"2026-11-10", "2026-11-20"}}, 20},
		"one that goes on":          {"2026-01-01", nil, []pause{{"2026-11-10", ""}}, 9},
		"one from before":           {"2026-01-01", nil, []pause{{"2026-10-10", "2026-11-02"}}, 29},
		"one that is over its last": {"2026-01-01", &end, []pause{{"2026-11-10", "2027-01-01"}}, 9},
		"a pause after its last":    {"2026-01-01", &end, []pause{{"2026-11-25", ""}}, 20},
		"two":                       {"2026-01-01", nil, []pause{{"2026-11-02", "2026-11-03"}, {"2026-11-05", "2026-11-07"}}, 27},
		"one of no day":             {"2026-01-01", nil, []pause{{"2026-11-02", "2026-11-02"}}, 30},
		"none, as it begins later":  {"2026-12-01", nil, nil, 0},
		"none, as it is paused":     {"2026-01-01", nil, []pause{{"2026-10-01", ""}}, 0},
		"paused again the same day": {"2026-01-01", nil, []pause{{"2026-11-02", "2026-11-05"}, {"2026-11-05", "2026-11-06"}}, 26},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, served(first, last, date(t, c.start), c.end, c.pauses))
		})
	}
}

// Parts of a period come to the whole wherever it is cut, but for the rounding of each, which is half a unit at most.
func TestPartsAreRoundedOnce(t *testing.T) {
	of := func(part int64) int64 {
		net, tax, err := amounts("", terms{currency: "UAH", quantity: "3", price: "33.333333", mode: 1, percent: "20", part: part, whole: 31})
		require.NoError(t, err)
		return net + tax
	}
	require.Equal(t, int64(12000), of(31))
	for days := range int64(32) {
		require.InDelta(t, float64(12000*days)/31, float64(of(days)), 1)
		require.InDelta(t, 12000, float64(of(days)+of(31-days)), 2)
	}
}
