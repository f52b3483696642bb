package booking

import (
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// guestScreens are the pages of visitors, and of staff who see what they asked for. A portal that lets no visitors book has
// none of them.
func guestScreens(v Visitors) []module.Screen {
	if !v.Open {
		return nil
	}
	held := []string{"resource_name", "day", "hours"}
	signIn := module.Link{Label: "booking.guests.sign_in", Href: "/bookings/claim/{token}"}
	details := module.Section{Fields: []string{"name", "email", "phone", "note"}}
	if v.Terms != "" {
		details.Fields = append(details.Fields, "agreed")
		details.Links = map[string]module.Link{"agreed": {Label: "booking.guests.terms", Href: v.Terms}}
	}
	return []module.Screen{
		{
			ID: "guest_start", Path: "/book", Kind: module.Form, Audience: module.ForAnybody, SignInLink: "booking.guests.link",
			Title: "booking.guests.title", Intro: "booking.guests.intro",
			Method: v1.GuestService_StartGuestBooking_FullMethodName,
			Sections: []module.Section{{
				Fields: []string{"resource_id", "day", "time"}, Needed: []string{"day", "time"},
				Choices: map[string]module.Choice{
					"resource_id": {Method: v1.GuestService_ListGuestResources_FullMethodName, Value: "id", Label: "name", None: "booking.guests.nothing"},
					"time": {
						Method: v1.GuestService_ListGuestSlots_FullMethodName, Bind: map[string]string{"resource_id": "resource_id", "day": "day"},
						First: "booking.free.first", None: "booking.free.none", Value: "time", Label: "hours",
					},
				},
			}},
			Redraw: "booking.free.show", Submit: "booking.guests.go_on", Done: "/book/{token}",
		},
		{
			ID: "guest_details", Path: "/book/{token}", Kind: module.Form, Audience: module.ForAnybody,
			Title: "booking.guests.who", Intro: "booking.guests.who_intro", Lead: held,
			Method: v1.GuestService_SendGuestBooking_FullMethodName, Prefill: v1.GuestService_GetGuestBooking_FullMethodName,
			Sections: []module.Section{details}, Submit: "booking.guests.send", Said: "booking.guests.sent",
			Ways: []module.Link{signIn, {Label: "booking.guests.state", Href: "/book/{token}/state"}},
		},
		{
			ID: "guest_state", Path: "/book/{token}/state", Kind: module.Detail, Audience: module.ForAnybody, Title: "booking.guests.one",
			Method:   v1.GuestService_GetGuestBooking_FullMethodName,
			Sections: []module.Section{{Title: "booking.bookings.when", Fields: []string{"resource_name", "day", "hours", "state", "hold_until_time"}, OnlySet: true}},
			Ways:     []module.Link{signIn},
		},
		{
			ID: "guest_claim", Path: "/bookings/claim/{token}", Kind: module.Form, Audience: module.ForContacts, Parent: "bookings",
			Title: "booking.guests.claim", Intro: "booking.guests.claim_intro", Lead: held,
			Method: v1.GuestService_ClaimGuestBooking_FullMethodName, Prefill: v1.GuestService_GetGuestBooking_FullMethodName,
			Sections: []module.Section{{Fields: []string{"note"}}}, Submit: "booking.bookings.book", Done: "/bookings/{id}", Said: "booking.bookings.booked",
		},
		{
			ID: "guests", Path: "/bookings/guests", Kind: module.List, Audience: module.ForStaff, Parent: "bookings", Title: "booking.guests.list",
			Intro: "booking.guests.list_intro", Icon: "people", Nav: &module.Nav{Order: 33},
			Method: v1.GuestService_ListGuestBookings_FullMethodName,
			Columns: []module.Column{
				{Field: "name", Second: "phone", Link: "/registrations/{registration_id}"},
				{Field: "resource_name", Place: module.Under}, {Field: "day", Second: "hours", Place: module.Under},
				{Field: "create_time", Place: module.Away}, {Field: "state", Place: module.End},
			},
			Filters: []string{"state"},
			Empty:   "booking.guests.empty",
		},
	}
}
