package booking_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// follows waits until nothing of a merged client is left under its name, and nothing waits to be handled.
func follows(t *testing.T, p *kerneltest.Portal, merged string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return query[int](t, p, `select ((select count(*) from booking.bookings where client_id = $1) + (select count(*) from booking.clients where client_id = $1)
			+ (select count(*) from accountmanager.memberships where client_id = $1) + (select count(*) from accountmanager.sessions where client_id = $1)
			+ (select count(*) from accountmanager.invitations where client_id = $1) + (select count(*) from clientmanager.history where client_id = $1)
			+ (select count(*) from kernel.lane where done < last))::int`, merged) == 0
	}, 30*time.Second, 20*time.Millisecond)
}

func merge(t testing.TB, who *kerneltest.User, into, from string) error {
	t.Helper()
	_, err := clientmanagerv1.NewMergeServiceClient(who.Conn).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{
		RequestId: store.NewID(), IntoId: into, FromId: from,
	})
	return err
}

// The rest of the portal follows a merge, wherever its modules run: people, ways in, sessions, bookings, the timeline and the audit
// log. Booking does nothing for it: the kernel moves its rows.
func TestTheRestFollowsAMerge(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string][]string{"in process": nil, "as processes": {"booking", "clientmanager"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := kerneltest.Start(t, kerneltest.Options{
				Assemble: withBooking, Config: "time_zone: Europe/Kyiv", Clock: kerneltest.NewClock(monday), Processes: processes,
			})
			head := p.Head(t)
			hall := room(t, head, "Hall").GetId()
			into, from, other := p.Client(t, "Zerno Roastery"), p.Client(t, "Zerno Roastry"), p.Client(t, "Lviv Museum")
			lesia, taras, foreign := p.Contact(t, from, "client.director"), p.Contact(t, into, "client.accountant"), p.Contact(t, other, "client.director")
			both(t, p, taras, from, "client.director") // who is in both
			waiting, err := accountmanagerv1.NewInvitationServiceClient(head.Conn).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
				RequestId: store.NewID(), ClientId: from, Name: "New", Email: "new@example.com", Role: "client.manager",
			})
			require.NoError(t, err)
			booked, err := book(t, lesia, "", hall, "2026-03-03", "10:00")
			require.NoError(t, err)
			_, err = book(t, taras, into, hall, "2026-03-03", "12:00")
			require.NoError(t, err)
			follows(t, p, store.NewID())

			require.NoError(t, merge(t, head, into, from))
			follows(t, p, from)

			// Lesia's session acts for the survivor now, as what she was; Taras keeps what he was there.
			require.Equal(t, into, lesia.Principal(t).ActingFor)
			people, err := accountmanagerv1.NewMembershipServiceClient(head.Conn).ListMemberships(t.Context(), &accountmanagerv1.ListMembershipsRequest{ClientId: into})
			require.NoError(t, err)
			roles := map[string]string{}
			for _, m := range people.GetMemberships() {
				roles[m.GetUserId()] = m.GetRole()
			}
			require.Equal(t, map[string]string{lesia.ID: "client.director", taras.ID: "client.accountant"}, roles)
			came := p.Accept(t, waiting.GetToken(), "New")
			require.Equal(t, into, came.ClientID, "an invitation leads to the survivor")
			for _, who := range []*kerneltest.User{lesia, taras, came} {
				list, err := bookings(who).ListBookings(t.Context(), &v1.ListBookingsRequest{})
				require.NoError(t, err)
				require.Len(t, list.GetBookings(), 2)
			}
			list, err := bookings(foreign).ListBookings(t.Context(), &v1.ListBookingsRequest{})
			require.NoError(t, err)
			require.Empty(t, list.GetBookings())
			_, err = bookings(foreign).GetBooking(t.Context(), &v1.GetBookingRequest{Id: booked.GetId()})
			require.Equal(t, codes.NotFound, status.Code(err))

			// Nothing is booked for what is no more.
			_, err = book(t, head, from, hall, "2026-03-03", "15:00")
			require.Equal(t, codes.FailedPrecondition, status.Code(err), "%v", err)
			require.Equal(t, 2, query[int](t, p, "select count(*)::int from booking.bookings"))

			// What happened before is on the survivor's timeline, said by other modules in their own words.
			told := timeline(t, head, into, "")
			require.Contains(t, told, "booking.timeline.made")
			require.Contains(t, told, "accountmanager.timeline.given")
			require.Contains(t, told, "clientmanager.history.merged")
			require.Equal(t, []string{"booking.timeline.made", "booking.timeline.made"}, timeline(t, lesia, "", "booking"))
			require.Empty(t, timeline(t, foreign, "", "booking"))
			_, err = clientmanagerv1.NewTimelineServiceClient(foreign.Conn).ListTimeline(t.Context(), &clientmanagerv1.ListTimelineRequest{ClientId: into})
			require.Equal(t, codes.NotFound, status.Code(err))
			page := lesia.Get(t, "/company/happened")
			require.Equal(t, http.StatusOK, page.Status)
			require.Contains(t, page.Body, "Booked: Hall")
			require.Contains(t, page.Body, `href="/bookings/`+booked.GetId()+`"`)
			require.Zero(t, query[int](t, p, "select count(*)::int from clientmanager.history where happened::text ~ 'Hall|Lesia|Person'"), "no names at rest")

			old := head.Get(t, "/clients/"+from)
			require.Equal(t, http.StatusSeeOther, old.Status)
			require.Equal(t, "/clients/"+into, old.Header.Get("Location"))
		})
	}
}

// both makes a contact of one client one of another too.
func both(t *testing.T, p *kerneltest.Portal, u *kerneltest.User, client, role string) {
	t.Helper()
	invited, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
		RequestId: store.NewID(), ClientId: client, Name: "Both", Email: u.Email, Role: role,
	})
	require.NoError(t, err)
	p.Accept(t, invited.GetToken(), "Both")
}

// timeline is what somebody reads of a client, newest first.
func timeline(t *testing.T, who *kerneltest.User, client, module string) (texts []string) {
	t.Helper()
	list, err := clientmanagerv1.NewTimelineServiceClient(who.Conn).ListTimeline(t.Context(), &clientmanagerv1.ListTimelineRequest{ClientId: client, Module: module})
	require.NoError(t, err)
	for _, e := range list.GetEntries() {
		texts = append(texts, e.GetHappened().GetText())
	}
	return texts
}

// The timeline hears of a plugin that the portal does not link: its program says in its contract what belongs there.
func TestATimelineOfAPluginUnknownToThePortal(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withoutBooking, Config: fmt.Sprintf(
		"time_zone: Europe/Kyiv\nmodules: {booking: {path: %q}}", program(t))})
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	into, from := p.Client(t, "Zerno"), p.Client(t, "Museum")
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	for i, client := range []string{into, from} {
		_, err := book(t, head, client, hall, day, fmt.Sprintf("1%d:00", i))
		require.NoError(t, err)
	}
	follows(t, p, store.NewID())
	require.NoError(t, merge(t, head, into, from))
	follows(t, p, from)
	require.Equal(t, []string{"booking.timeline.made", "booking.timeline.made"}, timeline(t, head, into, "booking"))
	require.Contains(t, head.Get(t, "/clients/"+into+"/history").Body, "Booked: Hall")
}

// envKilled names the database of a portal that is there to be killed, and the clients it merges.
const envKilled = "CABINET_TEST_KILLED"

// toBeKilled is a portal of this program's own that merges clients until somebody kills it. It tells whether it was asked for.
func toBeKilled() bool {
	said := os.Getenv(envKilled)
	if said == "" {
		return false
	}
	part := strings.Split(said, "\n")
	ctx := context.Background() //nolint:forbidigo // as long as it is let live
	p, err := kernel.New(kernel.Options{
		Assemble: withBooking, Log: slog.New(slog.DiscardHandler),
		Config: config.Options{Path: part[1], Environ: []string{
			"CABINET_ID=kerneltest", "CABINET_LISTEN=127.0.0.1:0", "CABINET_DATA=" + filepath.Dir(part[1]), "DATABASE_URL=" + part[0],
		}},
		Env: func(name string) (string, bool) { return part[2], name == "CABINET_MASTER_KEY" },
	})
	if err == nil {
		err = p.Start(ctx)
	}
	if err == nil {
		fmt.Println("ready")
		_, err = clientmanagerv1.NewMergeServiceClient(p.Kernel()).MergeClients(ctx, &clientmanagerv1.MergeClientsRequest{IntoId: part[3], FromId: part[4], RequestId: part[5]})
		fmt.Println("merged", err)
	}
	if err != nil {
		fmt.Println(errors.Join(errors.New("it failed"), err))
	}
	select {} // until it is killed
}

// A portal is killed at moments before, within and after a merge, and opened again: the merge is there wholly or not at all, and what
// follows it does. Sent again, it is done once.
func TestAPortalKilledInAMerge(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withBooking, Config: "time_zone: Europe/Kyiv"})
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	into := p.Client(t, "Zerno Roastery")
	type one struct{ from, request string }
	var all []one
	day := time.Now().AddDate(0, 0, 3)
	for i := range 6 {
		m := one{from: p.Client(t, fmt.Sprintf("Number %d", i)), request: store.NewID()}
		p.Contact(t, m.from, "client.director")
		_, err := book(t, head, m.from, hall, day.AddDate(0, 0, i).Format(time.DateOnly), "10:00")
		require.NoError(t, err)
		execute(t, p, `insert into clientmanager.contacts (id, client_id, name, position, email, phone, role, main, create_time, revision, name_key)
			select gen_random_uuid(), $1, 'C' || n, '', '', '', '', false, now(), 1, '' from generate_series(1, 3000) n`, m.from)
		all = append(all, m)
	}
	follows(t, p, store.NewID())
	p.Halt(t)
	file := filepath.Join(t.TempDir(), "portal.yaml")
	require.NoError(t, os.WriteFile(file, []byte("time_zone: Europe/Kyiv\n"), 0o600))
	whole, none := 0, 0
	for i, m := range all {
		// The last two are killed when the merge is committed, and nothing has followed it yet.
		wait := []time.Duration{0, 20, 80, 300, -1, -1}[i] * time.Millisecond
		killAfterReady(t, []string{p.DSN, file, kerneltest.MasterKey, into, m.from, m.request}, wait)
		contacts := query[int](t, p, "select count(*)::int from clientmanager.contacts where client_id = $1", m.from)
		merged := query[bool](t, p, "select merged_into is not null from kernel.client where id = $1", m.from)
		is := query[bool](t, p, "select exists (select from clientmanager.clients where id = $1)", m.from)
		require.NotEqual(t, merged, is, "killed after %v", wait)
		if merged {
			whole++
			require.Zero(t, contacts)
		} else {
			none++
			require.Equal(t, 3000, contacts)
		}
	}
	t.Logf("killed in %d merges: %d were done wholly, %d not at all", len(all), whole, none)
	again := p.Reopen(t)
	for _, m := range all {
		// Who sends it again has the first answer, or has it done now.
		_, err := clientmanagerv1.NewMergeServiceClient(again.Kernel()).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{IntoId: into, FromId: m.from, RequestId: m.request})
		require.NoError(t, err)
		follows(t, again, m.from)
	}
	require.Equal(t, len(all)*3000, query[int](t, again, "select count(*)::int from clientmanager.contacts where client_id = $1", into))
	require.Equal(t, len(all), query[int](t, again, "select count(*)::int from booking.bookings where client_id = $1", into))
	require.Equal(t, len(all), query[int](t, again, "select count(*)::int from accountmanager.memberships where client_id = $1", into))
}

// killAfterReady starts a portal that merges as soon as it is open, and kills it a while after that; below zero, when it has merged.
func killAfterReady(t *testing.T, said []string, after time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envKilled+"="+strings.Join(said, "\n"))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.Equal(t, "ready", lines.Text())
	if after < 0 {
		require.True(t, lines.Scan())
		require.Equal(t, "merged <nil>", lines.Text())
	} else {
		timer := time.NewTimer(after)
		<-timer.C
	}
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
}
