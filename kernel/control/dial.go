package control

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/opencabinet/cabinet/kernel/internal/socket"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// ErrNotRunning is what [Dial] answers when no portal runs that keeps its data in the folder.
var ErrNotRunning = errors.New("no portal runs")

// Conn calls a portal that runs, as its kernel. Its caller ends with Close.
type Conn struct {
	*grpc.ClientConn
	// Place is what the portal said of itself when it was opened.
	Place Place
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// Dial connects to the portal that keeps its data in a folder, which is data in portal.yaml. A file that a killed portal
// left behind is recognised: nobody listens where it says.
func Dial(ctx context.Context, folder string) (*Conn, error) {
	place, err := readPlace(folder)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, place.Socket)
	if err != nil {
		if socket.Gone(err) {
			return nil, fmt.Errorf("%w with its data in %s: the last one was killed", ErrNotRunning, folder)
		}
		return nil, fmt.Errorf("connect to the portal: %w", err)
	}
	_ = conn.Close() // it was a question
	client, err := grpc.NewClient("passthrough:///portal", append(wire.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // on this machine, to a process of the same user
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return connect(ctx, place.Socket) }))...)
	if err != nil {
		return nil, fmt.Errorf("connect to the portal: %w", err)
	}
	return &Conn{ClientConn: client, Place: place}, nil
}

// connect opens the socket, and makes sure that a process of the same user listens there: after a portal was killed,
// another user might.
func connect(ctx context.Context, path string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if !socket.SameUser(conn) {
		return nil, errors.Join(fmt.Errorf("%s belongs to another user: give the command as the portal's own", path), conn.Close())
	}
	return conn, nil
}
