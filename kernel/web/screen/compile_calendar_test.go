package screen

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func bookings() module.Screen {
	return module.Screen{
		ID: "calendar", Path: "/bookings/calendar", Kind: module.Calendar, Title: "booking.calendar.title",
		Method: v1.BookingService_ListBookings_FullMethodName, Filters: []string{"resource_id"},
		Calendar: &module.CalendarParts{
			From: "from_time", Until: "until_time", Start: "start_time", End: "end_time", Title: "client_name", Second: "resource_name", State: "state",
			New: "/bookings/new?day={day}", NewLabel: "booking.bookings.book",
			Rows: &module.CalendarRows{
				Method: v1.ResourceService_ListResources_FullMethodName, Title: "name", Field: "resource_id", Filter: "resource_id", Label: "booking.calendar.rows",
			},
			Closed: &module.CalendarClosed{
				Method: v1.SlotService_ListClosedTimes_FullMethodName, From: "from_time", Until: "until_time", Start: "start_time", End: "end_time", Row: "resource_id",
			},
			Move: &module.CalendarMove{Method: v1.BookingService_MoveBooking_FullMethodName, ID: "id", Start: "start_time", Row: "resource_id"},
		},
	}
}

func TestCalendarsThatFitTheirContractsCompile(t *testing.T) {
	set, err := compileOne(bookings())
	require.NoError(t, err)
	require.NotNil(t, set.Screens()[0].calendar.move)
	byDay := bookings()
	byDay.Calendar.Move.Start, byDay.Calendar.Move.Day, byDay.Calendar.Move.Time = "", "day", "time"
	_, err = compileOne(byDay)
	require.NoError(t, err)
}

// Each fault stops the portal, by the name of the screen and of what is wrong.
func TestWhatACalendarLacksStopsThePortalWithItsName(t *testing.T) {
	for says, change := range map[string]func(s *module.Screen){
		"is a calendar without parts: set Calendar": func(s *module.Screen) { s.Calendar = nil },
		`no field "from"`:            func(s *module.Screen) { s.Calendar.From = "from" },
		"has no field for its until": func(s *module.Screen) { s.Calendar.Until = "" },
		"takes its start from day of cabinet.booking.v1.Booking, which is no google.protobuf.Timestamp": func(s *module.Screen) { s.Calendar.Start = "day" },
		`did you mean "end_time"?`: func(s *module.Screen) { s.Calendar.End = "endtime" },
		"takes its title from minutes of cabinet.booking.v1.Booking, which is no text":      func(s *module.Screen) { s.Calendar.Title = "minutes" },
		"takes its colours from day, which is no enum":                                      func(s *module.Screen) { s.Calendar.State = "day" },
		`begins with the view "year"`:                                                       func(s *module.Screen) { s.Calendar.First = "year" },
		`begins with the view "rows"`:                                                       func(s *module.Screen) { s.Calendar.First, s.Calendar.Rows = module.ViewRows, nil },
		"does not say what is done there: set new_label":                                    func(s *module.Screen) { s.Calendar.NewLabel = "" },
		`no field "status"`:                                                                 func(s *module.Screen) { s.Filters = append(s.Filters, "status") },
		"is for rows, which a calendar has not":                                             func(s *module.Screen) { s.Actions = []module.Action{{ID: "x", Path: "/x", Row: true}} },
		"lists " + v1.BookingService_GetBooking_FullMethodName + ", whose response":         func(s *module.Screen) { s.Method = v1.BookingService_GetBooking_FullMethodName },
		`calls "/none", which no module provides`:                                           func(s *module.Screen) { s.Calendar.Rows.Method = "/none" },
		"are chosen by the filter \"resource_id\", which the calendar lacks":                func(s *module.Screen) { s.Filters = nil },
		"rows have no name: set Label":                                                      func(s *module.Screen) { s.Calendar.Rows.Label = "" },
		"rows names what its contract lacks":                                                func(s *module.Screen) { s.Calendar.Rows.Field = "room_id" },
		"closed times takes its end from reason":                                            func(s *module.Screen) { s.Calendar.Closed.End = "reason" },
		"closed times takes its row from start_time":                                        func(s *module.Screen) { s.Calendar.Closed.Row = "start_time" },
		"does not say where the new time goes: set Start, or Day and Time":                  func(s *module.Screen) { s.Calendar.Move.Start = "" },
		"move does not say where the new time goes":                                         func(s *module.Screen) { s.Calendar.Move.Day = "day" },
		"takes a row, and the calendar has no rows: set Rows":                               func(s *module.Screen) { s.Calendar.Rows = nil },
		"takes an end, and its things have none: set End of the calendar":                   func(s *module.Screen) { s.Calendar.End, s.Calendar.Move.End = "", "start_time" },
		"waits for state = GONE, which the contract lacks":                                  func(s *module.Screen) { s.Calendar.Move.When = map[string]string{"state": "GONE"} },
		"is a calendar for anybody: only forms and details are":                             func(s *module.Screen) { s.Audience = module.ForAnybody },
		"has a calendar's parts, and is a list: take them out, or set its kind to calendar": func(s *module.Screen) { s.Kind = module.List },
	} {
		s := bookings()
		change(&s)
		_, err := compileOne(s)
		require.ErrorContains(t, err, "screen clientmanager.calendar")
		require.ErrorContains(t, err, says)
	}
}
