package screen

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func dayIn(z *time.Location, year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, z)
}

// labels are an axis as it is drawn.
func labels(a *axis) string {
	text := ""
	for _, h := range a.hours {
		text += fmt.Sprint(h.hour)
		if h.again > 0 {
			text += "'"
		}
		text += " "
	}
	return text
}

const plainDay = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 "

func TestDaysOnWhichClocksChange(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	for name, tc := range map[string]struct {
		zone  *time.Location
		day   time.Time
		hours string
		long  time.Duration
	}{
		"plain":                     {kyiv, dayIn(kyiv, 2026, 3, 28), plainDay, 24 * time.Hour},
		"forward":                   {kyiv, dayIn(kyiv, 2026, 3, 29), "0 1 2 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 23 * time.Hour},
		"back":                      {kyiv, dayIn(kyiv, 2026, 10, 25), "0 1 2 3 3' 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 25 * time.Hour},
		"forward at midnight":       {zone(t, "Africa/Cairo"), dayIn(zone(t, "Africa/Cairo"), 2026, 4, 24), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 23 * time.Hour},
		"back to the day before":    {zone(t, "Africa/Cairo"), dayIn(zone(t, "Africa/Cairo"), 2026, 10, 29), plainDay + "23' ", 25 * time.Hour},
		"back at one":               {zone(t, "America/Havana"), dayIn(zone(t, "America/Havana"), 2026, 11, 1), "0 0' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 25 * time.Hour},
		"half an hour back":         {zone(t, "Australia/Lord_Howe"), dayIn(zone(t, "Australia/Lord_Howe"), 2026, 4, 5), "0 1 1' 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 24*time.Hour + 30*time.Minute},
		"half an hour forward":      {zone(t, "Australia/Lord_Howe"), dayIn(zone(t, "Australia/Lord_Howe"), 2026, 10, 4), plainDay, 23*time.Hour + 30*time.Minute},
		"an offset of three parts":  {zone(t, "Asia/Kathmandu"), dayIn(zone(t, "Asia/Kathmandu"), 2026, 5, 1), plainDay, 24 * time.Hour},
		"the day before one is out": {zone(t, "Pacific/Apia"), dayIn(zone(t, "Pacific/Apia"), 2011, 12, 29), plainDay, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			a := axisOf([]time.Time{tc.day})
			require.Equal(t, tc.hours, labels(a))
			require.Equal(t, tc.long, a.days[0].end.Sub(a.days[0].begin))
		})
	}
}

// A week's axis has the hour that one of its days has twice, and the other days lack it; and it keeps the hour that one lacks.
func TestWeeksInWhichClocksChange(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	week := func(day time.Time) *axis {
		return axisOf(calendarOf(url.Values{"day": {day.Format(time.DateOnly)}}, &module.CalendarParts{}, day, kyiv, time.Monday).days)
	}
	back := week(dayIn(kyiv, 2026, 10, 25))
	require.Len(t, back.hours, 25)
	require.Equal(t, []span{{240, 300}}, back.gaps(&back.days[0]), "Monday has no second 3:00")
	require.Empty(t, back.gaps(&back.days[6]))
	sunday := &back.days[6]
	at := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // 3:30, before the clocks go back
	require.Equal(t, span{210, 270}, back.span(sunday, at, at.Add(time.Hour)), "from 3:30 to 3:30")
	require.Equal(t, span{270, 330}, back.span(sunday, at.Add(time.Hour), at.Add(2*time.Hour)), "from the second 3:30 to 4:30")

	forward := week(dayIn(kyiv, 2026, 3, 29))
	require.Len(t, forward.hours, 24)
	sunday = &forward.days[6]
	require.Equal(t, []span{{180, 240}}, forward.gaps(sunday))
	at = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC) // 2:00
	require.Equal(t, span{120, 180}, forward.span(sunday, at, at.Add(time.Hour)), "it ends when the clocks go forward, not an hour later")
	require.Equal(t, span{150, 270}, forward.span(sunday, at.Add(30*time.Minute), at.Add(90*time.Minute)), "from 2:30 to 4:30, an hour")
}

func TestWhatBelongsToADay(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	a := axisOf([]time.Time{dayIn(kyiv, 2026, 3, 2)})
	d := &a.days[0]
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, kyiv) }
	for name, tc := range map[string]struct {
		start, end time.Time
		touches    bool
		span       span
	}{
		"within":              {at(2, 9, 5), at(2, 10, 20), true, span{545, 620}},
		"over midnight":       {at(2, 22, 0), at(3, 2, 0), true, span{1320, 1440}},
		"from the day before": {at(1, 22, 0), at(2, 2, 0), true, span{0, 120}},
		"until its begin":     {at(1, 22, 0), at(2, 0, 0), false, span{}},
		"from its end":        {at(3, 0, 0), at(3, 1, 0), false, span{}},
		"all of it":           {at(1, 0, 0), at(4, 0, 0), true, span{0, 1440}},
		"a moment":            {at(2, 9, 0), at(2, 9, 0), true, span{540, 540}},
		"a moment at its end": {at(3, 0, 0), at(3, 0, 0), false, span{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.touches, d.touches(tc.start, tc.end))
			if tc.touches {
				require.Equal(t, tc.span, a.span(d, tc.start, tc.end))
			}
		})
	}
}

func TestOnlyTheHoursInWhichSomethingHappensAreDrawn(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	for name, tc := range map[string]struct {
		open, things []span
		first, last  int
	}{
		"nothing":            {nil, nil, 8, 19},
		"early and late":     {nil, []span{{430, 500}, {1300, 1330}}, 7, 23},
		"open hours":         {[]span{{540, 1080}}, nil, 8, 19},
		"beyond open hours":  {[]span{{540, 1080}}, []span{{1110, 1145}}, 8, 20},
		"open around":        {[]span{{0, 1440}}, nil, 0, 24},
		"until the very end": {nil, []span{{1380, 1440}}, 8, 24},
	} {
		t.Run(name, func(t *testing.T) {
			a := axisOf([]time.Time{dayIn(kyiv, 2026, 3, 2)})
			a.fit(tc.open, tc.things)
			require.Equal(t, [2]int{tc.first, tc.last}, [2]int{a.first, a.last})
		})
	}
	a := axisOf([]time.Time{dayIn(kyiv, 2026, 3, 2)})
	a.fit(nil, nil)
	p, ok := a.place(span{548, 611})
	require.True(t, ok)
	require.Equal(t, ui.Place{Hour: 1, Minute: 5, Hours: 1, Minutes: 10}, p, "in steps of five minutes, outwards")
	p, ok = a.place(span{300, 540})
	require.True(t, ok)
	require.Equal(t, ui.Place{Hours: 1}, p, "what begins before the first hour begins with it")
	_, ok = a.place(span{0, 480})
	require.False(t, ok)
}

func TestThingsThatOverlapStandSideBySide(t *testing.T) {
	got := lay([]span{{540, 720}, {540, 600}, {600, 660}, {660, 780}, {800, 860}}, 30, 12, 1440)
	lanes := func(list []laid) (out [][2]int) {
		for _, l := range list {
			out = append(out, [2]int{l.lane, l.lanes})
		}
		return out
	}
	require.Equal(t, [][2]int{{0, 2}, {1, 2}, {1, 2}, {1, 2}, {0, 1}}, lanes(got))
	require.Equal(t, [][2]int{{0, 2}, {1, 2}}, lanes(lay([]span{{540, 545}, {550, 555}}, 30, 12, 1440)), "a name takes room too")
	require.Equal(t, span{1410, 1440}, lay([]span{{1435, 1440}}, 30, 12, 1440)[0].span, "at the end of the day")
	few := lay([]span{{0, 60}, {0, 60}, {0, 60}}, 30, 2, 1440)
	require.Equal(t, []bool{false, false, true}, []bool{few[0].rest, few[1].rest, few[2].rest})
}

// Whatever is on a day: no two things of one lane overlap, and no lane is beyond those there are.
func TestLanesHoldOneThingAtATime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var things []span
		for range random.IntN(40) {
			begin := random.IntN(1440)
			things = append(things, span{begin, min(1440, begin+random.IntN(300))})
		}
		got := lay(things, 30, 5, 1440)
		for i, a := range got {
			if a.rest {
				continue
			}
			require.Less(t, a.lane, a.lanes)
			require.LessOrEqual(t, a.lanes, 5)
			for _, b := range got[:i] {
				if !b.rest && a.lane == b.lane && a.begin < b.end && b.begin < a.end {
					require.Equal(t, 0, 1, "%v and %v are both in lane %d", a.span, b.span, a.lane)
				}
			}
		}
	}
}

func TestClosedTimesOfAllRows(t *testing.T) {
	a := []closedSpan{{span{0, 540}, ""}, {span{1080, 1440}, ""}}
	b := []closedSpan{{span{0, 420}, ""}, {span{1320, 1440}, ""}}
	require.Equal(t, []closedSpan{{span{0, 420}, ""}, {span{1320, 1440}, ""}}, both(a, b))
	require.Equal(t, []span{{540, 1080}}, outside(a, 1440))
	require.Equal(t, []closedSpan{{span{0, 1440}, "Holiday"}}, both([]closedSpan{{span{0, 1440}, "Holiday"}}, []closedSpan{{span{0, 1440}, "Holiday"}}))
	require.True(t, covered(span{60, 120}, []span{{0, 90}, {90, 200}}))
	require.False(t, covered(span{60, 120}, []span{{0, 90}, {95, 200}}))
}

func TestWhereACalendarIsTurnedTo(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	now := time.Date(2026, 11, 29, 22, 30, 0, 0, time.UTC) // the 30th in Kyiv
	rows := &module.CalendarParts{Rows: &module.CalendarRows{}}
	for name, tc := range map[string]struct {
		query               string
		parts               *module.CalendarParts
		begins              time.Weekday
		view                module.CalendarView
		first, last, before string
		after               string
	}{
		"today's week":           {"", &module.CalendarParts{}, time.Monday, "week", "2026-11-30", "2026-12-06", "2026-11-23", "2026-12-07"},
		"a week from Sunday":     {"", &module.CalendarParts{}, time.Sunday, "week", "2026-11-29", "2026-12-05", "2026-11-23", "2026-12-07"},
		"a day":                  {"view=day&day=2026-03-29", rows, time.Monday, "day", "2026-03-29", "2026-03-29", "2026-03-28", "2026-03-30"},
		"a month":                {"view=month&day=2026-02-28", rows, time.Monday, "month", "2026-01-26", "2026-03-01", "2026-01-01", "2026-03-01"},
		"a month after a 31st":   {"view=month&day=2026-01-31", rows, time.Monday, "month", "2025-12-29", "2026-02-01", "2025-12-01", "2026-02-01"},
		"rows":                   {"view=rows-week&day=2026-10-25", rows, time.Monday, "rows-week", "2026-10-19", "2026-10-25", "2026-10-18", "2026-11-01"},
		"rows that there aren't": {"view=rows", &module.CalendarParts{First: module.ViewMonth}, time.Monday, "month", "2026-10-26", "2026-12-06", "2026-10-01", "2026-12-01"},
		"no day":                 {"view=day&day=2026-02-30", rows, time.Monday, "day", "2026-11-30", "2026-11-30", "2026-11-29", "2026-12-01"},
		"another age":            {"view=day&day=9999-12-31", rows, time.Monday, "day", "2026-11-30", "2026-11-30", "2026-11-29", "2026-12-01"},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(tc.query)
			require.NoError(t, err)
			at := calendarOf(query, tc.parts, now, kyiv, tc.begins)
			require.Equal(t, tc.view, at.view)
			require.Equal(t, []string{tc.first, tc.last}, []string{at.days[0].Format(time.DateOnly), at.days[len(at.days)-1].Format(time.DateOnly)})
			require.Equal(t, []string{tc.before, tc.after}, []string{at.turned(-1).Format(time.DateOnly), at.turned(1).Format(time.DateOnly)})
		})
	}
}

func TestWhenAThingIsMovedTo(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	to := func(day, clock string) (string, error) {
		at, err := movedTo(url.Values{ui.MoveDayField: {day}, ui.MoveTimeField: {clock}}, now, kyiv)
		return at.UTC().Format(time.RFC3339), err
	}
	at, err := to("2026-03-02", "09:40")
	require.NoError(t, err)
	require.Equal(t, "2026-03-02T07:40:00Z", at)
	at, err = to("2026-10-25", "03:30")
	require.NoError(t, err)
	require.Equal(t, "2026-10-25T00:30:00Z", at, "the first of the two")
	_, err = to("2026-03-29", "03:30")
	require.EqualError(t, err, "kernel.calendar.move_no_time")
	_, err = to("tomorrow", "03:30")
	require.EqualError(t, err, "kernel.calendar.move_bad_day")
	_, err = to("2026-03-29", "25:00")
	require.EqualError(t, err, "kernel.calendar.move_bad_time")
}

// Whatever stands in an address, in whatever zone: the days follow one another, the one it is about is among them, and every
// instant of each has a place.
func FuzzCalendarAddress(f *testing.F) {
	for _, seed := range []string{"", "view=day&day=2026-03-29", "view=month&day=2026-10-25", "view=rows&day=2011-12-30", "view=week&day=0000-00-00", "day=2026-04-24&view=rows-week"} {
		for i := range 6 {
			f.Add(seed, uint8(i), int64(1_772_000_000))
		}
	}
	zones := []string{"Europe/Kyiv", "UTC", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia"}
	parts := &module.CalendarParts{Rows: &module.CalendarRows{}}
	f.Fuzz(func(t *testing.T, query string, in uint8, second int64) {
		z := zone(t, zones[int(in)%len(zones)])
		values, _ := url.ParseQuery(query) // what could be read of it
		now := time.Unix(second%4_000_000_000, 0)
		at := calendarOf(values, parts, now, z, time.Monday)
		if at.days[0].After(at.day) || at.days[len(at.days)-1].Before(at.day) {
			t.Fatalf("%s: %s is not among the days", query, at.day)
		}
		a := axisOf(at.days)
		a.fit(nil, nil)
		for i := range a.days {
			d := &a.days[i]
			// A day that a zone left out, as Apia did the 30th of December 2011, is drawn as the one after it.
			if i > 0 && a.days[i-1].begin.Equal(d.begin) {
				continue
			}
			if i > 0 && !a.days[i-1].end.Equal(d.begin) {
				t.Fatalf("%s ends at %s, and the next day begins at %s", a.days[i-1].day, a.days[i-1].end, d.begin)
			}
			last := -1
			for at := d.begin; at.Before(d.end); at = at.Add(10 * time.Minute) {
				now := a.at(d, at)
				if now <= last && d.end.Sub(d.begin) != 24*time.Hour+30*time.Minute {
					t.Fatalf("%s is at %d, after %d", at, now, last)
				}
				last = now
			}
		}
		for _, turned := range []time.Time{at.turned(1), at.turned(-1)} {
			if turned.Location() != z {
				t.Fatalf("%s is in another zone", turned)
			}
		}
	})
}
