//go:build unix

package plugin_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// things is the module that the tests start: it does what it is told, the bad things too.
type things struct {
	testpb.UnimplementedThingServiceServer
	neighbour testpb.NeighbourServiceClient
	stranger  testpb.StrangerServiceClient
	gates     testpb.GateServiceClient
	host      *module.Host
	kept      context.Context // of a call that has ended
	waiting   atomic.Int64    // calls that wait for their end
}

func newThings(conn grpc.ClientConnInterface) *things {
	return &things{neighbour: testpb.NewNeighbourServiceClient(conn), stranger: testpb.NewStrangerServiceClient(conn), gates: testpb.NewGateServiceClient(conn)}
}

// Manifest says what it is.
func (m *things) Manifest() module.Manifest {
	return module.Manifest{
		ID: cmp.Or(os.Getenv(envID), "things"), Provides: provided(), Requires: []string{"cabinet.plugintest.v1.NeighbourService"},
	}
}

// Register binds its service.
func (m *things) Register(r module.Registrar) {
	m.host = r.Host()
	if os.Getenv(envGates) == "" || os.Getenv(envID) == "" {
		testpb.RegisterThingServiceServer(r, m)
	}
	if os.Getenv(envGates) != "" {
		testpb.RegisterGateServiceServer(r, gate{id: m.host.ID})
	}
}

// provided are the module's contracts: with envGates it is a gate, and by another name nothing else.
func provided() []string {
	switch {
	case os.Getenv(envGates) == "":
		return []string{"cabinet.plugintest.v1.ThingService"}
	case os.Getenv(envID) == "":
		return []string{"cabinet.plugintest.v1.ThingService", gateService}
	}
	return []string{gateService}
}

const (
	envGates    = "THINGS_GATES"
	gateService = "cabinet.plugintest.v1.GateService"
)

// gate is one of several.
type gate struct {
	testpb.UnimplementedGateServiceServer
	id string
}

// OpenGate says who it takes its caller for.
func (g gate) OpenGate(ctx context.Context, _ *testpb.OpenGateRequest) (*testpb.OpenGateResponse, error) {
	who := access.From(ctx)
	return &testpb.OpenGateResponse{Provider: g.id, Kind: string(who.Kind), Via: who.Via, Reach: string(access.DecisionFrom(ctx).Reach)}, nil
}

// GetThing says who it takes its caller for.
func (m *things) GetThing(ctx context.Context, r *testpb.GetThingRequest) (*testpb.GetThingResponse, error) {
	who := access.From(ctx)
	_, deadline := ctx.Deadline()
	md, _ := metadata.FromIncomingContext(ctx)
	_ = grpc.SetHeader(ctx, metadata.Pairs("answer", "yes"))
	return &testpb.GetThingResponse{
		Text: r.GetText(), Kind: string(who.Kind), UserId: who.UserID, Roles: who.Roles, Via: who.Via,
		Reach: string(access.DecisionFrom(ctx).Reach), Pid: int64(os.Getpid()), HasDeadline: deadline, Header: fmt.Sprint(map[string][]string(md)),
	}, nil
}

// DoThing does what the test asks for.
func (m *things) DoThing(ctx context.Context, r *testpb.DoThingRequest) (*testpb.DoThingResponse, error) {
	switch r.GetWhat() {
	case "panic":
		panic("as asked")
	case "fail":
		return nil, fmt.Errorf("secret details of %s", os.Args[0])
	case "refuse":
		return nil, status.Error(codes.FailedPrecondition, "not today")
	case "exit":
		os.Exit(7)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "flood":
		line := bytes.Repeat([]byte("x"), 1000)
		line = append(line, '\n')
		for range r.GetNumber() {
			_, _ = syscall.Write(2, line)
		}
	case "big":
		return &testpb.DoThingResponse{Bytes: make([]byte, r.GetNumber())}, nil
	case "wait":
		m.waiting.Add(1)
		defer m.waiting.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	case "waiting":
		return &testpb.DoThingResponse{Number: m.waiting.Load()}, nil
	case "look at the end":
		_, cancel := context.WithCancel(ctx)
		cancel()
	case "neighbour":
		n, err := m.neighbour.GetNeighbour(ctx, &testpb.GetNeighbourRequest{Text: "there"})
		return &testpb.DoThingResponse{Text: fmt.Sprint(n.GetText(), " ", n.GetKind(), " ", n.GetUserId(), " ", strings.Join(n.GetVia(), ","))}, err
	case "self":
		n, err := m.neighbour.GetNeighbour(m.host.Self(ctx), &testpb.GetNeighbourRequest{Text: "there"})
		return &testpb.DoThingResponse{Text: fmt.Sprint(n.GetText(), " ", n.GetKind(), " ", strings.Join(n.GetVia(), ","))}, err
	case "stranger":
		_, err := m.stranger.GetStranger(ctx, &testpb.GetStrangerRequest{})
		return &testpb.DoThingResponse{}, err
	case "gate":
		to := ctx
		if r.GetText() != "" {
			to = call.To(ctx, r.GetText())
		}
		g, err := m.gates.OpenGate(to, &testpb.OpenGateRequest{})
		return &testpb.DoThingResponse{Text: fmt.Sprint(g.GetProvider(), " ", g.GetKind(), " ", strings.Join(g.GetVia(), ","), " ", g.GetReach())}, err
	case "providers":
		ids, err := m.host.Providers(ctx, gateService)
		return &testpb.DoThingResponse{Text: strings.Join(ids, ",")}, err
	case "forge":
		acting, err := proto.Marshal(&kernelv1.Acting{Kind: "staff", Roles: []string{"head"}, Reach: "all"})
		if err != nil {
			return nil, err
		}
		forged := metadata.AppendToOutgoingContext(ctx, "cabinet-acting-bin", string(acting))
		n, err := m.neighbour.GetNeighbour(forged, &testpb.GetNeighbourRequest{})
		return &testpb.DoThingResponse{Text: n.GetKind()}, err
	case "keep":
		m.kept = context.WithoutCancel(ctx)
	case "use kept":
		limit, cancel := context.WithTimeout(m.kept, 5*time.Second)
		defer cancel()
		_, err := m.neighbour.GetNeighbour(limit, &testpb.GetNeighbourRequest{})
		return &testpb.DoThingResponse{}, err
	case "environment":
		return &testpb.DoThingResponse{Text: strings.Join(os.Environ(), "\n")}, nil
	}
	return &testpb.DoThingResponse{Text: "done"}, nil
}

// EchoThings sends back what it is sent.
func (m *things) EchoThings(stream grpc.BidiStreamingServer[testpb.EchoThingsRequest, testpb.EchoThingsResponse]) error {
	for {
		in, err := stream.Recv()
		if err != nil {
			return nil //nolint:nilerr // the end
		}
		if err := stream.Send(&testpb.EchoThingsResponse{Text: in.GetText() + " for " + access.From(stream.Context()).Name}); err != nil {
			return err
		}
	}
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
