// Package feedback holds the tests of the plugin, which is written in Node, in a portal that knows nothing of it: not even its
// contract is linked.
package feedback

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
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

// withFeedback is a portal with the plugin as its own program. Without Node the test is skipped, but where CABINET_NODE=1
// says that it must run.
func withFeedback(t testing.TB) kerneltest.Options {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("../nodekit/node_modules/@grpc/grpc-js")
	}
	if err == nil {
		_, err = os.Stat("node_modules/@opencabinet/plugin")
	}
	if err != nil {
		const how = "the plugin needs Node 20.11 or newer and its packages: run npm ci in plugins/nodekit and in plugins/feedback"
		require.NotEqual(t, "1", os.Getenv("CABINET_NODE"), "%s (%v)", how, err)
		t.Skipf("%s (%v)", how, err)
	}
	return kerneltest.Options{Assemble: assemble, Programs: map[string]string{"feedback": "main.js"}}
}

// ask calls a method of the plugin with a request as JSON, and returns what was answered as the JSON API would say it.
func ask(ctx context.Context, p *kerneltest.Portal, conn grpc.ClientConnInterface, method, request string) (map[string]any, error) {
	d, _ := p.Router().Descriptor(service + method)
	in, out := call.NewMessage(d.Input()), call.NewMessage(d.Output())
	if err := protojson.Unmarshal([]byte(request), in); err != nil {
		return nil, err
	}
	if err := conn.Invoke(ctx, service+method, in, out); err != nil {
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
