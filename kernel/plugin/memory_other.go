//go:build !linux

package plugin

// Memory is what a process keeps in memory, in bytes, which is not known here.
func Memory(int) (bytes uint64, ok bool) { return 0, false }
