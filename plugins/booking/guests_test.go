package booking_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// town is a portal that visitors book in: a hall for everybody and a lift for clients alone.
type town struct {
	*kerneltest.Portal
	t       *testing.T
	clock   *kerneltest.Clock
	head    *kerneltest.User
	hall    string
	visitor v1.GuestServiceClient
}

func openTown(t *testing.T, approval string, processes ...string) *town {
	t.Helper()
	clock := kerneltest.NewClock(monday)
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withBooking, Now: clock.Now, Processes: processes, Config: `
time_zone: Europe/Kyiv
modules:
  clientmanager: {settings: {country: UA, registration: {open: true, approval: ` + approval + `}}}
  accountmanager: {settings: {letters: log}}
  booking: {settings: {visitors: {open: true}}}`})
	w := &town{Portal: p, t: t, clock: clock, head: p.Head(t), visitor: v1.NewGuestServiceClient(p.Anonymous(t).Conn)}
	made, err := v1.NewResourceServiceClient(w.head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: "Hall", Public: true},
	})
	require.NoError(t, err)
	w.hall = made.GetResource().GetId()
	return w
}

func (w *town) start(at string) (string, error) {
	w.t.Helper()
	started, err := w.visitor.StartGuestBooking(w.t.Context(), &v1.StartGuestBookingRequest{
		RequestId: store.NewID(), ResourceId: w.hall, Day: "2026-03-03", Time: at,
	})
	return started.GetToken(), err
}

func (w *town) send(token, email string) error {
	w.t.Helper()
	_, err := w.visitor.SendGuestBooking(w.t.Context(), &v1.SendGuestBookingRequest{
		Token: token, Name: "Oksana Melnyk", Email: email, Phone: fmt.Sprintf("+3806711122%02d", len(email)), Note: "Two guests",
	})
	return err
}

func (w *town) state(token string) v1.GuestState {
	w.t.Helper()
	got, err := w.visitor.GetGuestBooking(w.t.Context(), &v1.GetGuestBookingRequest{Token: token})
	require.NoError(w.t, err)
	require.Empty(w.t, got.GetBooking().GetEmail(), "who has the link is told nothing of who it is for")
	return got.GetBooking().GetState()
}

func (w *town) becomes(token string, state v1.GuestState) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.state(token) == state }, 30*time.Second, 20*time.Millisecond, "%v", state)
}

// link is the secret of the last letter of a kind to an address.
func (w *town) link(kind accountmanagerv1.LetterKind, email string) string {
	w.t.Helper()
	find := `select coalesce((select id::text from accountmanager.letters where email = $1 and kind = $2 order by id desc limit 1), '')`
	require.Eventually(w.t, func() bool { return query[string](w.t, w.Portal, find, email, int(kind)) != "" }, 30*time.Second, 20*time.Millisecond)
	got, err := accountmanagerv1.NewLetterServiceClient(w.Kernel()).GetLetter(w.t.Context(), &accountmanagerv1.GetLetterRequest{Id: query[string](w.t, w.Portal, find, email, int(kind))})
	require.NoError(w.t, err)
	path := got.GetLetter().GetPath()
	return path[strings.LastIndex(path, "/")+1:]
}

func (w *town) registrations(u *kerneltest.User) clientmanagerv1.RegistrationServiceClient {
	return clientmanagerv1.NewRegistrationServiceClient(u.Conn)
}

// confirm opens the link in the letter.
func (w *town) confirm(email string) {
	w.t.Helper()
	_, err := w.registrations(w.Anonymous(w.t)).ConfirmRegistration(w.t.Context(), &clientmanagerv1.ConfirmRegistrationRequest{
		Token: w.link(accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION, email),
	})
	require.NoError(w.t, err)
}

// A visitor chooses a time, which is held, says who they are, opens the link in the letter, and is a client who can sign in
// and has the booking.
func TestAVisitorBecomesAClient(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string][]string{"in process": nil, "as a process": {booking.ID}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openTown(t, "never", processes...)
			room(t, w.head, "Lift") // for clients alone
			listed, err := w.visitor.ListGuestResources(t.Context(), &v1.ListGuestResourcesRequest{})
			require.NoError(t, err)
			require.Len(t, listed.GetResources(), 1)
			require.Equal(t, "Hall", listed.GetResources()[0].GetName())

			token, err := w.start("10:00")
			require.NoError(t, err)
			require.Equal(t, v1.GuestState_GUEST_STATE_HELD, w.state(token))
			_, err = book(t, w.head, w.Client(t, "Zerno Roastery"), w.hall, "2026-03-03", "10:30")
			refused(t, err, codes.AlreadyExists, "time")
			slots, err := w.visitor.ListGuestSlots(t.Context(), &v1.ListGuestSlotsRequest{ResourceId: w.hall, Day: "2026-03-03"})
			require.NoError(t, err)
			require.Len(t, slots.GetSlots(), 8)

			require.NoError(t, w.send(token, "oksana@example.com"))
			require.NoError(t, w.send(token, "oksana@example.com"), "sent twice")
			require.Equal(t, v1.GuestState_GUEST_STATE_SENT, w.state(token))
			w.clock.Move(30 * time.Minute)
			require.Equal(t, v1.GuestState_GUEST_STATE_SENT, w.state(token), "it is held until the link is used")
			w.confirm("oksana@example.com")
			w.becomes(token, v1.GuestState_GUEST_STATE_BOOKED)
			require.Equal(t, 1, query[int](t, w.Portal, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingMade'"))

			oksana := w.Accept(t, w.link(accountmanagerv1.LetterKind_LETTER_KIND_INVITATION, "oksana@example.com"), "Oksana Melnyk")
			theirs, err := bookings(oksana).ListBookings(t.Context(), &v1.ListBookingsRequest{})
			require.NoError(t, err)
			require.Len(t, theirs.GetBookings(), 1)
			require.Equal(t, "10:00–11:00", theirs.GetBookings()[0].GetHours())
			require.Equal(t, "Two guests", theirs.GetBookings()[0].GetNote())
			seen, err := v1.NewGuestServiceClient(w.head.Conn).ListGuestBookings(t.Context(), &v1.ListGuestBookingsRequest{})
			require.NoError(t, err)
			require.Equal(t, oksana.ClientID, seen.GetBookings()[0].GetClientId())
		})
	}
}

// Where staff decide, the time is held until they do; who is declined frees it.
func TestAVisitorWaitsForStaff(t *testing.T) {
	t.Parallel()
	w := openTown(t, "always")
	taken, declined := "taken@example.com", "declined@example.com"
	tokens := map[string]string{}
	for email, at := range map[string]string{taken: "10:00", declined: "12:00"} {
		token, err := w.start(at)
		require.NoError(t, err)
		require.NoError(t, w.send(token, email))
		w.confirm(email)
		w.becomes(token, v1.GuestState_GUEST_STATE_WAITING)
		tokens[email] = token
	}
	w.clock.Move(3 * time.Hour)
	head := w.Head(t)
	require.NotContains(t, freeTimes(t, head, w.hall, "2026-03-03", 0), "10:00")
	list, err := w.registrations(head).ListRegistrations(t.Context(), &clientmanagerv1.ListRegistrationsRequest{})
	require.NoError(t, err)
	for _, r := range list.GetRegistrations() {
		if r.GetEmail() == taken {
			_, err = w.registrations(head).ApproveRegistration(t.Context(), &clientmanagerv1.ApproveRegistrationRequest{Id: r.GetId()})
		} else {
			_, err = w.registrations(head).DeclineRegistration(t.Context(), &clientmanagerv1.DeclineRegistrationRequest{Id: r.GetId(), Reason: "We are full"})
		}
		require.NoError(t, err)
	}
	w.becomes(tokens[taken], v1.GuestState_GUEST_STATE_BOOKED)
	w.becomes(tokens[declined], v1.GuestState_GUEST_STATE_OVER)
	require.Contains(t, freeTimes(t, head, w.hall, "2026-03-03", 0), "12:00")
	require.NotContains(t, freeTimes(t, head, w.hall, "2026-03-03", 0), "10:00")
}

// A link that is used too late still leads to the time where nobody else has it, and to nothing where somebody has.
func TestALinkUsedTooLate(t *testing.T) {
	t.Parallel()
	w := openTown(t, "never")
	lucky, err := w.start("10:00")
	require.NoError(t, err)
	require.NoError(t, w.send(lucky, "lucky@example.com"))
	late, err := w.start("12:00")
	require.NoError(t, err)
	require.NoError(t, w.send(late, "late@example.com"))
	w.clock.Move(61 * time.Minute)
	require.Equal(t, v1.GuestState_GUEST_STATE_OVER, w.state(late))
	_, err = book(t, w.Head(t), w.Client(t, "Zerno Roastery"), w.hall, "2026-03-03", "12:00")
	require.NoError(t, err)
	w.confirm("lucky@example.com")
	w.becomes(lucky, v1.GuestState_GUEST_STATE_BOOKED)
	w.confirm("late@example.com")
	w.link(accountmanagerv1.LetterKind_LETTER_KIND_INVITATION, "late@example.com")
	require.Equal(t, v1.GuestState_GUEST_STATE_OVER, w.state(late))
	require.Zero(t, doubled(t, w.Portal))
	require.Equal(t, codes.FailedPrecondition, status.Code(w.send(late, "late@example.com")), "it is held no more")
}

// Who has an account signs in, and has the time: one client does.
func TestAVisitorSignsIn(t *testing.T) {
	t.Parallel()
	w := openTown(t, "always")
	lesia, taras := w.Contact(t, w.Client(t, "Zerno Roastery"), "client.director"), w.Contact(t, w.Client(t, "Lviv Museum"), "client.director")
	token, err := w.start("10:00")
	require.NoError(t, err)
	claim := func(u *kerneltest.User, token string) (*v1.Booking, error) {
		claimed, err := v1.NewGuestServiceClient(u.Conn).ClaimGuestBooking(t.Context(), &v1.ClaimGuestBookingRequest{Token: token})
		return claimed.GetBooking(), err
	}
	for range 2 {
		booked, err := claim(lesia, token)
		require.NoError(t, err)
		require.Equal(t, "Zerno Roastery", booked.GetClientName())
	}
	_, err = claim(taras, token)
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = claim(taras, "guessed")
	require.Equal(t, codes.NotFound, status.Code(err))
	late, err := w.start("12:00")
	require.NoError(t, err)
	w.clock.Move(11 * time.Minute)
	_, err = claim(taras, late)
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}

// Visitors do not take what is not theirs to take, nor all there is.
func TestWhatVisitorsMayNot(t *testing.T) {
	t.Parallel()
	w := openTown(t, "always")
	lift := room(t, w.head, "Lift").GetId()
	_, err := w.visitor.StartGuestBooking(t.Context(), &v1.StartGuestBookingRequest{RequestId: store.NewID(), ResourceId: lift, Day: "2026-03-03", Time: "10:00"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = w.visitor.ListGuestSlots(t.Context(), &v1.ListGuestSlotsRequest{ResourceId: lift, Day: "2026-03-03"})
	require.Equal(t, codes.NotFound, status.Code(err))
	times := []string{"09:00", "10:00", "11:00", "12:00", "13:00"}
	errs := kerneltest.AtOnce(len(times), func(i int) error { _, err := w.start(times[i]); return err })
	require.Equal(t, 3, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 2, kerneltest.Count(errs, codes.ResourceExhausted), "%v", errs)
	require.Equal(t, 3, query[int](t, w.Portal, "select count(*)::int from booking.guests"))
	require.Zero(t, query[int](t, w.Portal, "select count(*)::int from kernel.once where module = 'booking' and position(convert_to('token', 'utf8') in answer) > 0"))
	_, err = v1.NewGuestServiceClient(w.Contact(t, w.Client(t, "Zerno Roastery"), "client.director").Conn).ListGuestBookings(t.Context(), &v1.ListGuestBookingsRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	closed, _ := open(t)
	_, err = v1.NewGuestServiceClient(closed.Anonymous(t).Conn).StartGuestBooking(t.Context(), &v1.StartGuestBookingRequest{
		RequestId: store.NewID(), ResourceId: lift, Day: "2026-03-03", Time: "10:00",
	})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}
