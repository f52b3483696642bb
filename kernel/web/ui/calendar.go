package ui

import (
	"strconv"

	"github.com/a-h/templ"
)

// Place is where something is drawn along hours: so many hours and minutes from the first one that is shown, so long, and
// beside how many others. The stylesheet has a rule for every number (see places.go of assets), so that a page needs no
// style of its own. Minutes are drawn in steps of five.
type Place struct {
	Hour, Minute   int
	Hours, Minutes int
	Lane, Lanes    int
}

// attrs leave out what is nothing.
func (p Place) attrs() templ.Attributes {
	a := templ.Attributes{}
	set := func(name string, n, nothing int) {
		if n > nothing {
			a[name] = strconv.Itoa(n)
		}
	}
	set("data-h", p.Hour, 0)
	set("data-m", p.Minute, 0)
	set("data-l", p.Hours, 0)
	set("data-k", p.Minutes, 0)
	set("data-lane", p.Lane, 0)
	set("data-of", p.Lanes, 1)
	return a
}

// CalendarBar leads through a calendar: to the days before and after, to today, and to other ways to see it.
type CalendarBar struct {
	Title  string // which days are shown: "23–29 November 2026"
	Label  string // of the ways to see it, for screen readers
	Before Crumb
	After  Crumb
	Today  Crumb // Href is empty when today is among the days that are shown
	Views  []Tab
	// Rows are the same days with and without rows; none for a calendar that has no rows.
	Rows      []Tab
	RowsLabel string
}

// Slot is a thing in a calendar.
type Slot struct {
	Key   string // tells it from the others of its day, also when the page is made again
	Title string
	Time  string // "9:00–10:30"
	// Start is the machine's form of Time's begin.
	Start  string
	Second string
	State  string // in words, for those who do not see the tone
	Tone   Tone
	Icon   string // of a state that asks for something
	Href   string
	// Earlier and Later say that it began before the day or goes on after it.
	Earlier, Later bool
	Place          Place
	Move           *SlotMove
}

// SlotMove lets a thing be moved: by its link to a form, and with script by drag and drop.
type SlotMove struct {
	ID    string
	Label string // of the link, whole: "Move Zerno, 9:00–10:30"
	Href  string
	Time  string // when it begins, "09:00"
}

func (s Slot) attrs() templ.Attributes {
	a := s.Place.attrs()
	a["data-key"] = s.Key
	if s.Move != nil {
		a["data-move"], a["data-time"] = s.Move.ID, s.Move.Time
	}
	return a
}

func (s Slot) class() string {
	class := "slot"
	if s.Earlier {
		class += " earlier"
	}
	if s.Later {
		class += " later"
	}
	return class
}

// Shade is a time at which nothing can be, or that a day lacks.
type Shade struct {
	Place Place
	Text  string // why; optional
	Gap   bool   // the day lacks it: the clocks go forward
}

// FreeTime leads an empty hour to where something can be put into it. It is for pointers: the keyboard has CalendarDay.New.
type FreeTime struct {
	Place Place
	Href  string
	Text  string // shown when it is pointed at: "+ 9:00"
}

// CalendarDay is a day of a calendar, or the part of it that a row has.
type CalendarDay struct {
	Day   string // "2026-11-30"
	Said  string // what follows Num for those who hear the page: "November 2026"
	Name  string // "Mon"
	Num   string // "30"
	Href  string // to the day alone; empty when it is
	Today bool
	Off   bool  // nothing can be on it, or it is of another month
	New   Crumb // where to put something on it; Href is empty where that cannot be
	Empty string
	// Whole take all of the day, Slots a part of it. Rest are those that found no place beside the others.
	Whole []Slot
	Slots []Slot
	Rest  []Slot
	// More says how many there are besides, and leads to them.
	More   Crumb
	Shades []Shade
	Free   []FreeTime
	Now    *Place
	// Taken are the parts of the day that are taken, out of TakenOf minutes; for CalendarRows of a week.
	Taken   []Part
	TakenOf int
	// Lanes is how many lines of things a row's day has; for CalendarRows of a day.
	Lanes int
}

// Part is a part of a bar, in its own units.
type Part struct{ At, Long int }

func (d CalendarDay) class() string {
	switch {
	case d.Today && d.Off:
		return "day today off"
	case d.Today:
		return "day today"
	case d.Off:
		return "day off"
	}
	return "day"
}

func (d CalendarDay) none() bool { return len(d.Whole)+len(d.Slots)+len(d.Rest) == 0 }

// CalendarDays are days side by side, with their hours from above to below. On phones each is a list.
type CalendarDays struct {
	Label string // for screen readers
	// Hours are the hours of the axis: "9:00". Wide is what one day has.
	Hours []Hour
	Days  []CalendarDay
	Rest  string // heads what found no place
}

// Hour is an hour of an axis. Clock is what a script writes for it: "09".
type Hour struct{ Text, Clock string }

// CalendarMonth is weeks one below the other.
type CalendarMonth struct {
	Caption string
	Names   []Name
	Weeks   [][]CalendarDay
}

// Name is a day of the week, short and whole.
type Name struct{ Short, Whole string }

// CalendarRow is a row of a calendar: a resource.
type CalendarRow struct {
	ID     string
	Title  string
	Second string
	New    Crumb // where to put something into it
	Days   []CalendarDay
}

// CalendarRows is a calendar with a row for each resource: a day along a line, or days as columns.
type CalendarRows struct {
	Caption string
	Head    string // of the column of rows
	// Hours make it a line: then each row has one day. Otherwise Days head the columns.
	Hours []Hour
	Days  []CalendarDay
	Rows  []CalendarRow
	// Free says that a row has nothing, on phones.
	Free string
}

// MoveForm is what a calendar needs to move things: a form for the script to send, and the one a reader fills.
type MoveForm struct {
	Action string
	CSRF   string
	Hidden []Hidden
}

// The fields by which a moved thing is sent.
const (
	MoveIDField   = "move"
	MoveDayField  = "to_day"
	MoveTimeField = "to_time"
	MoveRowField  = "to_row"
	// MoveWasField is when the thing began as its reader saw it, so that nobody moves what somebody else has moved.
	MoveWasField = "was"
)
