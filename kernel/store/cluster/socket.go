//go:build unix

package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

const (
	// port is a part of the socket's name, nothing more.
	port = 5432
	// socketPathMax is the length in bytes of a socket's path that works everywhere.
	socketPathMax = 103
)

// socketDir makes the folder of the socket: mode 0700, the account's own, its path short.
// What an earlier server left in it is removed.
func socketDir(f *folder, preferred string) (string, error) {
	places := []string{preferred}
	if preferred == "" {
		places = places[:0]
		if f.account.other && runtime.GOOS == "linux" {
			places = append(places, "/run/cabinet-"+f.name())
		}
		places = append(places, "/tmp/cabinet-"+strconv.Itoa(f.account.uid)+"-"+f.name())
	}
	var errs []error
	for _, dir := range places {
		socket := filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
		if len(socket) > socketPathMax {
			errs = append(errs, fmt.Errorf("the socket's path %s is longer than %d bytes", socket, socketPathMax))
			continue
		}
		if err := f.account.ownDir(dir, 0o700); err != nil {
			errs = append(errs, err)
			continue
		}
		// The lock file beside the socket names a pid that may be somebody
		// else's by now; Postgres would then refuse to start. The portal's
		// own lock says that no server is using this folder.
		for _, left := range []string{socket, socket + ".lock"} {
			if err := os.Remove(left); err != nil && !os.IsNotExist(err) {
				return "", err
			}
		}
		return dir, nil
	}
	return "", fmt.Errorf("no folder for the server's socket: %w", errors.Join(errs...))
}
