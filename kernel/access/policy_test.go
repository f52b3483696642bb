package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
)

var (
	roles = []access.Role{
		{ID: "client", Base: true, Title: "roles.client"}, {ID: "client.director"},
		{ID: "manager", Staff: true, Title: "roles.manager"}, {ID: "head", Staff: true},
	}
	permissions = []access.Permission{
		{Name: "notes.read", Presets: map[string]access.Reach{"client": access.Granted, "manager": access.Granted, "head": access.All}},
		{Name: "notes.write", Presets: map[string]access.Reach{"client.director": access.Granted, "manager": access.Granted, "head": access.All}},
		{Name: "notes.forget", Presets: map[string]access.Reach{"head": access.All}},
		{Name: "notes.unused"},
	}
)

func policy(t testing.TB, own ...access.RoleGrant) *access.Policy {
	t.Helper()
	p, err := access.NewPolicy(roles, permissions, own)
	require.NoError(t, err)
	return p
}

func TestReachIsTheWidestOfARolesPermissions(t *testing.T) {
	p := policy(t)
	for name, c := range map[string]struct {
		roles      []string
		permission string
		reach      access.Reach
		by         string
	}{
		"one role":             {[]string{"manager"}, "notes.read", access.Granted, "manager"},
		"the wider wins":       {[]string{"manager", "head"}, "notes.read", access.All, "head"},
		"whatever the order":   {[]string{"head", "manager"}, "notes.read", access.All, "head"},
		"no role has it":       {[]string{"client"}, "notes.forget", access.None, ""},
		"a role nobody knows":  {[]string{"emperor"}, "notes.read", access.None, ""},
		"a permission unknown": {[]string{"head"}, "notes.burn", access.None, ""},
		"no role":              {nil, "notes.read", access.None, ""},
		"no permission":        {[]string{"head"}, "", access.None, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reach, by := p.Reach(c.roles, c.permission)
			require.Equal(t, c.reach, reach)
			require.Equal(t, c.by, by)
		})
	}
}

func TestAnIntegratorsRoles(t *testing.T) {
	t.Run("a role of its own", func(t *testing.T) {
		p := policy(t, access.RoleGrant{
			Role: access.Role{ID: "auditor", Staff: true}, Permissions: map[string]access.Reach{"notes.read": access.All},
		})
		require.Equal(t, map[string]access.Reach{"notes.read": access.All}, p.Given("auditor"))
		require.Len(t, p.Roles(), 5)
	})
	t.Run("a preset replaced", func(t *testing.T) {
		p := policy(t, access.RoleGrant{
			Role:        access.Role{ID: "manager", Staff: true, TitleText: map[string]string{"en": "Advisor"}},
			Permissions: map[string]access.Reach{"notes.forget": access.Granted},
		})
		require.Equal(t, map[string]access.Reach{"notes.forget": access.Granted}, p.Given("manager"))
		manager, _ := p.Role("manager")
		require.Equal(t, "Advisor", manager.TitleText["en"])
		require.Equal(t, "roles.manager", manager.Title)
		require.Equal(t, access.All, p.Given("head")["notes.read"], "the others stay")
	})
	t.Run("a preset renamed keeps what it may", func(t *testing.T) {
		p := policy(t, access.RoleGrant{Role: access.Role{ID: "manager", Staff: true, TitleText: map[string]string{"en": "Advisor"}}})
		require.Equal(t, map[string]access.Reach{"notes.read": access.Granted, "notes.write": access.Granted}, p.Given("manager"))
	})
	t.Run("a preset emptied", func(t *testing.T) {
		p := policy(t, access.RoleGrant{Role: access.Role{ID: "manager", Staff: true}, Permissions: map[string]access.Reach{}})
		require.Empty(t, p.Given("manager"))
	})
	t.Run("what is given out is a copy", func(t *testing.T) {
		p := policy(t)
		p.Given("client")["notes.forget"] = access.All
		require.NotContains(t, p.Given("client"), "notes.forget")
	})
}

func TestPoliciesThatDoNotFit(t *testing.T) {
	contact, staff := access.Role{ID: "buyer"}, access.Role{ID: "auditor", Staff: true}
	for name, c := range map[string]struct {
		roles       []access.Role
		permissions []access.Permission
		own         []access.RoleGrant
		want        []string
	}{
		"a role twice":         {roles: []access.Role{staff, staff}, want: []string{`role "auditor" is declared twice`}},
		"a role unnamed":       {roles: []access.Role{{}}, want: []string{"a role is declared without an id"}},
		"a permission twice":   {permissions: []access.Permission{{Name: "a.b.c"}, {Name: "a.b.c"}}, want: []string{`permission "a.b.c" is declared twice`}},
		"a permission unnamed": {permissions: []access.Permission{{}}, want: []string{"a permission is declared without a name"}},
		"preset for a role unknown": {
			permissions: []access.Permission{{Name: "a.b.c", Presets: map[string]access.Reach{"x": access.All, "y": access.All}}},
			want:        []string{`permission "a.b.c" is given to role "x", which nobody declares`, `"y"`},
		},
		"a contact's role that reaches all": {
			roles:       []access.Role{contact},
			permissions: []access.Permission{{Name: "a.b.c", Presets: map[string]access.Reach{"buyer": access.All}}},
			want:        []string{`role "buyer" belongs to clients, who never reach all rows`},
		},
		"the same by the integrator": {
			permissions: []access.Permission{{Name: "a.b.c"}},
			own:         []access.RoleGrant{{Role: contact, Permissions: map[string]access.Reach{"a.b.c": access.All}}},
			want:        []string{`role "buyer" belongs to clients, who never reach all rows`},
		},
		"a permission unknown": {
			own:  []access.RoleGrant{{Role: contact, Permissions: map[string]access.Reach{"a.b.c": access.Granted, "a.b.d": access.Granted}}},
			want: []string{`role "buyer" is given permission "a.b.c", which no module declares`, `"a.b.d"`},
		},
		"a reach unknown": {
			permissions: []access.Permission{{Name: "a.b.c"}},
			own:         []access.RoleGrant{{Role: staff, Permissions: map[string]access.Reach{"a.b.c": "everything"}}},
			want:        []string{`with reach "everything": use "granted" or "all"`},
		},
		"a role that changes sides": {
			roles: []access.Role{contact}, own: []access.RoleGrant{{Role: access.Role{ID: "buyer", Staff: true}}},
			want: []string{`role "buyer" cannot change between staff and clients`},
		},
		"a role changed twice": {
			own:  []access.RoleGrant{{Role: staff}, {Role: staff}},
			want: []string{`role "auditor" is changed twice`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := access.NewPolicy(c.roles, c.permissions, c.own)
			require.Nil(t, p)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestARoleIsCalledAsTheIntegratorCallsIt(t *testing.T) {
	p := policy(t,
		access.RoleGrant{Role: access.Role{ID: "manager", Staff: true, TitleText: map[string]string{"en": "Advisor"}}},
		access.RoleGrant{Role: access.Role{ID: "auditor", Staff: true, TitleText: map[string]string{"en": "Auditor"}}},
	)
	key := func(key string, _ ...any) string { return "[" + key + "]" }
	for _, c := range [][3]string{
		{"manager", "en", "Advisor"}, {"manager", "uk", "[roles.manager]"}, {"client", "en", "[roles.client]"},
		{"auditor", "uk", "Auditor"}, {"head", "en", "head"}, {"emperor", "en", "emperor"},
	} {
		require.Equal(t, c[2], p.Title(c[0], c[1], key), "%v", c)
	}
}
