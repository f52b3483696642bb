package call_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// strangeCopy is the descriptor of a test message as another program would have built it: equal, not identical, and
// without any option.
func strangeCopy(t testing.TB, name protoreflect.Name) protoreflect.MessageDescriptor {
	file := protodesc.ToFileDescriptorProto(testpb.File_kernel_call_internal_testpb_notes_proto)
	for _, m := range file.GetMessageType() {
		m.Options = nil
		for _, f := range m.GetField() {
			f.Options = nil
		}
	}
	built, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	require.NoError(t, err)
	return built.Messages().ByName(name)
}

// Run with -race: a provider that answers every caller with the same cached message, and callers that write into what
// they were given, must not meet.
func TestACachedReplyIsSharedWithNobody(t *testing.T) {
	cached := &testpb.GetNoteResponse{Note: full()}
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) { return cached, nil }}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				who := manager
				if i%2 == 0 {
					who = reader
				}
				for range 20 {
					got, err := p.notes.GetNote(as(t, who), &testpb.GetNoteRequest{})
					if err != nil || got.GetNote().GetTitle() != "Delivery" || got.GetNote().GetAmounts()["vat"].GetAmount() != "10.00" {
						t.Errorf("got %v, %v", got, err)
					}
					got.Note.Title = strconv.Itoa(i)
					got.Note.Replies[0].Id = strconv.Itoa(i)
					got.Note.Amounts["vat"].Amount = strconv.Itoa(i)
					got.Note.Labels["remark"] = strconv.Itoa(i)
				}
			})
		}
		wait.Wait()
		requireEqual(t, full(), cached.GetNote())
	})
}

// Run with -race: a provider may keep what it was sent, whatever its caller does with it afterwards.
func TestARequestIsItsProvidersOwn(t *testing.T) {
	var mu sync.Mutex
	var kept []*testpb.Note
	n := &notes{create: func(_ context.Context, r *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, r.GetNote())
		for _, note := range kept {
			note.Revision++
			note.Replies[0].Revision++
		}
		return &testpb.CreateNoteResponse{Note: proto.CloneOf(r.GetNote())}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				request := &testpb.CreateNoteRequest{Title: "x", Note: full()}
				for range 8 {
					reply, err := p.notes.CreateNote(as(t, head), request)
					if err != nil {
						t.Error(err)
						return
					}
					request.Note.Title += "!"
					request.Note.Replies[0].Title += "!"
					reply.Note.Replies[0].Title += "?"
				}
			})
		}
		wait.Wait()
		for _, note := range kept {
			require.NotContains(t, note.GetReplies()[0].GetTitle(), "?")
		}
	})
}

func TestImmutableMethodsShare(t *testing.T) {
	var got *testpb.PeekNoteRequest
	answer := &testpb.PeekNoteResponse{Note: full()}
	n := &notes{peek: func(_ context.Context, r *testpb.PeekNoteRequest) (*testpb.PeekNoteResponse, error) {
		got = r
		return answer, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		request := &testpb.PeekNoteRequest{Note: full()}
		request.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 1})
		answer.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 2})
		reply, err := p.notes.PeekNote(as(t, head), request)
		require.NoError(t, err)
		require.Same(t, request, got)
		require.Same(t, answer.GetNote(), reply.GetNote())
		requireEqual(t, answer, reply)
		require.NotSame(t, answer, reply)

		// A reply of another type is filled as well, and none at all is an empty one.
		other := dynamicpb.NewMessage(strangeCopy(t, "PeekNoteResponse"))
		require.NoError(t, p.Invoke(as(t, head), testpb.NoteService_PeekNote_FullMethodName, request, other))
		require.Equal(t, proto.Size(answer), proto.Size(other))
		kept := answer
		answer = nil
		reply, err = p.notes.PeekNote(as(t, head), request)
		require.NoError(t, err)
		requireEqual(t, &testpb.PeekNoteResponse{}, reply)
		answer = kept

		// Types that differ cannot be shared; they go through bytes.
		dynamic := dynamicpb.NewMessage(strangeCopy(t, "PeekNoteRequest"))
		data, err := proto.Marshal(request)
		require.NoError(t, err)
		require.NoError(t, proto.Unmarshal(data, dynamic))
		require.NoError(t, p.Invoke(as(t, head), testpb.NoteService_PeekNote_FullMethodName, dynamic, reply))
		requireEqual(t, request, got)
	})
}

func TestAReplyIsReplacedNotAddedTo(t *testing.T) {
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		return &testpb.GetNoteResponse{Note: &testpb.Note{Tags: []string{"b"}}}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		reply := &testpb.GetNoteResponse{Note: &testpb.Note{Id: "old", Tags: []string{"a"}}}
		require.NoError(t, p.Invoke(as(t, head), testpb.NoteService_GetNote_FullMethodName, &testpb.GetNoteRequest{}, reply))
		requireEqual(t, &testpb.Note{Tags: []string{"b"}}, reply.GetNote())
	})
}

func TestMessagesOfAnotherName(t *testing.T) {
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		return &testpb.GetNoteResponse{}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		name := testpb.NoteService_GetNote_FullMethodName
		requireCode(t, codes.Internal, p.Invoke(as(t, head), name, &testpb.PingRequest{}, &testpb.GetNoteResponse{}))
		requireCode(t, codes.Internal, p.Invoke(as(t, head), name, &testpb.GetNoteRequest{}, &testpb.PingResponse{}))
		requireCode(t, codes.Internal, p.Invoke(as(t, head), name, "text", &testpb.GetNoteResponse{}))
		requireCode(t, codes.Internal, p.Invoke(as(t, head), name, &testpb.GetNoteRequest{}, nil))
	})
}
