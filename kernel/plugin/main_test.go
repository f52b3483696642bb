//go:build unix

package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
	"github.com/opencabinet/cabinet/kernel/serve"
)

// The test binary is the program that is started: what it does then says envMode.
const envMode = "THINGS_MODE"

// envID is another name than "things" for the module.
const envID = "THINGS_ID"

func TestMain(m *testing.M) {
	switch mode := os.Getenv(envMode); {
	case mode == "crash":
		fmt.Fprintln(os.Stderr, "this program ends at once")
		os.Exit(3)
	case mode == "mute":
		time.Sleep(time.Hour) //nolint:forbidigo // that is what it is for
	case mode == "chatter":
		fmt.Println("Hello, I am no plugin at all")
		time.Sleep(time.Hour) //nolint:forbidigo // that is what it is for
	case mode == modeNetRPC:
		serveNetRPC()
	case mode == modePing, mode == modeGRPC:
		beside(mode)
	case mode == "portal":
		portal()
	case strings.HasPrefix(mode, "lie"):
		lie(strings.TrimPrefix(mode, "lie:"))
	case serve.Asked():
		serve.Plugin(newThings)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// world is a router with a neighbour in the portal's process, and a host for processes.
type world struct {
	router *call.Router
	host   *plugin.Host
	log    *logBuffer
}

// quick has no patience, so that tests have none to need.
var quick = plugin.Timing{
	Start: 5 * time.Second, Open: 5 * time.Second, Health: 50 * time.Millisecond, Answer: time.Second, Silent: 3, Proof: time.Minute,
	First: time.Millisecond, Most: 20 * time.Millisecond, Kill: 500 * time.Millisecond,
}

func newWorld(t testing.TB, timing plugin.Timing) *world {
	t.Helper()
	return newWorldOver(t, timing, false)
}

// overBoth runs a test with calls as they go by default, and with all of them over gRPC.
func overBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, grpcOnly := range map[string]bool{"direct": false, "grpc": true} {
		t.Run(name, func(t *testing.T) { test(t, newWorldOver(t, quick, grpcOnly)) })
	}
}

func newWorldOver(t testing.TB, timing plugin.Timing, grpcOnly bool) *world {
	t.Helper()
	permissions := []access.Permission{}
	for _, name := range []string{"things.things.read", "things.things.do"} {
		permissions = append(permissions, access.Permission{Name: name, Presets: map[string]access.Reach{"client": access.Granted, "head": access.All}})
	}
	policy, err := access.NewPolicy([]access.Role{{ID: "client", Base: true}, {ID: "head", Staff: true}}, permissions, nil)
	require.NoError(t, err)
	w := &world{log: &logBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.router = call.New(call.Options{Policy: policy, Log: log})
	testpb.RegisterNeighbourServiceServer(w.router.For("neighbour", []string{}), neighbour{})
	testpb.RegisterStrangerServiceServer(w.router.For("stranger", []string{}), testpb.UnimplementedStrangerServiceServer{})
	w.router.Install(nil, map[string][]string{"things": {"cabinet.plugintest.v1.NeighbourService"}})
	w.host, err = plugin.NewHost(plugin.HostConfig{
		Router: w.router, Log: log, Timing: timing, GRPCOnly: grpcOnly,
		SignRows: func(context.Context, string) (string, time.Time, error) {
			return "signed", time.Now().Add(time.Hour), nil
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		require.NoError(t, w.host.Close(ctx))
	})
	return w
}

func spec(mode string) plugin.Spec {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return plugin.Spec{ID: "things", Path: program, Env: []string{envMode + "=" + mode}}
}

// start starts the module in its process and opens it.
func (w *world) start(t testing.TB, mode string) *plugin.Process {
	t.Helper()
	p, err := w.host.Start(t.Context(), spec(mode))
	require.NoError(t, err)
	w.open(t, p)
	require.NoError(t, p.Register(w.router))
	require.NoError(t, w.router.Err())
	return p
}

func (w *world) open(t testing.TB, p *plugin.Process) {
	t.Helper()
	require.NoError(t, w.lend(t, p))
}

func (w *world) lend(t testing.TB, p *plugin.Process) error {
	t.Helper()
	policy, err := json.Marshal(&access.Policy{})
	require.NoError(t, err)
	return p.Open(t.Context(), plugin.Lend{Request: &kernelv1.OpenRequest{
		TimeZone: "Europe/Kyiv", Policy: policy, Key: make([]byte, 32),
	}})
}

func (w *world) things() testpb.ThingServiceClient { return testpb.NewThingServiceClient(w.router) }

// asContact is a context in which a contact of a client acts.
func asContact(ctx context.Context) context.Context {
	return access.With(ctx, access.Principal{
		Kind: access.Contact, UserID: "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f", Name: "Lesia", Roles: []string{"client"}, ActingFor: "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e20",
	})
}

// wait waits until the process is in a state, and returns why it is.
func wait(t testing.TB, p *plugin.Process, state plugin.State) plugin.Status {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		changed := p.Changed()
		if s := p.Status(); s.State == state {
			return s
		}
		select {
		case <-changed:
		case <-limit.C:
			require.FailNow(t, "the state did not come", "wanted %s, is %+v", state, p.Status())
		}
	}
}

// restarted waits until the process was started anew, and is ready.
func restarted(t testing.TB, p *plugin.Process) plugin.Status {
	t.Helper()
	for {
		changed := p.Changed()
		if s := p.Status(); s.Restarts > 0 && s.State == plugin.Ready {
			return s
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			require.FailNow(t, "it was not started anew", "it is %+v", p.Status())
		}
	}
}

// portal is a program with a module's process, to be killed.
func portal() {
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	host, err := plugin.NewHost(plugin.HostConfig{
		Router: call.New(call.Options{Log: log}), Log: log,
		SignRows: func(context.Context, string) (string, time.Time, error) { return "", time.Time{}, nil },
	})
	if err != nil {
		panic(err)
	}
	p, err := host.Start(ctx, spec(""))
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Status().PID)
	select {}
}

// neighbour says who it takes its caller for.
type neighbour struct {
	testpb.UnimplementedNeighbourServiceServer
}

func (neighbour) GetNeighbour(ctx context.Context, r *testpb.GetNeighbourRequest) (*testpb.GetNeighbourResponse, error) {
	who := access.From(ctx)
	return &testpb.GetNeighbourResponse{Text: "hello " + r.GetText(), Kind: string(who.Kind), UserId: who.UserID, Via: who.Via}, nil
}

var _ grpc.ClientConnInterface = (*call.Router)(nil)
