//go:build unix

package store

import (
	"net"
	"syscall"
)

// alive tells, without a round trip, whether an idle connection is still there. A server that ends one says so and closes
// it: then there is something to read, where there must be nothing.
func alive(conn net.Conn) bool {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = wrapped.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	// Control and not Read: the driver's own reader may be waiting on the socket, and Read would wait for it.
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, peeked = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && (peeked == syscall.EAGAIN || peeked == syscall.EWOULDBLOCK) //nolint:errorlint // a plain errno
}
