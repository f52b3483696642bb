package booking

import (
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Both sides have the same list; what staff do for a client and a client for itself are forms of their own.
var screens = []module.Screen{
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
			{ID: "resources", Label: "booking.resources.title", Icon: "settings", Path: "/bookings/resources"},
			{ID: "free", Label: "booking.free.title", Icon: "clock", Path: "/bookings/free"},
			{ID: "book", Label: "booking.bookings.book", Icon: "plus", Path: "/bookings/book", Primary: true},
			{ID: "new", Label: "booking.bookings.new", Icon: "plus", Path: "/bookings/new", Primary: true},
			calendarFile(true), cancel(true),
		},
	},
	{
		ID: "booking", Path: "/bookings/{id}", Kind: module.Detail, Title: "booking.bookings.one", Icon: "calendar", Parent: "bookings",
		Method: v1.BookingService_GetBooking_FullMethodName, Heading: "resource_name", State: "state",
		Sections: []module.Section{
			{Title: "booking.bookings.when", Fields: []string{"day", "hours", "client_id", "note"}},
			{Title: "booking.bookings.course", Fields: []string{"state", "create_time", "cancel_time", "cancel_reason"}, Aside: true},
		},
		Actions: []module.Action{calendarFile(false), cancel(false)},
	},
	{
		ID: "cancel", Path: "/bookings/{id}/cancel", Kind: module.Form, Title: "booking.bookings.cancel", Intro: "booking.bookings.cancel_intro",
		Parent: "booking",
		Method: v1.BookingService_CancelBooking_FullMethodName, Prefill: v1.BookingService_GetBooking_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}},
		Submit:   "booking.bookings.cancel", Done: "/bookings/{id}",
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
		Method:   v1.BookingService_CreateBooking_FullMethodName,
		Sections: []module.Section{{Fields: []string{"resource_id", "day", "time", "minutes", "note"}}},
		Submit:   "booking.bookings.book", Done: "/bookings/{id}",
	},
	{
		ID: "new", Path: "/bookings/new", Kind: module.Form, Title: "booking.bookings.new", Intro: "booking.bookings.book_intro",
		Audience: module.ForStaff, Parent: "bookings",
		Method:   v1.BookingService_CreateBooking_FullMethodName,
		Sections: []module.Section{{Fields: []string{"client_id", "resource_id", "day", "time", "minutes", "note"}}},
		Submit:   "booking.bookings.book", Done: "/bookings/{id}",
	},
	{
		ID: "resources", Path: "/bookings/resources", Kind: module.List, Title: "booking.resources.title", Icon: "settings",
		Audience: module.ForStaff, Parent: "bookings",
		Method: v1.ResourceService_ListResources_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "description"}, {Field: "opens", Place: module.Away}, {Field: "closes", Place: module.Away},
			{Field: "slot_minutes", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Filters: []string{"archived"},
		Empty:   "booking.resources.empty",
		Actions: []module.Action{
			{ID: "new", Label: "booking.resources.new", Icon: "plus", Path: "/bookings/resources/new", Primary: true},
			{ID: "edit", Label: "booking.resources.edit", Icon: "edit", Path: "/bookings/resources/{id}", Row: true},
			{
				ID: "archive", Label: "booking.resources.archive", Icon: "folder", Danger: true, Row: true,
				Method: v1.ResourceService_ArchiveResource_FullMethodName, Bind: map[string]string{"id": "id"},
				When:    map[string]string{"state": v1.ResourceState_RESOURCE_STATE_ACTIVE.String()},
				Confirm: "booking.resources.archive_ask", Done: "booking.resources.archived",
			},
			{
				ID: "restore", Label: "booking.resources.restore", Icon: "undo", Row: true,
				Method: v1.ResourceService_RestoreResource_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": v1.ResourceState_RESOURCE_STATE_ARCHIVED.String()},
				Done: "booking.resources.restored",
			},
		},
	},
	{
		ID: "resource_new", Path: "/bookings/resources/new", Kind: module.Form, Title: "booking.resources.new", Audience: module.ForStaff, Parent: "resources",
		Method: v1.ResourceService_CreateResource_FullMethodName, Sections: resourceForm, Submit: "booking.resources.add",
	},
	{
		ID: "resource_edit", Path: "/bookings/resources/{id}", Kind: module.Form, Title: "booking.resources.edit", Audience: module.ForStaff, Parent: "resources",
		Method: v1.ResourceService_UpdateResource_FullMethodName, Prefill: v1.ResourceService_GetResource_FullMethodName, Sections: resourceForm,
		Submit: "booking.resources.save",
	},
}

// ofSlot begins a form with a free time.
const ofSlot = "resource_id={resource_id}&day={day}&time={time}&minutes={minutes}"

var resourceForm = []module.Section{{Fields: []string{"name", "description", "opens", "closes", "slot_minutes"}}}

func calendarFile(row bool) module.Action {
	return module.Action{
		ID: "calendar", Label: "booking.bookings.calendar", Icon: "download", Row: row, Path: "/m/booking/bookings/{id}.ics",
		When: map[string]string{"state": v1.BookingState_BOOKING_STATE_BOOKED.String()},
	}
}

func cancel(row bool) module.Action {
	return module.Action{
		ID: "cancel", Label: "booking.bookings.cancel", Icon: "x", Danger: true, Row: row, Path: "/bookings/{id}/cancel",
		When: map[string]string{"state": v1.BookingState_BOOKING_STATE_BOOKED.String()},
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
