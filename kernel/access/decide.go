package access

import (
	"fmt"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Decision is what the router found out about a call before it let it through.
type Decision struct {
	Allowed bool
	// Reach says whose rows the provider may touch in this call.
	Reach Reach
	// Method and Permission are the rules' own.
	Method     string
	Permission string
	// Role is the role that decided; empty when none had to, or none could.
	Role string
	// Code tells a refusal's reason apart.
	Code Refusal
}

// Refusal is why a call is not allowed.
type Refusal string

// The reasons.
const (
	NotRefused    Refusal = ""
	NotSignedIn   Refusal = "not_signed_in"  // somebody must sign in first
	NotForContact Refusal = "staff_only"     // a contact called what is for staff
	NotPermitted  Refusal = "no_permission"  // no role of the principal gives the permission
	NotForUsers   Refusal = "kernel_only"    // the kernel alone may call it
	NotForPeople  Refusal = "modules_only"   // modules alone may call it
	NotRequired   Refusal = "not_required"   // a module called a contract its manifest does not require
	ProofNeeded   Refusal = "proof_needed"   // a user must show again that it is them
	NoClient      Refusal = "no_client"      // a contact acts for no client
	ViewOnly      Refusal = "view_only"      // who looks at what another sees would have changed something
	NotAsAnother  Refusal = "not_as_another" // a user must do it themselves
)

// Decide says whether p may call a method with these rules, and whose rows the call reaches.
// A module that acts by itself may call what its manifest requires; the router has checked that before.
func (p *Policy) Decide(who Principal, rules Rules) Decision {
	d := Decision{Method: rules.Method, Permission: rules.Permission}
	switch who.Kind {
	case Kernel:
		d.Allowed, d.Reach = true, All
		return d
	case Module:
		if rules.Scope == kernelv1.Scope_SCOPE_KERNEL {
			d.Code = NotForUsers
			return d
		}
		d.Allowed, d.Reach = true, All
		return d
	}
	if d.Code = asAnother(who, rules); d.Code != NotRefused {
		return d
	}
	switch rules.Scope {
	case kernelv1.Scope_SCOPE_PUBLIC:
		d.Allowed = true
		return d
	case kernelv1.Scope_SCOPE_MODULE:
		if d.Allowed = who.servedByModule(); !d.Allowed {
			d.Code = NotForPeople
		}
		return d
	case kernelv1.Scope_SCOPE_SELF, kernelv1.Scope_SCOPE_CLIENT, kernelv1.Scope_SCOPE_STAFF:
	default: // the kernel's, and what this kernel does not know
		d.Code = NotForUsers
		return d
	}
	if !who.IsUser() {
		d.Code = NotSignedIn
		return d
	}
	if rules.Scope == kernelv1.Scope_SCOPE_STAFF && who.Kind != Staff {
		d.Code = NotForContact
		return d
	}
	if rules.Permission == "" {
		// RulesOf lets no other scope through without a permission. Rules made by hand are refused.
		if rules.Scope != kernelv1.Scope_SCOPE_SELF {
			d.Code = NotPermitted
			return d
		}
		d.Allowed, d.Reach = true, Granted
		return d
	}
	d.Reach, d.Role = p.Reach(p.held(who), rules.Permission)
	switch {
	case d.Reach == None:
		d.Code = NotPermitted
	case rules.Scope == kernelv1.Scope_SCOPE_CLIENT && who.Kind == Contact && who.ActingFor == "":
		d.Reach, d.Code = None, NoClient
	default:
		d.Allowed = true
	}
	if d.Reach == All && (rules.Scope == kernelv1.Scope_SCOPE_SELF || who.Within == Granted) {
		d.Reach = Granted // what is one's own, or is asked for, however wide the role
	}
	return d
}

// servedByModule tells whether a call is made by a module that serves this principal, and not by the principal.
func (p Principal) servedByModule() bool { return len(p.Via) > 0 && p.Via[len(p.Via)-1] != kernelName }

// kernelName is what the kernel is called in a principal's Via.
const kernelName = "kernel"

// asAnother refuses what nobody does as another: to change something while they only look; what is somebody's own, which is
// their profile, their password and where they are signed in; and what asks a user to show that it is them.
func asAnother(who Principal, rules Rules) Refusal {
	switch {
	case who.ActedBy == "":
		return NotRefused
	case !rules.ReadOnly && !who.MayWrite:
		return ViewOnly
	case rules.Scope == kernelv1.Scope_SCOPE_SELF, rules.Proof > 0:
		return NotAsAnother
	}
	return NotRefused
}

// Explain says in a sentence why a principal may or may not call a method.
func (p *Policy) Explain(who Principal, rules Rules) (Decision, string) {
	d := p.Decide(who, rules)
	roles := "no role"
	if len(who.Roles) > 0 {
		roles = "the roles " + strings.Join(who.Roles, ", ")
	}
	switch d.Code {
	case NotSignedIn:
		return d, fmt.Sprintf("no: %s is for people who are signed in", rules.Method)
	case NotForContact:
		return d, fmt.Sprintf("no: %s is for staff, and this is a contact of a client", rules.Method)
	case NotForUsers:
		return d, fmt.Sprintf("no: %s is called by the kernel alone", rules.Method)
	case NotForPeople:
		return d, fmt.Sprintf("no: %s is called by modules alone", rules.Method)
	case ViewOnly:
		return d, fmt.Sprintf("no: %s changes something, and who acts as this user only looks", rules.Method)
	case NotAsAnother:
		return d, fmt.Sprintf("no: %s is for the user alone, and for nobody who acts as them", rules.Method)
	case NoClient:
		return d, fmt.Sprintf("no: role %s gives %s, but the contact acts for no client now", d.Role, rules.Permission)
	case NotPermitted:
		return d, fmt.Sprintf("no: %s gives none of it %s; %s", roles, rules.Permission, p.whoHas(rules.Permission))
	}
	switch {
	case who.Kind == Kernel, who.Kind == Module:
		return d, fmt.Sprintf("yes: %s %s acts by itself and reaches all rows of what it calls", who.Kind, who.Name)
	case rules.Scope == kernelv1.Scope_SCOPE_PUBLIC:
		return d, fmt.Sprintf("yes: anybody may call %s", rules.Method)
	case rules.Scope == kernelv1.Scope_SCOPE_MODULE:
		return d, fmt.Sprintf("yes: module %s may call %s while it serves somebody", who.Via[len(who.Via)-1], rules.Method)
	case rules.Permission == "":
		return d, "yes: anybody signed in may, for what is their own"
	case d.Reach == All:
		return d, fmt.Sprintf("yes: role %s gives %s for all clients", d.Role, rules.Permission)
	default:
		return d, fmt.Sprintf("yes: role %s gives %s for the clients granted to the user", d.Role, rules.Permission)
	}
}

// held are the roles of a user that count: staff roles for staff, the others for contacts. Nobody holds both, and a
// session that says so opens nothing.
func (p *Policy) held(who Principal) []string {
	roles := p.rights().roles
	for i, id := range who.Roles {
		if roles[id].Staff == (who.Kind == Staff) {
			continue
		}
		return slices.DeleteFunc(slices.Concat(who.Roles[:i], who.Roles[i:]), func(id string) bool {
			return roles[id].Staff != (who.Kind == Staff)
		})
	}
	return who.Roles
}

func (p *Policy) whoHas(permission string) string {
	var have []string
	for role, given := range p.rights().given {
		if given[permission] != None {
			have = append(have, role)
		}
	}
	if len(have) == 0 {
		return "no role of this portal has it"
	}
	slices.Sort(have)
	return "roles that have it: " + strings.Join(have, ", ")
}
