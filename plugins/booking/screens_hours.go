package booking

import (
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// hoursScreens are where staff keep when the business and its resources are open.
var hoursScreens = []module.Screen{
	{
		ID: "hours", Path: "/bookings/hours", Kind: module.Form, Title: "booking.hours.title", Intro: "booking.hours.intro",
		Audience: module.ForStaff, Parent: "resources",
		Method: v1.HoursService_UpdateHours_FullMethodName, Prefill: v1.HoursService_GetHours_FullMethodName,
		Sections: []module.Section{{Fields: days}}, Submit: "booking.hours.save",
		Actions: []module.Action{
			{ID: "exceptions", Label: "booking.exceptions.title", Icon: "calendar", Path: "/bookings/hours/exceptions"},
			{
				ID: "reset", Label: "booking.hours.reset", Icon: "undo", Method: v1.HoursService_DeleteHours_FullMethodName,
				When: map[string]string{"own": "true"}, Confirm: "booking.hours.reset_ask", Done: "booking.hours.reset_done",
			},
		},
	},
	{
		ID: "resource_hours", Path: "/bookings/resources/{resource_id}/hours", Kind: module.Form, Title: "booking.hours.own", Intro: "booking.hours.own_intro",
		Audience: module.ForStaff, Parent: "resources",
		Method: v1.HoursService_UpdateHours_FullMethodName, Prefill: v1.HoursService_GetHours_FullMethodName,
		Sections: []module.Section{{Fields: days}}, Submit: "booking.hours.save",
		Actions: []module.Action{{
			ID: "reset", Label: "booking.hours.reset", Icon: "undo", Method: v1.HoursService_DeleteHours_FullMethodName,
			Bind: map[string]string{"resource_id": "resource_id"}, When: map[string]string{"own": "true"},
			Confirm: "booking.hours.reset_ask", Done: "booking.hours.reset_done",
		}},
	},
	{
		ID: "exceptions", Path: "/bookings/hours/exceptions", Kind: module.List, Title: "booking.exceptions.title", Intro: "booking.exceptions.intro",
		Icon: "calendar", Audience: module.ForStaff, Parent: "bookings",
		Method: v1.HoursService_ListHourExceptions_FullMethodName,
		Columns: []module.Column{
			{Field: "reason", Second: "resource_name", Link: "/bookings/hours/exceptions/{id}"},
			{Field: "day", Place: module.Under}, {Field: "until_day", Place: module.Under}, {Field: "hours", Place: module.End},
		},
		Filters: []string{"resource_id", "past"},
		Empty:   "booking.exceptions.empty",
		Actions: []module.Action{
			{ID: "new", Label: "booking.exceptions.new", Icon: "plus", Path: "/bookings/hours/exceptions/new", Primary: true},
			{ID: "edit", Label: "booking.exceptions.edit", Icon: "edit", Path: "/bookings/hours/exceptions/{id}", Row: true},
			{
				ID: "delete", Label: "booking.exceptions.delete", Icon: "trash", Danger: true, Row: true,
				Method: v1.HoursService_DeleteHourException_FullMethodName, Bind: map[string]string{"id": "id"},
				Confirm: "booking.exceptions.delete_ask", Done: "booking.exceptions.deleted",
			},
		},
	},
	{
		ID: "exception_new", Path: "/bookings/hours/exceptions/new", Kind: module.Form, Title: "booking.exceptions.new", Audience: module.ForStaff,
		Parent: "exceptions",
		Method: v1.HoursService_CreateHourException_FullMethodName, Sections: exceptionForm, Submit: "booking.exceptions.add",
	},
	{
		ID: "exception_edit", Path: "/bookings/hours/exceptions/{id}", Kind: module.Form, Title: "booking.exceptions.edit", Audience: module.ForStaff,
		Parent: "exceptions",
		Method: v1.HoursService_UpdateHourException_FullMethodName, Prefill: v1.HoursService_GetHourException_FullMethodName,
		Sections: exceptionForm, Submit: "booking.exceptions.save",
	},
}

var exceptionForm = []module.Section{{Fields: []string{"reason", "day", "until_day", "hours", "resource_id"}}}
