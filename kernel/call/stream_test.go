package call_test

import (
	"context"
	"errors"
	"io"
	"strconv"
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

func TestServerStream(t *testing.T) {
	n := &notes{watch: func(r *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
		if err := s.SetHeader(metadata.Pairs("x-head", "1")); err != nil {
			return err
		}
		s.SetTrailer(metadata.Pairs("x-tail", "2"))
		reply := &testpb.WatchNotesResponse{Note: &testpb.Note{Tags: access.From(s.Context()).Via}}
		for i := range r.GetCount() {
			reply.Note.Revision = int64(i) // the same message each time: what was sent is a copy
			if err := s.Send(reply); err != nil {
				return err
			}
		}
		return status.Error(codes.OutOfRange, "no more")
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		stream, err := p.notes.WatchNotes(as(t, reader), &testpb.WatchNotesRequest{Count: 100})
		require.NoError(t, err)
		header, err := stream.Header()
		require.NoError(t, err)
		require.Equal(t, []string{"1"}, header.Get("x-head"))
		for i := range 100 {
			got, err := stream.Recv()
			require.NoError(t, err)
			require.EqualValues(t, i, got.GetNote().GetRevision())
			require.Equal(t, []string{"notes"}, got.GetNote().GetTags())
		}
		for range 2 { // the end stays the end
			_, err = stream.Recv()
			requireCode(t, codes.OutOfRange, err)
		}
		require.Equal(t, []string{"2"}, stream.Trailer().Get("x-tail"))
	})
}

func upload(s grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) ([]string, error) {
	var titles []string
	for {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return titles, nil
		}
		if err != nil {
			return titles, err
		}
		titles = append(titles, m.GetTitle())
	}
}

func TestClientStream(t *testing.T) {
	complete := make(chan bool, 1)
	n := &notes{upload: func(s grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) error {
		titles, err := upload(s)
		complete <- err == nil
		if err != nil {
			return err
		}
		return s.SendAndClose(&testpb.UploadNotesResponse{Titles: titles})
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		stream, err := p.notes.UploadNotes(as(t, director))
		require.NoError(t, err)
		request := &testpb.UploadNotesRequest{}
		var want []string
		for i := range 40 {
			request.Title = strconv.Itoa(i) // one message, changed after each send
			want = append(want, request.Title)
			require.NoError(t, stream.Send(request))
		}
		reply, err := stream.CloseAndRecv()
		require.NoError(t, err)
		require.Equal(t, want, reply.GetTitles())
		require.True(t, <-complete)

		for name, bad := range map[string]*testpb.UploadNotesRequest{
			"title":       {},
			"note.remark": {Title: "x", Note: &testpb.Note{Remark: "for staff"}},
		} {
			stream, err = p.notes.UploadNotes(as(t, director))
			require.NoError(t, err)
			require.NoError(t, stream.Send(&testpb.UploadNotesRequest{Title: "good"}))
			require.Contains(t, fields(t, stream.Send(bad)), name)
			_, err = stream.CloseAndRecv()
			requireCode(t, codes.InvalidArgument, err)
			require.False(t, <-complete, "an upload broken off must not look complete to its provider")
		}
	})
}

func TestBothStream(t *testing.T) {
	n := &notes{talk: func(s grpc.BidiStreamingServer[testpb.TalkRequest, testpb.TalkResponse]) error {
		for {
			m, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.Send(&testpb.TalkResponse{Text: "you said " + m.GetText()}); err != nil {
				return err
			}
		}
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		stream, err := p.notes.Talk(as(t, director))
		require.NoError(t, err)
		for _, text := range []string{"a", "b"} {
			require.NoError(t, stream.Send(&testpb.TalkRequest{Text: text}))
			got, err := stream.Recv()
			require.NoError(t, err)
			require.Equal(t, "you said "+text, got.GetText())
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.ErrorIs(t, err, io.EOF)
		requireCode(t, codes.Internal, stream.Send(&testpb.TalkRequest{}))
	})
}

func TestStreamsEnd(t *testing.T) {
	ended := make(chan error, 1)
	n := &notes{
		watch: func(_ *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			for { // far more than fits: it waits for a reader who is gone
				if err := s.Send(&testpb.WatchNotesResponse{}); err != nil {
					ended <- err
					return err
				}
			}
		},
		talk: func(grpc.BidiStreamingServer[testpb.TalkRequest, testpb.TalkResponse]) error {
			return status.Error(codes.Aborted, "not today")
		},
		upload: func(grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) error {
			return nil
		},
	}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		t.Run("when the caller cancels", func(t *testing.T) {
			ctx, cancel := context.WithCancel(as(t, head))
			stream, err := p.notes.WatchNotes(ctx, &testpb.WatchNotesRequest{})
			require.NoError(t, err)
			_, err = stream.Recv()
			require.NoError(t, err)
			cancel()
			requireCode(t, codes.Canceled, <-ended)
			for err == nil {
				_, err = stream.Recv()
			}
			requireCode(t, codes.Canceled, err)
		})
		t.Run("when the provider returns early", func(t *testing.T) {
			stream, err := p.notes.Talk(as(t, head))
			require.NoError(t, err)
			for err == nil {
				err = stream.Send(&testpb.TalkRequest{})
			}
			require.ErrorIs(t, err, io.EOF)
			_, err = stream.Recv()
			requireCode(t, codes.Aborted, err)
		})
		t.Run("when the one reply is missing", func(t *testing.T) {
			stream, err := p.notes.UploadNotes(as(t, head))
			require.NoError(t, err)
			_, err = stream.CloseAndRecv()
			requireCode(t, codes.Internal, err)
		})
	})
}

func TestAStreamNobodyReadsEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		n := &notes{watch: func(_ *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			var err error
			for err == nil {
				err = s.Send(&testpb.WatchNotesResponse{})
			}
			ended <- err
			return err
		}}
		r := inProcess(t, call.Options{}, n, &echo{})
		began := time.Now()
		_, err := testpb.NewNoteServiceClient(r).WatchNotes(as(t, head), &testpb.WatchNotesRequest{})
		require.NoError(t, err)
		requireCode(t, codes.DeadlineExceeded, <-ended)
		require.Equal(t, 30*time.Second, time.Since(began))
	})
}

func TestStreamSizes(t *testing.T) {
	n := &notes{
		upload: func(s grpc.ClientStreamingServer[testpb.UploadNotesRequest, testpb.UploadNotesResponse]) error {
			_, err := upload(s)
			return err
		},
		watch: func(_ *testpb.WatchNotesRequest, s grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			return s.Send(&testpb.WatchNotesResponse{Note: &testpb.Note{Text: string(make([]byte, 200))}})
		},
	}
	inEachMode(t, call.Options{MaxMessageBytes: 100}, n, func(t *testing.T, p portal) {
		stream, err := p.notes.UploadNotes(as(t, head))
		require.NoError(t, err)
		requireCode(t, codes.ResourceExhausted, stream.Send(&testpb.UploadNotesRequest{Title: string(make([]byte, 200))}))
		watch, err := p.notes.WatchNotes(as(t, head), &testpb.WatchNotesRequest{})
		require.NoError(t, err)
		_, err = watch.Recv()
		requireCode(t, codes.ResourceExhausted, err)
	})
}
