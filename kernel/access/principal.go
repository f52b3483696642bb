package access

import (
	"slices"
	"time"
)

// Kind is what a principal is.
type Kind string

// The kinds of principal. The zero value is nobody.
const (
	Nobody  Kind = ""
	Contact Kind = "contact" // a person of a client
	Staff   Kind = "staff"   // a person of the business
	Module  Kind = "module"  // a module acting by itself: a job, an event handler
	Kernel  Kind = "kernel"  // the kernel, in what it asks of modules
)

// Principal is who is acting now. It is a value: copy it freely, never change one that is in a context.
type Principal struct {
	Kind Kind
	// UserID and SessionID are UUIDs; empty for a module and the kernel.
	UserID    string
	SessionID string
	// Name as shown to others; a module's id.
	Name string
	// Roles that hold now. For a contact: the base role "client" and the one held in the client acted for.
	Roles []string
	// ActingFor is the client a contact acts for now, a UUID. Rows of other clients are not seen,
	// granted or not. Empty for staff, and for a contact whom no client is left to act for.
	ActingFor string
	// Via names the modules that the call came through, outermost first. The router adds to it.
	Via []string
	// ActedBy is the member of staff who acts as this user, a UUID; empty when they act themselves, as nearly always.
	ActedBy string
	// MayWrite says that who acts as another may do what that user may, and does not only look. It says nothing of anybody
	// who acts themselves.
	MayWrite bool
	// Place is where they act from; empty for a module.
	Place Place
	// Within narrows whose rows calls reach, however far the roles do: Granted for those of granted clients alone. Empty
	// narrows nothing.
	Within Reach
	// Proved is when a user last showed that it is them: at sign-in, or when they were asked again. Zero for never.
	Proved time.Time
}

// Place is where somebody acts from, as far as the pages know.
type Place struct {
	// Address is the browser's, an IP.
	Address string
	// Device is what it runs on, in two words: "Chrome · Windows".
	Device string
}

// IsUser tells whether a person is acting, who may be shown a page.
func (p Principal) IsUser() bool { return p.Kind == Contact || p.Kind == Staff }

// ClientMeant is the client that a request is about: the one that it names, or else the one that a contact acts for; empty for none.
func (p Principal) ClientMeant(named string) string {
	if named == "" && p.Kind == Contact {
		return p.ActingFor
	}
	return named
}

// Looks tells whether somebody looks at what another sees, and can change nothing.
func (p Principal) Looks() bool { return p.ActedBy != "" && !p.MayWrite }

// HasRole tells whether the principal holds a role.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }

// AsModule is the principal of a module that acts by itself.
func AsModule(id string) Principal { return Principal{Kind: Module, Name: id} }

// AsKernel is the principal of the kernel.
func AsKernel() Principal { return Principal{Kind: Kernel, Name: "kernel"} }
