// Package feedback holds the tests of the plugin, which is written in Node, in a portal that knows nothing of it: not even its
// contract is linked.
package feedback

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

// service is the plugin's.
const service = "/cabinet.feedback.v1.FeedbackService/"

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

// withFeedback is a portal with the plugin as its own program.
func withFeedback(t testing.TB) kerneltest.Options {
	t.Helper()
	kerneltest.NeedsNode(t, "../nodekit", ".")
	return kerneltest.Options{Assemble: assemble, Programs: map[string]string{"feedback": "main.js"}}
}

// ask calls a method of the plugin: see invoke.
func ask(ctx context.Context, p *kerneltest.Portal, conn grpc.ClientConnInterface, method, request string) (map[string]any, error) {
	return invoke(ctx, p, conn, service+method, request)
}

// invoke calls a method with a request as JSON, and returns what was answered as the JSON API would say it.
func invoke(ctx context.Context, p *kerneltest.Portal, conn grpc.ClientConnInterface, method, request string) (map[string]any, error) {
	d, ok := p.Router().Descriptor(method)
	if !ok {
		return nil, fmt.Errorf("the portal has no %s", method)
	}
	in, out := call.NewMessage(d.Input()), call.NewMessage(d.Output())
	if err := protojson.Unmarshal([]byte(request), in); err != nil {
		return nil, err
	}
	if err := conn.Invoke(ctx, method, in, out); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(out)
	if err != nil {
		return nil, err
	}
	var said map[string]any
	return said, json.Unmarshal(text, &said)
}

// patience bounds what a test waits for.
const patience = 20 * time.Second

// query asks the database as its superuser, who sees every row.
func query[T any](t testing.TB, p *kerneltest.Portal, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	require.NoError(t, err)
	return found
}
