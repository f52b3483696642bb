package plugin

import "time"

// State is where a module's process stands.
type State string

// The states.
const (
	Starting    State = "starting"
	Ready       State = "ready"
	Degraded    State = "degraded" // runs, and does not answer as it should
	Draining    State = "draining" // takes no new calls, finishes those under way
	Stopped     State = "stopped"
	Crashed     State = "crashed"
	Backoff     State = "backoff"     // waits before it is started again
	Quarantined State = "quarantined" // failed too often: waits for somebody
)

// Status is a state and what led to it.
type Status struct {
	State State
	// Reason is a sentence for people; empty when all is well.
	Reason string
	Since  time.Time
	// PID of the process that runs; 0 when none does.
	PID int
	// Version is what the program says of itself, Checksum the SHA-256 of its file in hexadecimal digits; empty for one that
	// runs where it lies, and for the portal's own.
	Version, Checksum string
	// Path of the program, and whether somebody else started it.
	Path     string
	Attached bool
	// Restarts since the portal started, and why the last one was needed; Swaps of the program that were not taken back.
	Restarts    int
	LastFailure string
	Swaps       int
	// Running is how many calls are under way.
	Running int
}

// callable tells whether calls can be made.
func (s State) callable() bool { return s == Ready || s == Degraded }

// final tells whether waiting for the process is in vain.
func (s State) final() bool { return s == Quarantined || s == Stopped || s == Draining }
