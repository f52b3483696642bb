//go:build unix

package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// The whole server dies in the middle of a transaction and comes back later: what was under way is gone, whoever asks in the
// meantime is told to come again, and the same pool works afterwards.
func TestServerLost(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "cab") // short, for the socket's path
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o711)) //nolint:gosec // root's server runs as another user, who has to get through
	start := func() *cluster.Cluster {
		c, err := cluster.Start(context.WithoutCancel(t.Context()), cluster.Config{Dir: dir}) // as a portal's: what was committed has to be there
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Stop(context.WithoutCancel(t.Context()))) })
		return c
	}
	c := start()
	w := worldIn(t, openAt(t, c.DSN()))

	err = w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "half")
		require.NoError(t, err)
		crash(t, c)
		_, err = tx.Exec(ctx, insertBill, store.NewID(), w.mine, "other half")
		return err
	})
	requireCode(t, codes.Unavailable, err)

	_, err = titles(w.self(t), w.shop)
	requireCode(t, codes.Unavailable, err)
	_, err = w.shop.Exec(w.self(t), insertBill, store.NewID(), w.mine, "never")
	requireCode(t, codes.Unavailable, err)
	require.ErrorContains(t, err, "try again", "nothing left this process, and nobody need wonder")
	err = w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertBill, store.NewID(), w.mine, "never")
		return err
	})
	requireCode(t, codes.Unavailable, err)
	require.ErrorContains(t, err, "try again")

	require.Equal(t, c.DSN(), start().DSN())
	require.Equal(t, []string{"first", "second"}, w.titles(t, w.self(t)), "nothing half-written")
	_, err = w.shop.Exec(w.asContact(t), insertBill, store.NewID(), w.mine, "third")
	require.NoError(t, err)
	require.Equal(t, []string{"first", "third"}, w.titles(t, w.asContact(t)))
}

func openAt(t *testing.T, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), storetest.Config(dsn))
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// crash has the server end at once, without a checkpoint, and waits until it is gone.
func crash(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.Data(), "postmaster.pid"))
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGQUIT))
	select {
	case <-c.Done():
	case <-time.After(30 * time.Second):
		require.FailNow(t, "the server is still there")
	}
	require.NoError(t, c.Stop(context.WithoutCancel(t.Context())), "the folder is free again")
}
