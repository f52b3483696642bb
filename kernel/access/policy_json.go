package access

import "encoding/json"

// policyJSON is a policy as it is sent to a module's process.
type policyJSON struct {
	Roles       []Role                      `json:"roles"`
	Permissions []Permission                `json:"permissions"`
	Given       map[string]map[string]Reach `json:"given"`
}

var (
	_ json.Marshaler   = (*Policy)(nil)
	_ json.Unmarshaler = (*Policy)(nil)
)

// MarshalJSON writes the policy for a process that decides nothing by it but may look things up.
func (p *Policy) MarshalJSON() ([]byte, error) {
	return json.Marshal(policyJSON{Roles: p.Roles(), Permissions: p.Permissions(), Given: p.rights().given})
}

// UnmarshalJSON reads what MarshalJSON wrote, at first and again whenever roles were changed.
func (p *Policy) UnmarshalJSON(text []byte) error {
	var in policyJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	next := &rights{roles: map[string]Role{}, given: in.Given}
	for _, r := range in.Roles {
		next.roles[r.ID] = r
	}
	permissions := map[string]Permission{}
	for _, perm := range in.Permissions {
		permissions[perm.Name] = perm
	}
	p.base.Store(&base{declared: in.Roles, permissions: permissions})
	p.put(next)
	return nil
}
