package cluster

import (
	"fmt"
	"strconv"
	"strings"
)

// NoProgramsError says that no usable Postgres programs were found.
type NoProgramsError struct {
	// Looked lists the folders that were looked in, in that order.
	Looked []string
	// TooOld lists the versions that were found but are older than MinMajor.
	TooOld []string
	// Install is the command that installs them on this system, or "" when
	// the system's package manager is unknown.
	Install string
}

func (e *NoProgramsError) Error() string {
	var b strings.Builder
	b.WriteString("no Postgres programs (initdb and postgres) found")
	if len(e.TooOld) > 0 {
		fmt.Fprintf(&b, ", only version %s where %d or newer is needed", strings.Join(e.TooOld, ", "), MinMajor)
	}
	if e.Install != "" {
		b.WriteString(": install them with: " + e.Install)
	} else {
		fmt.Fprintf(&b, ": install Postgres %d or newer", MinMajor)
	}
	b.WriteString("; or set DATABASE_URL to a Postgres of your own")
	if len(e.Looked) > 0 {
		b.WriteString(" (looked in " + strings.Join(e.Looked, ", ") + ")")
	}
	return b.String()
}

// MajorError says that the data was written by another major version of
// Postgres than the programs found here. Nothing was changed.
type MajorError struct {
	// Data is the folder of the data.
	Data string
	// Need is the major version that wrote it.
	Need int
	// Have are the major versions found here.
	Have []int
	// Install is the command that installs version Need, or "".
	Install string
}

func (e *MajorError) Error() string {
	have := make([]string, len(e.Have))
	for i, m := range e.Have {
		have[i] = strconv.Itoa(m)
	}
	found := "no Postgres programs were found here"
	if len(have) > 0 {
		found = "here are only the programs of Postgres " + strings.Join(have, ", ")
	}
	install := "install Postgres " + strconv.Itoa(e.Need)
	if e.Install != "" {
		install += " (" + e.Install + ")"
	}
	return fmt.Sprintf("the data in %s was written by Postgres %d, and %s: %s and start again;"+
		" or, to upgrade, install it beside the newer one and carry the data over with pg_upgrade"+
		" into a new folder that takes the old one's place; nothing was changed", e.Data, e.Need, found, install)
}

// InUseError says that the cluster is in use by another portal, or by a server
// that somebody started by hand.
type InUseError struct {
	// Dir is the folder that is in use.
	Dir string
	// PID is the process that uses it; 0 when it could not be learnt.
	PID int
	// Server is true when PID is a Postgres server that no portal started.
	Server bool
}

func (e *InUseError) Error() string {
	who := "another portal"
	if e.Server {
		who = "a Postgres server which no portal started"
	}
	if e.PID > 0 {
		who += " (pid " + strconv.Itoa(e.PID) + ")"
	}
	return fmt.Sprintf("%s is in use by %s: stop it first, or give this portal a data folder of its own", e.Dir, who)
}

// FolderError says that a file or folder is not as it must be, and what to do.
type FolderError struct {
	// Path is the file or folder at fault.
	Path string
	// Problem says what is wrong with it and what to do.
	Problem string
}

func (e *FolderError) Error() string { return e.Path + " " + e.Problem }

// InitError says that initdb failed. What it had made was removed again.
type InitError struct {
	// Data is the folder that was to be made.
	Data string
	// Output is the end of what initdb said, its lines apart by "\n".
	Output string
	// Err is how it ended.
	Err error
}

func (e *InitError) Error() string {
	return fmt.Sprintf("initdb could not make %s: %v; it said:\n%s", e.Data, e.Err, e.Output)
}

// Unwrap returns how initdb ended.
func (e *InitError) Unwrap() error { return e.Err }

// ServerError says that the server ended when it should not have.
type ServerError struct {
	// Data is the folder it ran on.
	Data string
	// Output is the end of what it said, its lines apart by "\n".
	Output string
	// Err is how it ended.
	Err error
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("the Postgres server on %s ended: %v; it said:\n%s", e.Data, e.Err, e.Output)
}

// Unwrap returns how the server ended.
func (e *ServerError) Unwrap() error { return e.Err }

var (
	_ error = (*NoProgramsError)(nil)
	_ error = (*MajorError)(nil)
	_ error = (*InUseError)(nil)
	_ error = (*FolderError)(nil)
	_ error = (*InitError)(nil)
	_ error = (*ServerError)(nil)
)
