package call_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// full has a field for staff at every place one can be: top, nested, repeated, in a map, in a oneof, recursive.
func full() *testpb.Note {
	money := func() *testpb.Money { return &testpb.Money{Amount: "10.00", Margin: "2.50"} }
	return &testpb.Note{
		Id: "1", Title: "Delivery", Remark: "pays late", Money: money(),
		Replies: []*testpb.Note{{Id: "2", Remark: "really", Replies: []*testpb.Note{{Id: "3", Money: money()}}}, {Id: "4"}},
		Amounts: map[string]*testpb.Money{"vat": money()},
		Due:     &testpb.Note_Paid{Paid: money()},
		Labels:  map[string]string{"remark": "is no field"},
	}
}

// public is full without the fields for staff.
func public() *testpb.Note {
	money := func() *testpb.Money { return &testpb.Money{Amount: "10.00"} }
	return &testpb.Note{
		Id: "1", Title: "Delivery", Money: money(),
		Replies: []*testpb.Note{{Id: "2", Replies: []*testpb.Note{{Id: "3", Money: money()}}}, {Id: "4"}},
		Amounts: map[string]*testpb.Money{"vat": money()},
		Due:     &testpb.Note_Paid{Paid: money()},
		Labels:  map[string]string{"remark": "is no field"},
	}
}

func requireEqual(t testing.TB, want, got proto.Message) {
	t.Helper()
	require.True(t, proto.Equal(want, got), "want %v\n got %v", want, got)
}

func TestFieldsForStaffInReplies(t *testing.T) {
	kept := full() // the provider's own, cached
	n := &notes{
		get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			return &testpb.GetNoteResponse{Note: kept}, nil
		},
		peek: func(context.Context, *testpb.PeekNoteRequest) (*testpb.PeekNoteResponse, error) {
			return &testpb.PeekNoteResponse{Note: kept}, nil
		},
		watch: func(_ *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			return s.Send(&testpb.WatchNotesResponse{Note: kept})
		},
	}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		for _, c := range []struct {
			who  access.Principal
			want *testpb.Note
		}{{reader, public()}, {manager, full()}, {access.AsKernel(), full()}, {access.AsModule("notes"), full()}} {
			got, err := p.notes.GetNote(as(t, c.who), &testpb.GetNoteRequest{})
			require.NoError(t, err)
			requireEqual(t, c.want, got.GetNote())
			peeked, err := p.notes.PeekNote(as(t, c.who), &testpb.PeekNoteRequest{})
			require.NoError(t, err)
			requireEqual(t, c.want, peeked.GetNote())
			stream, err := p.notes.WatchNotes(as(t, c.who), &testpb.WatchNotesRequest{})
			require.NoError(t, err)
			streamed, err := stream.Recv()
			require.NoError(t, err)
			requireEqual(t, c.want, streamed.GetNote())
			// A caller that brings its own descriptor, with no word of staff in it, sees no more.
			dynamic := dynamicpb.NewMessage(strangeCopy(t, "GetNoteResponse"))
			require.NoError(t, p.Invoke(as(t, c.who), testpb.NoteService_GetNote_FullMethodName, &testpb.GetNoteRequest{}, dynamic))
			back := &testpb.GetNoteResponse{}
			data, err := proto.Marshal(dynamic)
			require.NoError(t, err)
			require.NoError(t, proto.Unmarshal(data, back))
			requireEqual(t, c.want, back.GetNote())
		}
		requireEqual(t, full(), kept)
	})
}

func TestFieldsForStaffInRequests(t *testing.T) {
	var got *testpb.Note
	n := &notes{create: func(_ context.Context, r *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
		got = proto.CloneOf(r.GetNote())
		return &testpb.CreateNoteResponse{}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		_, err := p.notes.CreateNote(as(t, director), &testpb.CreateNoteRequest{Title: "x", Note: full()})
		found := fields(t, err)
		require.Len(t, found, 6)
		for _, path := range []string{
			"note.remark", "note.money.margin", "note.replies[0].remark", "note.replies[0].replies[0].money.margin",
			`note.amounts["vat"].margin`, "note.paid.margin",
		} {
			require.Contains(t, found, path)
		}
		require.Nil(t, got)

		dynamic := dynamicpb.NewMessage(strangeCopy(t, "CreateNoteRequest"))
		data, err := proto.Marshal(&testpb.CreateNoteRequest{Title: "x", Note: full()})
		require.NoError(t, err)
		require.NoError(t, proto.Unmarshal(data, dynamic))
		require.Len(t, fields(t, p.Invoke(as(t, director), testpb.NoteService_CreateNote_FullMethodName, dynamic, &testpb.CreateNoteResponse{})), 6)
		require.Nil(t, got)

		_, err = p.notes.CreateNote(as(t, director), &testpb.CreateNoteRequest{Title: "x", Note: public()})
		require.NoError(t, err)
		requireEqual(t, public(), got)
		_, err = p.notes.CreateNote(as(t, manager), &testpb.CreateNoteRequest{Title: "x", Note: full()})
		require.NoError(t, err)
		requireEqual(t, full(), got)

		stream, err := p.notes.Talk(as(t, reader))
		require.Error(t, err)
		require.Nil(t, stream)
	})
}
