package call_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mode is a way to run the provider. What holds in one must hold in all: the tests of parity_test.go run in each.
type mode struct {
	name string
	// start returns a router on which module "notes" provides NoteService and module "echo" EchoService.
	start func(t *testing.T, o call.Options, notes *notes, echo *echo) *call.Router
}

var modes = []mode{{name: "in-process", start: inProcess}}

func inProcess(t *testing.T, o call.Options, n *notes, e *echo) *call.Router {
	r := call.New(o)
	testpb.RegisterNoteServiceServer(r.For("notes", nil), n)
	testpb.RegisterEchoServiceServer(r.For("echo", nil), e)
	r.Install(policy(t), map[string][]string{"notes": {testpb.EchoService_ServiceDesc.ServiceName}})
	require.NoError(t, r.Err())
	return r
}

// inEachMode runs a test once a mode.
func inEachMode(t *testing.T, o call.Options, n *notes, test func(t *testing.T, p portal)) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			log := &safeBuffer{}
			if o.Log == nil {
				o.Log = slog.New(slog.NewTextHandler(log, nil))
			}
			e := &echo{}
			r := m.start(t, o, n, e)
			test(t, portal{Router: r, notes: testpb.NewNoteServiceClient(r), echo: testpb.NewEchoServiceClient(r), log: log})
		})
	}
}

type portal struct {
	*call.Router
	notes testpb.NoteServiceClient
	echo  testpb.EchoServiceClient
	log   *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func policy(t testing.TB) *access.Policy {
	p, err := access.NewPolicy(
		[]access.Role{{ID: "client", Base: true}, {ID: "client.director"}, {ID: "manager", Staff: true}, {ID: "head", Staff: true}},
		[]access.Permission{
			{Name: "calltest.notes.read", Presets: map[string]access.Reach{"client": access.Granted, "manager": access.Granted, "head": access.All}},
			{Name: "calltest.notes.write", Presets: map[string]access.Reach{"client.director": access.Granted, "manager": access.Granted, "head": access.All}},
			{Name: "calltest.notes.forget", Presets: map[string]access.Reach{"head": access.All}},
			{Name: "calltest.notes.reveal", Presets: map[string]access.Reach{"head": access.All}},
		}, nil)
	require.NoError(t, err)
	return p
}

var (
	director = access.Principal{Kind: access.Contact, UserID: "u1", Roles: []string{"client", "client.director"}, ActingFor: "c1"}
	reader   = access.Principal{Kind: access.Contact, UserID: "u2", Roles: []string{"client"}, ActingFor: "c1"}
	manager  = access.Principal{Kind: access.Staff, UserID: "u3", Roles: []string{"manager"}}
	head     = access.Principal{Kind: access.Staff, UserID: "u4", Roles: []string{"head"}}
)

func as(t testing.TB, p access.Principal) context.Context { return access.With(t.Context(), p) }

// notes is a provider whose methods a test sets.
type notes struct {
	testpb.UnimplementedNoteServiceServer
	ping   func(context.Context, *testpb.PingRequest) (*testpb.PingResponse, error)
	mine   func(context.Context, *testpb.GetMineRequest) (*testpb.GetMineResponse, error)
	get    func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error)
	peek   func(context.Context, *testpb.PeekNoteRequest) (*testpb.PeekNoteResponse, error)
	create func(context.Context, *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error)
	sweep  func(context.Context, *testpb.SweepRequest) (*testpb.SweepResponse, error)
	watch  func(*testpb.WatchNotesRequest, grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error
	upload func(grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) error
	talk   func(grpc.BidiStreamingServer[testpb.TalkRequest, testpb.TalkResponse]) error
}

func (n *notes) Ping(ctx context.Context, r *testpb.PingRequest) (*testpb.PingResponse, error) {
	return n.ping(ctx, r)
}
func (n *notes) GetMine(ctx context.Context, r *testpb.GetMineRequest) (*testpb.GetMineResponse, error) {
	return n.mine(ctx, r)
}
func (n *notes) GetNote(ctx context.Context, r *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
	return n.get(ctx, r)
}
func (n *notes) PeekNote(ctx context.Context, r *testpb.PeekNoteRequest) (*testpb.PeekNoteResponse, error) {
	return n.peek(ctx, r)
}
func (n *notes) CreateNote(ctx context.Context, r *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
	return n.create(ctx, r)
}
func (n *notes) Sweep(ctx context.Context, r *testpb.SweepRequest) (*testpb.SweepResponse, error) {
	return n.sweep(ctx, r)
}
func (n *notes) WatchNotes(r *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
	return n.watch(r, s)
}
func (n *notes) UploadNotes(s grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) error {
	return n.upload(s)
}
func (n *notes) Talk(s grpc.BidiStreamingServer[testpb.TalkRequest, testpb.TalkResponse]) error {
	return n.talk(s)
}

// echo answers with the text and with the modules the call came through.
type echo struct {
	testpb.UnimplementedEchoServiceServer
}

func (e *echo) Echo(ctx context.Context, r *testpb.EchoRequest) (*testpb.EchoResponse, error) {
	return &testpb.EchoResponse{Text: r.GetText(), Via: access.From(ctx).Via}, nil
}

func requireCode(t testing.TB, want codes.Code, err error) *status.Status {
	t.Helper()
	s, ok := status.FromError(err)
	require.True(t, ok, "not a status: %v", err)
	require.Equal(t, want, s.Code(), s.Message())
	return s
}

func detail[T any](t testing.TB, s *status.Status) T {
	t.Helper()
	for _, d := range s.Details() {
		if found, ok := d.(T); ok {
			return found
		}
	}
	var none T
	require.Failf(t, "no such detail", "%T in %v", none, s.Details())
	return none
}

func requireRefusal(t testing.TB, code codes.Code, reason access.Refusal, err error) {
	t.Helper()
	info := detail[*errdetails.ErrorInfo](t, requireCode(t, code, err))
	require.Equal(t, "cabinet", info.GetDomain())
	require.Equal(t, string(reason), info.GetReason())
}

func fields(t testing.TB, err error) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, v := range detail[*errdetails.BadRequest](t, requireCode(t, codes.InvalidArgument, err)).GetFieldViolations() {
		found[v.GetField()] = v.GetDescription()
	}
	return found
}
