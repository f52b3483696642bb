package plugin

import "time"

// Timing is how patient the supervision is. Zero fields take their defaults.
type Timing struct {
	// Start is how long a program has to answer. Default: 20 s.
	Start time.Duration
	// Open is how long a module has to say what it is, and to start. Default: 30 s.
	Open time.Duration
	// Health is how often a process is asked whether it is well, and Answer how long it has to say so. Defaults: 5 s, 2 s.
	Health, Answer time.Duration
	// Silent is how many questions in a row may stay without an answer before the process is killed. Default: 3.
	Silent int
	// First is the wait after the first failure, doubled with each up to Most, and shortened at random. Defaults:
	// 100 ms, so that a reader waits for a quarter of a second at most, and 30 s.
	First, Most time.Duration
	// Failures within Window put a process into quarantine. Defaults: 5, 10 min.
	Failures int
	Window   time.Duration
	// Page is how long a reader who asks for a page waits for a process that is being started again. Default: 15 s.
	Page time.Duration
	// Kill is how long a process that was asked to end has before it is killed. Default: 5 s.
	Kill time.Duration
	// Proof is how long the process before stays ready to take over again after a new program was put into its place, and
	// Drain how long the calls that were under way to it have. Defaults: 10 s, 30 s.
	Proof, Drain time.Duration
	// Attach is how long a process that somebody starts by hand is waited for. Default: 10 min.
	Attach time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Start, 20 * time.Second}, {&t.Open, 30 * time.Second}, {&t.Health, 5 * time.Second}, {&t.Answer, 2 * time.Second},
		{&t.First, 100 * time.Millisecond}, {&t.Most, 30 * time.Second}, {&t.Window, 10 * time.Minute}, {&t.Kill, 5 * time.Second},
		{&t.Page, 15 * time.Second}, {&t.Proof, 10 * time.Second}, {&t.Drain, 30 * time.Second}, {&t.Attach, 10 * time.Minute},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.Silent == 0 {
		t.Silent = 3
	}
	if t.Failures == 0 {
		t.Failures = 5
	}
	return t
}
