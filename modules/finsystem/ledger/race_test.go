package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// Who closes a day waits for those who are posting for it, and who comes after that is refused.
func TestADayIsClosedAfterItsPostings(t *testing.T) {
	b := newBooks(t)
	posted, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Post(ctx, tx, paid("before", b.ann, b.bank, 100))
			close(posted)
			<-commit
			return err
		})
	}()
	<-posted
	closed := make(chan error, 1)
	go func() {
		closed <- b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error { return ledger.Close(ctx, tx, day) })
	}()
	conn, err := pgx.Connect(t.Context(), b.dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	waits := func() (is bool) {
		require.NoError(t, conn.QueryRow(t.Context(), `select exists (select from pg_locks where not granted and mode = 'ShareLock' and relation = 'finsystem.balances'::regclass)`).Scan(&is))
		return is
	}
	require.Eventually(t, waits, 20*time.Second, 10*time.Millisecond)
	close(commit)
	require.NoError(t, <-done)
	require.NoError(t, <-closed)
	_, err = ledger.Post(b.ctx, b.s, paid("after", b.ann, b.bank, 100))
	require.ErrorIs(t, err, ledger.ErrClosed)
}

// The accounts of a client that was merged take nothing more, while they are moved too.
func TestAMergedClientsAccountsAreNotOpened(t *testing.T) {
	b := newBooks(t)
	storetest.Run(t, b.dsn, "update kernel.client set merged_into = '"+b.benID+"', merged_at = clock_timestamp() where id = '"+b.annID+"'")
	err := b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.Open(ctx, tx, nil, ledger.Of{ClientID: b.annID, Kind: "client", Currency: "UAH"})
		return err
	})
	require.ErrorContains(t, err, "merged")
}
