package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/control"
	"github.com/opencabinet/cabinet/kernel/internal/command"
	"github.com/opencabinet/cabinet/kernel/secret"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// portal is what a test says of one.
type portal struct {
	file    string
	environ []string
	open    error
	checked *command.Checked
	wrong   error
	ran     bool
	flags   command.Flags
}

type filesConfig struct {
	Limit int         `yaml:"limit"`
	Key   secret.Text `yaml:"key"`
}

func (p *portal) reading() config.Options {
	file := p.file
	if p.flags.Config != "" {
		file = p.flags.Config
	}
	return config.Options{Path: file, Environ: p.environ, Module: map[string]any{"files": &filesConfig{Limit: 3}}}
}

func (p *portal) Open(_ context.Context, out io.Writer) error {
	p.ran = true
	_, _ = io.WriteString(out, "open\n")
	return p.open
}
func (p *portal) Check(context.Context) (*command.Checked, error) { return p.checked, p.wrong }
func (p *portal) Config() (*config.Config, error)                 { return config.Load(p.reading()) }
func (p *portal) Schema() ([]byte, error)                         { return config.Schema(p.reading().Module) }

// newPortal is a portal with a portal.yaml and a data folder of the test's own.
func newPortal(t *testing.T, yaml string) *portal {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "portal.yaml")
	require.NoError(t, os.WriteFile(file, []byte(yaml), 0o600))
	return &portal{file: file, environ: []string{"CABINET_DATA=" + filepath.Join(folder, "data")}, checked: checked()}
}

// run gives a command and returns what the program answers its shell, and what it printed.
func (p *portal) run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = command.Run(t.Context(), "/srv/bin/portal", args, &o, &e, func(f command.Flags) command.Portal { p.flags = f; return p })
	return code, o.String(), e.String()
}

// golden compares with a file of what a command printed, with what differs from time to time replaced.
func golden(t *testing.T, name, got string, changing ...string) {
	t.Helper()
	got = strings.NewReplacer(changing...).Replace(got)
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

const (
	provides  = kernelv1.LinkKind_LINK_KIND_PROVIDES
	requires  = kernelv1.LinkKind_LINK_KIND_REQUIRES
	optional  = kernelv1.LinkKind_LINK_KIND_OPTIONAL
	publishes = kernelv1.LinkKind_LINK_KIND_PUBLISHES
	hears     = kernelv1.LinkKind_LINK_KIND_HEARS
)

func link(module string, kind kernelv1.LinkKind, name string, others ...string) *kernelv1.ModuleLink {
	return &kernelv1.ModuleLink{ModuleId: module, Kind: kind, Name: name, Others: others, Because: "the test says so"}
}

// checked is a portal of some modules that fit together.
func checked() *command.Checked {
	return &command.Checked{
		ID: "acme", Name: "Acme", Methods: 12, Screens: 1, Events: 3,
		Modules: []*kernelv1.Module{
			{Id: "kernel", Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL}, {Id: "files", Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL},
			{Id: "booking", Place: kernelv1.ModulePlace_MODULE_PLACE_PROGRAM, Version: "v1.4.0", Path: "/srv/bin/booking"},
			{Id: "visits", Place: kernelv1.ModulePlace_MODULE_PLACE_ATTACHED},
		},
		Links: []*kernelv1.ModuleLink{
			link("kernel", provides, "cabinet.kernel.v1.RoleService"), link("kernel", provides, "cabinet.kernel.v1.EventService"),
			link("files", provides, "cabinet.files.v1.FolderService", "booking", "visits"), link("files", publishes, "cabinet.files.v1.FileWritten", "booking"),
			link("files", publishes, "cabinet.files.v1.SweepDue", "files"), link("files", hears, "cabinet.files.v1.SweepDue", "files"),
			link("files", optional, "acme.scan.v2.VirusScanService"),
			link("booking", requires, "cabinet.files.v1.FolderService", "files"), link("booking", hears, "cabinet.files.v1.FileWritten", "files"),
			link("visits", requires, "cabinet.files.v1.FolderService", "files"),
		},
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"chek", 2, `unexpected argument chek; did you mean "check"?`},
		{"docter --json", 2, `unexpected argument docter; did you mean "doctor"?`},
		{"start", 2, "unexpected argument start; see --help"},
		{"check now", 2, "unexpected argument now; see --help"},
		{"check --jason", 2, `unknown flag --jason; did you mean "--json"?`},
		{"-confg x", 2, `unknown flag --confg; did you mean "--config"?`},
		{"--verbos=true", 2, `unknown flag --verbos; did you mean "--verbose"?`},
		{"--port 80", 2, "unknown flag --port; see --help"},
		{"--config", 2, "--config"},
		{"run --json", 2, "unknown flag --json"},
	} {
		p := newPortal(t, "")
		code, out, errs := p.run(t, strings.Fields(c.args)...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, errs, c.says, c.args)
		require.Empty(t, out, c.args)
		require.False(t, p.ran)
	}
	for _, args := range []string{"", "run", "-config x -verbose", "--config=x --verbose run", "run --config x --verbose"} {
		p := newPortal(t, "")
		code, out, errs := p.run(t, strings.Fields(args)...)
		require.Equal(t, "0 open\n ", strings.Join([]string{strconv.Itoa(code), out + " "}, " ")+errs)
		if args != "" && args != "run" {
			require.Equal(t, command.Flags{Config: "x", Verbose: true}, p.flags, args)
		}
	}
	p := newPortal(t, "")
	p.open = errors.New("the roof leaks")
	code, _, errs := p.run(t)
	require.Equal(t, 1, code)
	require.Equal(t, "The portal cannot run:\nthe roof leaks\n", errs)
	for _, args := range []string{"-help", "--help", "-h", "check --help"} {
		code, out, errs := p.run(t, strings.Fields(args)...)
		require.Equal(t, 0, code)
		require.Empty(t, errs)
		require.Contains(t, out, "--config=FILE")
	}
	_, out, _ := p.run(t, "--help")
	golden(t, "help.golden", out)
}

func TestCompletion(t *testing.T) {
	p := newPortal(t, "")
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, _ := p.run(t, "completion", "-c", shell)
		require.Equal(t, 0, code)
		require.Contains(t, out, "complete ")
	}
	for line, want := range map[string]string{"portal ch": "check", "portal doctor --": "--json", "portal --ver": "--verbose"} {
		t.Setenv("COMP_LINE", line)
		code, out, _ := p.run(t)
		require.Equal(t, 0, code)
		require.Contains(t, strings.Fields(out), want, line)
		require.False(t, p.ran)
	}
}

func TestCheck(t *testing.T) {
	p := newPortal(t, "")
	code, out, errs := p.run(t, "check")
	require.Equal(t, 0, code)
	require.Empty(t, errs)
	golden(t, "check.golden", out)
	code, out, _ = p.run(t, "check", "--json")
	require.Equal(t, 0, code)
	golden(t, "check.json.golden", out)

	p.checked = nil
	p.wrong = errors.Join(&config.Error{Origin: "portal.yaml:7", Key: "brand.hue", Problem: "361 is out of range; write a number from 0 to 360"},
		errors.Join(errors.New("module orders requires cabinet.stock.v1.StockService, which no module provides: add a module that provides it"), nil))
	code, out, _ = p.run(t, "check")
	require.Equal(t, 1, code)
	golden(t, "check_problems.golden", out)
	code, out, _ = p.run(t, "check", "--json")
	require.Equal(t, 1, code)
	golden(t, "check_problems.json.golden", out)
}

const yamlOfConfig = `id: acme
name: "Acme: #1"
time_zone: ${env:ZONE}
database: {url: "postgres://u:hush@h/db"}
roles:
  auditor:
    title: {en: Auditor, uk: Аудитор, ru: Аудитор}
    permissions: {files.read: granted}
modules:
  files: {settings: {key: hush}}
  booking: {path: /srv/bin/booking, settings: {key: hush, list: [a]}}
`

func TestConfig(t *testing.T) {
	p := newPortal(t, yamlOfConfig)
	p.environ = append(p.environ, "ZONE=Europe/Kyiv", "CABINET_LISTEN=:80", "CABINET_DATA=/srv/acme")
	folder := filepath.Dir(p.file)
	code, out, errs := p.run(t, "config")
	require.Equal(t, 0, code, errs)
	golden(t, "config.golden", out, folder, "DIR")
	require.NotContains(t, out, "hush")
	code, out, _ = p.run(t, "config", "--json")
	require.Equal(t, 0, code)
	golden(t, "config.json.golden", out, folder, "DIR")
	require.NotContains(t, out, "hush")

	code, out, _ = p.run(t, "config", "--config", newPortal(t, "lisen: x\nid: Acme\n").file)
	require.Equal(t, 1, code)
	require.Contains(t, out, "2 problems:\n")
	require.Contains(t, out, `unknown key "lisen"; did you mean "listen"?`)
	code, out, _ = p.run(t, "config", "--json", "--config", filepath.Join(folder, "nowhere.yaml"))
	require.Equal(t, 1, code)
	require.Contains(t, out, `"values": [],`)
	require.Contains(t, out, "nowhere.yaml")
}

func TestSchema(t *testing.T) {
	code, out, _ := newPortal(t, "").run(t, "schema")
	require.Equal(t, 0, code)
	var schema struct {
		Properties struct {
			Modules struct {
				Properties map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &schema))
	require.Contains(t, schema.Properties.Modules.Properties, "files")
}

// running is a portal that runs, and tells of modules what a test wants.
type running struct {
	kernelv1.UnimplementedModuleServiceServer
	kernelv1.UnimplementedEventServiceServer
	modules []*kernelv1.Module
	links   []*kernelv1.ModuleLink
	lanes   []*kernelv1.Lane
	err     error
}

func (r *running) ListModules(context.Context, *kernelv1.ListModulesRequest) (*kernelv1.ListModulesResponse, error) {
	return &kernelv1.ListModulesResponse{Modules: r.modules}, r.err
}

func (r *running) ListModuleLinks(context.Context, *kernelv1.ListModuleLinksRequest) (*kernelv1.ListModuleLinksResponse, error) {
	return &kernelv1.ListModuleLinksResponse{Links: r.links}, nil
}

func (r *running) ListLanes(context.Context, *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
	return &kernelv1.ListLanesResponse{Lanes: r.lanes}, nil
}

// start opens the socket of a portal that runs.
func (r *running) start(t *testing.T, p *portal) {
	t.Helper()
	cfg, err := p.Config()
	require.NoError(t, err)
	router := call.New(call.Options{Log: slog.New(slog.DiscardHandler)})
	kernelv1.RegisterModuleServiceServer(router, r)
	kernelv1.RegisterEventServiceServer(router, r)
	require.NoError(t, router.Err())
	s, err := control.Open(control.Config{
		Folder: cfg.Data, Router: router, ID: cfg.ID, URL: "http://localhost:8080", Started: time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC),
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.WithoutCancel(t.Context()))) })
}

func TestDoctorOfAPortalThatDoesNotRun(t *testing.T) {
	p := newPortal(t, "{id: acme, name: Acme}")
	code, out, errs := p.run(t, "doctor")
	require.Equal(t, 0, code, errs)
	golden(t, "doctor_away.golden", out)
	code, out, _ = p.run(t, "doctor", "--json")
	require.Equal(t, 0, code)
	golden(t, "doctor_away.json.golden", out)

	p.wrong = errors.New("module booking: it does not start")
	code, out, _ = p.run(t, "doctor")
	require.Equal(t, 1, code)
	require.Contains(t, out, "One problem:\n  module booking: it does not start\n")

	p = newPortal(t, "id: Acme")
	code, out, _ = p.run(t, "doctor")
	require.Equal(t, 1, code)
	require.NotContains(t, out, "does not run", "nobody knows, without a configuration")
	require.Contains(t, out, "is no id")
}

func TestDoctor(t *testing.T) {
	p := newPortal(t, "{id: acme, name: Acme}")
	pid := strconv.Itoa(os.Getpid())
	r := &running{links: checked().Links, modules: []*kernelv1.Module{
		{Id: "kernel", Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL, State: kernelv1.ModuleState_MODULE_STATE_READY},
		{Id: "files", Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL, State: kernelv1.ModuleState_MODULE_STATE_READY, EventsWaiting: 2, LagSeconds: 1},
	}}
	r.start(t, p)
	code, out, errs := p.run(t, "doctor")
	require.Equal(t, 0, code, errs)
	golden(t, "doctor_well.golden", out, "process "+pid+",", "process PID,", time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC).Format(time.DateTime), "START")

	r.modules = append(r.modules,
		&kernelv1.Module{
			Id: "booking", Place: kernelv1.ModulePlace_MODULE_PLACE_PROGRAM, State: kernelv1.ModuleState_MODULE_STATE_QUARANTINED, Version: "v1.4.0-20261129160000-abcdef",
			Checksum: "12ab34cd56ef", Path: "/srv/bin/booking", Restarts: 5, Swaps: 1, LastFailure: "it exited with status 2", EventsWaiting: 1000, LagSeconds: 90,
			Reason:    "it failed five times in ten minutes, the last time because it exited with status 2, which its log explains",
			SinceTime: timestamppb.New(time.Date(2026, 11, 29, 16, 5, 0, 0, time.UTC)),
		},
		&kernelv1.Module{Id: "visits", Place: kernelv1.ModulePlace_MODULE_PLACE_ATTACHED, State: kernelv1.ModuleState_MODULE_STATE_DEGRADED, Checksum: "ab12ab12ab12", Pid: 77, MemoryMib: 30},
		&kernelv1.Module{Id: "crm", Place: kernelv1.ModulePlace_MODULE_PLACE_PROGRAM, State: kernelv1.ModuleState_MODULE_STATE_MISSING, Reason: "no such file"},
		&kernelv1.Module{Id: "mail", Place: kernelv1.ModulePlace_MODULE_PLACE_PROCESS, State: kernelv1.ModuleState_MODULE_STATE_BACKOFF, LastFailure: "signal: killed", Restarts: 1},
		&kernelv1.Module{Id: "slow", Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL, State: kernelv1.ModuleState_MODULE_STATE_READY, EventsWaiting: 7, LagSeconds: 3700},
	)
	r.lanes = []*kernelv1.Lane{{State: kernelv1.LaneState_LANE_STATE_PARKED}, {State: kernelv1.LaneState_LANE_STATE_PARKED}, {State: kernelv1.LaneState_LANE_STATE_FAILING}}
	code, out, _ = p.run(t, "doctor")
	require.Equal(t, 1, code)
	golden(t, "doctor.golden", out, "process "+pid+",", "process PID,", time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC).Format(time.DateTime), "START")
	for _, line := range strings.Split(out, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 80, line)
	}
	code, out, _ = p.run(t, "doctor", "--json")
	require.Equal(t, 1, code)
	golden(t, "doctor.json.golden", out, `"pid": `+pid+",", `"pid": 1,`)

	r.err = errors.New("the database is away")
	code, out, _ = p.run(t, "doctor")
	require.Equal(t, 1, code)
	require.Contains(t, out, "the portal that runs does not tell of its modules")
	require.Contains(t, out, "files.FolderService to booking, visits", "the graph all the same")
}
