package control_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/control"
)

// A test binary that is started with one of these variables is another user instead: one that connects, or listens.
const (
	asCaller   = "CABINET_TEST_CALLER"
	asListener = "CABINET_TEST_LISTENER"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asCaller) != "":
		os.Exit(callFrom(os.Getenv(asCaller)))
	case os.Getenv(asListener) != "":
		os.Exit(listenAt(os.Getenv(asListener)))
	}
	goleak.VerifyTestMain(m)
}

// lanes answers what a test wants it to.
type lanes struct {
	kernelv1.UnimplementedEventServiceServer
	list func(context.Context, *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error)
}

func (l *lanes) ListLanes(ctx context.Context, r *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
	return l.list(ctx, r)
}

// open opens a socket in the data folder of a test, behind which there are lanes.
func open(t *testing.T, folder string, l *lanes) *control.Server {
	t.Helper()
	router := call.New(call.Options{Log: slog.New(slog.DiscardHandler)})
	kernelv1.RegisterEventServiceServer(router, l)
	require.NoError(t, router.Err())
	s, err := control.Open(control.Config{
		Folder: folder, Router: router, ID: "acme", URL: "http://localhost:1", Started: time.Unix(1, 0), Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s
}

func dial(t *testing.T, folder string) *control.Conn {
	t.Helper()
	conn, err := control.Dial(t.Context(), folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

func TestCallsAsTheKernel(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data") // which nobody has made yet
	var who access.Principal
	s := open(t, folder, &lanes{list: func(ctx context.Context, r *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
		who = access.From(ctx)
		if r.GetSubscriber() == "" {
			return nil, status.Error(codes.NotFound, "which one?")
		}
		return &kernelv1.ListLanesResponse{Lanes: []*kernelv1.Lane{{Subscriber: r.GetSubscriber()}}}, nil
	}})
	conn := dial(t, folder)
	require.Equal(t, os.Getpid(), conn.Place.PID)
	require.Equal(t, "acme http://localhost:1 1", fmt.Sprint(conn.Place.ID, " ", conn.Place.URL, " ", conn.Place.Started.Unix()))
	client := kernelv1.NewEventServiceClient(conn)
	// What a caller says of itself in metadata is not believed.
	ctx := metadata.AppendToOutgoingContext(t.Context(), "cabinet-acting-bin", "x", "cabinet-token", "y")
	response, err := client.ListLanes(ctx, &kernelv1.ListLanesRequest{Subscriber: "files.sweep"})
	require.NoError(t, err)
	require.Equal(t, "files.sweep", response.GetLanes()[0].GetSubscriber())
	require.Equal(t, access.Kernel, who.Kind)

	_, err = client.ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.ErrorContains(t, err, "which one?")
	_, err = client.ListLanes(t.Context(), &kernelv1.ListLanesRequest{PageSize: -1})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "a contract holds here too")
	_, err = kernelv1.NewRoleServiceClient(conn).GetRole(t.Context(), &kernelv1.GetRoleRequest{Id: "head"})
	require.ErrorContains(t, err, "no method /cabinet.kernel.v1.RoleService/GetRole")

	for path, mode := range map[string]os.FileMode{
		folder: 0o700, filepath.Join(folder, control.File): 0o600, filepath.Dir(conn.Place.Socket): 0o700,
	} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	require.LessOrEqual(t, len(conn.Place.Socket), 103)
	require.NoError(t, s.Close(t.Context()))
	require.NoDirExists(t, filepath.Dir(conn.Place.Socket))
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestClosingWaitsForCallsAndNotForEver(t *testing.T) {
	folder, begun, finish := t.TempDir(), make(chan struct{}, 2), make(chan struct{})
	s := open(t, folder, &lanes{list: func(ctx context.Context, _ *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
		begun <- struct{}{}
		select {
		case <-finish:
			return &kernelv1.ListLanesResponse{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	client := kernelv1.NewEventServiceClient(dial(t, folder))
	answered := make(chan error, 1)
	go func() {
		_, err := client.ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
		answered <- err
	}()
	<-begun
	closing, cut := context.WithCancel(t.Context())
	closed := make(chan error, 1)
	go func() { closed <- s.Close(closing) }()
	require.Eventually(t, func() bool {
		conn, err := control.Dial(t.Context(), folder)
		if err == nil {
			_ = conn.Close()
		}
		return errors.Is(err, control.ErrNotRunning)
	}, time.Minute, time.Millisecond, "from the first moment on it is no more said to run")
	close(finish)
	require.NoError(t, <-answered)
	require.NoError(t, <-closed)
	cut()

	finish = make(chan struct{}) // and now one that does not end by itself
	s = open(t, folder, &lanes{list: func(ctx context.Context, _ *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	client = kernelv1.NewEventServiceClient(dial(t, folder))
	go func() {
		_, err := client.ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
		answered <- err
	}()
	<-begun
	ended, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, s.Close(ended))
	require.Error(t, <-answered)
}

func TestNoPortalRuns(t *testing.T) {
	folder := t.TempDir()
	_, err := control.Dial(t.Context(), folder)
	require.ErrorIs(t, err, control.ErrNotRunning)
	require.ErrorContains(t, err, folder)

	// One that was killed leaves its file, and the socket without anybody behind it.
	dir := t.TempDir()
	socket := filepath.Join(dir, "control.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, listener.Close())
	file := filepath.Join(folder, control.File)
	require.NoError(t, os.WriteFile(file, []byte(`{"socket":"`+socket+`","pid":1}`), 0o600))
	_, err = control.Dial(t.Context(), folder)
	require.ErrorIs(t, err, control.ErrNotRunning)
	require.ErrorContains(t, err, "was killed")
	require.NoError(t, os.Remove(socket))
	_, err = control.Dial(t.Context(), folder)
	require.ErrorIs(t, err, control.ErrNotRunning)

	// The next one takes its place.
	s := open(t, folder, &lanes{})
	dial(t, folder)
	require.NoError(t, s.Close(t.Context()))

	for _, text := range []string{"", "{}", "not JSON", `{"pid":1}`, strings.Repeat(" ", 100_000) + `{"socket":"/x"}`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err = control.Dial(t.Context(), folder)
		require.ErrorContains(t, err, "remove it", text)
		require.NotErrorIs(t, err, control.ErrNotRunning)
	}
}

// Two portals of one folder: the file is the later one's, and stays when the earlier one ends.
func TestOneFileIsTheLatestPortals(t *testing.T) {
	folder := t.TempDir()
	first, second := open(t, folder, &lanes{}), open(t, folder, &lanes{})
	require.NoError(t, first.Close(t.Context()))
	dial(t, folder)
	require.NoError(t, second.Close(t.Context()))
	_, err := control.Dial(t.Context(), folder)
	require.ErrorIs(t, err, control.ErrNotRunning)
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	before := sockets(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := control.Open(control.Config{Folder: file, Router: call.New(call.Options{}), Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "say where the portal can be reached")
	require.Equal(t, before, sockets(t), "nothing is left behind")
}

func sockets(t *testing.T) (folders []string) {
	t.Helper()
	for _, parent := range []string{"/run", "/tmp"} {
		found, err := filepath.Glob(filepath.Join(parent, "cabc-*"))
		require.NoError(t, err)
		folders = append(folders, found...)
	}
	return folders
}

// other starts this test binary as another user, which only root can.
func other(t *testing.T, env string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	// A copy in a folder that everybody may enter: this binary's own may be closed.
	program, err := os.Executable()
	require.NoError(t, err)
	bytes, err := os.ReadFile(program)
	require.NoError(t, err)
	dir := everybodys(t)
	copied := filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(copied, bytes, 0o755))
	c := exec.CommandContext(t.Context(), copied)
	c.Env = []string{env}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	return c
}

// everybodys makes a folder that everybody may enter.
func everybodys(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cabt-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

func TestAnotherUserIsRefused(t *testing.T) {
	folder := t.TempDir()
	called := false
	s := open(t, folder, &lanes{list: func(context.Context, *kernelv1.ListLanesRequest) (*kernelv1.ListLanesResponse, error) {
		called = true
		return &kernelv1.ListLanesResponse{}, nil
	}})
	defer func() { require.NoError(t, s.Close(t.Context())) }()
	conn := dial(t, folder)
	// Even where the folder and the socket were opened to everybody by mistake.
	dir := filepath.Dir(conn.Place.Socket)
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Chmod(conn.Place.Socket, 0o777))
	said, err := other(t, asCaller+"="+conn.Place.Socket).CombinedOutput()
	require.NoError(t, err, string(said))
	require.Equal(t, "closed", string(said))
	require.False(t, called)
	_, err = kernelv1.NewEventServiceClient(conn).ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
	require.NoError(t, err, "the portal's own user still gets in")
}

// callFrom connects as another user, and tells what came of it.
func callFrom(path string) int {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Print(err)
		return 1
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	if got, err := io.ReadAll(conn); len(got) == 0 && (err == nil || errors.Is(err, syscall.ECONNRESET)) {
		fmt.Print("closed")
		return 0
	}
	fmt.Print("it answers")
	return 1
}

// A portal was killed, and another user listens where it did.
func TestAnotherUserListens(t *testing.T) {
	dir := everybodys(t)
	require.NoError(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "control.sock")
	c := other(t, asListener+"="+path)
	hold, err := c.StdinPipe()
	require.NoError(t, err)
	said, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = said.Read(make([]byte, 1))
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, control.File), []byte(`{"socket":"`+path+`"}`), 0o600))
	_, err = control.Dial(t.Context(), folder)
	require.ErrorContains(t, err, "belongs to another user")
	require.NoError(t, hold.Close())
	require.NoError(t, c.Wait())
}

func listenAt(path string) int {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return 1
	}
	defer func() { _ = listener.Close() }()
	_ = os.Chmod(path, 0o777)
	fmt.Print("!")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}
