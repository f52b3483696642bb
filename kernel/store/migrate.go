package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Migrations are goose SQL files at the root of a file system: 0001_things.sql. Nil for none.
type Migrations = fs.FS

//go:embed migrations/*.sql
var embedded embed.FS

var kernelMigrations = func() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}()

// MigrationError says which file of which module cannot be applied.
type MigrationError struct {
	Module, File string
	Err          error
}

func (e *MigrationError) Error() string {
	return fmt.Sprintf("migration %s of %s: %v", e.File, e.Module, e.Err)
}

// Unwrap returns what is wrong with the file.
func (e *MigrationError) Unwrap() error { return e.Err }

// Reasons within a [*MigrationError]; compare with errors.Is.
var (
	ErrMigrationChanged = errors.New("the file was changed after it was applied: put it back, and write a new migration for the change")
	ErrMigrationGone    = errors.New("it was applied, but the file is not there any more: put it back, or run a newer version of the program")
)

func (db *DB) migrateKernel(ctx context.Context, name string, files fs.FS) error {
	cfg := db.as(db.names.kernel())
	cfg.RuntimeParams["cabinet.group"] = db.names.group()
	cfg.RuntimeParams["cabinet.login"] = db.names.login()
	return db.migrate(ctx, "kernel/"+name, "kernel.goose_"+name, cfg, files)
}

// migrate applies what is pending, connected as the owner, under the portal's lock.
func (db *DB) migrate(ctx context.Context, module, table string, owner *pgx.ConnConfig, files fs.FS) error {
	sums, err := checksums(files)
	if err != nil {
		return fmt.Errorf("store: migrations of %s: %w", module, err)
	}
	k, err := pgx.ConnectConfig(ctx, db.as(db.names.kernel()))
	if err != nil {
		return wrap("connect as the kernel", err)
	}
	defer k.Close(context.WithoutCancel(ctx))
	if err := unchanged(ctx, k, module, sums); err != nil {
		return err
	}
	if len(sums) == 0 {
		return nil
	}
	sqldb := stdlib.OpenDB(*owner)
	defer sqldb.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, sqldb, files,
		goose.WithTableName(table), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("store: migrations of %s: %w", module, err)
	}
	applied, err := provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) && partial.Failed != nil {
		applied, err = partial.Applied, &MigrationError{Module: module, File: path.Base(partial.Failed.Source.Path), Err: partial.Err}
	}
	for _, r := range applied {
		db.cfg.Log.InfoContext(ctx, "applied a migration", "module", module, "file", path.Base(r.Source.Path), "took", r.Duration)
	}
	if err != nil {
		return errors.Join(err, remember(ctx, k, provider, module, sums))
	}
	return remember(ctx, k, provider, module, sums)
}

// sum is a file and its checksum.
type sum struct {
	file   string
	sha256 []byte
}

// checksums reads the files, by version.
func checksums(files fs.FS) (map[int64]sum, error) {
	sums := map[int64]sum{}
	if files == nil {
		return sums, nil
	}
	found, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, file := range found {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return nil, fmt.Errorf("%s: its name must begin with a number, such as 0001_: %w", file, err)
		}
		if other, twice := sums[version]; twice {
			return nil, fmt.Errorf("%s and %s have the same number", other.file, file)
		}
		b, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) // a checkout may differ in line ends alone
		h := sha256.Sum256(b)
		sums[version] = sum{file, h[:]}
	}
	return sums, nil
}

// unchanged compares the files with those that were applied.
func unchanged(ctx context.Context, k *pgx.Conn, module string, sums map[int64]sum) error {
	var table *string
	if err := k.QueryRow(ctx, "select to_regclass('kernel.migration')::text").Scan(&table); err != nil || table == nil {
		return wrap("migrations", err) // nothing was applied yet
	}
	rows, err := k.Query(ctx, "select version, file, sha256 from kernel.migration where module = $1 order by version", module)
	if err != nil {
		return wrap("migrations", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		var had sum
		if err := rows.Scan(&version, &had.file, &had.sha256); err != nil {
			return wrap("migrations", err)
		}
		is, there := sums[version]
		switch {
		case !there:
			return &MigrationError{Module: module, File: had.file, Err: ErrMigrationGone}
		case !bytes.Equal(is.sha256, had.sha256):
			return &MigrationError{Module: module, File: is.file, Err: ErrMigrationChanged}
		}
	}
	return wrap("migrations", rows.Err())
}

// remember writes down what is applied and was not written down.
func remember(ctx context.Context, k *pgx.Conn, provider *goose.Provider, module string, sums map[int64]sum) error {
	states, err := provider.Status(ctx)
	if err != nil {
		return wrap("migrations", err)
	}
	batch := &pgx.Batch{}
	for _, s := range states {
		if s.State == goose.StateApplied {
			is := sums[s.Source.Version]
			batch.Queue("insert into kernel.migration (module, version, file, sha256) values ($1, $2, $3, $4) on conflict do nothing",
				module, s.Source.Version, is.file, is.sha256)
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	return wrap("migrations", k.SendBatch(ctx, batch).Close())
}
