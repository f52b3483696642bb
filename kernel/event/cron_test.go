package event

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// In Kyiv clocks jump from 3:00 to 4:00 on 29 March 2026, and from 4:00 back to 3:00 on 25 October.
func TestCronWhenClocksChange(t *testing.T) {
	const spring, autumn = "2026-03-28T12:00:00+02:00", "2026-10-24T12:00:00+03:00"
	for _, c := range []struct {
		what, cron, zone, after string
		want                    []string
	}{
		{"an hour that is not there runs once, at the jump", "30 3 * * *", "Europe/Kyiv", spring,
			[]string{"2026-03-29T04:00:00+03:00", "2026-03-30T03:30:00+03:00"}},
		{"twice within it is once", "10,40 3 * * *", "Europe/Kyiv", spring,
			[]string{"2026-03-29T04:00:00+03:00", "2026-03-30T03:10:00+03:00", "2026-03-30T03:40:00+03:00"}},
		{"with the hour after it is twice at most", "0,30 3,4 * * *", "Europe/Kyiv", spring,
			[]string{"2026-03-29T04:00:00+03:00", "2026-03-29T04:30:00+03:00", "2026-03-30T03:00:00+03:00"}},
		{"an hour that is there twice runs once, the first time", "30 3 * * *", "Europe/Kyiv", autumn,
			[]string{"2026-10-25T03:30:00+03:00", "2026-10-26T03:30:00+02:00"}},
		{"also on the hour", "0 3,4 * * *", "Europe/Kyiv", autumn,
			[]string{"2026-10-25T03:00:00+03:00", "2026-10-25T04:00:00+02:00", "2026-10-26T03:00:00+02:00"}},
		{"the other hours are as ever", "0 9 * * *", "Europe/Kyiv", spring,
			[]string{"2026-03-29T09:00:00+03:00", "2026-03-30T09:00:00+03:00"}},
		{"every hour goes on through the jump", "0 * * * *", "Europe/Kyiv", "2026-03-29T01:30:00+02:00",
			[]string{"2026-03-29T02:00:00+02:00", "2026-03-29T04:00:00+03:00", "2026-03-29T05:00:00+03:00"}},
		{"and past the hour", "20 * * * *", "Europe/Kyiv", "2026-03-29T01:30:00+02:00",
			[]string{"2026-03-29T02:20:00+02:00", "2026-03-29T04:20:00+03:00"}},
		{"every hour runs in both", "0 * * * *", "Europe/Kyiv", "2026-10-25T02:30:00+03:00",
			[]string{"2026-10-25T03:00:00+03:00", "2026-10-25T03:00:00+02:00", "2026-10-25T04:00:00+02:00"}},
		{"every half hour too", "*/30 * * * *", "Europe/Kyiv", "2026-10-25T03:00:00+03:00",
			[]string{"2026-10-25T03:30:00+03:00", "2026-10-25T03:00:00+02:00", "2026-10-25T03:30:00+02:00", "2026-10-25T04:00:00+02:00"}},
		{"on one day of the week alone", "0 * * * 0", "Europe/Kyiv", "2026-10-25T22:30:00+02:00",
			[]string{"2026-10-25T23:00:00+02:00", "2026-11-01T00:00:00+02:00"}},
		{"asked in the second of the two hours", "30 3 * * *", "Europe/Kyiv", "2026-10-25T03:10:00+02:00", []string{"2026-10-26T03:30:00+02:00"}},
		{"a jump at midnight", "15 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00+02:00", []string{"2026-04-24T01:00:00+03:00", "2026-04-25T00:15:00+03:00"}},
		{"a jump of half an hour", "10 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:10:00+11:00"}},
		{"the last of the month", "0 18 L * *", "Europe/Kyiv", "2026-02-01T00:00:00+02:00", []string{"2026-02-28T18:00:00+02:00", "2026-03-31T18:00:00+03:00"}},
		{"a day of every fourth year", "0 0 29 2 *", "UTC", "2026-02-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		{"a word", "@daily", "Europe/Kyiv", "2026-03-28T12:00:00+02:00", []string{"2026-03-29T00:00:00+02:00", "2026-03-30T00:00:00+03:00"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w, err := parseCron(c.cron, zone(t, c.zone))
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, c.after)
			require.NoError(t, err)
			var got []string
			for range c.want {
				at = w.next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			require.Equal(t, c.want, got)
		})
	}
}

// Over a whole year, from whatever moment it is asked, time goes on, and each day of the wall has its run.
func TestCronOverAYear(t *testing.T) {
	for _, name := range []string{"Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata", "UTC"} {
		z := zone(t, name)
		for hour := range 24 {
			w, err := parseCron(fmt.Sprintf("30 %d * * *", hour), z)
			require.NoError(t, err)
			days := map[string]bool{}
			at := time.Date(2026, 1, 1, 0, 0, 0, 0, z)
			for range 365 {
				next := w.next(at)
				require.True(t, next.After(at), "%s %d: %v after %v", name, hour, next, at)
				require.Equal(t, next.UTC(), w.next(next.Add(-time.Second)).UTC(), "%s: it is the same from right before", name)
				days[next.Format(time.DateOnly)] = true
				at = next
			}
			require.Len(t, days, 365, "%s %d", name, hour)
		}
	}
}

func TestCronRefusesWhatItCannotKeep(t *testing.T) {
	for expr, want := range map[string]string{
		"":                      "write five fields",
		"0 9 * *":               "write five fields",
		"0 0 9 * * *":           "write five fields", // seconds
		"@every 1h":             "write five fields",
		"@reboot":               "write five fields",
		"CRON_TZ=UTC 0 9 * * *": "write five fields",
		"60 * * * *":            "cannot be read",
		"0 24 * * *":            "cannot be read",
		"*/0 * * * *":           "cannot be read",
		"every day at nine am":  "cannot be read",
		"0 0 30 2 *":            "no such day",
	} {
		_, err := parseCron(expr, time.UTC)
		require.ErrorContains(t, err, want, "%q", expr)
	}
}

func TestMissedRuns(t *testing.T) {
	w, err := parseCron("0 3 * * *", zone(t, "Europe/Kyiv"))
	require.NoError(t, err)
	first := time.Date(2026, 1, 5, 3, 0, 0, 0, w.zone)
	now := time.Date(2026, 1, 9, 12, 0, 0, 0, w.zone)
	days := func(runs []time.Time) (out []int) {
		for _, r := range runs {
			require.Equal(t, 3, r.In(w.zone).Hour())
			out = append(out, r.In(w.zone).Day())
		}
		return out
	}
	require.Equal(t, []int{5, 6, 7, 8, 9}, days(w.missed(first, now, 100)))
	require.Equal(t, []int{8, 9}, days(w.missed(first, now, 2)))
	require.Equal(t, []int{5}, days(w.missed(first, first, 1)))

	// A year of minutes is not walked through.
	minutes, err := parseCron("* * * * *", w.zone)
	require.NoError(t, err)
	began := time.Now()
	require.Len(t, minutes.missed(now.AddDate(-10, 0, 0), now, 100), 100)
	require.Less(t, time.Since(began), time.Second)
}
