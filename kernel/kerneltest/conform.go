package kerneltest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// Subject is a module that [Conform] looks at, in a portal that has what it requires: one of Assemble, or one whose
// program Programs names, in whatever language that is written.
type Subject struct {
	Options
	// Module is its id. Required.
	Module string
	// Samples complete what is sent to methods, by full name ("/package.Service/Method"), where descriptors do not say
	// what a provider wants. A sample is called with a request in which all that can be guessed is filled, the ids with
	// those of side. Events are completed the same way, by their message's full name.
	Samples map[string]func(request proto.Message, side *Side)
	// Logged are methods that cannot be done from the outside, by full name, such as what wants a secret that only a letter
	// holds: their entries in the audit log are seen by the test that the value names.
	Logged map[string]string
	// Golden is the file of the access matrix. Default: testdata/access.golden.
	Golden string
}

// Conform checks what every module owes to a portal, each part in a subtest of its own:
//
//	manifest    names, permissions, texts in all languages; the portal with the module opens
//	migrations  run on an empty database, and change nothing on a full one
//	access      every method × every role, beside a golden file (go test -update writes it)
//	rows        every table, attacked by its SQL as another client's contact and with false signatures
//	foreign     every method, with ids of another client
//	once        every method with a request_id, sent twice, with other content, and at once
//	audit       every method with side effects leaves an entry in the audit log
//	events      every event the module hears, delivered twice, and a run of each of its schedules
//	merge       nothing is left of a client that was merged into another, and nothing is written for it again
//	life        stopping before starting, twice, and what is left behind
//
// Of a program of its own nothing is looked at from within: the parts see it through the portal, as they see any module,
// and so all of them hold for it. What life looks for in the test's own process, goroutines that run on and a Stop that
// is called twice, cannot be seen there; in its place the program is started by hand, described and let go without
// having been opened, and left by its portal: each time it has to end by itself.
//
// A part that finds something says what to do. The tests of what the module is for are its own.
func Conform(t *testing.T, subject Subject) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, storetest.StopWithoutMain()) })
	c := prepare(t, subject)
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			for _, finding := range c.look(t, p) {
				t.Error(finding)
			}
		})
	}
}

// ConformBoth runs [Conform] with the module in the test's own process, and again with it in a process of its own, which
// is the test binary: its TestMain begins with kernel.Serve.
func ConformBoth(t *testing.T, subject func() Subject) {
	t.Helper()
	t.Run("in process", func(t *testing.T) { Conform(t, subject()) })
	t.Run("as a process", func(t *testing.T) { conformServed(t, subject(), false) })
}

// ConformEverywhere is [ConformBoth] and once more with every call to the process over gRPC, where otherwise most take a way
// that is faster. How calls travel is the kernel's matter: one module of each kind is enough.
func ConformEverywhere(t *testing.T, subject func() Subject) {
	t.Helper()
	ConformBoth(t, subject)
	t.Run("as a process over gRPC", func(t *testing.T) { conformServed(t, subject(), true) })
}

func conformServed(t *testing.T, s Subject, grpcOnly bool) {
	t.Helper()
	s.Processes, s.GRPCOnly = []string{s.Module}, grpcOnly
	Conform(t, s)
}

// conformance is one run of the suite. Parts see the module through the portal alone, so that they would not notice
// if it ran in another process.
type conformance struct {
	Subject
	findings []string
}

// part is one thing that is looked at.
type part struct {
	name string
	look func(c *conformance, t testing.TB)
}

// life is first: it looks for goroutines, and the others leave connections to a database behind for a moment.
var parts = []part{
	{"life", (*conformance).life},
	{"manifest", (*conformance).manifest},
	{"migrations", (*conformance).migrations},
	{"access", (*conformance).access},
	{"rows", (*conformance).rows},
	{"foreign", (*conformance).foreign},
	{"once", (*conformance).once},
	{"audit", (*conformance).audit},
	{"events", (*conformance).events},
	{"merge", (*conformance).merge},
}

// Roles that hold nothing of their own, as an integrator may make them.
const (
	idleStaff   = "conform-idle"
	idleContact = "conform-guest"
)

func prepare(t testing.TB, subject Subject) *conformance {
	t.Helper()
	title := map[string]any{"en": "Idle", "uk": "Без прав", "ru": "Без прав"}
	subject.roles = map[string]any{
		idleStaff:   map[string]any{"title": title, "staff": true},
		idleContact: map[string]any{"title": title},
	}
	if subject.Now == nil && subject.Clock != nil {
		subject.Now = subject.Clock.Now
	}
	if subject.Now == nil {
		// It stands still, so that what is done again with the same effect leaves the same rows.
		subject.Now = NewClock(time.Now()).Now
	}
	if subject.Golden == "" {
		subject.Golden = "testdata/access.golden"
	}
	known := slices.ContainsFunc(units(t, subject.Options), func(u module.Unit) bool { return u.Name == subject.Module })
	require.True(t, known || subject.Programs[subject.Module] != "", "kerneltest: no module of Assemble or Programs is called %q", subject.Module)
	return &conformance{Subject: subject}
}

// look returns what a part finds.
func (c *conformance) look(t testing.TB, p part) []string {
	c.findings = nil
	p.look(c, t)
	return c.findings
}

// found notes something that is wrong.
func (c *conformance) found(format string, args ...any) {
	c.findings = append(c.findings, fmt.Sprintf(format, args...))
}

// portal opens one for a part, on a database of its own.
func (c *conformance) portal(t testing.TB) *Portal {
	t.Helper()
	p := Start(t, c.Options)
	require.Len(t, p.Processes(), len(c.Processes)+len(c.Programs), "kerneltest: the modules' processes")
	return p
}

// self is the manifest of the module.
func (c *conformance) self(p *Portal) module.Manifest {
	for _, m := range p.Manifests() {
		if m.ID == c.Module {
			return m
		}
	}
	return module.Manifest{}
}

// patience bounds what a part waits for.
const patience = 20 * time.Second
