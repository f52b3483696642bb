package booking_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// filled is what a browser would send of a page: what is hidden in it, and what its reader fills in.
func filled(page *kerneltest.Page, fields map[string]string) url.Values {
	out := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(page.Body, -1) {
		out.Set(field[1], html.UnescapeString(field[2]))
	}
	for name, value := range fields {
		out.Set(name, value)
	}
	return out
}

// A visitor finds the way from the page of sign-in, chooses among what is free, and says who they are; who has an account
// goes on from there by signing in.
func TestPagesOfAVisitor(t *testing.T) {
	t.Parallel()
	w := openTown(t, "never")
	room(t, w.head, "Lift")
	_, err := book(t, w.head, w.Client(t, "Zerno Roastery"), w.hall, "2026-03-03", "09:00")
	require.NoError(t, err)
	v := w.Anonymous(t)
	require.Contains(t, v.Get(t, "/sign-in").Body, `href="/book"`)
	page := v.Get(t, "/book")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	require.Contains(t, page.Body, "Hall")
	require.NotContains(t, page.Body, "Lift", "it is for clients alone")
	require.Contains(t, page.Body, "Choose what and a day first")

	fields := map[string]string{"resource_id": w.hall, "day": "2026-03-03"}
	fields["redraw"] = "1"
	again := v.Post(t, "/book", filled(page, fields))
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.Contains(t, again.Body, `value="2026-03-03"`, "nothing of what was chosen is lost")
	require.Contains(t, again.Body, "10:00–11:00")
	require.NotContains(t, again.Body, "09:00–10:00", "it is taken")
	require.Zero(t, query[int](t, w.Portal, "select count(*)::int from booking.guests"), "only looked at")

	delete(fields, "redraw")
	fields["time"] = "09:00"
	w.clock.Move(5 * time.Second)
	refused := v.Post(t, "/book", filled(again, fields))
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "This time is taken")
	fields["time"] = "10:00"
	held := v.Post(t, "/book", filled(again, fields))
	require.Equal(t, http.StatusSeeOther, held.Status, held.Body)
	require.True(t, strings.HasPrefix(held.Location(), "/book/"), held.Location())
	details := v.Get(t, held.Location())
	require.Contains(t, details.Body, "Hall · ")
	require.Contains(t, details.Body, "10:00–11:00")
	claim := strings.Replace(held.Location(), "/book/", "/bookings/claim/", 1)
	require.Contains(t, details.Body, `href="`+claim+`"`)
	w.clock.Move(5 * time.Second)
	wrong := v.Post(t, held.Location(), filled(details, map[string]string{"name": "Oksana", "email": "no", "phone": "+380671112233"}))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, "Oksana", "nothing of what was typed is lost")
	said := v.Post(t, held.Location(), filled(details, map[string]string{"name": "Oksana", "email": "oksana@example.com", "phone": "+380671112233"}))
	require.Equal(t, http.StatusSeeOther, said.Status, said.Body)
	require.Contains(t, v.Get(t, said.Location()).Body, "We have written to you")
	require.Contains(t, v.Get(t, held.Location()+"/state").Body, "E-mail not confirmed")

	// Who has an account is sent to sign in, comes back, and has the booking.
	toSignIn := v.Get(t, claim)
	require.Equal(t, http.StatusSeeOther, toSignIn.Status)
	require.Contains(t, toSignIn.Location(), "sign-in")
	lesia := w.Contact(t, w.Client(t, "Lviv Museum"), "client.director")
	require.Contains(t, lesia.Get(t, claim).Body, "10:00–11:00")
	claimed := lesia.Post(t, claim, url.Values{"note": {"We are two"}})
	require.Equal(t, http.StatusSeeOther, claimed.Status, claimed.Body)
	require.Contains(t, lesia.Get(t, claimed.Location()).Body, "We are two")
	require.Equal(t, v1.GuestState_GUEST_STATE_BOOKED, w.state(strings.TrimPrefix(held.Location(), "/book/")))
	require.Contains(t, w.head.Get(t, "/bookings/guests").Body, "Oksana")
	require.NotEqual(t, http.StatusOK, v.Get(t, "/book/guessed").Status)
}

// Staff write hours and exceptions on pages, and a client moves a booking to a free time that the page offers.
func TestPagesOfHoursAndMoves(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head, lesia := p.Head(t), p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
	hall := room(t, head, "Hall").GetId()
	form := head.Get(t, "/bookings/hours")
	require.Equal(t, http.StatusOK, form.Status, form.Body)
	wrong := head.Post(t, "/bookings/hours", filled(form, map[string]string{"tuesday": "late"}))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, "Write times in order")
	saved := head.Post(t, "/bookings/hours", filled(form, map[string]string{"tuesday": "10:00-12:00, 13:00-15:00"}))
	require.Equal(t, http.StatusSeeOther, saved.Status, saved.Body)
	require.Contains(t, head.Get(t, "/bookings/hours").Body, "10:00–12:00, 13:00–15:00")
	own := head.Get(t, "/bookings/resources/"+hall+"/hours")
	require.Contains(t, own.Body, "10:00–12:00, 13:00–15:00", "it has the business's until somebody writes its own")
	saved = head.Post(t, "/bookings/resources/"+hall+"/hours", filled(own, map[string]string{"wednesday": "08:00–10:00"}))
	require.Equal(t, http.StatusSeeOther, saved.Status, saved.Body)
	require.Equal(t, "08:00 09:00", freeTimes(t, lesia, hall, "2026-03-04", 0))
	added := head.Post(t, "/bookings/hours/exceptions/new", url.Values{"request_id": {"3f0e1f5e-62a1-4a5c-9f4e-000000000011"}, "day": {"2026-03-04"}, "reason": {"Inventory"}})
	require.Equal(t, http.StatusSeeOther, added.Status, added.Body)
	require.Contains(t, head.Get(t, "/bookings/hours/exceptions").Body, "Inventory")
	require.Empty(t, freeTimes(t, lesia, hall, "2026-03-04", 0))

	booked, err := book(t, lesia, "", hall, "2026-03-03", "10:00")
	require.NoError(t, err)
	page := lesia.Get(t, "/bookings/"+booked.GetId())
	require.Contains(t, page.Body, "/bookings/"+booked.GetId()+"/move")
	require.Contains(t, page.Body, "Clients may cancel or move it until")
	move := lesia.Get(t, "/bookings/"+booked.GetId()+"/move")
	require.Contains(t, move.Body, "13:00–14:00")
	moved := lesia.Post(t, "/bookings/"+booked.GetId()+"/move", filled(move, map[string]string{"resource_id": hall, "day": "2026-03-03", "time": "13:00", "minutes": "60"}))
	require.Equal(t, http.StatusSeeOther, moved.Status, moved.Body)
	page = lesia.Get(t, "/bookings/"+booked.GetId())
	require.Contains(t, page.Body, "13:00–14:00")
	require.Contains(t, page.Body, "Moved from")
	require.Contains(t, page.Body, "10:00–11:00")
	again := lesia.Post(t, "/bookings/"+booked.GetId()+"/move", filled(move, map[string]string{"resource_id": hall, "day": "2026-03-03", "time": "14:00", "minutes": "60"}))
	require.Equal(t, http.StatusUnprocessableEntity, again.Status, "the page is of a booking that was moved since")
}
