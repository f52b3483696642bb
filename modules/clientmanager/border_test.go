package clientmanager_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// What passes between the module and the others is the same where a process's border lies between them.

func (p *portal) assign(ctx context.Context, client, manager string) error {
	_, err := p.clients.AssignManager(ctx, &v1.AssignManagerRequest{Id: client, ManagerId: manager})
	return err
}

func TestTheOtherModuleSeesWhoAsks(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	client := p.named(head, "Zerno").GetId()
	var who access.Principal
	var until time.Time
	var sent metadata.MD
	p.staff.first = func(ctx context.Context) error {
		who = access.From(ctx)
		until, _ = ctx.Deadline()
		sent, _ = metadata.FromIncomingContext(ctx)
		return nil
	}
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(head, "x-of-the-caller", "1"), 20*time.Second)
	defer cancel()
	mine, _ := ctx.Deadline()
	require.NoError(t, p.assign(ctx, client, olha.id))
	asked := access.AsModule("clientmanager")
	asked.Via = []string{"accountmanager"}
	require.Equal(t, asked, who, "the module asks for itself, and says where the call is by now")
	require.WithinDuration(t, mine, until, time.Second, "as long as its caller waits")
	require.Empty(t, sent, "what a caller sends goes no further than to whom it was sent")
}

func TestRefusalsOfTheOtherModule(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	client := p.named(head, "Zerno").GetId()
	for _, c := range []struct {
		first error
		code  codes.Code
		text  string
	}{
		{status.Error(codes.Unavailable, "in a moment"), codes.Unavailable, "in a moment"},
		{status.Error(codes.ResourceExhausted, "so many"), codes.ResourceExhausted, "so many"},
		{errors.New("the disk of db-7 is full"), codes.Internal, ""},
		{context.DeadlineExceeded, codes.DeadlineExceeded, ""},
	} {
		p.staff.first = func(context.Context) error { return c.first }
		err := p.assign(head, client, olha.id)
		require.Equal(t, c.code, status.Code(err), "%v", err)
		require.Contains(t, err.Error(), c.text)
		require.NotContains(t, err.Error(), "db-7")
	}
	p.staff.first = func(context.Context) error { panic("of the other module") }
	err := p.assign(head, client, olha.id)
	require.Equal(t, codes.Internal, status.Code(err), "%v", err)
	require.NotContains(t, err.Error(), "of the other module")
	p.staff.first = nil
	require.NoError(t, p.assign(head, client, olha.id), "and the module goes on")
}

// A caller who has waited long enough, or leaves, ends the work on the far side too.
func TestDeadlinesReachTheOtherModule(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	client := p.named(head, "Zerno").GetId()
	asked, ended := make(chan struct{}, 1), make(chan error, 1)
	p.staff.first = func(ctx context.Context) error {
		asked <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}
	short, cancel := context.WithTimeout(head, 2*time.Second) // as long as a busy machine may take to get there
	defer cancel()
	err := p.assign(short, client, olha.id)
	require.Equal(t, codes.DeadlineExceeded, status.Code(err), "%v", err)
	<-asked
	require.Error(t, <-ended)

	leaving, leave := context.WithCancel(head)
	go func() {
		<-asked
		leave()
	}()
	err = p.assign(leaving, client, olha.id)
	require.Equal(t, codes.Canceled, status.Code(err), "%v", err)
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Zero(t, p.rows("select count(*) from kernel.client_grant"), "nothing was done")
}

func TestLimits(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	_, err := p.imports.CreateImport(head, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "a.csv", Content: make([]byte, 17<<20)})
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
	require.Contains(t, err.Error(), "16777216")
	// What just fits in a message is measured by the contract, field by field.
	_, err = p.imports.CreateImport(head, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "a.csv", Content: []byte(strings.Repeat("a", 16<<20-200))})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
}
