package kerneltest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

// audit does everything that the module can do, until each of its methods with side effects has left an entry in the audit
// log: as each role that may, and as the kernel. What is about a state comes after what brings it about: a client can be
// resumed once it was suspended, so what left nothing is done again while others still leave something.
func (c *conformance) audit(t testing.TB) {
	p := c.portal(t)
	admin := connect(t, p.DSN)
	entries := func(method string) (n int) {
		require.NoError(t, admin.QueryRow(t.Context(), "select count(*) from kernel.audit_entry where method = $1 and outcome = 'done'", method).Scan(&n))
		return n
	}
	var left []call.Method
	for _, m := range calm(c.methods(p, true)) {
		if !m.Rules.ReadOnly && c.Logged[m.Rules.Method] == "" {
			left = append(left, m)
		}
	}
	succeeded, refusals := map[string]bool{}, map[string]error{}
	kernel := func(*Side) actor { return actor{name: "kernel", who: access.AsKernel()} }
	people := c.everybody(t, p)
	// A head before others: who saw a client because they served it sees it no more once they gave it away.
	if at := slices.IndexFunc(givable(p), func(r access.Role) bool { return r.ID == "head" }); at >= 0 {
		head := people[1+at] // behind nobody
		people = slices.Insert(slices.Delete(people, 1+at, 2+at), 0, head)
	}
	// The kernel twice: some of what only it does is for a portal in which nobody is yet, some for one in which people are.
	for i, named := range slices.Concat([]func(*Side) actor{kernel}, people) {
		side, who := c.side(t, p, "own", named)
		if who.who.Kind == access.Module {
			continue
		}
		c.elsewhere(t, p, side, who)
		for again := true; again && len(left) > 0; {
			before := len(left)
			left = slices.DeleteFunc(left, func(m call.Method) bool {
				if d, _ := p.Router().Explain(who.who, m.Rules.Method); !d.Allowed || i == 0 && m.Rules.Scope != kernelv1.Scope_SCOPE_KERNEL {
					return false
				}
				had := entries(m.Rules.Method)
				if _, err := c.call(t, p, who, m, c.request(m, side, who.closed())); err != nil {
					refusals[m.Rules.Method] = err
					return false
				}
				succeeded[m.Rules.Method] = true
				return entries(m.Rules.Method) > had
			})
			again = len(left) < before
		}
	}
	for _, m := range left {
		if succeeded[m.Rules.Method] {
			c.found("%s: was done and left no entry in the audit log: change rows in a transaction of the store, or say in it what it is about with audit.About", m.Rules.Method)
		} else {
			c.found("%s: was never done (%v), so nobody knows what it leaves in the audit log: give Subject.Samples[%q]", m.Rules.Method, refusals[m.Rules.Method], m.Rules.Method)
		}
	}
}

// elsewhere signs somebody in once more, so that there is a session to end, and has them read what is their own, so that
// requests can name it.
func (c *conformance) elsewhere(t testing.TB, p *Portal, side *Side, who actor) {
	if !who.user() {
		return
	}
	user, err := accountmanagerv1.NewUserServiceClient(p.Kernel()).GetUser(t.Context(), &accountmanagerv1.GetUserRequest{Id: who.who.UserID})
	require.NoError(t, err)
	_, err = kernelv1.NewIdentityServiceClient(p.Kernel()).SignIn(t.Context(), &kernelv1.SignInRequest{Login: user.GetUser().GetEmail(), Password: Password})
	require.NoError(t, err)
	for _, m := range c.methods(p, true) {
		if m.Rules.ReadOnly && m.Rules.Scope == kernelv1.Scope_SCOPE_SELF {
			if response, err := c.call(t, p, who, m, c.request(m, side, who.closed())); err == nil {
				side.harvest(response.ProtoReflect())
			}
		}
	}
}
