package access_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

const (
	public  = kernelv1.Scope_SCOPE_PUBLIC
	self    = kernelv1.Scope_SCOPE_SELF
	client  = kernelv1.Scope_SCOPE_CLIENT
	staff   = kernelv1.Scope_SCOPE_STAFF
	ours    = kernelv1.Scope_SCOPE_KERNEL
	unknown = kernelv1.Scope(99)
)

var (
	nobody   = access.Principal{}
	contact  = access.Principal{Kind: access.Contact, Roles: []string{"client"}, ActingFor: "c1"}
	director = access.Principal{Kind: access.Contact, Roles: []string{"client", "client.director"}, ActingFor: "c1"}
	adrift   = access.Principal{Kind: access.Contact, Roles: []string{"client"}}
	manager  = access.Principal{Kind: access.Staff, Roles: []string{"manager"}}
	head     = access.Principal{Kind: access.Staff, Roles: []string{"head"}}
	idle     = access.Principal{Kind: access.Staff}
	// What no session should hold.
	usurper  = access.Principal{Kind: access.Contact, Roles: []string{"client", "head"}, ActingFor: "c1"}
	turncoat = access.Principal{Kind: access.Staff, Roles: []string{"client.director"}}
	oddity   = access.Principal{Kind: "ghost", Roles: []string{"head"}}
	module   = access.AsModule("notes")
	kernel   = access.AsKernel()
)

func TestWhoActsAsAnother(t *testing.T) {
	p := policy(t)
	looks, acts := director, director
	looks.ActedBy = "s1"
	acts.ActedBy, acts.MayWrite = "s1", true
	const none, view, never = access.NotRefused, access.ViewOnly, access.NotAsAnother
	for _, c := range []struct {
		name        string
		rules       access.Rules
		looks, acts access.Refusal
	}{
		{"reading", access.Rules{Scope: client, Permission: "notes.read", ReadOnly: true}, none, none},
		{"writing", access.Rules{Scope: client, Permission: "notes.write"}, view, none},
		{"writing with a proof", access.Rules{Scope: client, Permission: "notes.write", Proof: 1}, view, never},
		{"reading with a proof", access.Rules{Scope: client, Permission: "notes.read", ReadOnly: true, Proof: 1}, never, never},
		{"one's own", access.Rules{Scope: self, ReadOnly: true}, never, never},
		{"one's own with a permission", access.Rules{Scope: self, Permission: "notes.read", ReadOnly: true}, never, never},
		{"changing one's own", access.Rules{Scope: self}, view, never},
		{"anybody's", access.Rules{Scope: public, ReadOnly: true}, none, none},
		{"anybody's, changed", access.Rules{Scope: public}, view, none},
		{"staff's", access.Rules{Scope: staff, Permission: "notes.read", ReadOnly: true}, access.NotForContact, access.NotForContact},
		{"the kernel's", access.Rules{Scope: ours, ReadOnly: true}, access.NotForUsers, access.NotForUsers},
		{"what the user may not", access.Rules{Scope: client, Permission: "notes.forget"}, view, access.NotPermitted},
	} {
		t.Run(c.name, func(t *testing.T) {
			for who, want := range map[*access.Principal]access.Refusal{&looks: c.looks, &acts: c.acts} {
				d, says := p.Explain(*who, c.rules)
				require.Equal(t, want, d.Code, says)
				require.Equal(t, want == none, d.Allowed)
				if want != none {
					require.Equal(t, access.None, d.Reach)
				}
			}
		})
	}
	require.Equal(t, never, access.RefusalOf(access.CheckProof(acts, "/m", time.Hour, time.Now())), "a proof is the user's own, however fresh")
}

func TestDecisions(t *testing.T) {
	p := policy(t)
	const no = access.None
	for _, c := range []struct {
		name       string
		who        access.Principal
		scope      kernelv1.Scope
		permission string
		allowed    bool
		reach      access.Reach
		role       string
		code       access.Refusal
		says       string
	}{
		{"anybody", nobody, public, "", true, no, "", "", "yes: anybody may call /m"},
		{"public reaches no rows, even for a head", head, public, "", true, no, "", "", "yes: anybody may call /m"},
		{"nobody's own", nobody, self, "", false, no, "", access.NotSignedIn, "no: /m is for people who are signed in"},
		{"nobody's client", nobody, client, "notes.read", false, no, "", access.NotSignedIn, "signed in"},
		{"nobody's staff", nobody, staff, "notes.read", false, no, "", access.NotSignedIn, "signed in"},
		{"nobody for the kernel", nobody, ours, "", false, no, "", access.NotForUsers, "by the kernel alone"},
		{"a kind unknown", oddity, client, "notes.read", false, no, "", access.NotSignedIn, "signed in"},

		{"one's own", contact, self, "", true, access.Granted, "", "", "yes: anybody signed in may, for what is their own"},
		{"one's own, adrift", adrift, self, "", true, access.Granted, "", "", "yes"},
		{"one's own with a permission", contact, self, "notes.read", true, access.Granted, "client", "", "yes"},
		{"one's own without it", contact, self, "notes.write", false, no, "", access.NotPermitted, "no: the roles client give"},
		{"a head's own stays their own", head, self, "notes.read", true, access.Granted, "head", "", "yes"},

		{"base role", contact, client, "notes.read", true, access.Granted, "client", "", "yes: role client gives notes.read for the clients granted to the user"},
		{"role in the client", director, client, "notes.write", true, access.Granted, "client.director", "", "yes"},
		{"without the role", contact, client, "notes.write", false, no, "", access.NotPermitted, "roles that have it: client.director, head, manager"},
		{"for no client", adrift, client, "notes.read", false, no, "client", access.NoClient, "no: role client gives notes.read, but the contact acts for no client now"},
		{"a manager", manager, client, "notes.read", true, access.Granted, "manager", "", "yes"},
		{"a head", head, client, "notes.read", true, access.All, "head", "", "yes: role head gives notes.read for all clients"},
		{"staff without a role", idle, client, "notes.read", false, no, "", access.NotPermitted, "no: no role gives"},
		{"a permission nobody has", head, client, "notes.unused", false, no, "", access.NotPermitted, "no role of this portal has it"},

		{"staff's by a contact", director, staff, "notes.write", false, no, "", access.NotForContact, "no: /m is for staff, and this is a contact of a client"},
		{"staff's by a manager", manager, staff, "notes.forget", false, no, "", access.NotPermitted, "no"},
		{"staff's by a head", head, staff, "notes.forget", true, access.All, "head", "", "yes"},

		{"a contact with a staff role", usurper, client, "notes.forget", false, no, "", access.NotPermitted, "no"},
		{"a contact with a staff role reads its own", usurper, client, "notes.read", true, access.Granted, "client", "", "yes"},
		{"staff with a contact's role", turncoat, client, "notes.write", false, no, "", access.NotPermitted, "no"},

		{"a head for the kernel", head, ours, "", false, no, "", access.NotForUsers, "no: /m is called by the kernel alone"},
		{"a module for the kernel", module, ours, "", false, no, "", access.NotForUsers, "no"},
		{"a module", module, staff, "notes.forget", true, access.All, "", "", "yes: module notes acts by itself and reaches all rows of what it calls"},
		{"the kernel", kernel, ours, "", true, access.All, "", "", "yes: kernel kernel acts by itself"},

		{"a scope unknown", head, unknown, "notes.read", false, no, "", access.NotForUsers, "no"},
		{"no scope", head, kernelv1.Scope_SCOPE_UNSPECIFIED, "", false, no, "", access.NotForUsers, "no"},
		{"client's without a permission", head, client, "", false, no, "", access.NotPermitted, "no"},
		{"staff's without a permission", head, staff, "", false, no, "", access.NotPermitted, "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := access.Rules{Method: "/m", Scope: c.scope, Permission: c.permission}
			want := access.Decision{Allowed: c.allowed, Reach: c.reach, Method: "/m", Permission: c.permission, Role: c.role, Code: c.code}
			before := append([]string(nil), c.who.Roles...)
			require.Equal(t, want, p.Decide(c.who, rules))
			require.Equal(t, before, c.who.Roles, "a principal is never changed")
			decided, says := p.Explain(c.who, rules)
			require.Equal(t, want, decided)
			require.Contains(t, says, c.says)
		})
	}
}

// A policy that was never made refuses whoever needs a permission.
func TestTheZeroPolicyGivesNothing(t *testing.T) {
	d := new(access.Policy).Decide(head, access.Rules{Scope: client, Permission: "notes.read"})
	require.False(t, d.Allowed)
	require.Equal(t, access.NotPermitted, d.Code)
}

// Whatever the roles, a contact never reaches all rows.
func TestContactsNeverReachAll(t *testing.T) {
	p := policy(t)
	for _, scope := range []kernelv1.Scope{public, self, client, staff, ours, unknown, 0} {
		for _, permission := range []string{"", "notes.read", "notes.write", "notes.forget", "notes.unused"} {
			d := p.Decide(access.Principal{
				Kind: access.Contact, Roles: []string{"head", "client", "manager", "client.director", "emperor"}, ActingFor: "c1",
			}, access.Rules{Scope: scope, Permission: permission})
			require.NotEqual(t, access.All, d.Reach, "%s %s", scope, permission)
			require.True(t, d.Allowed == (d.Code == access.NotRefused), "%+v", d)
			if !d.Allowed {
				require.Equal(t, access.None, d.Reach)
			}
		}
	}
}

func TestContexts(t *testing.T) {
	ctx := t.Context()
	require.Equal(t, access.Principal{}, access.From(ctx))
	require.Equal(t, access.Decision{}, access.DecisionFrom(ctx))
	require.False(t, access.InTx(ctx))
	ctx = access.WithDecision(access.With(ctx, head), access.Decision{Allowed: true, Reach: access.All})
	require.Equal(t, head, access.From(ctx))
	require.Equal(t, access.All, access.DecisionFrom(ctx).Reach)
	ctx = access.WithTx(ctx)
	require.True(t, access.InTx(ctx))
	// Somebody else does not inherit what was decided about the one before.
	require.Equal(t, access.Decision{}, access.DecisionFrom(access.With(ctx, contact)))
	require.True(t, access.InTx(access.With(ctx, contact)))
}
