package access

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
)

// Reach says whose rows a permission opens.
type Reach string

// The reaches, from less to more.
const (
	None    Reach = ""        // no rows
	Granted Reach = "granted" // the clients granted to the user, and the user's own things
	All     Reach = "all"     // every client
)

func (r Reach) more(than Reach) bool { return r.rank() > than.rank() }

func (r Reach) rank() int {
	switch r {
	case All:
		return 2
	case Granted:
		return 1
	default:
		return 0
	}
}

// Role is a name that permissions are given to.
type Role struct {
	// ID as stored and written in portal.yaml: "manager", "client.director".
	ID string `json:"id"`
	// Staff roles are for the business's people, the others for contacts of clients. Nobody holds both.
	Staff bool `json:"staff,omitempty"`
	// Base is set for the role that every contact, or every member of staff, holds without being given it.
	Base bool `json:"base,omitempty"`
	// Title is the key of the role's name in the locale files; TitleText an integrator's own words for it, which win.
	Title     string            `json:"title,omitempty"`
	TitleText map[string]string `json:"title_text,omitempty"`
}

// Permission is a right that a module declares, with the roles that have it unless the integrator says otherwise.
type Permission struct {
	// Name is "module.things.verb": "clientmanager.clients.update".
	Name string `json:"name"`
	// Title is the key of its plain-words description in the locale files.
	Title string `json:"title,omitempty"`
	// Presets gives each role its reach. Contacts' roles never reach further than Granted.
	Presets map[string]Reach `json:"presets,omitempty"`
}

// Policy is the roles of a portal and what each may do. Whoever was given it sees at once what [Policy.Change] changes;
// each of its answers is from before or after, never from between. The zero Policy opens nothing.
type Policy struct {
	base    atomic.Pointer[base]
	now     atomic.Pointer[rights]
	changes atomic.Uint64
}

// base is what modules and portal.yaml say; it is replaced as a whole, never changed.
type base struct {
	declared    []Role
	permissions map[string]Permission
	own         []RoleGrant
}

// rights are replaced as a whole, never changed.
type rights struct {
	roles map[string]Role
	// given is role → permission → reach.
	given map[string]map[string]Reach
}

// RoleGrant is an integrator's own role, or a preset role changed: written in portal.yaml, or by people in the portal.
type RoleGrant struct {
	Role Role
	// Permissions replaces a preset role's; for each, its reach. A nil map keeps what the preset has, an empty one
	// takes everything.
	Permissions map[string]Reach
	// Changes are permissions whose reach differs from what the role has otherwise; [None] takes one. Those that no
	// module declares any more are passed over.
	Changes map[string]Reach
}

// NewPolicy joins roles, permissions and what the integrator changed. Errors name every role or permission at fault.
func NewPolicy(roles []Role, permissions []Permission, own []RoleGrant) (*Policy, error) {
	b := &base{declared: roles, permissions: map[string]Permission{}, own: own}
	p := &Policy{}
	p.base.Store(b)
	var errs []error
	seen := map[string]bool{}
	for _, r := range roles {
		if seen[r.ID] {
			errs = append(errs, fmt.Errorf("role %q is declared twice", r.ID))
		}
		if r.ID == "" {
			errs = append(errs, errors.New("a role is declared without an id"))
		}
		seen[r.ID] = true
	}
	for _, perm := range permissions {
		if _, twice := b.permissions[perm.Name]; twice {
			errs = append(errs, fmt.Errorf("permission %q is declared twice", perm.Name))
		}
		if perm.Name == "" {
			errs = append(errs, errors.New("a permission is declared without a name"))
		}
		b.permissions[perm.Name] = perm
	}
	changed := map[string]bool{}
	for _, g := range own {
		if changed[g.Role.ID] {
			errs = append(errs, fmt.Errorf("role %q is changed twice", g.Role.ID))
		}
		changed[g.Role.ID] = true
	}
	if err := errors.Join(append(errs, p.Change(nil))...); err != nil {
		return nil, err
	}
	return p, nil
}

// Change puts what people changed in the portal in force, over what portal.yaml says; what was changed before is
// forgotten. When it is an error nothing changes.
func (p *Policy) Change(changes []RoleGrant) error {
	b := p.said()
	next := &rights{roles: map[string]Role{}, given: map[string]map[string]Reach{}}
	for _, r := range b.declared {
		next.roles[r.ID], next.given[r.ID] = r, map[string]Reach{}
	}
	var errs []error
	replaces := map[string]map[string]Reach{} // of roles whose presets do not count
	for _, g := range slices.Concat(b.own, changes) {
		role, known := next.roles[g.Role.ID]
		switch {
		case known && role.Staff != g.Role.Staff:
			errs = append(errs, fmt.Errorf("role %q cannot change between staff and clients: give your role another name", g.Role.ID))
			continue
		case !known:
			role = g.Role
		case g.Role.TitleText != nil:
			role.TitleText = g.Role.TitleText
		}
		next.roles[g.Role.ID], next.given[g.Role.ID] = role, map[string]Reach{}
		if g.Permissions != nil {
			replaces[g.Role.ID] = g.Permissions
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.permissions)) {
		presets := b.permissions[name].Presets
		for _, role := range slices.Sorted(maps.Keys(presets)) {
			if replaces[role] == nil {
				errs = append(errs, b.give(next, role, name, presets[role]))
			}
		}
	}
	for _, role := range slices.Sorted(maps.Keys(replaces)) {
		for _, name := range slices.Sorted(maps.Keys(replaces[role])) {
			errs = append(errs, b.give(next, role, name, replaces[role][name]))
		}
	}
	for _, g := range changes {
		for _, name := range slices.Sorted(maps.Keys(g.Changes)) {
			switch _, known := b.permissions[name]; {
			case !known:
			case g.Changes[name] == None:
				delete(next.given[g.Role.ID], name)
			default:
				errs = append(errs, b.give(next, g.Role.ID, name, g.Changes[name]))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.put(next)
	return nil
}

func (p *Policy) put(next *rights) {
	p.now.Store(next)
	p.changes.Add(1)
}

// Changes counts how often what roles open was changed, for who remembers what followed from it.
func (p *Policy) Changes() uint64 { return p.changes.Load() }

// With is the policy as it would be with other changes than now.
func (p *Policy) With(changes []RoleGrant) (*Policy, error) {
	other := &Policy{}
	other.base.Store(p.said())
	if err := other.Change(changes); err != nil {
		return nil, err
	}
	return other, nil
}

// Adopt puts what another policy is made of into the place of what this one is: when a module says otherwise what its
// permissions are. What people changed is put in force by the next [Policy.Change]; until then the other's holds.
func (p *Policy) Adopt(other *Policy) {
	p.base.Store(other.said())
	p.put(other.rights())
}

func (p *Policy) said() *base {
	if b := p.base.Load(); b != nil {
		return b
	}
	return &base{}
}

func (p *Policy) rights() *rights {
	if now := p.now.Load(); now != nil {
		return now
	}
	return &rights{}
}

func (b *base) give(to *rights, role, permission string, reach Reach) error {
	r, known := to.roles[role]
	if !known {
		return fmt.Errorf("permission %q is given to role %q, which nobody declares", permission, role)
	}
	if _, known := b.permissions[permission]; !known {
		return fmt.Errorf("role %q is given permission %q, which no module declares", role, permission)
	}
	if reach.rank() == 0 {
		return fmt.Errorf("role %q is given permission %q with reach %q: use %q or %q", role, permission, reach, Granted, All)
	}
	if !r.Staff && reach == All {
		return fmt.Errorf("role %q belongs to clients, who never reach all rows: give %q the reach %q", role, permission, Granted)
	}
	to.given[role][permission] = reach
	return nil
}

// Roles returns the portal's roles, by id.
func (p *Policy) Roles() []Role {
	return slices.SortedFunc(maps.Values(p.rights().roles), func(a, b Role) int { return strings.Compare(a.ID, b.ID) })
}

// Role returns a role by its id.
func (p *Policy) Role(id string) (Role, bool) {
	r, ok := p.rights().roles[id]
	return r, ok
}

// Title is what a role is called in a language: the integrator's own words, or the module's, whose key text translates. A
// role that is no more keeps its id.
func (p *Policy) Title(id, language string, text func(key string, args ...any) string) string {
	role, known := p.Role(id)
	switch {
	case !known:
		return id
	case role.TitleText[language] != "":
		return role.TitleText[language]
	case role.Title == "":
		return cmp.Or(role.TitleText["en"], id)
	}
	return text(role.Title)
}

// Permissions returns what modules declared, by name.
func (p *Policy) Permissions() []Permission {
	return slices.SortedFunc(maps.Values(p.said().permissions), func(a, b Permission) int { return strings.Compare(a.Name, b.Name) })
}

// Given returns what a role may do: permission → reach. The map is the caller's.
func (p *Policy) Given(role string) map[string]Reach { return maps.Clone(p.rights().given[role]) }

// Reach returns how far a set of roles reaches with a permission, and the role that decided.
func (p *Policy) Reach(roles []string, permission string) (Reach, string) {
	reach, by := None, ""
	for _, role := range roles {
		if r := p.rights().given[role][permission]; r.more(reach) {
			reach, by = r, role
		}
	}
	return reach, by
}

// Masks tells whether somebody sees what a permission reveals only in part, of rows that a call reaches so far: staff whose
// roles reach less far with the permission. Contacts see what is their own company's, and modules what they ask for.
func (p *Policy) Masks(who Principal, permission string, reach Reach) bool {
	if who.Kind != Staff {
		return false
	}
	revealed, _ := p.Reach(p.held(who), permission)
	return revealed == None || reach.more(revealed)
}
