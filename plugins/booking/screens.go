package booking

import (
	"slices"

	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Both sides have the same list; what staff do for a client and a client for itself are forms of their own.
var screens = slices.Concat(bookingScreens, resourceScreens, hoursScreens)

var bookingScreens = []module.Screen{
	{
		ID: "bookings", Path: "/bookings", Kind: module.List, Title: "booking.bookings.title", Icon: "calendar",
		Nav:    &module.Nav{Order: 30, Phone: true},
		Method: v1.BookingService_ListBookings_FullMethodName,
		Columns: []module.Column{
			{Field: "resource_name", Link: "/bookings/{id}"},
			{Field: "day", Second: "hours", Place: module.Under},
			{Field: "client_name", Place: module.Under, Audience: module.ForStaff, Link: "/clients/{client_id}"},
			{Field: "state", Place: module.End},
		},
		Filters: []string{"state", "upcoming", "resource_id", "client_id"},
		Empty:   "booking.bookings.empty",
		Actions: []module.Action{
			{ID: "as_calendar", Label: "booking.calendar.title", Icon: "calendar", Path: "/bookings/calendar"},
			{ID: "my_calendar", Label: "booking.calendar.title", Icon: "calendar", Path: "/bookings/my-calendar"},
			{ID: "resources", Label: "booking.resources.title", Icon: "settings", Path: "/bookings/resources"},
			{ID: "free", Label: "booking.free.title", Icon: "clock", Path: "/bookings/free"},
			{ID: "book", Label: "booking.bookings.book", Icon: "plus", Path: "/bookings/book", Primary: true},
			{ID: "new", Label: "booking.bookings.new", Icon: "plus", Path: "/bookings/new", Primary: true},
			calendarFile(true), move(true), cancel(true),
		},
	},
	{
		ID: "calendar", Path: "/bookings/calendar", Kind: module.Calendar, Title: "booking.calendar.title", Icon: "calendar",
		Audience: module.ForStaff, Parent: "bookings", Nav: &module.Nav{Order: 31},
		Method:  v1.BookingService_ListBookings_FullMethodName,
		Fixed:   map[string]string{"state": v1.BookingState_BOOKING_STATE_BOOKED.String()},
		Filters: []string{"resource_id", "client_id"},
		Calendar: &module.CalendarParts{
			First: module.ViewRowsWeek, From: "from_time", Until: "until_time", Start: "start_time", End: "end_time",
			Title: "client_name", Second: "resource_name", State: "state", Link: "/bookings/{id}",
			New: "/bookings/new?resource_id={row}&day={day}&time={time}", NewLabel: "booking.bookings.book",
			Rows: &module.CalendarRows{
				Method: v1.ResourceService_ListResources_FullMethodName, Title: "name", Second: "description",
				Field: "resource_id", Filter: "resource_id", Label: "booking.calendar.rows",
			},
			Closed: &module.CalendarClosed{
				Method: v1.SlotService_ListClosedTimes_FullMethodName, From: "from_time", Until: "until_time",
				Start: "start_time", End: "end_time", Row: "resource_id", Title: "reason",
			},
			Move: moveOn("resource_id"),
		},
		Actions: []module.Action{{ID: "new", Label: "booking.bookings.new", Icon: "plus", Path: "/bookings/new", Primary: true}},
	},
	{
		ID: "my_calendar", Path: "/bookings/my-calendar", Kind: module.Calendar, Title: "booking.calendar.title", Icon: "calendar",
		Audience: module.ForContacts, Parent: "bookings",
		Method: v1.BookingService_ListBookings_FullMethodName,
		Fixed:  map[string]string{"state": v1.BookingState_BOOKING_STATE_BOOKED.String()},
		Calendar: &module.CalendarParts{
			First: module.ViewMonth, From: "from_time", Until: "until_time", Start: "start_time", End: "end_time",
			Title: "resource_name", Second: "note", State: "state", Link: "/bookings/{id}",
			New: "/bookings/book?day={day}&time={time}", NewLabel: "booking.bookings.book",
			Move: moveOn(""),
		},
		Actions: []module.Action{{ID: "book", Label: "booking.bookings.book", Icon: "plus", Path: "/bookings/book", Primary: true}},
	},
	{
		ID: "booking", Path: "/bookings/{id}", Kind: module.Detail, Title: "booking.bookings.one", Icon: "calendar", Parent: "bookings",
		Method: v1.BookingService_GetBooking_FullMethodName, Heading: "resource_name", State: "state",
		Sections: []module.Section{
			{Title: "booking.bookings.when", Fields: []string{"day", "hours", "client_id", "note"}},
			{Title: "booking.bookings.moves", Fields: []string{"moves"}},
			{Title: "booking.bookings.rules", Fields: []string{"change_until_time"}, Aside: true, When: stands},
			{Title: "booking.bookings.course", Fields: []string{"state", "create_time", "cancel_time", "cancel_reason"}, Aside: true, OnlySet: true},
		},
		Actions: []module.Action{calendarFile(false), move(false), cancel(false)},
	},
	{
		ID: "cancel", Path: "/bookings/{id}/cancel", Kind: module.Form, Title: "booking.bookings.cancel", Intro: "booking.bookings.cancel_intro",
		Parent: "booking",
		Method: v1.BookingService_CancelBooking_FullMethodName, Prefill: v1.BookingService_GetBooking_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}},
		Submit:   "booking.bookings.cancel", Done: "/bookings/{id}",
	},
	{
		ID: "move", Path: "/bookings/{id}/move", Kind: module.Form, Title: "booking.bookings.move", Intro: "booking.bookings.move_intro",
		Parent: "booking",
		Method: v1.BookingService_MoveBooking_FullMethodName, Prefill: v1.BookingService_GetBooking_FullMethodName,
		Sections: []module.Section{{
			Fields: []string{"resource_id", "day", "minutes", "time"}, Needed: []string{"day", "time"}, Choices: freeTimes,
		}},
		Redraw: "booking.free.show", Submit: "booking.bookings.move", Done: "/bookings/{id}", Said: "booking.bookings.moved",
	},
	{
		ID: "free", Path: "/bookings/free", Kind: module.List, Title: "booking.free.title", Intro: "booking.free.intro", Icon: "clock", Parent: "bookings",
		Method: v1.SlotService_ListFreeSlots_FullMethodName,
		Columns: []module.Column{
			{Field: "time", Second: "resource_name", Audience: module.ForContacts, Link: "/bookings/book?" + ofSlot},
			{Field: "time", Second: "resource_name", Audience: module.ForStaff, Link: "/bookings/new?" + ofSlot},
			{Field: "day", Place: module.Under}, {Field: "minutes", Place: module.End},
		},
		Filters: []string{"resource_id", "day", "minutes"},
		Empty:   "booking.free.empty",
	},
	{
		ID: "book", Path: "/bookings/book", Kind: module.Form, Title: "booking.bookings.book", Intro: "booking.bookings.book_intro",
		Audience: module.ForContacts, Parent: "bookings",
		Method: v1.BookingService_CreateBooking_FullMethodName,
		Sections: []module.Section{{
			Fields: []string{"resource_id", "day", "minutes", "time", "note"}, Needed: []string{"day", "time"}, Choices: freeTimes,
		}},
		Redraw: "booking.free.show", Submit: "booking.bookings.book", Done: "/bookings/{id}", Said: "booking.bookings.booked",
	},
	{
		ID: "new", Path: "/bookings/new", Kind: module.Form, Title: "booking.bookings.new", Intro: "booking.bookings.new_intro",
		Audience: module.ForStaff, Parent: "bookings",
		Method:   v1.BookingService_CreateBooking_FullMethodName,
		Sections: []module.Section{{Fields: []string{"client_id", "resource_id", "day", "time", "minutes", "note"}}},
		Submit:   "booking.bookings.book", Done: "/bookings/{id}",
	},
}

// ofSlot begins a form with a free time.
const ofSlot = "resource_id={resource_id}&day={day}&time={time}&minutes={minutes}"

// freeTimes are the times to choose among: those of the chosen day.
var freeTimes = map[string]module.Choice{"time": {
	Method: v1.SlotService_ListFreeSlots_FullMethodName,
	Bind:   map[string]string{"resource_id": "resource_id", "day": "day", "minutes": "minutes"}, Optional: []string{"minutes"},
	First: "booking.free.first", None: "booking.free.none", Value: "time", Label: "hours",
}}

// stands is when a booking does.
var stands = map[string]string{"state": v1.BookingState_BOOKING_STATE_BOOKED.String()}

// moveOn moves bookings on a calendar, whose rows fill a field where it has rows.
func moveOn(row string) *module.CalendarMove {
	return &module.CalendarMove{
		Method: v1.BookingService_MoveBooking_FullMethodName, ID: "id", Start: "start_time", Row: row, Bind: map[string]string{"revision": "revision"},
		When: map[string]string{"movable": "true"}, Done: "booking.bookings.moved",
	}
}

func calendarFile(row bool) module.Action {
	return module.Action{
		ID: "calendar", Label: "booking.bookings.calendar", Icon: "download", Row: row, Path: "/m/booking/bookings/{id}.ics",
		When: stands,
	}
}

func move(row bool) module.Action {
	return module.Action{
		ID: "move", Label: "booking.bookings.move", Icon: "clock", Row: row, Path: "/bookings/{id}/move",
		When: map[string]string{"movable": "true"},
	}
}

func cancel(row bool) module.Action {
	return module.Action{
		ID: "cancel", Label: "booking.bookings.cancel", Icon: "x", Danger: true, Row: row, Path: "/bookings/{id}/cancel",
		When: map[string]string{"cancellable": "true"},
	}
}

var tiles = []module.Tile{{
	ID: "upcoming", Kind: module.Rows, Title: "booking.tiles.upcoming", Order: 25,
	Method: v1.BookingService_ListBookings_FullMethodName, Screen: "bookings",
	Fixed: map[string]string{
		"upcoming": "true", "state": v1.BookingState_BOOKING_STATE_BOOKED.String(), "order_by": v1.BookingOrder_BOOKING_ORDER_SOONEST.String(),
	},
	Empty: "booking.tiles.nothing",
}}
