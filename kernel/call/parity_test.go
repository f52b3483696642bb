package call_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

func TestDecisionAndPrincipalReachTheProvider(t *testing.T) {
	var got access.Principal
	var decision access.Decision
	n := &notes{get: func(ctx context.Context, r *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		got, decision = access.From(ctx), access.DecisionFrom(ctx)
		return &testpb.GetNoteResponse{Note: &testpb.Note{Id: r.GetId()}}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		reply, err := p.notes.GetNote(as(t, manager), &testpb.GetNoteRequest{Id: "7"})
		require.NoError(t, err)
		require.Equal(t, "7", reply.GetNote().GetId())
		want := manager
		want.Via = []string{"notes"}
		require.Equal(t, want, got)
		require.Equal(t, access.Decision{
			Allowed: true, Reach: access.Granted, Method: testpb.NoteService_GetNote_FullMethodName,
			Permission: "calltest.notes.read", Role: "manager",
		}, decision)
	})
}

func TestWhoIsRefused(t *testing.T) {
	inEachMode(t, call.Options{}, &notes{}, func(t *testing.T, p portal) {
		lost := reader
		lost.ActingFor = ""
		for name, c := range map[string]struct {
			who    access.Principal
			call   func(context.Context) error
			code   codes.Code
			reason access.Refusal
		}{
			"nobody":                 {access.Principal{}, p.get, codes.Unauthenticated, access.NotSignedIn},
			"no permission":          {reader, p.create, codes.PermissionDenied, access.NotPermitted},
			"acts for no client":     {lost, p.get, codes.PermissionDenied, access.NoClient},
			"contact calls staff's":  {director, p.forget, codes.PermissionDenied, access.NotForContact},
			"head calls kernel's":    {head, p.sweep, codes.PermissionDenied, access.NotForUsers},
			"module calls kernel's":  {access.AsModule("notes"), p.sweep, codes.PermissionDenied, access.NotForUsers},
			"module without a right": {access.AsModule("echo"), p.get, codes.PermissionDenied, access.NotRequired},
			"module nobody knows":    {access.AsModule("stranger"), p.get, codes.PermissionDenied, access.NotRequired},
			"module without a name":  {access.AsModule(""), p.get, codes.PermissionDenied, access.NotRequired},
			"stream":                 {reader, p.talk, codes.PermissionDenied, access.NotPermitted},
		} {
			t.Run(name, func(t *testing.T) { requireRefusal(t, c.code, c.reason, c.call(as(t, c.who))) })
		}
	})
}

func (p portal) get(ctx context.Context) error {
	_, err := p.notes.GetNote(ctx, &testpb.GetNoteRequest{})
	return err
}

func (p portal) create(ctx context.Context) error {
	_, err := p.notes.CreateNote(ctx, &testpb.CreateNoteRequest{Title: "x"})
	return err
}

func (p portal) forget(ctx context.Context) error {
	_, err := p.notes.ForgetNote(ctx, &testpb.ForgetNoteRequest{})
	return err
}

func (p portal) sweep(ctx context.Context) error {
	_, err := p.notes.Sweep(ctx, &testpb.SweepRequest{})
	return err
}

func (p portal) talk(ctx context.Context) error {
	_, err := p.notes.Talk(ctx)
	return err
}

func TestErrorsBecomeStatuses(t *testing.T) {
	var give error
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		return nil, give
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		for name, c := range map[string]struct {
			give error
			code codes.Code
			text string
		}{
			"a status":         {status.Error(codes.NotFound, "no note 7"), codes.NotFound, "no note 7"},
			"a wrapped status": {fmt.Errorf("read row 12: %w", status.Error(codes.Aborted, "changed meanwhile")), codes.Aborted, "changed meanwhile"},
			"context ended":    {fmt.Errorf("ask the bank: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "context deadline exceeded"},
			"cancelled":        {context.Canceled, codes.Canceled, "context canceled"},
		} {
			t.Run(name, func(t *testing.T) {
				give = c.give
				s := requireCode(t, c.code, p.get(as(t, head)))
				require.Equal(t, c.text, s.Message())
			})
		}
		t.Run("any other is logged and not shown", func(t *testing.T) {
			give = fmt.Errorf("select secret_column: %w", sql.ErrNoRows)
			s := requireCode(t, codes.Internal, p.get(as(t, head)))
			reference, ok := strings.CutPrefix(s.Message(), "internal error, reference ")
			require.True(t, ok, s.Message())
			require.Len(t, reference, 12)
			require.Contains(t, p.log.String(), reference)
			require.Contains(t, p.log.String(), "secret_column")
		})
		t.Run("no reply and no error", func(t *testing.T) {
			give = nil
			// A nil message is an empty one on the wire.
			require.NoError(t, p.get(as(t, head)))
		})
	})
}

func TestPanicsAreContained(t *testing.T) {
	n := &notes{
		get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			panic("the till is open")
		},
		watch: func(*testpb.WatchNotesRequest, grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			panic("the door too")
		},
	}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		s := requireCode(t, codes.Internal, p.get(as(t, head)))
		require.NotContains(t, s.Message(), "till")
		require.Contains(t, p.log.String(), "the till is open")
		require.Contains(t, p.log.String(), "parity_test.go", "the stack tells where")
		stream, err := p.notes.WatchNotes(as(t, head), &testpb.WatchNotesRequest{})
		require.NoError(t, err)
		_, err = stream.Recv()
		requireCode(t, codes.Internal, err)
		require.Contains(t, p.log.String(), "the door too")
	})
}

func TestDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		caller time.Duration
		want   time.Duration
		call   func(portal, context.Context) error
	}{
		"the kernel's when none says": {0, 30 * time.Second, portal.get},
		"the method's before it":      {0, 5 * time.Second, portal.create},
		"the caller's, shorter":       {time.Second, time.Second, portal.get},
		"the caller's, longer":        {time.Minute, time.Minute, portal.create},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
				n := &notes{
					get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
						return nil, wait(ctx)
					},
					create: func(ctx context.Context, _ *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
						return nil, wait(ctx)
					},
				}
				r := inProcess(t, call.Options{}, n, &echo{})
				p := portal{notes: testpb.NewNoteServiceClient(r)}
				ctx := as(t, head)
				if c.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.caller)
					defer cancel()
				}
				began := time.Now()
				requireCode(t, codes.DeadlineExceeded, c.call(p, ctx))
				require.Equal(t, c.want, time.Since(began))
			})
		})
	}
}

func TestALateAnswerIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			<-ctx.Done()
			return &testpb.GetNoteResponse{Note: &testpb.Note{Id: "late"}}, nil
		}}
		r := inProcess(t, call.Options{}, n, &echo{})
		requireCode(t, codes.DeadlineExceeded, portal{notes: testpb.NewNoteServiceClient(r)}.get(as(t, head)))
	})
}

func TestCancellation(t *testing.T) {
	begun := make(chan struct{}, 1)
	n := &notes{get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, errors.New("canceling statement due to user request")
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		ctx, cancel := context.WithCancel(as(t, head))
		go func() { <-begun; cancel() }()
		requireCode(t, codes.Canceled, p.get(ctx))
		requireCode(t, codes.Canceled, p.get(ctx)) // and one that has ended already does not begin
		require.Empty(t, begun)
	})
}

func TestMetadata(t *testing.T) {
	type key struct{}
	n := &notes{get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		in, ok := metadata.FromIncomingContext(ctx)
		require.True(t, ok)
		require.Equal(t, []string{"a", "b"}, in.Get("x-trail"))
		require.Empty(t, in.Get("cabinet-principal"))
		require.Empty(t, in.Get("grpc-timeout"))
		out, _ := metadata.FromOutgoingContext(ctx)
		require.Empty(t, out)
		require.Nil(t, ctx.Value(key{}), "a caller's values do not leak")
		method, _ := grpc.Method(ctx)
		require.Equal(t, testpb.NoteService_GetNote_FullMethodName, method)
		require.NoError(t, grpc.SetHeader(ctx, metadata.Pairs("x-head", "1")))
		require.NoError(t, grpc.SendHeader(ctx, metadata.Pairs("x-head", "2")))
		require.Error(t, grpc.SetHeader(ctx, metadata.Pairs("x-head", "3")))
		require.NoError(t, grpc.SetTrailer(ctx, metadata.Pairs("x-tail", "4")))
		return &testpb.GetNoteResponse{}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		ctx := metadata.AppendToOutgoingContext(context.WithValue(as(t, head), key{}, "secret"),
			"x-trail", "a", "x-trail", "b", "cabinet-principal", "head", "grpc-timeout", "1S")
		ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("x-trail", "of the caller's own caller"))
		var header, trailer metadata.MD
		_, err := p.notes.GetNote(ctx, &testpb.GetNoteRequest{}, grpc.Header(&header), grpc.Trailer(&trailer))
		require.NoError(t, err)
		require.Equal(t, []string{"1", "2"}, header.Get("x-head"))
		require.Equal(t, []string{"4"}, trailer.Get("x-tail"))
	})
}

func TestSizes(t *testing.T) {
	n := &notes{
		get: func(_ context.Context, r *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			return &testpb.GetNoteResponse{Note: &testpb.Note{Text: strings.Repeat("x", int(r.GetReplyBytes()))}}, nil
		},
		create: func(context.Context, *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
			return &testpb.CreateNoteResponse{}, nil
		},
	}
	inEachMode(t, call.Options{MaxMessageBytes: 1000}, n, func(t *testing.T, p portal) {
		_, err := p.notes.GetNote(as(t, head), &testpb.GetNoteRequest{ReplyBytes: 900})
		require.NoError(t, err)
		_, err = p.notes.GetNote(as(t, head), &testpb.GetNoteRequest{ReplyBytes: 1000})
		requireCode(t, codes.ResourceExhausted, err)
		_, err = p.notes.GetNote(as(t, head), &testpb.GetNoteRequest{ReplyBytes: 900}, grpc.MaxCallRecvMsgSize(500))
		requireCode(t, codes.ResourceExhausted, err)
		_, err = p.notes.CreateNote(as(t, head), &testpb.CreateNoteRequest{Title: "x", Note: &testpb.Note{Text: strings.Repeat("x", 1000)}})
		s := requireCode(t, codes.ResourceExhausted, err)
		require.Contains(t, s.Message(), "limit of 1000 bytes")
	})
}

func TestConstraintsNameEveryField(t *testing.T) {
	inEachMode(t, call.Options{}, &notes{}, func(t *testing.T, p portal) {
		_, err := p.notes.CreateNote(as(t, head), &testpb.CreateNoteRequest{Lines: []*testpb.Line{{Count: 1}, {Count: -1}}})
		found := fields(t, err)
		require.Len(t, found, 2)
		require.Contains(t, found["title"], "at least 1")
		require.Contains(t, found["lines[1].count"], "greater than or equal to 0")
	})
}

func TestNobodyProvides(t *testing.T) {
	inEachMode(t, call.Options{}, &notes{}, func(t *testing.T, p portal) {
		s := requireCode(t, codes.Unimplemented, p.Invoke(as(t, head), "/cabinet.none.v1.NoneService/Get", &testpb.PingRequest{}, &testpb.PingResponse{}))
		require.Equal(t, "no module of this portal provides cabinet.none.v1.NoneService", s.Message())
		s = requireCode(t, codes.Unimplemented, p.Invoke(as(t, head), "/cabinet.calltest.v1.NoteService/Fly", &testpb.PingRequest{}, &testpb.PingResponse{}))
		require.Equal(t, "cabinet.calltest.v1.NoteService has no method Fly", s.Message())
		requireCode(t, codes.Unimplemented, p.Invoke(as(t, head), "nonsense", &testpb.PingRequest{}, &testpb.PingResponse{}))
		require.True(t, p.Provides("cabinet.calltest.v1.NoteService"))
		require.False(t, p.Provides("cabinet.none.v1.NoneService"))
		// A method of the one kind called as the other.
		requireCode(t, codes.Unimplemented, p.Invoke(as(t, head), testpb.NoteService_Talk_FullMethodName, &testpb.TalkRequest{}, &testpb.TalkResponse{}))
		_, err := p.NewStream(as(t, head), &grpc.StreamDesc{}, testpb.NoteService_GetNote_FullMethodName)
		requireCode(t, codes.Unimplemented, err)
	})
}

func TestNeverInsideATransaction(t *testing.T) {
	inEachMode(t, call.Options{}, &notes{}, func(t *testing.T, p portal) {
		s := requireCode(t, codes.FailedPrecondition, p.get(access.WithTx(as(t, head))))
		require.Contains(t, s.Message(), "never call another module while holding a transaction")
		requireCode(t, codes.FailedPrecondition, p.talk(access.WithTx(as(t, head))))
	})
}
