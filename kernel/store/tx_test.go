package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

const insertBill = "insert into shop.bill (id, client_id, title) values ($1, $2, $3)"

func TestTxCommitsAndRollsBack(t *testing.T) {
	w := newWorld(t)
	after := 0
	bill := func(title string, end error) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			require.True(t, access.InTx(ctx))
			tx.AfterCommit(func() { after++ })
			_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, title)
			require.NoError(t, err)
			return end
		}
	}
	require.NoError(t, w.shop.Tx(w.self(t), bill("kept", nil)))
	no := errors.New("no")
	require.ErrorIs(t, w.shop.Tx(w.self(t), bill("dropped", no)), no)
	require.PanicsWithValue(t, "oh", func() {
		_ = w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
			_ = bill("panicked", nil)(ctx, tx)
			panic("oh")
		})
	})
	require.ErrorIs(t, w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		tx.BeforeCommit(func(context.Context) error { return no })
		return bill("refused", nil)(ctx, tx)
	}), no)
	require.Equal(t, []string{"first", "kept", "second"}, w.titles(t, w.self(t)))
	require.Equal(t, 1, after)
}

// A transaction begins with its first statement, whichever way that comes: under the role, for who acts, and whole.
func TestATransactionBeginsWithItsFirstStatement(t *testing.T) {
	w := newWorld(t)
	add := func(title string) (string, []any) { return insertBill, []any{store.NewID(), w.mine, title} }
	for name, first := range map[string]func(ctx context.Context, tx *store.Tx, title string) error{
		"exec": func(ctx context.Context, tx *store.Tx, title string) error {
			sql, args := add(title)
			_, err := tx.Exec(ctx, sql, args...)
			return err
		},
		"exec of several": func(ctx context.Context, tx *store.Tx, title string) error {
			insert := "insert into shop.bill (id, client_id, title) values ('" + store.NewID() + "', '" + w.mine + "', '" + title + "')"
			_, err := tx.Exec(ctx, "select 1; "+insert)
			return err
		},
		"query": func(ctx context.Context, tx *store.Tx, title string) error {
			sql, args := add(title)
			got, err := store.QueryOne(ctx, tx, pgx.RowTo[string], sql+" returning title", args...)
			if err == nil {
				require.Equal(t, title, got)
			}
			return err
		},
		"batch": func(ctx context.Context, tx *store.Tx, title string) error {
			b := &pgx.Batch{}
			b.Queue("select 1")
			sql, args := add(title)
			b.Queue(sql, args...)
			return tx.Batch(ctx, b)
		},
		"savepoint": func(ctx context.Context, tx *store.Tx, title string) error {
			return tx.Savepoint(ctx, func(ctx context.Context) error {
				sql, args := add(title)
				_, err := tx.Exec(ctx, sql, args...)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error { return first(ctx, tx, name) }))
			require.Contains(t, w.titles(t, w.asContact(t)), name)

			no := errors.New("no")
			require.ErrorIs(t, w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
				require.NoError(t, first(ctx, tx, name+", dropped"))
				return no
			}), no)
			require.NotContains(t, w.titles(t, w.self(t)), name+", dropped")

			mine := w.mine
			w.mine = w.other // whose bills the contact does not reach
			requireCode(t, codes.PermissionDenied, w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error { return first(ctx, tx, name+", foreign") }))
			w.mine = mine

			// An error that is swallowed ends it all the same, unless it was a savepoint's.
			err := w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
				require.Error(t, first(ctx, tx, name)) // a title twice
				sql, args := add(name + ", after all")
				_, err := tx.Exec(ctx, sql, args...)
				require.Equal(t, name == "savepoint", err == nil)
				return nil
			})
			require.Equal(t, name == "savepoint", err == nil)
		})
	}
	require.NoError(t, w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
		got, err := titles(ctx, tx)
		require.NotContains(t, got, "second")
		return err
	}))
	require.ErrorContains(t, w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "select nothing from shop.none where id = $1", 1)
		_, again := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "after what cannot be read")
		require.ErrorIs(t, again, pgx.ErrTxClosed)
		return err
	}), "shop.none")
	require.NoError(t, w.shop.Tx(w.self(t), func(context.Context, *store.Tx) error { return nil }))
	require.Zero(t, w.db.Pool().Stat().AcquiredConns())
}

func TestNoTransactionWithinAnother(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		err := w.shop.Tx(ctx, func(context.Context, *store.Tx) error { t.Error("ran"); return nil })
		require.ErrorIs(t, err, store.ErrInTx)
		_, err = titles(ctx, w.shop)
		require.ErrorIs(t, err, store.ErrInTx)
		return nil
	}))
}

// Two transactions that take the same two rows in opposite order: Postgres ends one, and it is run again.
func TestDeadlockIsRetried(t *testing.T) {
	w := newWorld(t)
	var both sync.WaitGroup
	both.Add(2)
	var runs atomic.Int32
	take := func(first, second string) error {
		met := false
		return w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
			runs.Add(1)
			lock := "update shop.bill set amount = amount + 1 where title = $1"
			if _, err := tx.Exec(ctx, lock, first); err != nil {
				return err
			}
			if !met {
				met = true
				both.Done()
				both.Wait()
			}
			_, err := tx.Exec(ctx, lock, second)
			return err
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- take("first", "second") }()
	go func() { errs <- take("second", "first") }()
	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	require.Greater(t, runs.Load(), int32(2), "one ran again")
	sum, err := store.QueryOne(w.self(t), w.shop, pgx.RowTo[int], "select sum(amount)::int from shop.bill")
	require.NoError(t, err)
	require.Equal(t, 4, sum)
}

// The database ends connections in the middle of requests: these fail in plain words, and the next ones work.
func TestConnectionsLost(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	kill := func() {
		_, err := admin.Exec(context.Background(), "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'cab_test_login' and datname = current_database()")
		require.NoError(t, err)
	}
	err := w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "half")
		require.NoError(t, err)
		kill()
		_, err = tx.Exec(ctx, insertBill, store.NewID(), w.mine, "other half")
		return err
	})
	requireCode(t, codes.Unavailable, err)
	require.Equal(t, []string{"first", "second"}, w.titles(t, w.self(t)), "nothing half-written, and the next works")

	err = w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "half")
		require.NoError(t, err)
		kill()
		return nil
	})
	requireCode(t, codes.Unavailable, err)
	require.Equal(t, []string{"first", "second"}, w.titles(t, w.self(t)))

	kill() // while idle
	require.Equal(t, []string{"first", "second"}, w.titles(t, w.self(t)), "nobody needs to know")
	running := make(chan error, 1)
	go func() {
		_, err := w.shop.Exec(w.self(t), "select pg_sleep(30)")
		running <- err
	}()
	require.Eventually(t, func() bool {
		var n int
		require.NoError(t, admin.QueryRow(t.Context(), "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active' and datname = current_database()").Scan(&n))
		return n == 1
	}, 5e9, 5e6)
	kill()
	err = <-running
	requireCode(t, codes.Unavailable, err)
	require.ErrorContains(t, err, "look whether it was saved", "it was sent, and nobody said what became of it")
}

func TestOnce(t *testing.T) {
	w := newWorld(t)
	runs := 0
	once := func(ctx context.Context, id, content, title string) (string, error) {
		var answer string
		err := w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
			got, err := store.Once(ctx, tx, id, wrapperspb.String(content), func() (*wrapperspb.StringValue, error) {
				runs++
				if title == "" {
					return nil, errors.New("no title")
				}
				_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, title)
				return wrapperspb.String("made " + title), err
			})
			answer = got.GetValue()
			return err
		})
		return answer, err
	}
	ctx := w.asContact(t)
	a, err := once(ctx, "r1", "x", "one")
	require.NoError(t, err)
	b, err := once(ctx, "r1", "x", "two")
	require.NoError(t, err)
	require.Equal(t, "made one", a)
	require.Equal(t, a, b)
	require.Equal(t, 1, runs)

	_, err = once(ctx, "r1", "y", "three")
	require.ErrorIs(t, err, store.ErrOtherContent)
	requireCode(t, codes.AlreadyExists, err)

	// Another principal's and another method's same id are other requests.
	_, err = once(w.asManager(t), "r1", "y", "four")
	require.NoError(t, err)
	other := access.WithDecision(ctx, access.Decision{Allowed: true, Reach: access.Granted, Method: "/x/Y"})
	_, err = once(other, "r1", "y", "five")
	require.NoError(t, err)

	// What failed is free again, and without an id nothing is kept.
	_, err = once(ctx, "r2", "x", "")
	require.ErrorContains(t, err, "no title")
	_, err = once(ctx, "r2", "x", "six")
	require.NoError(t, err)
	_, err = once(ctx, "", "x", "seven")
	require.NoError(t, err)
	_, err = once(ctx, "", "x", "eight")
	require.NoError(t, err)

	n, err := w.db.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = w.db.Pool().Exec(t.Context(), "update kernel.once set at = at - interval '8 days' where request_id = 'r1'")
	require.NoError(t, err)
	n, err = w.db.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
}

func TestOnceSwallowedError(t *testing.T) {
	w := newWorld(t)
	no := errors.New("no")
	err := w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Once(ctx, tx, "r", wrapperspb.String(""), func() (*wrapperspb.StringValue, error) { return nil, no })
		require.ErrorIs(t, err, no)
		return nil
	})
	require.ErrorIs(t, err, no, "the claim must not outlive what was not done")
}

func TestOnceRace(t *testing.T) {
	w := newWorld(t)
	const callers = 32
	var runs atomic.Int32
	answers, errs := make([]string, callers), make([]error, callers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			<-start
			errs[i] = w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
				got, err := store.Once(ctx, tx, "race", wrapperspb.String("x"), func() (*wrapperspb.StringValue, error) {
					runs.Add(1)
					id := store.NewID()
					_, err := tx.Exec(ctx, insertBill, id, w.mine, "bill "+id)
					return wrapperspb.String(id), err
				})
				answers[i] = got.GetValue()
				return err
			})
		})
	}
	close(start)
	wg.Wait()
	for i := range callers {
		require.NoError(t, errs[i])
		require.Equal(t, answers[0], answers[i])
	}
	require.EqualValues(t, 1, runs.Load())
	require.Len(t, w.titles(t, w.asContact(t)), 2)
}

func TestConcurrentGrantsMeet(t *testing.T) {
	w := newWorld(t)
	ids := []string{w.mine, w.other}
	user := store.NewID()
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			a, b := ids[i%2], ids[(i+1)%2]
			errs[i] = w.shop.Tx(storetest.AsModule(t.Context(), "shop"), func(ctx context.Context, tx *store.Tx) error {
				return tx.GrantClients(ctx, user, a, b)
			})
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, []string{"first", "second"}, w.titles(t, storetest.As(t.Context(), access.Staff, user, access.Granted)))
}
