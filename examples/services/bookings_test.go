package main

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	bookingv1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// TestBookingsInABrowser looks at the pages of booking: those of visitors, of staff and of clients.
func TestBookingsInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	list, err := bookingv1.NewBookingServiceClient(s.Kernel()).ListBookings(t.Context(), &bookingv1.ListBookingsRequest{
		ClientId: s.client(t, "Zerno Roastery"), OrderBy: bookingv1.BookingOrder_BOOKING_ORDER_SOONEST,
	})
	require.NoError(t, err)
	require.NotEmpty(t, list.GetBookings())
	one := list.GetBookings()[0]
	moved, err := bookingv1.NewBookingServiceClient(s.Kernel()).MoveBooking(t.Context(), &bookingv1.MoveBookingRequest{Id: one.GetId(), Day: one.GetDay(), Time: "11:00"})
	require.NoError(t, err)
	require.Equal(t, one.GetId(), moved.GetBooking().GetId())
	day := workday(4).Format("2006-01-02")
	chosen := "?resource_id=" + one.GetResourceId() + "&day=" + day
	start := func(at string) string {
		started, err := bookingv1.NewGuestServiceClient(s.Kernel()).StartGuestBooking(t.Context(), &bookingv1.StartGuestBookingRequest{
			RequestId: store.NewID(), ResourceId: one.GetResourceId(), Day: day, Time: at,
		})
		require.NoError(t, err)
		return started.GetToken()
	}
	token := start("08:00")
	sent := start("14:00")
	_, err = bookingv1.NewGuestServiceClient(s.Kernel()).SendGuestBooking(t.Context(), &bookingv1.SendGuestBookingRequest{
		Token: sent, Name: "Oksana Melnyk", Email: "oksana@mail.example", Phone: "+380671112233", Agreed: true,
	})
	require.NoError(t, err)

	look := func(who, session string, paths ...string) {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, browser, s, session)
			for i, path := range paths {
				b.open(path)
				b.look("booking-" + who + "-" + strconv.Itoa(i))
			}
		})
	}
	page := "/bookings/" + one.GetId()
	look("stranger", "", "/book", "/book"+chosen, "/book/"+sent+"/state", "/book/"+token, "/book/"+token+"?said=1")
	look("head", s.head(t), "/bookings", page, page+"/move", "/bookings/hours", "/bookings/resources/"+one.GetResourceId()+"/hours",
		"/bookings/hours/exceptions", "/bookings/hours/exceptions/new", "/bookings/resources/"+one.GetResourceId(), "/bookings/resources", "/bookings/guests")
	look("director", s.actingFor(t, people[0].email, s.client(t, "Zerno Roastery")), "/bookings/book"+chosen, page, page+"/move", "/bookings/claim/"+token)
}
