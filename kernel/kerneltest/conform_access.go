package kerneltest

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

var update = flag.Bool("update", false, "write golden files anew")

// access calls every method of the module as everybody there can be, and compares what was decided and what came of it
// with the golden file. What came of it is about the caller's own things, so that a refusal is one of rights.
func (c *conformance) access(t testing.TB) {
	p := c.portal(t)
	var order []string
	rows := map[string][]string{}
	for _, m := range c.methods(p, true) {
		order = append(order, m.Rules.Method)
	}
	for _, named := range c.everybody(t, p) {
		side, who := c.side(t, p, "own", named)
		for _, m := range calm(c.methods(p, true)) {
			decision, _ := p.Router().Explain(who.who, m.Rules.Method)
			_, err := c.call(t, p, who, m, c.request(m, side, who.closed()))
			c.judge(who, m, decision, err)
			rows[m.Rules.Method] = append(rows[m.Rules.Method], fmt.Sprintf("  %-32s %-14s %s", who.name, inWord(decision), status.Code(err)))
		}
	}
	var text bytes.Buffer
	_, _ = fmt.Fprintf(&text, "# Who may call what of %s: the decision, and what came of a call about the caller's own things.\n", c.Module)
	_, _ = fmt.Fprintln(&text, "# Written by go test -update. Read each difference: it is a right given or taken.")
	for _, name := range order {
		m := c.method(p, name)
		_, _ = fmt.Fprintf(&text, "\n%s  %s\n", name, strings.TrimSpace(strings.TrimPrefix(m.Rules.Scope.String(), "SCOPE_")+" "+m.Rules.Permission))
		_, _ = fmt.Fprintln(&text, strings.Join(rows[name], "\n"))
	}
	c.compare(t, text.Bytes())
}

// everybody is each kind of caller: nobody, each role, each module and one that requires nothing, the kernel. Each makes
// itself once its side is there.
func (c *conformance) everybody(t testing.TB, p *Portal) []func(*Side) actor {
	still := func(name string, who access.Principal) func(*Side) actor {
		return func(*Side) actor { return actor{name: name, who: who} }
	}
	all := []func(*Side) actor{still("nobody", access.Principal{})}
	for _, role := range givable(p) {
		all = append(all, func(s *Side) actor { return actor{name: role.ID, who: c.principal(t, p, role, s.ClientID), role: role} })
	}
	ids := map[string]bool{"stranger": true}
	for _, m := range p.Manifests() {
		if m.ID != call.KernelModule {
			ids[m.ID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		all = append(all, still("module "+id, access.AsModule(id)))
	}
	return append(all, still("kernel", access.AsKernel()))
}

func (c *conformance) method(p *Portal, name string) call.Method {
	for _, m := range p.Router().Methods() {
		if m.Rules.Method == name && m.Module == c.Module {
			return m
		}
	}
	return call.Method{}
}

// calm puts reading first, then making, then changing, then what ends things: else a thing would be gone before it was read.
func calm(methods []call.Method) []call.Method {
	rank := func(m call.Method) int {
		switch {
		case m.Rules.ReadOnly:
			return 0
		case hasRequestID(m):
			return 1
		case ends(m):
			return 3
		}
		return 2
	}
	out := slices.Clone(methods)
	slices.SortStableFunc(out, func(a, b call.Method) int { return rank(a) - rank(b) })
	return out
}

func ends(m call.Method) bool {
	for _, word := range []string{"Delete", "Revoke", "Block", "SignOut", "End"} {
		if strings.HasPrefix(string(m.Descriptor.Name()), word) {
			return true
		}
	}
	return false
}

// inWord is a decision in one word: why it is refused, or how far it reaches.
func inWord(d access.Decision) string {
	switch {
	case !d.Allowed:
		return string(d.Code)
	case d.Reach == access.None:
		return "no_rows"
	}
	return string(d.Reach)
}

// judge finds what is wrong in any portal, whatever its golden file says.
func (c *conformance) judge(who actor, m call.Method, d access.Decision, err error) {
	code := status.Code(err)
	by := fmt.Sprintf("%s as %s", m.Rules.Method, who.name)
	if !d.Allowed {
		want := codes.PermissionDenied
		if d.Code == access.NotSignedIn || (who.who.Kind == access.Nobody && code == codes.Unauthenticated) {
			want = codes.Unauthenticated
		}
		if code != want || reason(err) != string(d.Code) {
			c.found("%s: is refused for %s, but the call ended with %v, %q", by, d.Code, code, reason(err))
		}
		return
	}
	switch {
	case code == codes.Internal, code == codes.Unknown, code == codes.DataLoss:
		c.found("%s: ended with %v: return a status that says what to do", by, err)
	case code == codes.Unimplemented:
		c.found("%s: is not implemented", by)
	case code == codes.InvalidArgument && m.Rules.Scope != kernelv1.Scope_SCOPE_KERNEL && who.user():
		c.found("%s: a request made from its descriptor is refused (%v): give Subject.Samples[%q]", by, status.Convert(err).Message(), m.Rules.Method)
	}
}

// reason is the router's own word for a refusal.
func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "cabinet" {
			return info.GetReason()
		}
	}
	return ""
}

// compare holds what is against the golden file, or writes it.
func (c *conformance) compare(t testing.TB, is []byte) {
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(c.Golden), 0o755))
		require.NoError(t, os.WriteFile(c.Golden, is, 0o644))
		return
	}
	was, err := os.ReadFile(c.Golden)
	if err != nil {
		c.found("there is no access matrix yet: run go test with -update, and read what it writes (%v)", err)
		return
	}
	old, now := strings.Split(string(was), "\n"), strings.Split(string(is), "\n")
	var differ []string
	method := ""
	for i := range max(len(old), len(now)) {
		var o, n string
		if i < len(old) {
			o = old[i]
		}
		if i < len(now) {
			n = now[i]
		}
		if strings.HasPrefix(n, "/") {
			method = n
		}
		if o != n && len(differ) < 12 {
			differ = append(differ, fmt.Sprintf("%s\n    was %s\n    is  %s", method, strings.TrimSpace(o), strings.TrimSpace(n)))
		}
	}
	if len(differ) > 0 {
		c.found("rights differ from %s; if they are meant to, run go test with -update:\n%s", c.Golden, strings.Join(differ, "\n"))
	}
}
