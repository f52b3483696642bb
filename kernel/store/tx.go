package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Tx is a transaction of a module, under the role and principal of the call that began it.
type Tx struct {
	pgx           pgx.Tx // nil until it begins, which it does with its first statement
	role, setting string
	store         *Store
	before        []func(ctx context.Context) error
	after         []func()
	local         map[any]any
	failed        error

	audited Audited
}

// txTries is how often a transaction is run before a deadlock or a failure to serialise is the caller's.
const txTries = 5

// txPause is how long it waits, at most, before the second run, and twice as long before each other: the one that it made
// room for has to come through first, or both meet again.
const txPause = 40 * time.Millisecond

// Tx runs do in a transaction: what it returns nil for is committed, an error or a panic rolls back. do uses the context
// it is given; the router refuses calls to modules with it, and the store a second transaction.
//
// When Postgres gives up on the transaction for the sake of another (deadlock, serialisation), do is run again,
// up to five times in all. It therefore keeps to the transaction: what happens elsewhere (a file, a message, a variable
// outside) is not taken back. Put that behind [Tx.AfterCommit].
func (s *Store) Tx(ctx context.Context, do func(ctx context.Context, tx *Tx) error) error {
	if access.InTx(ctx) {
		return ErrInTx
	}
	for try := 1; ; try++ {
		err := s.try(ctx, do)
		if err == nil || try == txTries || ctx.Err() != nil || !retryable(err) {
			return ErrorStatus(err)
		}
		pause := txPause << (try - 1)
		wait := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ErrorStatus(err)
		}
	}
}

func (s *Store) try(ctx context.Context, do func(ctx context.Context, tx *Tx) error) (err error) {
	role, setting, err := s.scoper.scope(ctx)
	if err != nil {
		return err
	}
	tx := &Tx{role: role, setting: setting, store: s}
	committed := false
	defer func() { // also when do panics
		if !committed && tx.pgx != nil {
			rollback(ctx, tx.pgx)
		}
	}()
	held := access.WithTx(ctx)
	if err := do(held, tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	for i := 0; i < len(tx.before); i++ { // a hook may add others
		if err := tx.before[i](held); err != nil {
			return err
		}
	}
	if tx.failed != nil {
		return tx.failed
	}
	if err := tx.writeAudit(held); err != nil {
		return err
	}
	if tx.pgx != nil {
		if err := tx.pgx.Commit(ctx); err != nil {
			return atCommit(err)
		}
	}
	committed = true
	for _, hook := range tx.after {
		hook()
	}
	return nil
}

// rollbackFor is how long a rollback may take. After that the connection is dropped, which rolls back as well.
const rollbackFor = 5 * time.Second

// rollback ends a transaction also when its context is over, and does not hang on a server that is silent.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackFor)
	defer cancel()
	_ = tx.Rollback(ctx) // the error that led here says more
}

// atCommit tells a transaction that was refused, or whose commit was never sent, from one of which nobody knows.
func atCommit(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && !lostCode(pg.Code) || errors.Is(err, pgx.ErrTxCommitRollback) || pgconn.SafeToRetry(err) {
		return err
	}
	return unsure(err)
}

func lostCode(code string) bool { return len(code) == 5 && (code[:2] == "08" || code[:3] == "57P") }

// Exec runs one statement in the transaction.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if tx.pgx == nil && len(args) > 0 {
		err = tx.beginWith(ctx, func(results pgx.BatchResults) (err error) {
			tag, err = results.Exec()
			return err
		}, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	} else if err = tx.begin(ctx); err == nil {
		tag, err = tx.pgx.Exec(ctx, sql, args...)
	}
	tx.audited.tagged(tag)
	return tag, txError(err)
}

func (tx *Tx) read(ctx context.Context, sql string, args []any, collect func(pgx.Rows) error) error {
	all := func(rows pgx.Rows, err error) error {
		if err == nil {
			defer rows.Close() // also when a scan panics
			err = collect(rows)
			tx.audited.tagged(rows.CommandTag())
		}
		return err
	}
	if tx.pgx != nil {
		return txError(all(tx.pgx.Query(ctx, sql, args...)))
	}
	return txError(tx.beginWith(ctx, func(results pgx.BatchResults) error { return all(results.Query()) }, &pgx.QueuedQuery{SQL: sql, Arguments: args}))
}

// Batch sends many statements in one go and returns the first error. Their rows are dropped.
func (tx *Tx) Batch(ctx context.Context, b *pgx.Batch) error {
	tx.audited.wrote = true // tags are dropped
	if tx.pgx != nil {
		return txError(tx.pgx.SendBatch(ctx, b).Close())
	}
	return txError(tx.beginWith(ctx, func(pgx.BatchResults) error { return nil }, b.QueuedQueries...))
}

// CopyFrom writes many rows at once and returns how many. Postgres refuses it for tables with row security, unless the role
// sees all rows by being their owner, so it is for tables without: use Batch, or insert … select from unnest($1).
func (tx *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := tx.begin(ctx); err != nil {
		return 0, txError(err)
	}
	n, err := tx.pgx.CopyFrom(ctx, table, columns, rows)
	tx.audited.wrote = tx.audited.wrote || n > 0
	return n, txError(err)
}

// begin begins the transaction, for what cannot travel with its beginning.
func (tx *Tx) begin(ctx context.Context) error {
	if tx.pgx != nil {
		return nil
	}
	return tx.beginWith(ctx, func(pgx.BatchResults) error { return nil })
}

// beginWith begins the transaction and runs its first statements in one journey. Whatever goes wrong ends the transaction, as it does later on.
func (tx *Tx) beginWith(ctx context.Context, collect func(pgx.BatchResults) error, first ...*pgx.QueuedQuery) (err error) {
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, 2+len(first))}
	b.BeginTx(pgx.TxOptions{})
	b.Queue(takeRole, tx.role, tx.setting)
	b.QueuedQueries = append(b.QueuedQueries, first...)
	results := tx.store.pool.SendBatch(ctx, b)
	tx.pgx = results.Tx()
	defer func() { // also when a scan panics: the connection has to go back
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	return collect(results)
}

// Reverter is what a value kept with [Tx.Local] may be too: one that a savepoint takes back to what it was.
type Reverter interface {
	// Mark returns what takes the value back to how it is now.
	Mark() (revert func())
}

// Savepoint runs do so that its error, or a panic, undoes what it did, and only that: its statements, the hooks that it
// added, and what it kept with [Tx.Local], in values of before as far as they are a [Reverter].
func (tx *Tx) Savepoint(ctx context.Context, do func(ctx context.Context) error) error {
	if err := tx.begin(ctx); err != nil {
		return txError(err)
	}
	inner, err := tx.pgx.Begin(ctx)
	if err != nil {
		return txError(err)
	}
	outer, before, after, local := tx.pgx, len(tx.before), len(tx.after), maps.Clone(tx.local)
	reverts := []func(){tx.audited.mark()}
	for _, v := range local {
		if r, ok := v.(Reverter); ok {
			reverts = append(reverts, r.Mark())
		}
	}
	tx.pgx = inner
	kept := false
	defer func() {
		tx.pgx = outer
		if kept {
			return
		}
		rollback(ctx, inner)
		tx.before, tx.after, tx.local = tx.before[:before], tx.after[:after], local
		for _, revert := range reverts {
			revert()
		}
	}()
	if err := do(ctx); err != nil {
		return err
	}
	if err := inner.Commit(ctx); err != nil {
		return txError(err)
	}
	kept = true
	return nil
}

// Module is the id of the module whose transaction it is.
func (tx *Tx) Module() string { return tx.store.module }

// BeforeCommit runs hook, in the transaction, after the function given to Store.Tx returned nil. An error rolls back.
func (tx *Tx) BeforeCommit(hook func(ctx context.Context) error) { tx.before = append(tx.before, hook) }

// AfterCommit runs hook once the transaction is committed, and never otherwise.
func (tx *Tx) AfterCommit(hook func()) { tx.after = append(tx.after, hook) }

// Local returns what was kept under key in this transaction, or keeps what create returns. Keys are of a type of the
// caller's own, as a context's are.
func (tx *Tx) Local(key any, create func() any) any {
	if v, ok := tx.local[key]; ok {
		return v
	}
	if tx.local == nil {
		tx.local = map[any]any{}
	}
	v := create()
	tx.local[key] = v
	return v
}

// fail makes sure that the transaction does not commit, even when err is swallowed.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// txError keeps deadlocks recognisable for the retry, and maps the rest.
func txError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrTxClosed) {
		return fmt.Errorf("store: the transaction has ended: %w", err)
	}
	return ErrorStatus(err)
}
