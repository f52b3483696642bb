//go:build unix && !linux

package plugin

import "net"

// ownUser relies on the folder of the socket, which is closed to other users.
type ownUser struct{ net.Listener }
