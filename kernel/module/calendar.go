package module

// CalendarView is a way in which a calendar lays its things out.
type CalendarView string

// The views. Those with rows are there where the calendar has [CalendarRows].
const (
	ViewDay      CalendarView = "day"
	ViewWeek     CalendarView = "week"
	ViewMonth    CalendarView = "month"
	ViewRows     CalendarView = "rows"      // a day along a line, one row for each resource
	ViewRowsWeek CalendarView = "rows-week" // a week, one row for each resource
)

// CalendarParts say how a screen of the kind [Calendar] reads its things. Its Method is a List that takes a range of time; its
// Filters narrow it as they narrow a list. Fields of the request and of the listed message are named as elsewhere.
type CalendarParts struct {
	// First is the view of an address that names none; empty is the week.
	First CalendarView `json:"first,omitempty"`
	// From and Until are timestamps of the request: what is listed ends after From and begins before Until, the first one
	// first.
	From  string `json:"from"`
	Until string `json:"until"`
	// Start and End are timestamps of the listed message. What has no end is drawn as a moment.
	Start string `json:"start"`
	End   string `json:"end,omitempty"`
	// Title and Second are the two lines that a thing is shown by; State is the enum whose tone colours it.
	Title  string `json:"title"`
	Second string `json:"second,omitempty"`
	State  string `json:"state,omitempty"`
	// Link is the path that a thing leads to, braces filled from it.
	Link string `json:"link,omitempty"`
	// New is the path that an empty time leads to: "/bookings/new?resource_id={row}&day={day}&time={time}". The day is
	// written "2026-11-30" and the time "09:30"; what is not known stays empty.
	New string `json:"new,omitempty"`
	// NewLabel is the key of what is done there, for those who hear the page: "booking.calendar.new".
	NewLabel string `json:"new_label,omitempty"`

	Rows   *CalendarRows   `json:"rows,omitempty"`
	Closed *CalendarClosed `json:"closed,omitempty"`
	Move   *CalendarMove   `json:"move,omitempty"`
}

// CalendarRows are the resources that a calendar has a row for.
type CalendarRows struct {
	// Method lists them. Fixed fills fields of its request.
	Method string            `json:"method"`
	Fixed  map[string]string `json:"fixed,omitempty"`
	// Title and Second are fields of a resource.
	Title  string `json:"title"`
	Second string `json:"second,omitempty"`
	// Field is the field of the calendar's listed message that holds the id of its row.
	Field string `json:"field"`
	// Filter is the one among the calendar's filters that chooses a row; then the others are not shown.
	Filter string `json:"filter,omitempty"`
	// Label is the key of what the rows are called together: "By resource".
	Label string `json:"label"`
}

// CalendarClosed is the method that lists when nothing can be: these times are shaded.
type CalendarClosed struct {
	Method string `json:"method"`
	// From and Until are timestamps of its request.
	From  string `json:"from"`
	Until string `json:"until"`
	// Start and End are timestamps of what it lists, Row the id of the row that is closed then (empty for all), Title why.
	Start string `json:"start"`
	End   string `json:"end"`
	Row   string `json:"row,omitempty"`
	Title string `json:"title,omitempty"`
}

// CalendarMove is the method that moves a thing to another time: by drag and drop, and by a small form.
type CalendarMove struct {
	Method string `json:"method"`
	// ID is the field of its request that takes the thing's id.
	ID string `json:"id"`
	// Start is the timestamp of the new start, End that of the new end, as long after it as before. Instead of Start the
	// request may take Day and Time, texts in the portal's time zone: "2026-11-30" and "09:30".
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
	Day   string `json:"day,omitempty"`
	Time  string `json:"time,omitempty"`
	// Row takes the id of the new row; without it a thing stays in its row.
	Row string `json:"row,omitempty"`
	// Bind fills more fields of the request from the thing: its revision.
	Bind map[string]string `json:"bind,omitempty"`
	// When lets a thing be moved only while its fields have these values: see [Action.When].
	When map[string]string `json:"when,omitempty"`
	// Done is the key of what is said afterwards; empty for that it was moved.
	Done string `json:"done,omitempty"`
}
