// Package pagestest opens a portal in which nothing of booking is linked, not even its contract, and uses its pages: what
// a portal sees of a plugin that somebody else wrote.
package pagestest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoregistry"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

// program builds the plugin as anybody would and returns where it is.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "booking")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../cmd/booking").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestPagesOfAStranger(t *testing.T) {
	_, err := protoregistry.GlobalFiles.FindDescriptorByName("cabinet.booking.v1.Booking")
	require.ErrorIs(t, err, protoregistry.NotFound, "the portal of this test must not know the contract")
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: fmt.Sprintf(
		"time_zone: Europe/Kyiv\nmodules: {booking: {path: %q}}", program(t))})
	head := p.Head(t)
	lesia, taras := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director"), p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	day := time.Now().In(zone).AddDate(0, 0, 2).Format(time.DateOnly)

	hall := add(t, head, "Hall")
	taken := lesia.Post(t, "/bookings/book", url.Values{"request_id": {"3f0e1f5e-62a1-4a5c-9f4e-000000000009"}, "resource_id": {hall}, "day": {day}, "time": {"10:00"}})
	require.Equal(t, http.StatusSeeOther, taken.Status, taken.Body)
	bookOnPages(t, taras, hall, day)
	require.NotEqual(t, http.StatusOK, taras.Get(t, taken.Location()).Status, "it is another client's")
	manageOnPages(t, head, hall)
}

var resourcePath = regexp.MustCompile(`/bookings/resources/([0-9a-f-]{36})`)

// add makes something to book and returns its id, as the list's link says it.
func add(t *testing.T, head *kerneltest.User, name string) string {
	t.Helper()
	made := head.Post(t, "/bookings/resources/new", url.Values{"request_id": {"3f0e1f5e-62a1-4a5c-9f4e-000000000003"}, "name": {name}})
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	found := resourcePath.FindStringSubmatch(head.Get(t, "/bookings/resources").Body)
	require.NotNil(t, found)
	return found[1]
}

// bookOnPages books, and cancels, as a contact does in a browser.
func bookOnPages(t *testing.T, who *kerneltest.User, hall, day string) {
	t.Helper()
	page := func(path string, texts ...string) *kerneltest.Page {
		t.Helper()
		got := who.Get(t, path)
		require.Equal(t, http.StatusOK, got.Status, "%s: %s", path, got.Body)
		for _, text := range texts {
			require.Contains(t, got.Body, text, path)
		}
		return got
	}
	page("/", "Upcoming bookings")
	page("/bookings", "Bookings", "/bookings/book")
	free := page("/bookings/free?day="+day+"&resource_id="+hall, "12:00", "Hall")
	require.NotContains(t, free.Body, ">10:00<", "it is taken")
	page("/bookings/book?resource_id="+hall+"&day="+day+"&time=12:00&minutes=60", `value="`+hall+`"`, "Hall", `value="12:00"`, `name="request_id"`)

	form := url.Values{"request_id": {"3f0e1f5e-62a1-4a5c-9f4e-000000000001"}, "resource_id": {hall}, "day": {day}, "time": {"10:00"}, "note": {"Two guests"}}
	refused := who.Post(t, "/bookings/book", form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "This time is taken. Choose another.")
	require.Contains(t, refused.Body, "Two guests", "nothing of what was typed is lost")

	form.Set("time", "12:00")
	made := who.Post(t, "/bookings/book", form)
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	booked := page(made.Location(), "Hall", "12:00–13:00", "Two guests", "Booked", made.Location()+"/cancel")
	require.NotContains(t, booked.Body, hall, "an id is nothing to read")
	page("/bookings", "Hall", "12:00–13:00", made.Location())
	page("/", "12:00–13:00")

	page(made.Location()+"/cancel", "Cancel booking")
	cancelled := who.Post(t, made.Location()+"/cancel", url.Values{"reason": {"Guests are ill"}})
	require.Equal(t, http.StatusSeeOther, cancelled.Status, cancelled.Body)
	page(made.Location(), "Cancelled", "Guests are ill")
}

// manageOnPages keeps what can be booked, as staff do in a browser.
func manageOnPages(t *testing.T, head *kerneltest.User, hall string) {
	t.Helper()
	made := head.Post(t, "/bookings/resources/new", url.Values{
		"request_id": {"3f0e1f5e-62a1-4a5c-9f4e-000000000002"}, "name": {"Lift"}, "opens": {"08:00"}, "closes": {"12:00"}, "slot_minutes": {"30"},
	})
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	list := head.Get(t, "/bookings/resources")
	require.Contains(t, list.Body, "Lift")
	require.Contains(t, list.Body, "08:00")
	archived := head.Post(t, "/actions/booking.resources/archive", url.Values{"id": {hall}, "return": {"/bookings/resources"}, "confirmed": {"1"}})
	require.Equal(t, http.StatusSeeOther, archived.Status, archived.Body)
	require.NotContains(t, head.Get(t, "/bookings/resources").Body, hall)
	require.Contains(t, head.Get(t, "/bookings/resources?archived=true").Body, "Hall")
	restored := head.Post(t, "/actions/booking.resources/restore", url.Values{"id": {hall}, "return": {"/bookings/resources"}})
	require.Equal(t, http.StatusSeeOther, restored.Status, restored.Body)
	staff := head.Get(t, "/bookings")
	require.Contains(t, staff.Body, "Zerno Roastery", "staff see whose each is")
	form := head.Get(t, "/bookings/new")
	require.Contains(t, form.Body, "Lviv Museum", "and choose for whom they book")
	require.Contains(t, form.Body, "Lift")
}
