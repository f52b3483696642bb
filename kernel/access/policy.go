package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Policy is the roles of a portal and what each may do. It does not change while the portal runs.
type Policy struct {
	roles       map[string]Role
	permissions map[string]Permission
	// given is role → permission → reach.
	given map[string]map[string]Reach
}

// RoleGrant is an integrator's own role, or a preset role changed: written in portal.yaml.
type RoleGrant struct {
	Role Role
	// Permissions replaces a preset role's; for each, its reach. A nil map keeps what the preset has, an empty one
	// takes everything.
	Permissions map[string]Reach
}

// NewPolicy joins roles, permissions and what the integrator changed. Errors name every role or permission at fault.
func NewPolicy(roles []Role, permissions []Permission, own []RoleGrant) (*Policy, error) {
	p := &Policy{roles: map[string]Role{}, permissions: map[string]Permission{}, given: map[string]map[string]Reach{}}
	var errs []error
	for _, r := range roles {
		if _, twice := p.roles[r.ID]; twice {
			errs = append(errs, fmt.Errorf("role %q is declared twice", r.ID))
		}
		if r.ID == "" {
			errs = append(errs, errors.New("a role is declared without an id"))
		}
		p.roles[r.ID] = r
		p.given[r.ID] = map[string]Reach{}
	}
	replaced := map[string]bool{} // roles whose presets do not count
	for _, g := range own {
		preset, known := p.roles[g.Role.ID]
		if known && preset.Staff != g.Role.Staff {
			errs = append(errs, fmt.Errorf("role %q cannot change between staff and clients: give your role another name", g.Role.ID))
			continue
		}
		if _, twice := replaced[g.Role.ID]; twice {
			errs = append(errs, fmt.Errorf("role %q is changed twice", g.Role.ID))
			continue
		}
		if !known {
			preset = g.Role
		} else if g.Role.TitleText != nil {
			preset.TitleText = g.Role.TitleText
		}
		p.roles[g.Role.ID] = preset
		p.given[g.Role.ID] = map[string]Reach{}
		replaced[g.Role.ID] = g.Permissions != nil
	}
	for _, perm := range permissions {
		if _, twice := p.permissions[perm.Name]; twice {
			errs = append(errs, fmt.Errorf("permission %q is declared twice", perm.Name))
		}
		if perm.Name == "" {
			errs = append(errs, errors.New("a permission is declared without a name"))
		}
		p.permissions[perm.Name] = perm
		for _, role := range slices.Sorted(maps.Keys(perm.Presets)) {
			if !replaced[role] {
				errs = append(errs, p.give(role, perm.Name, perm.Presets[role]))
			}
		}
	}
	for _, g := range own {
		for _, name := range slices.Sorted(maps.Keys(g.Permissions)) {
			errs = append(errs, p.give(g.Role.ID, name, g.Permissions[name]))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) give(role, permission string, reach Reach) error {
	r, known := p.roles[role]
	if !known {
		return fmt.Errorf("permission %q is given to role %q, which nobody declares", permission, role)
	}
	if _, known := p.permissions[permission]; !known {
		return fmt.Errorf("role %q is given permission %q, which no module declares", role, permission)
	}
	if reach.rank() == 0 {
		return fmt.Errorf("role %q is given permission %q with reach %q: use %q or %q", role, permission, reach, Granted, All)
	}
	if !r.Staff && reach == All {
		return fmt.Errorf("role %q belongs to clients, who never reach all rows: give %q the reach %q", role, permission, Granted)
	}
	p.given[role][permission] = reach
	return nil
}

// Roles returns the portal's roles, by id.
func (p *Policy) Roles() []Role {
	return slices.SortedFunc(maps.Values(p.roles), func(a, b Role) int { return strings.Compare(a.ID, b.ID) })
}

// Role returns a role by its id.
func (p *Policy) Role(id string) (Role, bool) {
	r, ok := p.roles[id]
	return r, ok
}

// Permissions returns what modules declared, by name.
func (p *Policy) Permissions() []Permission {
	return slices.SortedFunc(maps.Values(p.permissions), func(a, b Permission) int { return strings.Compare(a.Name, b.Name) })
}

// Given returns what a role may do: permission → reach. The map is the caller's.
func (p *Policy) Given(role string) map[string]Reach { return maps.Clone(p.given[role]) }

// Reach returns how far a set of roles reaches with a permission, and the role that decided.
func (p *Policy) Reach(roles []string, permission string) (Reach, string) {
	reach, by := None, ""
	for _, role := range roles {
		if r := p.given[role][permission]; r.more(reach) {
			reach, by = r, role
		}
	}
	return reach, by
}
