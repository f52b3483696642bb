package socket

import (
	"net"
	"os"
	"syscall"
)

// OwnUser lets in processes of this process's own user alone, whoever else could reach the socket.
type OwnUser struct{ net.Listener }

// Accept accepts the next connection of the same user.
func (l OwnUser) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if SameUser(conn) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// SameUser tells whether the other end of a unix socket belongs to this process's own user: who connected, or who listens.
func SameUser(conn net.Conn) bool {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	same := false
	err = raw.Control(func(fd uintptr) {
		peer, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		same = err == nil && int(peer.Uid) == os.Geteuid()
	})
	return err == nil && same
}
