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
	return json.Marshal(policyJSON{Roles: p.Roles(), Permissions: p.Permissions(), Given: p.given})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Policy) UnmarshalJSON(text []byte) error {
	var in policyJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*p = Policy{roles: map[string]Role{}, permissions: map[string]Permission{}, given: in.Given}
	if p.given == nil {
		p.given = map[string]map[string]Reach{}
	}
	for _, r := range in.Roles {
		p.roles[r.ID] = r
	}
	for _, perm := range in.Permissions {
		p.permissions[perm.Name] = perm
	}
	return nil
}
