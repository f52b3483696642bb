package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/kernel/store"
	bookingv1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// asGrown is the version that the test binary, started as a plugin's program, is of.
const asGrown = "CABINET_TEST_GROWN"

// grown is a plugin that grows from version to version.
type grown struct {
	bookingv1.UnimplementedResourceServiceServer
	bookingv1.UnimplementedSlotServiceServer
	version string
	host    *module.Host
}

func runGrown() {
	serve.Plugin(func(grpc.ClientConnInterface) *grown { return &grown{version: os.Getenv(asGrown)} })
}

func (g *grown) later() bool { return g.version != "1" && !strings.HasPrefix(g.version, "borrows") }

func (g *grown) Manifest() module.Manifest {
	text := "Rooms"
	if g.version == "2" {
		text = "Rooms and more"
	}
	words := fmt.Sprintf("booking.title: %q\nbooking.permissions.resources.read: \"See\"\nbooking.permissions.slots: \"See slots\"\nbooking.empty: \"None\"\nbooking.empty_hint: \"None\"\n", text)
	m := module.Manifest{
		ID: "booking", Provides: []string{bookingv1.ResourceService_ServiceDesc.ServiceName},
		Permissions: []access.Permission{{Name: "booking.resources.read", Title: "booking.permissions.resources.read", Presets: map[string]access.Reach{"head": access.All}}},
		Migrations:  fstest.MapFS{"0001_one.sql": {Data: []byte("-- +goose Up\ncreate table booking.one (id int);\nselect kernel.protect_all('booking.one');\n")}},
		Locales:     fstest.MapFS{},
	}
	m.Screens = []module.Screen{{
		ID: "rooms", Path: "/rooms", Kind: module.List, Title: "booking.title", Method: bookingv1.ResourceService_ListResources_FullMethodName,
		Columns: []module.Column{{Field: "name"}}, Empty: "booking.empty", Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 99},
	}}
	files := fstest.MapFS{}
	for _, lang := range []string{"en", "uk", "ru"} {
		files["locales/"+lang+".yaml"] = &fstest.MapFile{Data: []byte(words)}
	}
	m.Locales = files
	if g.later() {
		m.Provides = append(m.Provides, bookingv1.SlotService_ServiceDesc.ServiceName)
		m.Screens = append(m.Screens, module.Screen{
			ID: "slots", Path: "/slots", Kind: module.List, Title: "booking.title", Method: bookingv1.SlotService_ListFreeSlots_FullMethodName,
			Columns: []module.Column{{Field: "resource_name"}}, Empty: "booking.empty", Audience: module.ForStaff,
		})
		files := m.Migrations.(fstest.MapFS)
		files["0002_two.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\ncreate table booking.two (id int);\nselect kernel.protect_all('booking.two');\n")}
	}
	if g.version == "borrows" {
		m.Borrows = []string{lent}
	}
	if g.version == "borrows nothing there" {
		m.Borrows = []string{"lender.take_v9() returns text"}
	}
	if g.version == "bad screen" {
		m.Screens[0].Columns = []module.Column{{Field: "no_such_field"}}
	}
	if g.version == "broken" {
		m.Provides = m.Provides[1:]
		m.Screens = m.Screens[1:]
	}
	return m
}

func (g *grown) Register(r module.Registrar) {
	g.host = r.Host()
	if g.version != "broken" {
		bookingv1.RegisterResourceServiceServer(r, g)
	}
	if g.later() {
		bookingv1.RegisterSlotServiceServer(r, g)
		r.Handle(event.On("booking.clients", func(context.Context, event.Event, *clientmanagerv1.ClientCreated) error {
			return os.WriteFile(os.Getenv("GROWN_HEARD"), []byte("heard"), 0o600)
		}))
	}
}

func (g *grown) ListResources(ctx context.Context, _ *bookingv1.ListResourcesRequest) (*bookingv1.ListResourcesResponse, error) {
	if _, err := g.host.Blobs.Put(ctx, strings.NewReader("x"), 1); !errors.Is(err, blob.ErrNone) {
		return nil, fmt.Errorf("a program of its own has blobs: %w", err)
	}
	name := "of version " + g.version
	if g.version == "borrows" {
		err := g.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			name, err = store.QueryOne(ctx, tx, pgx.RowTo[string], "select lender.take_v1()")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return &bookingv1.ListResourcesResponse{Resources: []*bookingv1.Resource{{Id: "1", Name: name}}}, nil
}

func (g *grown) ListFreeSlots(context.Context, *bookingv1.ListFreeSlotsRequest) (*bookingv1.ListFreeSlotsResponse, error) {
	return &bookingv1.ListFreeSlotsResponse{Slots: []*bookingv1.Slot{{ResourceName: "a slot of version " + g.version}}}, nil
}

// grownPortal is a portal with that plugin, whose program put writes anew.
func grownPortal(t *testing.T, version string) (p *kerneltest.Portal, put func(version string), heard string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "booking")
	heard = filepath.Join(dir, "heard")
	put = func(version string) {
		script := fmt.Sprintf("#!/bin/sh\n%s=%q GROWN_HEARD=%q exec %q\n", asGrown, version, heard, os.Args[0])
		if version == "no program" {
			script = "no program at all"
		}
		require.NoError(t, os.WriteFile(path+".new", []byte(script), 0o700))
		require.NoError(t, os.Rename(path+".new", path))
	}
	put(version)
	return kerneltest.Start(t, kerneltest.Options{Assemble: func(router *call.Router) ([]module.Unit, error) {
		units, err := assemble(router)
		return append(units, module.Unit{Name: lender.says.ID, Module: lender}), err
	}, Config: "modules:\n  booking: {path: " + path + "}\n"}), put, heard
}

const lent = "lender.take_v1() returns text"

// lender lends a function that tells who calls it.
var lender = &stub{says: module.Manifest{ID: "lender", Lends: []string{lent}, Migrations: fstest.MapFS{"0001_take.sql": {Data: []byte(`-- +goose Up
create table lender.taken (n bigint generated always as identity);
select kernel.protect_all('lender.taken');
-- +goose StatementBegin
create function lender.take_v1() returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into lender.taken default values;
  return access.borrower() || ' took ' || (select count(*) from lender.taken);
end $$;
-- +goose StatementEnd
`)}}}}

// A program that borrows what the one before did not may call it at once, by its own login, and one that borrows it no more
// may not.
func TestAProgramBorrowsByWhatItsManifestSays(t *testing.T) {
	t.Parallel()
	p, put, _ := grownPortal(t, "1")
	head := p.Head(t)
	modules := kernelv1.NewModuleServiceClient(head.Conn)
	may := func() string {
		return strings.Join(query(t, p.DSN, `select has_function_privilege(r.rolname, 'lender.take_v1()', 'execute')::text || has_schema_privilege(r.rolname, 'lender', 'usage')::text
			from pg_roles r, kernel.module m where m.id = 'booking' and r.rolname in (m.own_role, m.many_role, m.all_role, replace(m.own_role, '_own', '_login')) order by r.rolname`), " ")
	}
	const none = "falsefalse falsefalse falsefalse falsefalse"
	require.Equal(t, none, may())
	put("borrows nothing there")
	_, err := modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.ErrorContains(t, err, "module booking borrows lender.take_v9() returns text, which no module lends: module lender lends")

	put("borrows")
	_, err = modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Contains(t, head.Get(t, "/rooms").Body, "booking took 1")
	require.Equal(t, "truetrue falsetrue truetrue truetrue", may(), "all, login, many, own: the login names it, and the roles execute it")
	links, err := modules.ListModuleLinks(t.Context(), &kernelv1.ListModuleLinksRequest{ModuleId: "booking"})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(links.GetLinks(), func(l *kernelv1.ModuleLink) bool {
		return l.GetKind() == kernelv1.LinkKind_LINK_KIND_BORROWS && l.GetName() == lent && slices.Equal(l.GetOthers(), []string{"lender"})
	}))

	put("1")
	_, err = modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Equal(t, none, may())
}

// A program that grew is put into the place of the one before while people work: what it has more is there at once.
func TestAProgramThatGrewIsTakenInWhileThePortalRuns(t *testing.T) {
	t.Parallel()
	p, put, heard := grownPortal(t, "1")
	head := p.Head(t)
	modules := kernelv1.NewModuleServiceClient(head.Conn)
	require.Contains(t, head.Get(t, "/rooms").Body, "of version 1")
	require.Equal(t, 404, head.Get(t, "/slots").Status)

	// People go on working: no page and no call of theirs fails.
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	var served atomic.Int64
	failed := make(chan string, 8)
	for range 4 {
		working.Go(func() {
			for ctx.Err() == nil {
				_, err := bookingv1.NewResourceServiceClient(head.Conn).ListResources(ctx, &bookingv1.ListResourcesRequest{})
				if err != nil && ctx.Err() == nil {
					failed <- err.Error()
					return
				}
				served.Add(1)
			}
		})
	}
	put("2")
	swapped, err := modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Equal(t, int32(1), swapped.GetModule().GetSwaps())
	require.Less(t, swapped.GetPauseMs(), 50.0)
	after := served.Load()
	require.Eventually(t, func() bool { return served.Load() > after+20 || len(failed) > 0 }, 20*time.Second, time.Millisecond)
	cancel()
	working.Wait()
	require.Empty(t, failed)

	page := head.Get(t, "/rooms")
	require.Contains(t, page.Body, "of version 2")
	require.Contains(t, page.Body, "Rooms and more", "its texts")
	require.Contains(t, head.Get(t, "/slots").Body, "a slot of version 2", "its pages and contracts")
	p.Client(t, "Zerno Roastery")
	require.Eventually(t, func() bool { _, err := os.Stat(heard); return err == nil }, 20*time.Second, 5*time.Millisecond, "what it hears")
	require.NotEmpty(t, query(t, p.DSN, "select to_regclass('booking.two')::text"), "its migrations")
	require.Equal(t, codes.PermissionDenied, status.Code(func() error {
		_, err := bookingv1.NewSlotServiceClient(p.Staff(t, "manager").Conn).ListFreeSlots(t.Context(), &bookingv1.ListFreeSlotsRequest{})
		return err
	}()), "who may call it")
}

// Whatever is wrong with a new program, the portal goes on with the one before as if nothing had been.
func TestAProgramThatIsNoGoodLeavesThePortalAsItWas(t *testing.T) {
	t.Parallel()
	p, put, _ := grownPortal(t, "2")
	head := p.Head(t)
	modules := kernelv1.NewModuleServiceClient(head.Conn)
	for version, says := range map[string]string{"bad screen": "no_such_field", "broken": "does not provide cabinet.booking.v1.ResourceService any more", "no program": "it does not start"} {
		put(version)
		_, err := modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
		require.ErrorContains(t, err, says)
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		require.Contains(t, head.Get(t, "/rooms").Body, "of version 2")
		require.Contains(t, head.Get(t, "/slots").Body, "a slot of version 2")
		got, err := modules.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "booking"})
		require.NoError(t, err)
		require.Equal(t, kernelv1.ModuleState_MODULE_STATE_READY, got.GetModule().GetState())
		require.Contains(t, got.GetModule().GetReason(), says, "and its page says why")
	}
	put("2")
	_, err := modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
}

// A new program that dies soon after it was taken in gives way to the one before, with all that the portal went by.
func TestAProgramThatDiesSoonIsTakenBack(t *testing.T) {
	t.Parallel()
	p, put, _ := grownPortal(t, "1")
	head := p.Head(t)
	put("2")
	swapped, err := kernelv1.NewModuleServiceClient(head.Conn).SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Equal(t, 200, head.Get(t, "/slots").Status)
	process, err := os.FindProcess(int(swapped.GetModule().GetPid()))
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return head.Get(t, "/slots").Status == 404 }, 20*time.Second, 5*time.Millisecond)
	require.Contains(t, head.Get(t, "/rooms").Body, "of version 1")
}

func TestAProgramThatCameTooLateIsTakenIn(t *testing.T) {
	t.Parallel()
	p, put, _ := grownPortal(t, "no program")
	head := p.Head(t)
	modules := kernelv1.NewModuleServiceClient(head.Conn)
	got, err := modules.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Equal(t, kernelv1.ModuleState_MODULE_STATE_MISSING, got.GetModule().GetState())
	require.Contains(t, got.GetModule().GetReason(), "it does not start")
	_, err = modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.ErrorContains(t, err, "it does not start")
	put("2")
	_, err = modules.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Contains(t, head.Get(t, "/slots").Body, "a slot of version 2")
	got, err = modules.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "booking"})
	require.NoError(t, err)
	require.Equal(t, kernelv1.ModuleState_MODULE_STATE_READY, got.GetModule().GetState())
}
