package store

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Store is the database as one module sees it: its own schema, and of each table the rows that the call under way
// may touch. SQL names the schema always. It is safe for concurrent use.
//
// Errors are as [ErrorStatus] makes them, and can be returned to the caller as they are.
type Store struct {
	Pages
	pool   *pgxpool.Pool
	scoper scoper
	module string
	watch  atomic.Pointer[func(ctx context.Context, sql string, args []any)]
}

// scoper finds the role to take and the setting to make for who acts in a context.
type scoper interface {
	scope(ctx context.Context) (role, setting string, err error)
	// change is what the portal signs about the call under way, for the audit log; empty when it changes nothing.
	change(ctx context.Context) (string, error)
}

// Querier is what Query and QueryOne read from: a [*Store], each statement by itself, or a [*Tx].
type Querier interface {
	// read runs one statement and hands its rows to collect.
	read(ctx context.Context, sql string, args []any, collect func(pgx.Rows) error) error
}

var (
	_ Querier = (*Store)(nil)
	_ Querier = (*Tx)(nil)
)

const takeRole = "select set_config('role', $1, true), set_config('cabinet.principal', $2, true)"

// batch starts a batch whose first item takes the role and says who acts, until the batch ends.
func (s *Store) batch(ctx context.Context) (*pgx.Batch, error) {
	if access.InTx(ctx) {
		return nil, ErrInTx
	}
	role, setting, err := s.scoper.scope(ctx)
	if err != nil {
		return nil, err
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, 2)}
	b.Queue(takeRole, role, setting)
	return b, nil
}

// Exec runs one statement, which commits by itself and leaves no entry in the audit log. When the connection is lost after it was sent nobody knows whether it
// did, and the error says so.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	b, err := s.batch(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	b.Queue(sql, args...)
	results := s.pool.SendBatch(ctx, b)
	tag, err := results.Exec()
	if err == nil {
		tag, err = results.Exec()
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	var pg *pgconn.PgError
	if lost(err) || (errors.As(err, &pg) && lostCode(pg.Code)) {
		return tag, unsure(err)
	}
	return tag, ErrorStatus(err)
}

func (s *Store) read(ctx context.Context, sql string, args []any, collect func(pgx.Rows) error) (err error) {
	s.watched(ctx, sql, args)
	b, err := s.batch(ctx)
	if err != nil {
		return err
	}
	b.Queue(sql, args...)
	results := s.pool.SendBatch(ctx, b)
	defer func() { // also when a scan panics: the connection has to go back
		if closing := results.Close(); err == nil {
			err = closing
		}
		err = ErrorStatus(err)
	}()
	if _, err = results.Exec(); err != nil {
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	return collect(rows)
}

// Query runs one statement and scans its rows, such as with pgx.RowToStructByName. No rows are an empty slice.
func Query[T any](ctx context.Context, q Querier, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	var list []T
	err := q.read(ctx, sql, args, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scan)
		return err
	})
	return list, err
}

// QueryOne runs one statement and scans its first row; [ErrNotFound] when there is none.
func QueryOne[T any](ctx context.Context, q Querier, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	var one T
	err := q.read(ctx, sql, args, func(rows pgx.Rows) (err error) {
		one, err = pgx.CollectOneRow(rows, scan)
		return err
	})
	return one, err
}
