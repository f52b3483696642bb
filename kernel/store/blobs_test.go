package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func hashOf(digit string) string { return strings.Repeat(digit, 64) }

// blobs is a module whose rows name blobs: rows of clients, rows that only the module reaches, and a table out of reach.
func blobs(extra ...string) store.ModuleSpec {
	return store.ModuleSpec{ID: "files", Grants: true, OwnsClients: true, Migrations: files("0001_files.sql", `-- +goose Up
create table files.file (id uuid primary key, client_id uuid not null references kernel.client (id), content kernel.blob not null, preview kernel.blob);
create index on files.file (content);
create index on files.file (preview);
create table files.seal (id uuid primary key, picture kernel.blob not null);
create table files.hidden (id uuid primary key, content kernel.blob);
create table files.part (id uuid, content kernel.blob) partition by list (id);
create table files.part_rest partition of files.part default;
select kernel.protect('files.file', 'client_id');
select kernel.protect_all('files.seal');
insert into files.hidden values (gen_random_uuid(), repeat('d', 64)), (gen_random_uuid(), null);
insert into files.part values (gen_random_uuid(), repeat('e', 64));
`+strings.Join(extra, "\n"))}
}

func TestBlobsNamed(t *testing.T) {
	db := storetest.Open(t)
	s := storetest.Module(t, db, blobs())
	ctx := storetest.AsModule(t.Context(), "files")
	require.NoError(t, s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		client := store.NewID()
		if err := tx.AddClient(ctx, client); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into files.file values ($1, $2, $3, $4)`, store.NewID(), client, hashOf("a"), hashOf("b"))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into files.seal values ($1, $2)`, store.NewID(), hashOf("c"))
		return err
	}))
	got, err := store.QueryOne(ctx, s, pgx.RowTo[string], `select content from files.file`)
	require.NoError(t, err)
	require.Equal(t, hashOf("a"), got, "the type is a text to a program")

	all := []string{hashOf("0"), hashOf("a"), hashOf("b"), hashOf("c"), hashOf("d"), hashOf("e"), hashOf("f")}
	named, err := db.BlobsNamed(t.Context(), all)
	require.NoError(t, err)
	require.ElementsMatch(t, all[1:6], named)
	named, err = db.BlobsNamed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, named)

	err = s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `insert into files.seal values ($1, $2)`, store.NewID(), "../../etc/passwd")
		return err
	})
	require.Error(t, err, "what is no hash is not taken")
}

// What a sweep could not see is an error, so that nothing is swept.
func TestBlobsInPlacesThatCannotBeSeenStopASweep(t *testing.T) {
	db := storetest.Open(t)
	storetest.Module(t, db, blobs("create table files.many (id uuid, contents kernel.blob[]);"))
	_, err := db.BlobsNamed(t.Context(), []string{hashOf("a")})
	require.ErrorContains(t, err, "column contents of files.many")
}
