//go:build unix

package plugin_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// The ways that a call is measured beside: bytes over a socket to another process, and gRPC without a router, also to
// another process. Both are this binary again.
const (
	modePing = "ping"
	modeGRPC = "grpc"
	envPath  = "THINGS_SOCKET"
)

// beside serves one of them until its standard input ends.
func beside(mode string) {
	listener, err := net.Listen("unix", os.Getenv(envPath))
	if err != nil {
		panic(err)
	}
	if mode == modeGRPC {
		server := grpc.NewServer()
		testpb.RegisterThingServiceServer(server, plain{})
		go func() { _ = server.Serve(listener) }()
	} else {
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() { _, _ = io.Copy(conn, conn) }()
			}
		}()
	}
	fmt.Println("listening")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// plain answers what is measured as things does.
type plain struct {
	testpb.UnimplementedThingServiceServer
}

func (plain) DoThing(context.Context, *testpb.DoThingRequest) (*testpb.DoThingResponse, error) {
	return &testpb.DoThingResponse{Text: "done"}, nil
}

func command(env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

func startBeside(b *testing.B, mode string) (socket string) {
	b.Helper()
	dir, err := os.MkdirTemp("/tmp", "bench-") // a short path
	require.NoError(b, err)
	socket = filepath.Join(dir, "s")
	cmd := command(envMode+"="+mode, envPath+"="+socket)
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	return socket
}

func BenchmarkCall(b *testing.B) {
	request := &testpb.DoThingRequest{What: "measure"} // which neither has to do anything for
	b.Run("socket/1", func(b *testing.B) {
		conn, err := net.Dial("unix", startBeside(b, modePing))
		require.NoError(b, err)
		defer conn.Close()
		buf := make([]byte, 64)
		for b.Loop() {
			_, err := conn.Write(buf)
			require.NoError(b, err)
			_, err = io.ReadFull(conn, buf)
			require.NoError(b, err)
		}
	})
	conn, err := grpc.NewClient("unix:"+startBeside(b, modeGRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	defer conn.Close()
	direct, overGRPC := newWorld(b, steady()), newWorldOver(b, steady(), true)
	direct.start(b, "")
	overGRPC.start(b, "")
	netRPC := startNetRPC(b)
	ctx := asContact(b.Context())
	through := func(things testpb.ThingServiceClient) func() error {
		return func() error {
			_, err := things.DoThing(ctx, request)
			return err
		}
	}
	for _, callers := range []int{1, 64} {
		for _, way := range []struct {
			name string
			call func() error
		}{
			{"net-rpc", func() error { return netRPC.Call("Plugin.Do", DoRequest{"measure"}, &DoResponse{}) }},
			{"grpc", through(testpb.NewThingServiceClient(conn))},
			{"plugin", through(direct.things())},
			{"plugin over grpc", through(overGRPC.things())},
		} {
			b.Run(fmt.Sprintf("%s/%d", way.name, callers), func(b *testing.B) {
				require.NoError(b, way.call()) // connects
				if callers == 1 {
					for b.Loop() {
						if err := way.call(); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				var left, failed atomic.Int64
				left.Store(int64(b.N))
				done := make(chan struct{}, callers)
				b.ResetTimer()
				for range callers {
					go func() {
						for left.Add(-1) >= 0 {
							if way.call() != nil {
								failed.Add(1)
							}
						}
						done <- struct{}{}
					}()
				}
				for range callers {
					<-done
				}
				require.Zero(b, failed.Load())
			})
		}
	}
}

// From the start of a program to the answer to its first call.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, steady())
		b.StartTimer()
		w.start(b, "")
		_, err := w.things().GetThing(asContact(b.Context()), &testpb.GetThingRequest{})
		b.StopTimer()
		require.NoError(b, err)
		require.NoError(b, w.host.Close(b.Context()))
		b.StartTimer()
	}
}

// Twenty programs, each a file of its own, from nothing to the last one being open.
func BenchmarkTwentyTogether(b *testing.B) {
	program, err := os.Executable()
	require.NoError(b, err)
	text, err := os.ReadFile(program)
	require.NoError(b, err)
	specs := make([]plugin.Spec, 20)
	for i := range specs {
		id := fmt.Sprintf("things%d", i)
		specs[i] = plugin.Spec{ID: id, Path: filepath.Join(b.TempDir(), id), Env: []string{envID + "=" + id}}
		require.NoError(b, os.WriteFile(specs[i].Path, text, 0o700))
	}
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, plugin.Timing{})
		b.StartTimer()
		var starting sync.WaitGroup
		errs := make([]error, len(specs))
		for i, s := range specs {
			starting.Go(func() {
				p, err := w.host.Start(b.Context(), s)
				if err == nil {
					err = w.lend(b, p)
				}
				errs[i] = err
			})
		}
		starting.Wait()
		b.StopTimer()
		require.NoError(b, errors.Join(errs...))
		require.NoError(b, w.host.Close(b.Context()))
		b.StartTimer()
	}
}

// From kill -9 to the answer to the next read.
func BenchmarkKilled(b *testing.B) {
	timing := steady()
	timing.First, timing.Most = 0, 0 // as shipped, and each failure as if it were the first: see Window
	timing.Window = time.Nanosecond
	w := newWorld(b, timing)
	p := w.start(b, "")
	var took []time.Duration
	for b.Loop() {
		pid := p.Status().PID
		began := time.Now()
		require.NoError(b, syscall.Kill(pid, syscall.SIGKILL))
		for { // the last answers of the killed one do not count
			got, err := w.things().GetThing(asContact(b.Context()), &testpb.GetThingRequest{})
			require.NoError(b, err)
			if got.GetPid() != int64(pid) {
				break
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}

// What a process that does nothing has for itself. It is the test's own binary, which links the host too.
func BenchmarkIdleMemory(b *testing.B) {
	w := newWorld(b, steady())
	p := w.start(b, "")
	var kib int
	for b.Loop() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.Status().PID))
		require.NoError(b, err)
		kib = 0
		for line := range strings.Lines(string(text)) {
			var name string
			var n int
			if _, err := fmt.Sscan(line, &name, &n); err == nil && strings.HasPrefix(name, "Private_") {
				kib += n
			}
		}
	}
	b.ReportMetric(float64(kib)/1024, "private-MiB")
}
