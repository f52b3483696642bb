package clientmanager_test

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return // a test's portal runs the module in a process of its own: this one
	}
	os.Exit(storetest.Main(m))
}

// portal is the module behind a router, on a database of its own, with a register of staff beside it.
type portal struct {
	t          testing.TB
	db         *store.DB
	dsn        string
	own        *store.Store // the module's
	module     *clientmanager.Module
	router     *call.Router
	policy     *access.Policy
	clock      *kerneltest.Clock
	clients    v1.ClientServiceClient
	contacts   v1.ContactServiceClient
	profile    v1.ProfileServiceClient
	imports    v1.ImportServiceClient
	addresses  v1.AddressServiceClient
	agreements v1.AgreementServiceClient
	merges     v1.MergeServiceClient
	timeline   v1.TimelineServiceClient
	branches   v1.BranchServiceClient
	assignment v1.AssignmentServiceClient
	bulk       v1.BulkServiceClient
	tags       v1.TagServiceClient
	segments   v1.SegmentServiceClient
	requests   v1.RegistrationServiceClient
	entities   v1.EntityServiceClient
	staff      *staff
	admissions *admissions
	people     *store.Store // accountmanager's, which grants clients to contacts

	dispatcher *event.Dispatcher
	mu         sync.Mutex
	heard      []proto.Message
}

// newPortal starts one. change may alter the settings.
func newPortal(t *testing.T, change ...func(*clientmanager.Settings)) *portal {
	t.Parallel()
	return openPortal(t, change...)
}

func openPortal(t testing.TB, change ...func(*clientmanager.Settings)) *portal {
	t.Helper()
	ctx := t.Context()
	p := &portal{t: t, clock: kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), dsn: storetest.DSN(t)}
	var err error
	p.db, err = store.Open(ctx, storetest.Config(p.dsn))
	require.NoError(t, err)
	t.Cleanup(p.db.Close)
	p.router = call.New(call.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	require.NoError(t, p.db.Migrate(ctx, "event", module.Folder(event.Migrations, "migrations")))
	require.NoError(t, p.db.Migrate(ctx, "live", module.Folder(live.Migrations, "migrations")))
	p.people = storetest.Module(t, p.db, store.ModuleSpec{ID: "accountmanager", Grants: true})
	p.staff = &staff{cards: map[string]*accountmanagerv1.StaffCard{}, blocked: map[string]bool{}}
	accountmanagerv1.RegisterUserServiceServer(p.router.For("accountmanager", []string{}), p.staff)
	p.admissions = &admissions{}
	accountmanagerv1.RegisterAdmissionServiceServer(p.router.For("accountmanager", []string{}), p.admissions)

	m := clientmanager.New(accountmanagerv1.NewUserServiceClient(p.router), accountmanagerv1.NewAdmissionServiceClient(p.router))
	p.module = m
	settings := m.Settings().(*clientmanager.Settings)
	for _, f := range change {
		f(settings)
	}
	require.NoError(t, settings.Validate())
	manifest := m.Manifest()
	p.own = storetest.Module(t, p.db, store.ModuleSpec{
		ID: manifest.ID, Migrations: manifest.Migrations, Grants: manifest.GrantsClients, OwnsClients: manifest.OwnsClients,
	})
	p.policy = policy(t, manifest.Permissions)
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	own := kerneltest.Register(t, m, kerneltest.Lent{
		Router: p.router, DB: p.db, Rows: p.own, Policy: p.policy, Key: storetest.Key[:32], Clock: p.clock, Zone: zone,
	})
	p.router.Install(p.policy, map[string][]string{manifest.ID: manifest.Requires})
	require.NoError(t, p.router.Err())
	p.clients = v1.NewClientServiceClient(p.router)
	p.contacts = v1.NewContactServiceClient(p.router)
	p.profile = v1.NewProfileServiceClient(p.router)
	p.imports = v1.NewImportServiceClient(p.router)
	p.addresses = v1.NewAddressServiceClient(p.router)
	p.agreements = v1.NewAgreementServiceClient(p.router)
	p.merges = v1.NewMergeServiceClient(p.router)
	p.timeline = v1.NewTimelineServiceClient(p.router)
	p.branches = v1.NewBranchServiceClient(p.router)
	p.assignment = v1.NewAssignmentServiceClient(p.router)
	p.bulk = v1.NewBulkServiceClient(p.router)
	p.tags = v1.NewTagServiceClient(p.router)
	p.segments = v1.NewSegmentServiceClient(p.router)
	p.requests = v1.NewRegistrationServiceClient(p.router)
	p.entities = v1.NewEntityServiceClient(p.router)
	p.listen(manifest.Publishes, own)
	return p
}

// policy has the roles that accountmanager brings, and this module's permissions.
func policy(t testing.TB, permissions []access.Permission) *access.Policy {
	t.Helper()
	var roles []access.Role
	for id, staff := range map[string]bool{
		"client": false, "client.director": false, "client.accountant": false, "client.manager": false, "manager": true, "head": true, "branch-manager": true,
	} {
		roles = append(roles, access.Role{ID: id, Staff: staff, Base: id == "client", TitleText: map[string]string{"en": id}})
	}
	permissions = append(permissions, access.Permission{Name: "accountmanager.staff.read", Presets: map[string]access.Reach{"manager": access.All, "head": access.All}})
	made, err := access.NewPolicy(roles, permissions, nil)
	require.NoError(t, err)
	return made
}

// listen hears everything that the module publishes, and lets it hear what it does itself.
func (p *portal) listen(types []string, own []event.Subscription) {
	hear := func(_ context.Context, m proto.Message) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard = append(p.heard, m)
		return nil
	}
	subscriptions := []event.Subscription{
		event.On("accountmanager.created", func(ctx context.Context, _ event.Event, m *v1.ClientCreated) error { return hear(ctx, m) }),
		event.On("accountmanager.suspended", func(ctx context.Context, _ event.Event, m *v1.ClientSuspended) error { return hear(ctx, m) }),
		event.On("accountmanager.resumed", func(ctx context.Context, _ event.Event, m *v1.ClientResumed) error { return hear(ctx, m) }),
		event.On("accountmanager.agreements", func(ctx context.Context, _ event.Event, m *v1.AgreementChanged) error { return hear(ctx, m) }),
		event.On("accountmanager.merged", func(ctx context.Context, _ event.Event, m *kernelv1.ClientsMerged) error { return hear(ctx, m) }),
		event.On("accountmanager.regrouped", func(ctx context.Context, _ event.Event, m *v1.ClientRegrouped) error { return hear(ctx, m) }),
		event.On("accountmanager.assigned", func(ctx context.Context, _ event.Event, m *v1.ManagerAssigned) error { return hear(ctx, m) }),
		event.On("accountmanager.segments", func(ctx context.Context, _ event.Event, m *v1.ClientSegmentsChanged) error { return hear(ctx, m) }),
	}
	p.dispatcher = kerneltest.Deliver(p.t, p.db, map[string][]string{clientmanager.ID: types}, append(subscriptions, own...))
}

// events are those of a type that were heard, once all that was published is delivered.
func events[M proto.Message](p *portal) []M {
	p.t.Helper()
	require.NoError(p.t, p.dispatcher.WaitDrained(p.t.Context()))
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []M
	for _, m := range p.heard {
		if m, ok := m.(M); ok {
			found = append(found, m)
		}
	}
	return found
}

// staff is what this module asks of accountmanager.
type staff struct {
	accountmanagerv1.UnimplementedUserServiceServer
	mu    sync.Mutex
	cards map[string]*accountmanagerv1.StaffCard
	// blocked are those who cannot sign in.
	blocked map[string]bool
	asked   atomic.Int32
	// first, where set, is done before a card is looked for; its error is the answer.
	first func(ctx context.Context) error
}

func (s *staff) GetStaffCard(ctx context.Context, r *accountmanagerv1.GetStaffCardRequest) (*accountmanagerv1.GetStaffCardResponse, error) {
	s.asked.Add(1)
	if s.first != nil {
		if err := s.first(ctx); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	card, found := s.cards[r.GetUserId()]
	if !found {
		return nil, status.Error(codes.NotFound, "there is no such member of staff")
	}
	return &accountmanagerv1.GetStaffCardResponse{Card: card}, nil
}

// ListStaff lists everybody who was not blocked, by id.
func (s *staff) ListStaff(_ context.Context, r *accountmanagerv1.ListStaffRequest) (*accountmanagerv1.ListStaffResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &accountmanagerv1.ListStaffResponse{}
	for _, id := range slices.Sorted(maps.Keys(s.cards)) {
		if id <= r.GetPageToken() || s.blocked[id] {
			continue
		}
		if len(out.Staff) == int(r.GetPageSize()) {
			out.NextPageToken = out.Staff[len(out.Staff)-1].GetUserId()
			break
		}
		out.Staff = append(out.Staff, s.cards[id])
	}
	return out, nil
}

// admissions is what this module has accountmanager do: it remembers each request, once for an id, as the real one does.
type admissions struct {
	accountmanagerv1.UnimplementedAdmissionServiceServer
	mu       sync.Mutex
	letters  []*accountmanagerv1.WriteLetterRequest
	admitted []*accountmanagerv1.AdmitPersonRequest
	copied   []*accountmanagerv1.CopyMembershipsRequest
	seen     map[string]bool
	// before, where set, is done before anything; its error is the answer.
	before func(request proto.Message) error
}

func (a *admissions) once(id string, request proto.Message) (first bool, err error) {
	if a.before != nil {
		if err := a.before(request); err != nil {
			return false, err
		}
	}
	if a.seen == nil {
		a.seen = map[string]bool{}
	}
	first = !a.seen[id]
	a.seen[id] = true
	return first, nil
}

func (a *admissions) GetDelivery(context.Context, *accountmanagerv1.GetDeliveryRequest) (*accountmanagerv1.GetDeliveryResponse, error) {
	return &accountmanagerv1.GetDeliveryResponse{Available: true}, nil
}

func (a *admissions) WriteLetter(_ context.Context, r *accountmanagerv1.WriteLetterRequest) (*accountmanagerv1.WriteLetterResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first, err := a.once(r.GetRequestId(), r)
	if first {
		a.letters = append(a.letters, r)
	}
	return &accountmanagerv1.WriteLetterResponse{}, err
}

func (a *admissions) AdmitPerson(_ context.Context, r *accountmanagerv1.AdmitPersonRequest) (*accountmanagerv1.AdmitPersonResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first, err := a.once(r.GetRequestId(), r)
	if first {
		a.admitted = append(a.admitted, r)
	}
	return &accountmanagerv1.AdmitPersonResponse{Admission: accountmanagerv1.Admission_ADMISSION_INVITED}, err
}

func (a *admissions) CopyMemberships(_ context.Context, r *accountmanagerv1.CopyMembershipsRequest) (*accountmanagerv1.CopyMembershipsResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first, err := a.once(r.GetRequestId(), r)
	if first {
		a.copied = append(a.copied, r)
	}
	return &accountmanagerv1.CopyMembershipsResponse{}, err
}

// user is somebody who acts: ctx is theirs.
type user struct {
	context.Context
	id, name string
}

func (p *portal) as(kind access.Kind, id, name, actingFor string, roles ...string) user {
	return user{id: id, name: name, Context: access.With(p.t.Context(), access.Principal{
		Kind: kind, UserID: id, SessionID: store.NewID(), Name: name, Roles: roles, ActingFor: actingFor, Proved: time.Now(),
	})}
}

func (p *portal) member(name, role string) user {
	id := store.NewID()
	p.staff.mu.Lock()
	p.staff.cards[id] = &accountmanagerv1.StaffCard{UserId: id, Name: name, Position: "Position of " + name, Email: "staff@example.com", Phone: "+380445550100"}
	p.staff.mu.Unlock()
	return p.as(access.Staff, id, name, "", role)
}

func (u user) kind() access.Kind { return access.From(u).Kind }

func (p *portal) head() user               { return p.member("Olena Head", "head") }
func (p *portal) manager(name string) user { return p.member(name, "manager") }

// contact acts for a client that accountmanager granted to them.
func (p *portal) contact(name, clientID string, roles ...string) user {
	p.t.Helper()
	id := store.NewID()
	own := access.WithDecision(access.With(p.t.Context(), access.AsModule("accountmanager")), access.Decision{Allowed: true, Reach: access.All})
	require.NoError(p.t, p.people.Tx(own, func(ctx context.Context, tx *store.Tx) error { return tx.GrantClients(ctx, id, clientID) }))
	return p.as(access.Contact, id, name, clientID, append([]string{"client"}, roles...)...)
}

// add makes a client.
func (p *portal) add(who context.Context, c *v1.Client) *v1.Client {
	p.t.Helper()
	made, err := p.clients.CreateClient(who, &v1.CreateClientRequest{RequestId: store.NewID(), Client: c})
	require.NoError(p.t, err)
	return made.GetClient()
}

func (p *portal) named(who context.Context, name string) *v1.Client {
	p.t.Helper()
	return p.add(who, &v1.Client{Name: name})
}

// admin is a connection to the portal's database as its owner.
func (p *portal) admin() *pgx.Conn {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), p.dsn)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(p.t.Context())) })
	return conn
}

// rows counts rows as the database's owner sees them.
func (p *portal) rows(sql string, args ...any) int {
	p.t.Helper()
	var n int
	require.NoError(p.t, p.admin().QueryRow(p.t.Context(), sql, args...).Scan(&n))
	return n
}

// names of clients, in order.
func names(clients []*v1.Client) []string {
	out := make([]string, len(clients))
	for i, c := range clients {
		out[i] = c.GetName()
	}
	return out
}

// kernelOnly passes over a test that looks into the module itself, which then has to run here.
func kernelOnly(t *testing.T) {
	t.Helper()
	kerneltest.SkipAsProcess(t, "it looks into the module itself, which is the same wherever it runs")
}
