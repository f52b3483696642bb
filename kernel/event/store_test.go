package event

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	_ "github.com/opencabinet/cabinet/contracts/clientmanager/v1" // linked, so that Install can look at it
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	_ Tx                    = (*store.Tx)(nil)
	_ Transactor[*store.Tx] = (*store.Store)(nil)
	_ store.Reverter        = (*buffer)(nil)
)

// portal is a database as the portal itself makes it: the kernel's role owns the tables of events, and modules publish
// through their stores.
type portal struct {
	db         *store.DB
	bank, shop *store.Store
}

func newPortal(t *testing.T, subs func(p *portal) []Subscription) (*portal, []Subscription) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, store.Config{PortalID: "events", AdminDSN: testDSN, Key: make([]byte, 32)})
	require.NoError(t, err)
	t.Cleanup(func() {
		db.Close()
		ctx := context.WithoutCancel(ctx)
		conn, err := pgx.Connect(ctx, testDSN)
		require.NoError(t, err)
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, `drop database cabinet_events with (force)`)
		require.NoError(t, err)
	})
	files, err := fs.Sub(Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(ctx, "event", files))
	p := &portal{db: db}
	module := func(id string) *store.Store {
		s, err := db.Module(ctx, store.ModuleSpec{ID: id, Migrations: fstest.MapFS{"0001_effect.sql": {Data: []byte(`-- +goose Up
create table ` + id + `.effect (place bigint generated always as identity, n bigint not null);
select kernel.protect_all('` + id + `.effect');`)}}})
		require.NoError(t, err)
		return s
	}
	p.bank, p.shop = module("bank"), module("shop")
	in := Installation{Roles: map[string]string{}, Types: map[protoreflect.FullName]string{int64Type: "bank", stringType: "shop"}, Subscriptions: subs(p)}
	for _, id := range []string{"bank", "shop"} {
		for _, role := range db.RuntimeRoles(id) {
			in.Roles[role] = id
		}
	}
	require.NoError(t, Install(ctx, db.Pool(), in))
	return p, in.Subscriptions
}

func as(ctx context.Context, module string) context.Context {
	return access.WithDecision(access.With(ctx, access.AsModule(module)), access.Decision{Allowed: true, Reach: access.All})
}

func keep(ctx context.Context, tx *store.Tx, n int64) error {
	_, err := tx.Exec(ctx, `insert into `+tx.Module()+`.effect (n) values ($1)`, n)
	return err
}

// Through the real store: a module publishes with its rows, and another, asleep, hears it within a second and writes its own.
func TestThroughTheStore(t *testing.T) {
	heard := make(chan time.Time, 9)
	p, subs := newPortal(t, func(p *portal) []Subscription {
		return []Subscription{On("shop.hear", func(ctx context.Context, _ Event, m *wrapperspb.Int64Value) error {
			err := Apply(ctx, p.shop, func(ctx context.Context, tx *store.Tx) error { return keep(ctx, tx, m.Value) })
			heard <- time.Now()
			return err
		})}
	})
	d, err := NewDispatcher(Config{Pool: p.db.Pool(), Log: slog.New(slog.DiscardHandler), Poll: time.Hour, Linger: -1}, subs...)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	defer func() { require.NoError(t, d.Stop(context.WithoutCancel(t.Context()))) }()
	require.Eventually(t, func() bool {
		var n int
		return p.db.Pool().QueryRow(t.Context(), `select count(*) from kernel.asleep`).Scan(&n) == nil && n == 1
	}, 10*time.Second, time.Millisecond)

	sorry := errors.New("sorry")
	var committed time.Time
	require.NoError(t, p.bank.Tx(as(t.Context(), "bank"), func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(1)))
		require.NoError(t, keep(ctx, tx, 1))
		// What a savepoint takes back was never published, also when it was the first for the key.
		require.ErrorIs(t, tx.Savepoint(ctx, func(ctx context.Context) error {
			require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(2)))
			require.NoError(t, Publish(ctx, tx, "b", wrapperspb.Int64(2)))
			return sorry
		}), sorry)
		// A hook may publish after the others were written.
		tx.BeforeCommit(func(ctx context.Context) error { return Publish(ctx, tx, "a", wrapperspb.Int64(3)) })
		tx.AfterCommit(func() { committed = time.Now() })
		return nil
	}))
	require.Less(t, recv(t, heard).Sub(committed), time.Second)
	recv(t, heard)
	require.NoError(t, d.WaitDrained(t.Context()))
	got, err := store.Query(as(t.Context(), "shop"), p.shop, pgx.RowTo[int64], `select n from shop.effect order by place`)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3}, got)

	// Another module's event: the caller learns nothing of the SQL, and the module's own rows go too.
	err = p.shop.Tx(as(t.Context(), "shop"), func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, keep(ctx, tx, 99))
		return Publish(ctx, tx, "a", wrapperspb.Int64(4))
	})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	got, err = store.Query(as(t.Context(), "shop"), p.shop, pgx.RowTo[int64], `select n from shop.effect order by place`)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3}, got)
}

// Only in a savepoint, and it is taken back: nothing is published, and a later one in the same transaction still is.
func TestASavepointTakesBackTheFirstEvent(t *testing.T) {
	p, _ := newPortal(t, func(*portal) []Subscription { return nil })
	require.NoError(t, p.bank.Tx(as(t.Context(), "bank"), func(ctx context.Context, tx *store.Tx) error {
		_ = tx.Savepoint(ctx, func(ctx context.Context) error {
			require.NoError(t, Publish(ctx, tx, "undone", wrapperspb.Int64(1)))
			return errors.New("no")
		})
		return Publish(ctx, tx, "done", wrapperspb.Int64(2))
	}))
	rows, err := p.db.Pool().Query(t.Context(), `select key from kernel.outbox`)
	require.NoError(t, err)
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"done"}, keys)
}

func TestInstallRefusesWhatOutlivesAnErasure(t *testing.T) {
	w := newWorld(t)
	in := installation()
	in.Types["cabinet.clientmanager.v1.Contact"] = "bank" // a person's e-mail and phone
	var wrong *FieldError
	require.ErrorAs(t, Install(t.Context(), w.owner, in), &wrong)
}
