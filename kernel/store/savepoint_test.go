package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// notes is a value that goes back with a savepoint.
type notes struct{ list []string }

func (n *notes) Mark() func() {
	had := len(n.list)
	return func() { n.list = n.list[:had] }
}

type oldKey struct{}

type newKey struct{}

func local(tx *store.Tx, key any) *notes {
	return tx.Local(key, func() any { return new(notes) }).(*notes)
}

func TestASavepointTakesBackAllOfIt(t *testing.T) {
	w := newWorld(t)
	no := errors.New("no")
	var ran []string
	err := w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		step := func(title string) {
			_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, title)
			require.NoError(t, err)
			tx.BeforeCommit(func(context.Context) error { ran = append(ran, "before "+title); return nil })
			tx.AfterCommit(func() { ran = append(ran, "after "+title) })
			local(tx, oldKey{}).list = append(local(tx, oldKey{}).list, title)
		}
		step("kept")
		require.ErrorIs(t, tx.Savepoint(ctx, func(ctx context.Context) error {
			step("undone")
			local(tx, newKey{}).list = []string{"new"}
			require.NoError(t, tx.Savepoint(ctx, func(context.Context) error { step("within"); return nil }))
			return no
		}), no)
		require.PanicsWithValue(t, "oh", func() {
			_ = tx.Savepoint(ctx, func(context.Context) error { step("panicked"); panic("oh") })
		})
		require.NoError(t, tx.Savepoint(ctx, func(context.Context) error { step("kept too"); return nil }))
		require.Equal(t, []string{"kept", "kept too"}, local(tx, oldKey{}).list)
		require.Empty(t, local(tx, newKey{}).list)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"before kept", "before kept too", "after kept", "after kept too"}, ran)
	require.Equal(t, []string{"first", "kept", "kept too", "second"}, w.titles(t, w.self(t)))
}

func TestAHookMayAddHooks(t *testing.T) {
	w := newWorld(t)
	ran := 0
	no := errors.New("no")
	err := w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		tx.BeforeCommit(func(context.Context) error {
			ran++
			tx.BeforeCommit(func(context.Context) error { ran++; return no })
			return nil
		})
		return nil
	})
	require.ErrorIs(t, err, no, "the second one decides as well")
	require.Equal(t, 2, ran)
}

// A scan that panics gives its connection back: with two connections, a third would wait for ever.
func TestAPanicInAScanCostsNoConnection(t *testing.T) {
	w := newWorld(t)
	cfg := storetest.Config(w.db.Pool().Config().ConnString())
	cfg.MaxConns = 2
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	few := &world{db: db, shop: storetest.Module(t, db, shop())}
	for range 3 {
		require.PanicsWithValue(t, "oh", func() {
			_, _ = store.Query(w.self(t), few.shop, func(pgx.CollectableRow) (string, error) { panic("oh") }, "select title from shop.bill")
		})
	}
	require.Equal(t, []string{"first", "second"}, few.titles(t, w.self(t)))
}

func TestACallThatEndsBeforeItsCommit(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(w.self(t))
	err := w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "late")
		cancel()
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "look whether it was saved", "it certainly was not")
	require.Equal(t, []string{"first", "second"}, w.titles(t, w.self(t)))
}
