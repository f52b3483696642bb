package ui_test

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

func calendarBar(view string) ui.CalendarBar {
	b := ui.CalendarBar{
		Title: "23–29 November 2026", Label: "Days", Before: ui.Crumb{Label: "Week before", Href: "/days"}, After: ui.Crumb{Label: "Week after", Href: "/days"},
		Today: ui.Crumb{Label: "Today", Href: "/days"}, RowsLabel: "Layout",
		Rows: []ui.Tab{{Label: "By time", Href: "/days", Current: view != "rows"}, {Label: "By resource", Href: "/rows", Current: view == "rows"}},
	}
	for _, v := range []string{"day", "days", "month"} {
		b.Views = append(b.Views, ui.Tab{Label: v, Href: "/" + v, Current: v == view})
	}
	return b
}

func slotOf(key, title, when string, tone ui.Tone, place ui.Place) ui.Slot {
	return ui.Slot{
		Key: key, Title: title, Time: when, Start: "2026-11-23T07:00:00Z", Second: "Crew 1", State: "Booked", Tone: tone, Href: "/detail", Place: place,
		Move: &ui.SlotMove{ID: key, Label: "Move " + title + ", " + when, Href: "/days?move=" + key, Time: "09:00"},
	}
}

func hours() []ui.Hour {
	var out []ui.Hour
	for h := 8; h < 19; h++ {
		clock := strconv.Itoa(100 + h)[1:]
		out = append(out, ui.Hour{Text: clock + ":00", Clock: clock})
	}
	return out
}

func calendarDay(i int) ui.CalendarDay {
	num := strconv.Itoa(23 + i)
	d := ui.CalendarDay{
		Day: "2026-11-" + num, Said: "November 2026", Name: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}[i], Num: num, Href: "/day", Today: i == 1, Off: i > 4,
		Empty: "Nothing on this day",
		New:   ui.Crumb{Label: "Book: 2026-11-" + num, Href: "/form"},
		Free:  []ui.FreeTime{{Href: "/form", Text: "09:00", Place: ui.Place{Hour: 1, Hours: 1}}},
	}
	if i == 1 {
		d.Now = &ui.Place{Hour: 4, Minute: 20}
	}
	if i > 4 {
		d.Shades = []ui.Shade{{Place: ui.Place{Hours: 11}, Text: "Closed"}, {Place: ui.Place{Hour: 2, Hours: 1}, Gap: true}}
		return d
	}
	d.Slots = []ui.Slot{
		slotOf("a"+num, "Clinic “Zirka”", "09:00–12:00", ui.ToneGood, ui.Place{Hour: 1, Hours: 3, Lanes: 2}),
		slotOf("b"+num, "Bakery “Palianytsia”", "10:30–11:00", ui.ToneWarn, ui.Place{Hour: 2, Minute: 30, Minutes: 30, Lane: 1, Lanes: 2}),
		slotOf("c"+num, "Zerno Roastery", "14:00–15:00", ui.ToneInfo, ui.Place{Hour: 6, Hours: 1}),
	}
	d.Slots[1].Icon = "clock"
	d.Slots[2].Later = true
	d.Slots[2].Move = nil
	return d
}

func week() []ui.CalendarDay {
	var out []ui.CalendarDay
	for i := range 7 {
		out = append(out, calendarDay(i))
	}
	return out
}

func calendarPage(view string) templ.Component {
	parts := []templ.Component{ui.PageHead(ui.Head{Title: "Bookings"}), ui.CalendarHead(calendarBar(view))}
	switch view {
	case "day":
		d := calendarDay(1)
		d.Href = ""
		d.Rest = []ui.Slot{slotOf("r", "One too many", "09:00–09:30", ui.ToneNone, ui.Place{})}
		parts = append(parts, ui.DaysBox(ui.CalendarDays{Label: "Tuesday", Hours: hours(), Days: []ui.CalendarDay{d}, Rest: "Also at these times"}))
	case "days":
		days := week()
		whole := slotOf("w", "Fair", "23 Nov – 26 Nov", ui.ToneInfo, ui.Place{})
		whole.Earlier, whole.Href, whole.Move = true, "", nil
		days[0].Whole = []ui.Slot{whole}
		days[2].More = ui.Crumb{Label: "+2 more", Href: "/day"}
		parts = append(parts, ui.DaysBox(ui.CalendarDays{Label: "23–29 November", Hours: hours(), Days: days}))
	case "month":
		days := week()
		for i := range days {
			days[i].Free, days[i].New = []ui.FreeTime{{Href: "/form"}}, ui.Crumb{}
			days[i].Shades, days[i].Now = nil, nil
		}
		days[3].More = ui.Crumb{Label: "+3 more", Href: "/day"}
		parts = append(parts, ui.MonthBox(ui.CalendarMonth{Caption: "November 2026", Weeks: [][]ui.CalendarDay{days}, Names: []ui.Name{
			{Short: "Mon", Whole: "Monday"}, {Short: "Tue", Whole: "Tuesday"}, {Short: "Wed", Whole: "Wednesday"}, {Short: "Thu", Whole: "Thursday"},
			{Short: "Fri", Whole: "Friday"}, {Short: "Sat", Whole: "Saturday"}, {Short: "Sun", Whole: "Sunday"},
		}}))
	case "rows":
		days := week()
		for i := range days {
			days[i].Free, days[i].New, days[i].Shades, days[i].Now = []ui.FreeTime{{Href: "/form", Text: "+"}}, ui.Crumb{}, nil, nil
			days[i].Taken, days[i].TakenOf = []ui.Part{{At: 60, Long: 180}}, 660
		}
		empty := week()
		for i := range empty {
			empty[i] = ui.CalendarDay{Day: empty[i].Day, Name: empty[i].Name, Num: empty[i].Num}
		}
		parts = append(parts, ui.RowsBox(ui.CalendarRows{Caption: "Bookings of the week", Head: "What", Days: week(), Free: "Nothing", Rows: []ui.CalendarRow{
			{ID: "1", Title: "Crew 1", Second: "3 engineers", New: ui.Crumb{Label: "Book: Crew 1", Href: "/form"}, Days: days},
			{ID: "2", Title: "Crew 2", Days: empty},
		}}))
	case "line":
		d := calendarDay(1)
		d.Lanes, d.More = 2, ui.Crumb{Label: "+1 more", Href: "/day"}
		d.Shades = []ui.Shade{{Place: ui.Place{Hour: 9, Hours: 2}}}
		parts = append(parts, ui.RowsBox(ui.CalendarRows{Caption: "Bookings of the day", Head: "What", Hours: hours(), Free: "Nothing", Rows: []ui.CalendarRow{
			{ID: "1", Title: "Crew 1", Second: "3 engineers", New: ui.Crumb{Label: "Book: Crew 1", Href: "/form"}, Days: []ui.CalendarDay{d}},
		}}))
	}
	return ui.Join(append(parts, ui.Mover(ui.MoveForm{Action: "/stay", CSRF: "token", Hidden: []ui.Hidden{{Name: "request_id", Value: "0192"}}}))...)
}
