package booking_test

import (
	"net/http"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/plugins/booking"
)

// A booking comes as a file for whoever may see it, wherever the module runs.
func TestCalendarFile(t *testing.T) {
	for name, processes := range map[string][]string{"in process": nil, "as a process": {booking.ID}} {
		t.Run(name, func(t *testing.T) {
			p := kerneltest.Start(t, kerneltest.Options{
				Assemble: withBooking, Config: "time_zone: Europe/Kyiv", Now: kerneltest.NewClock(monday).Now, Processes: processes,
			})
			head := p.Head(t)
			hall := room(t, head, "Зала, велика").GetId()
			lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
			taras := p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
			booked, err := book(t, lesia, "", hall, "2026-03-03", "10:00")
			require.NoError(t, err)
			address := "/m/booking/bookings/" + booked.GetId() + ".ics"
			require.Contains(t, lesia.Get(t, "/bookings").Body, address)

			for _, who := range []*kerneltest.User{lesia, head} {
				file := who.Get(t, address)
				require.Equal(t, http.StatusOK, file.Status, file.Body)
				require.Equal(t, "text/calendar; charset=utf-8", file.Header.Get("Content-Type"))
				require.Equal(t, `attachment; filename="booking.ics"`, file.Header.Get("Content-Disposition"))
				calendar, err := ics.ParseCalendar(strings.NewReader(file.Body))
				require.NoError(t, err)
				require.Len(t, calendar.Events(), 1)
				start, err := calendar.Events()[0].GetStartAt()
				require.NoError(t, err)
				require.True(t, start.Equal(booked.GetStartTime().AsTime()))
				require.Contains(t, file.Body, `SUMMARY:Зала\, велика`)
			}
			require.Equal(t, http.StatusNotFound, taras.Get(t, address).Status, "it is another client's")
			require.Equal(t, http.StatusNotFound, lesia.Get(t, strings.TrimSuffix(address, ".ics")).Status)
			require.Equal(t, http.StatusSeeOther, p.Anonymous(t).Get(t, address).Status)
		})
	}
}
