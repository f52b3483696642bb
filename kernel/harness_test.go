package kernel_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// A test binary that is started with this variable is a portal's program instead: see process_test.go.
const asPortal = "CABINET_TEST_PORTAL"

func TestMain(m *testing.M) {
	if os.Getenv(asPortal) != "" {
		runPortal() // does not return
	}
	if os.Getenv(asGrown) != "" {
		runGrown()
		return
	}
	if kernel.Serve(assembleServed) {
		return // a test's portal runs a module in a process of its own: this one
	}
	os.Exit(kerneltest.Main(m))
}

// assemble is what Wire would write.
func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

// stub is a module that a test makes up.
type stub struct {
	says     module.Manifest
	register func(module.Registrar)
	start    func(context.Context) error
	stop     func(context.Context) error
}

var (
	_ module.Starter = (*stub)(nil)
	_ module.Stopper = (*stub)(nil)
)

func (s *stub) Manifest() module.Manifest { return s.says }

func (s *stub) Register(r module.Registrar) {
	if s.register != nil {
		s.register(r)
	}
}

func (s *stub) Start(ctx context.Context) error {
	if s.start == nil {
		return nil
	}
	return s.start(ctx)
}

func (s *stub) Stop(ctx context.Context) error {
	if s.stop == nil {
		return nil
	}
	return s.stop(ctx)
}

const identity = "cabinet.kernel.v1.IdentityService"

// doorman is the least that a portal needs: somebody who says who is there, and answers nothing.
func doorman() *stub {
	says := module.Manifest{ID: "doorman", Provides: []string{identity}, Roles: []access.Role{{ID: "head", Staff: true, Title: "head"}}}
	return &stub{says: says, register: func(r module.Registrar) {
		kernelv1.RegisterIdentityServiceServer(r, kernelv1.UnimplementedIdentityServiceServer{})
	}}
}

// of lists modules under their own names.
func of(modules ...*stub) kernel.Assemble {
	return func(*call.Router) ([]module.Unit, error) {
		var units []module.Unit
		for _, m := range modules {
			units = append(units, module.Unit{Name: m.says.ID, Module: m})
		}
		return units, nil
	}
}

// with are the options of a portal of some modules and a text of portal.yaml, that keeps everything in the test's own
// folder. environ adds to the environment.
func with(t testing.TB, assemble kernel.Assemble, yaml string, environ ...string) kernel.Options {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, config.DefaultPath)
	require.NoError(t, os.WriteFile(file, []byte(yaml), 0o600))
	environ = append([]string{"CABINET_DATA=" + filepath.Join(folder, "data"), "CABINET_LISTEN=127.0.0.1:0"}, environ...)
	return kernel.Options{
		Assemble: assemble, Config: config.Options{Path: file, Environ: environ},
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Env: func(name string) (string, bool) { return masterKey, name == "CABINET_MASTER_KEY" },
	}
}

// masterKey is no secret. It is the same for all tests, since the passwords of the database's roles follow from it.
const masterKey = "7468652073616d6520666f7220616c6c2074657374732c206e6f207365637265"

// stop stops a portal, or fails the test.
func stop(t testing.TB, p *kernel.Portal) {
	t.Helper()
	require.NoError(t, p.Stop(context.WithoutCancel(t.Context())))
}

var databases atomic.Int64

// database makes an empty database for one test and returns how the superuser connects to it.
func database(t testing.TB) string {
	t.Helper()
	dsn := storetest.Cluster(t)
	name := fmt.Sprintf("kernel_%d", databases.Add(1))
	query(t, dsn, "create database "+name+" template template0 encoding 'UTF8'")
	t.Cleanup(func() { query(t, dsn, "drop database "+name+" with (force)") })
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

// query runs one statement as the superuser and returns its first column as text.
func query(t testing.TB, dsn, sql string) []string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	require.NoError(t, err)
	var column []string
	for _, row := range slices.Concat(results[len(results)-1].Rows) {
		column = append(column, string(row[0]))
	}
	return column
}
