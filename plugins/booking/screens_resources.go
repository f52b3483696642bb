package booking

import (
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// resourceScreens are where staff keep what can be booked.
var resourceScreens = []module.Screen{
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
			{ID: "hours", Label: "booking.hours.title", Icon: "clock", Path: "/bookings/hours"},
			{ID: "exceptions", Label: "booking.exceptions.title", Icon: "calendar", Path: "/bookings/hours/exceptions"},
			{ID: "new", Label: "booking.resources.new", Icon: "plus", Path: "/bookings/resources/new", Primary: true},
			{ID: "edit", Label: "booking.resources.edit", Icon: "edit", Path: "/bookings/resources/{id}", Row: true},
			{ID: "own_hours", Label: "booking.hours.own", Icon: "clock", Path: "/bookings/resources/{id}/hours", Row: true},
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

var resourceForm = []module.Section{
	{Fields: []string{"name", "description", "slot_minutes"}},
	{Title: "booking.resources.when", Fields: []string{"opens", "closes"}},
	{
		Title:  "booking.resources.rules",
		Fields: []string{"before_minutes", "after_minutes", "notice_minutes", "change_hours", "days_ahead"},
	},
	{Title: "booking.resources.visitors", Fields: []string{"public"}},
}
