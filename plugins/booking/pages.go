package booking

import (
	"net/http"
	"strings"

	ics "github.com/arran4/golang-ical"

	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Routes serves what screens cannot say: a booking as a file for the reader's own calendar.
func (m *Module) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bookings/{file}", m.calendar)
	return mux
}

// calendar answers /bookings/ID.ics to whoever may read the booking: the contract decides, as it does for the page.
func (m *Module) calendar(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !ok {
		http.NotFound(w, r)
		return
	}
	response, err := m.bookings.GetBooking(r.Context(), &v1.GetBookingRequest{Id: id})
	if err != nil {
		module.Refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="booking.ics"`)
	_ = m.invitation(response.GetBooking()).SerializeTo(w) // who breaks off reads no answer
}

// invitation is a booking as calendars read it. Its id stays the same, so that a second download replaces the first.
func (m *Module) invitation(b *v1.Booking) *ics.Calendar {
	calendar := ics.NewCalendar()
	calendar.SetMethod(ics.MethodPublish)
	e := calendar.AddEvent(b.GetId() + "@booking")
	e.SetDtStampTime(m.host.Now())
	e.SetStartAt(b.GetStartTime().AsTime())
	e.SetEndAt(b.GetEndTime().AsTime())
	e.SetSummary(b.GetResourceName())
	if b.GetNote() != "" {
		e.SetDescription(b.GetNote())
	}
	e.SetStatus(ics.ObjectStatusConfirmed)
	if b.GetState() == v1.BookingState_BOOKING_STATE_CANCELLED {
		e.SetStatus(ics.ObjectStatusCancelled)
	}
	return calendar
}
