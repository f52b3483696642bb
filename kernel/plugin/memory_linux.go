package plugin

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Memory is what a process keeps in memory, in bytes, what it shares with others included; false where that is not known,
// or there is no such process.
func Memory(pid int) (bytes uint64, ok bool) {
	if pid <= 0 {
		return 0, false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	pages, ok := resident(text)
	return pages * uint64(os.Getpagesize()), ok && pages > 0 //nolint:gosec // not negative
}

// resident is the second figure of statm, in pages.
func resident(statm []byte) (pages uint64, ok bool) {
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 40)
	return pages, err == nil
}
