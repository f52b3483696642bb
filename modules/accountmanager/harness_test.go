package accountmanager_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
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
	"github.com/opencabinet/cabinet/kernel/web"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return // a test's portal runs the module in a process of its own: this one
	}
	os.Exit(storetest.Main(m))
}

// portal is the module behind a router, on a database of its own, with a register of clients beside it.
type portal struct {
	t           *testing.T
	db          *store.DB
	dsn         string
	router      *call.Router
	clock       *kerneltest.Clock
	clocks      []*kerneltest.Clock // that go with it
	identity    kernelv1.IdentityServiceClient
	users       accountmanagerv1.UserServiceClient
	me          accountmanagerv1.MeServiceClient
	invitations accountmanagerv1.InvitationServiceClient
	memberships accountmanagerv1.MembershipServiceClient
	views       accountmanagerv1.ImpersonationServiceClient
	register    *register
	// failOnce makes the next delivery to the module fail after its work is done, as a kill at that moment does.
	failOnce   atomic.Bool
	deliveries atomic.Int32
	dispatcher *event.Dispatcher

	mu    sync.Mutex
	ended []*accountmanagerv1.SessionsEnded
	// letters are what was said to wait.
	letters []*accountmanagerv1.LetterWritten
	// started and over are what was said of impersonations.
	started []*accountmanagerv1.ImpersonationStarted
	over    []*accountmanagerv1.ImpersonationEnded
}

// logged counts what the audit log has of a method that was done.
func (p *portal) logged(method string) int {
	p.t.Helper()
	return p.rows("select count(*) from kernel.audit_entry where outcome = 'done' and method = $1", method)
}

const password = "correct horse battery"

// newPortal starts one. change may alter the settings, which hash as lightly as can be.
func newPortal(t *testing.T, change ...func(*accountmanager.Settings)) *portal {
	t.Helper()
	return newPortalAt(t, address, change...)
}

// newPortalAt starts one that browsers reach at an address.
func newPortalAt(t *testing.T, url string, change ...func(*accountmanager.Settings)) *portal {
	t.Helper()
	t.Parallel()
	ctx := t.Context()
	key := sha256.Sum256([]byte(t.Name()))
	config := storetest.Config(storetest.DSN(t))
	config.MaxConns, config.KernelConns = 12, 6
	db, err := store.Open(ctx, config)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	p := &portal{t: t, db: db, dsn: config.AdminDSN, clock: kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	p.router = call.New(call.Options{Clock: p.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})

	require.NoError(t, db.Migrate(ctx, "event", module.Folder(event.Migrations, "migrations")))
	require.NoError(t, db.Migrate(ctx, "live", module.Folder(live.Migrations, "migrations")))
	clients, err := db.Module(ctx, store.ModuleSpec{ID: "clientmanager", OwnsClients: true, Grants: true})
	require.NoError(t, err)
	p.register = &register{portal: p, store: clients, clients: map[string]*clientmanagerv1.Client{}}
	clientmanagerv1.RegisterClientServiceServer(p.router.For("clientmanager", []string{}), p.register)

	m := accountmanager.New(clientmanagerv1.NewClientServiceClient(p.router))
	settings := m.Settings().(*accountmanager.Settings)
	settings.Hashing = accountmanager.Hashing{MemoryKiB: 8, Iterations: 1, AtOnce: 4}
	for _, f := range change {
		f(settings)
	}
	require.NoError(t, settings.Validate())
	manifest := m.Manifest()
	own, err := db.Module(ctx, store.ModuleSpec{ID: manifest.ID, Migrations: manifest.Migrations, Grants: manifest.GrantsClients})
	require.NoError(t, err)
	permissions := append(manifest.Permissions,
		access.Permission{Name: "clientmanager.clients.read", Presets: map[string]access.Reach{"client": access.Granted, "manager": access.Granted, "head": access.All}})
	for _, name := range []string{"create", "update", "suspend", "assign"} {
		permissions = append(permissions, access.Permission{Name: "clientmanager.clients." + name, Presets: map[string]access.Reach{"head": access.All}})
	}
	policy, err := access.NewPolicy(manifest.Roles, permissions, []access.RoleGrant{{
		Role:        access.Role{ID: "dispatcher", Staff: true, TitleText: map[string]string{"en": "Dispatcher"}},
		Permissions: map[string]access.Reach{"accountmanager.users.update": access.All, "accountmanager.users.block": access.All, "accountmanager.staff.invite": access.All},
	}, {
		Role:        access.Role{ID: "postman", Staff: true, TitleText: map[string]string{"en": "Postman"}},
		Permissions: map[string]access.Reach{"accountmanager.letters.deliver": access.All},
	}, {
		Role: access.Role{ID: "deputy", Staff: true, TitleText: map[string]string{"en": "Deputy"}},
		Permissions: map[string]access.Reach{
			"accountmanager.users.impersonate": access.Granted, "accountmanager.users.act_as": access.Granted, "accountmanager.memberships.read": access.Granted,
		},
	}, {
		Role:        access.Role{ID: "warden", Staff: true, TitleText: map[string]string{"en": "Warden"}},
		Permissions: map[string]access.Reach{"accountmanager.sessions.end": access.All},
	}})
	require.NoError(t, err)
	subscriptions := kerneltest.Register(t, m, kerneltest.Lent{
		Router: p.router, DB: db, Rows: own, Policy: policy, Key: key[:], Clock: p.clock, Zone: time.UTC, URL: url,
	})
	p.router.Install(policy, map[string][]string{manifest.ID: manifest.Requires})
	require.NoError(t, p.router.Err())
	p.identity = kernelv1.NewIdentityServiceClient(p.router)
	p.users = accountmanagerv1.NewUserServiceClient(p.router)
	p.me = accountmanagerv1.NewMeServiceClient(p.router)
	p.invitations = accountmanagerv1.NewInvitationServiceClient(p.router)
	p.memberships = accountmanagerv1.NewMembershipServiceClient(p.router)
	p.views = accountmanagerv1.NewImpersonationServiceClient(p.router)
	p.deliver(subscriptions)
	return p
}

// deliver starts the dispatcher, with somebody who counts the ends of sessions.
func (p *portal) deliver(subscriptions []event.Subscription) {
	for i, s := range subscriptions {
		handle := s.Handle
		subscriptions[i].Handle = func(ctx context.Context, e event.Event) error {
			p.deliveries.Add(1)
			if err := handle(ctx, e); err != nil {
				return err
			}
			if p.failOnce.CompareAndSwap(true, false) {
				return fmt.Errorf("killed after the work was done")
			}
			return nil
		}
	}
	subscriptions = append(subscriptions, event.On("clientmanager.watch", func(_ context.Context, _ event.Event, m *accountmanagerv1.SessionsEnded) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended = append(p.ended, m)
		return nil
	}))
	subscriptions = append(subscriptions, event.On("clientmanager.post", func(_ context.Context, _ event.Event, m *accountmanagerv1.LetterWritten) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.letters = append(p.letters, m)
		return nil
	}))
	subscriptions = append(subscriptions, event.On("clientmanager.acting", func(_ context.Context, _ event.Event, m *accountmanagerv1.ImpersonationStarted) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.started = append(p.started, m)
		return nil
	}), event.On("clientmanager.acted", func(_ context.Context, _ event.Event, m *accountmanagerv1.ImpersonationEnded) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.over = append(p.over, m)
		return nil
	}))
	p.dispatcher = kerneltest.Deliver(p.t, p.db, map[string][]string{
		"accountmanager": {
			"cabinet.accountmanager.v1.SessionsEnded", "cabinet.accountmanager.v1.LetterWritten", "cabinet.accountmanager.v1.ImpersonationStarted",
			"cabinet.accountmanager.v1.ImpersonationEnded", "cabinet.accountmanager.v1.ImpersonationDue",
			"cabinet.accountmanager.v1.MembershipGiven", "cabinet.accountmanager.v1.MembershipEnded",
		},
		"clientmanager": {"cabinet.clientmanager.v1.ClientSuspended", "cabinet.clientmanager.v1.ClientResumed", "cabinet.clientmanager.v1.ClientRegrouped"},
	}, subscriptions, p.clock.Now)
}

// register is a small register of clients that behaves as clientmanager does where this module looks.
type register struct {
	clientmanagerv1.UnimplementedClientServiceServer
	portal *portal
	store  *store.Store
	asked  atomic.Int32

	mu      sync.Mutex
	clients map[string]*clientmanagerv1.Client
}

func (r *register) GetClient(ctx context.Context, q *clientmanagerv1.GetClientRequest) (*clientmanagerv1.GetClientResponse, error) {
	r.asked.Add(1)
	if access.DecisionFrom(ctx).Reach != access.All {
		who := access.From(ctx)
		by, err := r.portal.db.GrantedBy(ctx, who.UserID, q.GetId())
		if err != nil {
			return nil, err
		}
		if len(by) == 0 || (who.Kind == access.Contact && who.ActingFor != q.GetId()) {
			return nil, status.Error(codes.NotFound, "not found")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	client, ok := r.clients[q.GetId()]
	if !ok {
		return nil, status.Error(codes.NotFound, "not found")
	}
	return &clientmanagerv1.GetClientResponse{Client: client}, nil
}

func (r *register) self() context.Context {
	ctx := access.With(r.portal.t.Context(), access.AsModule("clientmanager"))
	return access.WithDecision(ctx, access.Decision{Allowed: true, Reach: access.All})
}

func (r *register) rename(id, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients[id] = &clientmanagerv1.Client{Id: id, Name: name}
}

// client makes a client.
func (p *portal) client(name string) string {
	id := store.NewID()
	require.NoError(p.t, p.register.store.Tx(p.register.self(), func(ctx context.Context, tx *store.Tx) error { return tx.AddClient(ctx, id) }))
	p.register.rename(id, name)
	return id
}

// say publishes as clientmanager.
func (p *portal) say(key string, m protoreflect.ProtoMessage) {
	require.NoError(p.t, p.register.store.Tx(p.register.self(), func(ctx context.Context, tx *store.Tx) error { return event.Publish(ctx, tx, key, m) }))
	require.NoError(p.t, p.dispatcher.WaitDrained(p.t.Context()))
}

// serve gives a client to a member of staff, as clientmanager does.
func (p *portal) serve(userID, clientID string) {
	require.NoError(p.t, p.register.store.Tx(p.register.self(), func(ctx context.Context, tx *store.Tx) error { return tx.GrantClients(ctx, userID, clientID) }))
}

func (p *portal) kernel() context.Context { return access.With(p.t.Context(), access.AsKernel()) }

// as is a context in which the owner of a session acts, as pages make it.
func (p *portal) as(token string) context.Context {
	p.t.Helper()
	return access.With(p.t.Context(), p.principal(token))
}

func (p *portal) principal(token string) access.Principal {
	p.t.Helper()
	return web.PrincipalOf(p.who(token))
}

func (p *portal) who(token string) *kernelv1.Identity {
	p.t.Helper()
	got, err := p.identity.Identify(p.kernel(), &kernelv1.IdentifyRequest{SessionToken: token})
	require.NoError(p.t, err)
	return got.GetIdentity()
}

// gone says that a session is no more.
func (p *portal) gone(token string) {
	p.t.Helper()
	_, err := p.identity.Identify(p.kernel(), &kernelv1.IdentifyRequest{SessionToken: token})
	require.Equal(p.t, codes.Unauthenticated, status.Code(err), "%v", err)
}

// head is the first one, by the link of the first start.
func (p *portal) head() (token string) {
	p.t.Helper()
	first, err := p.identity.InviteFirstHead(p.kernel(), &kernelv1.InviteFirstHeadRequest{})
	require.NoError(p.t, err)
	return p.accept(first.GetToken(), "Olena Head", "head@example.com")
}

func (p *portal) accept(invitation, name, email string) (token string) {
	p.t.Helper()
	in, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: invitation, Name: name, Email: email, Password: password})
	require.NoError(p.t, err)
	return in.GetSessionToken()
}

// staff is invited by a head.
func (p *portal) staff(head, email, role string) (token string) {
	p.t.Helper()
	made, err := p.invitations.InviteStaff(p.as(head), &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "Staff " + email, Email: email, Role: role})
	require.NoError(p.t, err)
	return p.accept(made.GetToken(), "Staff "+email, "")
}

// contact is invited for a client by whom the session belongs to.
func (p *portal) contact(by, clientID, email, role string) (token string) {
	p.t.Helper()
	return p.accept(p.invite(by, clientID, email, role), "Contact "+email, "")
}

func (p *portal) invite(by, clientID, email, role string) (invitation string) {
	p.t.Helper()
	made, err := p.invitations.CreateInvitation(p.as(by), &accountmanagerv1.CreateInvitationRequest{
		RequestId: store.NewID(), ClientId: clientID, Name: "Contact " + email, Email: email, Role: role,
	})
	require.NoError(p.t, err)
	return made.GetToken()
}

func (p *portal) signIn(login, password string) (string, error) {
	in, err := p.identity.SignIn(p.kernel(), &kernelv1.SignInRequest{Login: login, Password: password})
	return in.GetSessionToken(), err
}

// rows counts rows as the database's owner sees them.
func (p *portal) rows(sql string, args ...any) (n int) {
	p.t.Helper()
	p.owner(func(conn *pgx.Conn) { require.NoError(p.t, conn.QueryRow(p.t.Context(), sql, args...).Scan(&n)) })
	return n
}

// exec changes rows as the database's owner, behind the module's back.
func (p *portal) exec(sql string, args ...any) {
	p.t.Helper()
	p.owner(func(conn *pgx.Conn) {
		_, err := conn.Exec(p.t.Context(), sql, args...)
		require.NoError(p.t, err)
	})
}

func (p *portal) owner(do func(*pgx.Conn)) {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), p.dsn)
	require.NoError(p.t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // a test's
	do(conn)
}
