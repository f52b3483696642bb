package booking_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// story fills a portal with what a calendar of a business has: several resources, a busy week, a fair at night.
func story(t *testing.T, p *kerneltest.Portal, head *kerneltest.User) (contact *kerneltest.User) {
	t.Helper()
	var resources []string
	for _, r := range []*v1.Resource{
		{Name: "Crew 1", Description: "3 engineers"}, {Name: "Crew 2", Description: "2 engineers"}, {Name: "Service line", Description: "remote", Opens: "07:00", Closes: "22:00"},
		{Name: "Lift platform 12 m", Description: "from the depot", Opens: "08:00", Closes: "17:00"}, {Name: "Training room", Description: "12 seats"},
	} {
		made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{RequestId: store.NewID(), Resource: r})
		require.NoError(t, err)
		resources = append(resources, made.GetResource().GetId())
	}
	var clients []string
	for _, name := range []string{"Zerno Roastery", "Karpaty Grand Hotel", "Clinic “Zirka”", "Bakery “Palianytsia”", "Data hall “Opora”", "School of Wine"} {
		clients = append(clients, p.Client(t, name))
	}
	contact = p.Contact(t, clients[0], "client.director")
	for i, b := range []struct {
		client, resource, day int
		at                    string
		minutes               int32
	}{
		{2, 0, 0, "09:00", 180}, {3, 0, 0, "13:30", 210}, {1, 0, 1, "09:00", 540}, {1, 0, 2, "09:00", 540}, {5, 0, 4, "10:00", 120},
		{0, 1, 0, "14:30", 120}, {0, 1, 3, "09:00", 240}, {4, 1, 4, "09:00", 540}, {4, 2, 0, "11:00", 30}, {5, 2, 2, "15:00", 30}, {0, 2, 2, "15:30", 45},
		{3, 2, 3, "08:00", 60}, {1, 3, 1, "09:00", 480}, {1, 3, 2, "09:00", 480}, {0, 3, 3, "08:30", 270}, {0, 4, 2, "10:00", 360}, {2, 4, 5, "10:00", 240},
		{0, 1, 8, "10:00", 60}, {0, 1, 9, "10:00", 60}, {2, 0, 10, "09:00", 60}, {2, 1, 10, "09:00", 90}, {3, 2, 10, "09:00", 30}, {4, 3, 10, "09:30", 90}, {5, 4, 10, "10:00", 60}, {1, 0, 10, "14:00", 60},
	} {
		_, err := bookings(head).CreateBooking(t.Context(), &v1.CreateBookingRequest{
			RequestId: store.NewID(), ClientId: clients[b.client], ResourceId: resources[b.resource],
			Day: monday.AddDate(0, 0, b.day).Format(time.DateOnly), Time: b.at, Minutes: b.minutes,
		})
		require.NoError(t, err, "booking %d", i)
	}
	return contact
}

// What a business's week looks like, in every view, size and theme.
func TestCalendarInABrowser(t *testing.T) {
	ctx := browser(t)
	p, clock := open(t)
	head := p.Head(t)
	contact := story(t, p, head)
	clock.Move(4*time.Hour + 20*time.Minute) // 12:20
	for _, who := range []struct {
		name, path string
		user       *kerneltest.User
		views      []string
	}{
		{"staff", "/bookings/calendar", head, []string{"rows-week", "rows", "week", "day", "month"}},
		{"contact", "/bookings/my-calendar", contact, []string{"month", "week", "day"}},
	} {
		signIn(t, ctx, p, who.user)
		for _, view := range who.views {
			for _, size := range []struct {
				name          string
				width, height int64
			}{{"desk", 1440, 900}, {"phone", 390, 844}} {
				for _, scheme := range []string{"light", "dark"} {
					name := fmt.Sprintf("%s-%s-%s-%s", who.name, view, size.name, scheme)
					t.Run(name, func(t *testing.T) {
						look(t, ctx, name, p.URL()+who.path+"?view="+view, size.width, size.height, scheme)
					})
				}
			}
		}
	}
}

// A calendar shows each reader what is theirs, wherever the module runs; and moves what they may move.
func TestCalendarPage(t *testing.T) {
	for name, processes := range map[string][]string{"in process": nil, "as a process": {booking.ID}} {
		t.Run(name, func(t *testing.T) {
			p := kerneltest.Start(t, kerneltest.Options{
				Assemble: withBooking, Config: "time_zone: Europe/Kyiv", Now: kerneltest.NewClock(monday).Now, Processes: processes,
			})
			head := p.Head(t)
			hall, cellar := room(t, head, "Great hall"), room(t, head, "Cellar")
			lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
			taras := p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
			booked, err := book(t, lesia, "", hall.GetId(), "2026-03-03", "10:00")
			require.NoError(t, err)
			other, err := book(t, taras, "", hall.GetId(), "2026-03-04", "12:00")
			require.NoError(t, err)

			for _, view := range []string{"", "day", "week", "month", "rows", "rows-week", "year", "'><b>"} {
				page := head.Get(t, "/bookings/calendar?day=2026-03-03&view="+url.QueryEscape(view))
				require.Equal(t, http.StatusOK, page.Status, view)
				require.Contains(t, page.Body, "Zerno Roastery", view)
				require.Contains(t, page.Body, "/bookings/"+booked.GetId(), view)
				require.NotContains(t, page.Body, "<b>'", view)
			}
			require.NotContains(t, head.Get(t, "/bookings/calendar?view=day&day=2026-03-03").Body, other.GetId(), "it is on another day")
			chosen := head.Get(t, "/bookings/calendar?view=rows-week&resource_id="+cellar.GetId())
			require.NotContains(t, chosen.Body, booked.GetId())
			require.Contains(t, chosen.Body, "resource_id="+cellar.GetId(), "the filter stays when the calendar is turned")

			mine := lesia.Get(t, "/bookings/my-calendar?view=week&day=2026-03-03").Body
			require.Contains(t, mine, "/bookings/"+booked.GetId())
			require.NotContains(t, mine, other.GetId(), "it is another client's")
			require.Equal(t, http.StatusForbidden, lesia.Get(t, "/bookings/calendar").Status)
			require.Equal(t, http.StatusForbidden, lesia.Post(t, "/bookings/calendar", url.Values{"move": {booked.GetId()}}).Status)

			form := head.Get(t, "/bookings/calendar?view=week&day=2026-03-03&move="+booked.GetId()).Body
			require.Contains(t, form, `value="2026-03-03"`)
			require.Contains(t, form, `value="10:00"`)
			was := booked.GetStartTime().AsTime().Format(time.RFC3339)
			to := func(u *kerneltest.User, path, id, day, at, row, was string) *kerneltest.Page {
				return u.Post(t, path+"?view=week&day=2026-03-03", url.Values{"move": {id}, "to_day": {day}, "to_time": {at}, "to_row": {row}, "was": {was}})
			}
			moved := to(head, "/bookings/calendar", booked.GetId(), "2026-03-05", "14:30", cellar.GetId(), was)
			require.Equal(t, http.StatusSeeOther, moved.Status, moved.Body)
			require.Equal(t, "/bookings/calendar?day=2026-03-05&view=week", moved.Location(), "it leads to where the thing is now")
			now, err := bookings(head).GetBooking(t.Context(), &v1.GetBookingRequest{Id: booked.GetId()})
			require.NoError(t, err)
			require.Equal(t, []string{"2026-03-05", "14:30–15:30", cellar.GetId()}, []string{now.GetBooking().GetDay(), now.GetBooking().GetHours(), now.GetBooking().GetResourceId()})

			for why, page := range map[string]*kerneltest.Page{
				"somebody else has moved it": to(head, "/bookings/calendar", booked.GetId(), "2026-03-05", "16:00", "", was),
				"it is taken":                to(head, "/bookings/calendar", booked.GetId(), "2026-03-04", "12:30", hall.GetId(), ""),
				"it is closed":               to(head, "/bookings/calendar", booked.GetId(), "2026-03-06", "03:00", "", ""),
				"no day":                     to(head, "/bookings/calendar", booked.GetId(), "soon", "12:30", "", ""),
				"no time":                    to(head, "/bookings/calendar", booked.GetId(), "2026-03-05", "25:00", "", ""),
			} {
				require.Equal(t, http.StatusUnprocessableEntity, page.Status, why)
				require.Contains(t, page.Body, "Please look at these again", why)
			}
			gone := to(lesia, "/bookings/my-calendar", other.GetId(), "2026-03-06", "12:00", "", "")
			require.NotEqual(t, http.StatusSeeOther, gone.Status, "it is another client's")
			still, err := bookings(taras).GetBooking(t.Context(), &v1.GetBookingRequest{Id: other.GetId()})
			require.NoError(t, err)
			require.Equal(t, "2026-03-04", still.GetBooking().GetDay())
			require.Equal(t, http.StatusSeeOther, to(lesia, "/bookings/my-calendar", booked.GetId(), "2026-03-06", "09:00", "", "").Status, "her own")
		})
	}
}

// What is dropped on another row and day is there then; what the keyboard sends by the form is too.
func TestMovingInABrowser(t *testing.T) {
	ctx := browser(t)
	p, _ := open(t)
	head := p.Head(t)
	hall, cellar := room(t, head, "Great hall"), room(t, head, "Cellar")
	booked, err := book(t, head, p.Client(t, "Zerno Roastery"), hall.GetId(), "2026-03-03", "10:00")
	require.NoError(t, err)
	signIn(t, ctx, p, head)
	view(t, ctx, 1440, 1000, "light")
	at := func(selector string) (x, y float64) {
		box := js[[]float64](t, ctx, `(() => { const r = document.querySelector(`+"`"+selector+"`"+`).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
		return box[0], box[1]
	}
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
		require.NoError(t, err)
	}
	drag := func(x, y, toX, toY float64) {
		mouse(input.DispatchMouseEventTypeMousePressed, x, y)
		mouse(input.DispatchMouseEventTypeMouseMoved, (x+toX)/2, (y+toY)/2)
		mouse(input.DispatchMouseEventTypeMouseMoved, toX, toY)
		mouse(input.DispatchMouseEventTypeMouseReleased, toX, toY)
	}
	where := func() string {
		got, err := bookings(head).GetBooking(t.Context(), &v1.GetBookingRequest{Id: booked.GetId()})
		require.NoError(t, err)
		return got.GetBooking().GetResourceName() + " " + got.GetBooking().GetDay() + " " + got.GetBooking().GetTime()
	}
	slot := "[data-move='" + booked.GetId() + "']"

	run(t, ctx, chromedp.Navigate(p.URL()+"/bookings/calendar?view=rows-week&day=2026-03-03"))
	x, y := at(slot)
	toX, toY := at("[data-row='" + cellar.GetId() + "'] [data-day='2026-03-05']")
	drag(x, y, toX, toY)
	require.Eventually(t, func() bool { return where() == "Cellar 2026-03-05 10:00" }, 20*time.Second, 50*time.Millisecond, "another row and day, the same time")

	run(t, ctx, chromedp.Navigate(p.URL()+"/bookings/calendar?view=week&day=2026-03-05"))
	x, y = at(slot)
	drag(x, y, x, y+js[float64](t, ctx, `document.querySelector('.hours > li').offsetHeight`)*1.5)
	require.Eventually(t, func() bool { return where() == "Cellar 2026-03-05 11:30" }, 20*time.Second, 50*time.Millisecond, "an hour and a half later")

	run(t, ctx, chromedp.Navigate(p.URL()+"/bookings/calendar?view=week&day=2026-03-05"))
	run(t, ctx, chromedp.Focus(slot+" .btn"), chromedp.KeyEvent("\r"))
	require.Eventually(t, func() bool { return js[bool](t, ctx, `document.activeElement?.name === 'to_day'`) }, 20*time.Second, 50*time.Millisecond, "the form waits for a day")
	run(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('[name=to_time]').value = '15:00'`), chromedp.KeyEvent("\r"))
	require.Eventually(t, func() bool { return where() == "Cellar 2026-03-05 15:00" }, 20*time.Second, 50*time.Millisecond, "by the form")
}
