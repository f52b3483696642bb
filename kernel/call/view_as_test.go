package call_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// Who only looks at what another sees changes nothing: neither by a call, nor by one that a module makes on their behalf
// while it is read from, however deep, nor by a stream. Who acts does what the user may.
func TestWhoLooksChangesNothing(t *testing.T) {
	var client testpb.NoteServiceClient
	var by access.Principal
	created := 0
	n := &notes{
		// GetNote calls Ping, Ping calls CreateNote: all with the context they were given.
		get: func(ctx context.Context, r *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			_, err := client.Ping(ctx, &testpb.PingRequest{})
			return &testpb.GetNoteResponse{Note: &testpb.Note{Id: r.GetId()}}, err
		},
		ping: func(ctx context.Context, _ *testpb.PingRequest) (*testpb.PingResponse, error) {
			_, err := client.CreateNote(ctx, &testpb.CreateNoteRequest{Title: "Note"})
			return &testpb.PingResponse{}, err
		},
		create: func(ctx context.Context, _ *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
			created++
			by = access.From(ctx)
			return &testpb.CreateNoteResponse{Note: &testpb.Note{Id: "7"}}, nil
		},
		mine: func(context.Context, *testpb.GetMineRequest) (*testpb.GetMineResponse, error) {
			t.Error("what is somebody's own was read as another")
			return &testpb.GetMineResponse{}, nil
		},
	}
	looks, acts := director, director
	looks.ActedBy, acts.ActedBy, acts.MayWrite = "s1", "s1", true
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		client, created = p.notes, 0
		for name, do := range map[string]func(ctx context.Context) error{
			"a call": p.create,
			"a call of a module": func(ctx context.Context) error {
				_, err := p.notes.Ping(ctx, &testpb.PingRequest{})
				return err
			},
			"a call of a module that another one calls": p.get,
		} {
			t.Run(name, func(t *testing.T) {
				requireRefusal(t, codes.PermissionDenied, access.ViewOnly, do(as(t, looks)))
				require.Zero(t, created)
				require.NoError(t, do(as(t, acts)))
				require.Equal(t, 1, created)
				require.Equal(t, "s1", by.ActedBy, "both are known to the provider")
				require.True(t, by.MayWrite)
				created = 0
			})
		}
		upload, err := p.notes.UploadNotes(as(t, looks))
		if err == nil {
			_, err = upload.CloseAndRecv()
		}
		requireRefusal(t, codes.PermissionDenied, access.ViewOnly, err)
		talk, err := p.notes.Talk(as(t, looks))
		if err == nil {
			_, err = talk.Recv()
		}
		requireRefusal(t, codes.PermissionDenied, access.ViewOnly, err)
		for _, who := range []access.Principal{looks, acts} {
			_, err := p.notes.GetMine(as(t, who), &testpb.GetMineRequest{})
			requireRefusal(t, codes.PermissionDenied, access.NotAsAnother, err)
		}
	})
}
