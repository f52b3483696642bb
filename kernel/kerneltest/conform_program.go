package kerneltest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// program looks at the life of a program of its own, which the test starts as a portal does, and plays the portal's part:
// it ends by itself each time, and so before the test loses patience and ends it.
func (c *conformance) program(t testing.TB, path string) {
	c.byHand(t, path)
	for _, end := range []struct {
		what string
		do   func(ctx context.Context, s *started) error
	}{
		{"asked to end before it was opened", func(ctx context.Context, s *started) error {
			if _, err := kernelv1.NewPluginServiceClient(s.conn).Describe(ctx, &kernelv1.DescribeRequest{}); err != nil {
				return err
			}
			// The connection may break before the answer is there.
			_ = s.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
			return nil
		}},
		{"left by its portal, whose end of descriptor 3 is closed", func(_ context.Context, s *started) error { return s.leash.Close() }},
	} {
		if err := c.started(t, path, end.do); err != nil {
			c.found("%s, %s: %v", path, end.what, err)
		}
	}
}

// byHand starts the program as somebody would who does not know what it is.
func (c *conformance) byHand(t testing.TB, path string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, path)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil, !errors.As(err, &exit):
		c.found("%s started by hand: ends with %v: without %s in its environment it ends with a code", path, err, wire.CookieKey)
	case !strings.Contains(said.String(), "portal"):
		c.found("%s started by hand: does not say that a portal starts it, but %q", path, said.String())
	}
}

// started is a program that runs for the test.
type started struct {
	conn  *grpc.ClientConn
	leash *os.File
}

// started starts the program, has do end it, and waits until it has.
func (c *conformance) started(t testing.TB, path string, do func(ctx context.Context, s *started) error) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	folder, err := os.MkdirTemp("/tmp", "cab-conform-") // short, as the path of a socket must be
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(folder)) }()
	leashEnd, leash, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = leash.Close() }()
	command := exec.CommandContext(ctx, path)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + folder, wire.CookieKey + "=" + wire.CookieValue}
	command.ExtraFiles = []*os.File{leashEnd}
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	err = command.Start()
	_ = leashEnd.Close()
	if err != nil {
		return err
	}
	problem := func() error {
		line, err := bufio.NewReader(out).ReadString('\n')
		parts := strings.Split(strings.TrimSpace(line), "|")
		if err != nil || len(parts) < 5 || strings.Join(parts[:3], "|") != "1|1|unix" || parts[4] != "grpc" {
			return fmt.Errorf("its first line is %q, not 1|1|unix|PATH|grpc", line)
		}
		conn, err := grpc.NewClient("passthrough:///module", append(wire.DialOptions(),
			grpc.WithTransportCredentials(insecure.NewCredentials()), // a socket in a folder of the test's
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", parts[3])
			}))...)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		health, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"}, grpc.WaitForReady(true))
		if err != nil {
			return fmt.Errorf("its health service does not answer about \"plugin\": %w", err)
		}
		if health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			return fmt.Errorf("its health service says that \"plugin\" is %v", health.GetStatus())
		}
		return do(ctx, &started{conn, leash})
	}()
	if problem != nil {
		cancel()
	}
	_ = command.Wait() // with whatever code: what counts is that it ends
	if problem == nil && ctx.Err() != nil {
		problem = fmt.Errorf("it did not end within %v", patience)
	}
	return problem
}
