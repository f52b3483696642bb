package kernel_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// archive is a module that keeps a blob when it starts, names it in a row, and keeps another that no row names. At noon it reads
// the first and writes down what it read.
func archive() *stub {
	m := &stub{says: module.Manifest{ID: "archive", Migrations: fstest.MapFS{"0001_paper.sql": {Data: []byte(`-- +goose Up
create table archive.paper (content kernel.blob primary key);
create table archive.seen (text text not null);
select kernel.protect_all('archive.paper');
select kernel.protect_all('archive.seen');`)}}}}
	var host *module.Host
	m.register = func(r module.Registrar) {
		host = r.Host()
		r.Handle(event.OnSchedule("archive.noon", event.Schedule{Title: "archive.noon", Cron: "0 12 * * *", CatchUp: event.CatchUpOnce},
			func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
				hash, err := store.QueryOne(ctx, host.Store, pgx.RowTo[string], `select content from archive.paper`)
				if err != nil {
					return err
				}
				content, err := host.Blobs.Open(ctx, hash)
				if err != nil {
					return err
				}
				defer content.Close()
				read, err := io.ReadAll(content)
				if err != nil {
					return err
				}
				return event.Apply(ctx, host.Store, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, `insert into archive.seen values ($1)`, string(read))
					return err
				})
			}))
	}
	m.start = func(ctx context.Context) error {
		ctx = host.Self(ctx)
		named, err := host.Blobs.Put(ctx, strings.NewReader("the act of November"), 1<<20)
		if err != nil {
			return err
		}
		if _, err := host.Blobs.Put(ctx, strings.NewReader("nobody's"), 1<<20); err != nil {
			return err
		}
		return host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `insert into archive.paper values ($1) on conflict do nothing`, named.Hash)
			return err
		})
	}
	return m
}

// A module keeps blobs wherever it runs; what its row names outlives the nightly sweeps, also when the module is switched
// off, and what none names does not.
func TestModulesKeepBlobs(t *testing.T) {
	for mode, processes := range map[string][]string{"in process": nil, "as a process": {"archive"}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			clock := kerneltest.NewClock(time.Date(2026, 11, 5, 1, 0, 0, 0, time.UTC))
			folder := t.TempDir()
			config := "blobs: {folder: " + folder + "}\n"
			p := kerneltest.Start(t, kerneltest.Options{Assemble: of(doorman(), archive()), Processes: processes, Clock: clock, Config: config})
			count := func(of string) int {
				found, err := filepath.Glob(filepath.Join(folder, of, "*", "*"))
				require.NoError(t, err)
				return len(found)
			}
			require.Equal(t, 2, count("there"))
			slept := func(there, aside int) {
				t.Helper()
				require.Eventually(t, func() bool { return count("there") == there && count("aside") == aside }, 20*time.Second, 10*time.Millisecond)
			}
			clock.Move(12 * time.Hour) // past noon
			require.Eventually(t, func() bool { return len(query(t, p.DSN, `select text from archive.seen`)) == 1 }, 20*time.Second, 10*time.Millisecond)
			require.Equal(t, []string{"the act of November"}, query(t, p.DSN, `select text from archive.seen`))
			clock.Move(36 * time.Hour)
			slept(1, 1)
			p.Halt(t)

			options := with(t, of(doorman(), archive()), "modules: {archive: {enabled: false}}\n"+config, "DATABASE_URL="+p.DSN, "CABINET_ID=kerneltest")
			options.Now = clock.Now
			options.Env = func(name string) (string, bool) { return kerneltest.MasterKey, name == "CABINET_MASTER_KEY" }
			without, err := kernel.New(options)
			require.NoError(t, err)
			require.NoError(t, without.Start(t.Context()))
			t.Cleanup(func() { stop(t, without) })
			clock.Move(48 * time.Hour)
			slept(1, 0)
		})
	}
}

// A program that is not the portal's own is not told where blobs are, nor how to sign in there: also when it is taken in later.
func TestProgramsOfTheirOwnHaveNoBlobs(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"1", "no program"} {
		p, put, _ := grownPortal(t, first)
		put("1")
		if first != "1" {
			_, err := kernelv1.NewModuleServiceClient(p.Head(t).Conn).SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
			require.NoError(t, err)
		}
		require.Contains(t, p.Head(t).Get(t, "/rooms").Body, "of version 1", "which it says where it was refused blobs")
		require.Len(t, p.Processes(), 1)
		lent, ok := p.Processes()[0].Lent()
		require.True(t, ok)
		require.Empty(t, lent.Request.GetBlobs())
	}
}

// What blobs in portal.yaml names and cannot be had stops the portal, and says so.
func TestBlobsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	p, err := kernel.New(with(t, of(doorman()), "blobs: {folder: \""+file+"\"}", "DATABASE_URL="+database(t)))
	require.NoError(t, err)
	require.ErrorContains(t, p.Start(t.Context()), "open what blobs in portal.yaml names")
}
