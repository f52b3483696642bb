package kernel_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/module"
)

// command gives a command to the program of a portal. Its data folder is the test's own.
func command(t *testing.T, assemble kernel.Assemble, yaml string, args ...string) (code int, out, errs string) {
	t.Helper()
	options := with(t, assemble, yaml)
	options.Log = nil
	t.Setenv("CABINET_DATA", filepath.Join(filepath.Dir(options.Config.Path), "data"))
	t.Setenv("CABINET_LISTEN", "127.0.0.1:0")
	var o, e bytes.Buffer
	code = kernel.Run(options, append([]string{"portal"}, args...), &o, &e)
	return code, o.String(), e.String()
}

func TestCheckOfAWholePortal(t *testing.T) {
	before := goleak.IgnoreCurrent()
	code, out, errs := command(t, assemble, "name: Acme", "check")
	require.Equal(t, 0, code, out+errs)
	require.Contains(t, out, "Acme is well")
	require.Contains(t, out, "2 modules: clientmanager, accountmanager\n")
	code, out, errs = command(t, assemble, "modules: {clientmanager: {run: process}}", "check")
	require.Equal(t, 0, code, out+errs)
	require.Contains(t, out, "clientmanager (a process of its own)")
	goleak.VerifyNone(t, before)
}

// What would keep a portal from being opened is seen without opening it, as far as no database is needed for that.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*stub)
		yaml  string
		says  []string
	}{
		"the configuration": {nil, "lisen: x\nid: A", []string{`unknown key "lisen"; did you mean "listen"?`, "is no id"}},
		"the composition": {func(m *stub) { m.says.Requires = []string{"cabinet.stock.v1.StockService"} }, "",
			[]string{"module doorman requires cabinet.stock.v1.StockService, which no module provides"}},
		"a service that is promised": {func(m *stub) { m.register = nil }, "", []string{"promises " + identity}},
		"a service that is not": {func(m *stub) {
			both := m.register
			m.register = func(r module.Registrar) {
				both(r)
				clientmanagerv1.RegisterProfileServiceServer(r, clientmanagerv1.UnimplementedProfileServiceServer{})
			}
		}, "", []string{"it registers cabinet.clientmanager.v1.ProfileService, which its manifest does not promise"}},
		"a module that asks its database when it is registered": {func(m *stub) {
			m.register = func(r module.Registrar) {
				_, _ = r.Host().Store.Exec(t.Context(), "select 1")
			}
		}, "", []string{"module doorman does more than bind services and handlers"}},
		"a screen of no method": {func(m *stub) {
			m.says.Screens = []module.Screen{{ID: "bell", Path: "/bell", Kind: module.List, Title: "x", Method: "/cabinet.bell.v1.BellService/ListBells"}}
		}, "", []string{"screen doorman.bell calls", "which no module provides"}},
		"a screen in the portal's place": {func(m *stub) {
			m.says.Screens = []module.Screen{{
				ID: "bell", Path: "/sign-in", Kind: module.Form, Title: "x", Submit: "x", Method: kernelv1.AccessService_ExplainAccess_FullMethodName,
				Sections: []module.Section{{Fields: []string{"method"}}},
			}}
		}, "", []string{"/sign-in, which the portal", "itself uses"}},
		"an event of no contract": {func(m *stub) { m.says.Publishes = []string{"cabinet.bell.v1.Rung"} }, "",
			[]string{"module doorman publishes cabinet.bell.v1.Rung"}},
		"an event with an address": {func(m *stub) { m.says.Publishes = []string{"cabinet.clientmanager.v1.Contact"} }, "",
			[]string{"cabinet.clientmanager.v1.Contact", "an event carries ids"}},
		"a program that is not there": {nil, "modules: {booking: {path: /nowhere/booking}}", []string{"module booking", "/nowhere/booking"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			m := doorman()
			if c.spoil != nil {
				c.spoil(m)
			}
			code, out, errs := command(t, of(m), c.yaml, "check")
			require.Equal(t, 1, code, out+errs)
			plain := strings.Join(strings.Fields(out), " ")
			for _, says := range c.says {
				require.Contains(t, plain, says)
			}
			goleak.VerifyNone(t, before)
		})
	}
}

// A program of its own is started, asked what it is, and ended.
func TestCheckOfAProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "booking")
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../plugins/booking/cmd/booking").CombinedOutput()
	require.NoError(t, err, string(said))
	code, out, errs := command(t, assemble, fmt.Sprintf("modules: {booking: {path: %q}}", program), "check", "--json")
	require.Equal(t, 0, code, out+errs)
	require.Contains(t, out, program)
	code, out, _ = command(t, assemble, fmt.Sprintf("modules: {booking: {path: %q}}", program), "doctor")
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "booking.BookingService")
	code, out, _ = command(t, assemble, fmt.Sprintf("modules: {booking: {path: %q, checksum: 'sha256:%064d'}}", program, 0), "check")
	require.Equal(t, 1, code)
	require.Contains(t, out, "checksum")
}

// A portal that runs is asked.
func TestDoctorOfAPortalThatRuns(t *testing.T) {
	p := launch(t, "plain", "DATABASE_URL="+database(t), "CABINET_DATA="+t.TempDir())
	p.until(t, "Ctrl-C")
	doctor := exec.CommandContext(t.Context(), os.Args[0], "doctor", "--json")
	doctor.Env, doctor.Dir = p.cmd.Env, p.cmd.Dir
	out, err := doctor.Output()
	require.NoError(t, err, string(out))
	var report struct {
		OK, Running bool
		Portal      struct{ PID int }
		Modules     []struct{ ID, State, Place string }
		Links       []struct{ Module, Kind, Name string }
	}
	require.NoError(t, json.Unmarshal(out, &report))
	require.True(t, report.OK && report.Running, string(out))
	require.Equal(t, p.cmd.Process.Pid, report.Portal.PID)
	require.Len(t, report.Modules, 3)
	for _, m := range report.Modules {
		require.Equal(t, "ready", m.State, m.ID)
	}
	require.NotEmpty(t, report.Links)

	p.kill(t) // which leaves control.json behind
	doctor = exec.CommandContext(t.Context(), os.Args[0], "doctor")
	doctor.Env, doctor.Dir = p.cmd.Env, p.cmd.Dir
	out, err = doctor.Output()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "does not run")
}
