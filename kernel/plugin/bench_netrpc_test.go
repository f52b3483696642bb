//go:build unix

package plugin_test

import (
	"net/rpc"
	"os"
	"os/exec"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
)

// modeNetRPC serves what is measured by go-plugin's own net/rpc.
const modeNetRPC = "netrpc"

var netRPCHandshake = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_NETRPC", MagicCookieValue: "1"}

// netRPC is the plugin of both sides: the client's is the connection itself.
type netRPC struct{}

func (netRPC) Server(*goplugin.MuxBroker) (any, error) { return Doer{}, nil }

func (netRPC) Client(_ *goplugin.MuxBroker, c *rpc.Client) (any, error) { return c, nil }

// Doer answers; net/rpc wants it and its messages exported.
type Doer struct{}

// DoRequest is what it is asked.
type DoRequest struct{ What string }

// DoResponse is what it says.
type DoResponse struct{ Text string }

// Do answers what is measured.
func (Doer) Do(_ DoRequest, out *DoResponse) error {
	out.Text = "done"
	return nil
}

func serveNetRPC() {
	goplugin.Serve(&goplugin.ServeConfig{HandshakeConfig: netRPCHandshake, Plugins: goplugin.PluginSet{"doer": netRPC{}}, Logger: hclog.NewNullLogger()})
	os.Exit(0)
}

// startNetRPC starts it as any user of go-plugin would.
func startNetRPC(b *testing.B) *rpc.Client {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envMode+"="+modeNetRPC)
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: netRPCHandshake, Plugins: goplugin.PluginSet{"doer": netRPC{}}, Cmd: cmd, Logger: hclog.NewNullLogger(),
	})
	b.Cleanup(client.Kill)
	protocol, err := client.Client()
	require.NoError(b, err)
	raw, err := protocol.Dispense("doer")
	require.NoError(b, err)
	conn, ok := raw.(*rpc.Client)
	require.True(b, ok)
	return conn
}
