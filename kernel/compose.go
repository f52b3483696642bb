package kernel

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/view"
	"github.com/opencabinet/cabinet/kernel/web"
)

// kernelID is the kernel's own name among modules, auditID that under which the audit log is read; no module may take them.
const (
	kernelID = "kernel"
	auditID  = "audit"
)

// composition is the modules of a portal that are switched on, and what they say of themselves.
type composition struct {
	units     []module.Unit
	manifests []module.Manifest   // the kernel's first
	providers map[string][]string // service → modules, one but where the contract lets many be
	requires  map[string][]string
	loans     []store.Loan
	policy    *access.Policy
	texts     *locale.Bundle
	lists     map[string]view.List
}

// composed composes modules, and derives what follows from all of them.
func composed(units []module.Unit, cfg *config.Config) (*composition, error) {
	c, err := compose(units, cfg)
	if err != nil {
		return nil, err
	}
	if c.policy, err = c.policyOf(cfg); err != nil {
		return nil, err
	}
	if c.texts, err = c.textsOf(cfg); err != nil {
		return nil, err
	}
	return c, nil
}

// compose checks the manifests against each other: a provider for everything that is required, and no second one unless its contract
// says so, one owner of clients,
// no name twice. The error names everything that lacks.
func compose(units []module.Unit, cfg *config.Config) (*composition, error) {
	c := &composition{manifests: []module.Manifest{kernelManifest}, providers: map[string][]string{}, requires: map[string][]string{}}
	off := map[string]string{} // service or lent function → the module that would provide it, were it on
	var errs []error
	seen := map[string]bool{kernelID: true, auditID: true, view.ID: true}
	for _, u := range units {
		m := u.Module.Manifest()
		switch {
		case m.ID != u.Name:
			errs = append(errs, fmt.Errorf("module %q calls itself %q in its manifest: give both the same name", u.Name, m.ID))
			continue
		case seen[m.ID]:
			errs = append(errs, fmt.Errorf("module %q is listed twice, or has a name that the kernel keeps for itself", m.ID))
			continue
		case !cfg.Enabled(m.ID):
			for _, s := range slices.Concat(m.Provides, m.Lends) {
				off[s] = m.ID
			}
			continue
		}
		seen[m.ID] = true
		c.units = append(c.units, u)
		c.manifests = append(c.manifests, m)
	}
	owners, publishers := []string{}, map[string]string{}
	for _, m := range c.manifests {
		for _, t := range m.Publishes {
			if other, twice := publishers[t]; twice {
				errs = append(errs, fmt.Errorf("%s is published by both %s and %s: an event is one module's own", t, other, m.ID))
			}
			publishers[t] = m.ID
		}
		for _, s := range m.Provides {
			if others := c.providers[s]; len(others) > 0 && !manyProvide(s, units) {
				errs = append(errs, fmt.Errorf("%s is provided by both %s and %s: switch one of them off in portal.yaml", s, others[0], m.ID))
			}
			c.providers[s] = append(c.providers[s], m.ID)
		}
		c.requires[m.ID] = slices.Concat(m.Requires, m.Optional)
		if m.OwnsClients {
			owners = append(owners, m.ID)
		}
	}
	if len(owners) > 1 {
		errs = append(errs, fmt.Errorf("modules %v all own clients: switch all but one off in portal.yaml", owners))
	}
	for _, m := range c.manifests {
		for _, s := range m.Requires {
			if len(c.providers[s]) > 0 {
				continue
			}
			hint := "add a module that provides it"
			if by := off[s]; by != "" {
				hint = fmt.Sprintf("module %s would, but portal.yaml switches it off", by)
			}
			errs = append(errs, fmt.Errorf("module %s requires %s, which no module provides: %s", m.ID, s, hint))
		}
	}
	var err error
	if c.loans, err = loansOf(c.manifests, off); err != nil {
		errs = append(errs, err)
	}
	const identity = "cabinet.kernel.v1.IdentityService"
	if len(c.providers[identity]) == 0 {
		errs = append(errs, fmt.Errorf("no module provides %s: nobody could sign in; add accountmanager", identity))
	}
	return c, errors.Join(errs...)
}

// manyProvide tells whether a contract lets several modules provide a service: one that this program links, or that a
// module's own program sent.
func manyProvide(service string, units []module.Unit) bool {
	name := protoreflect.FullName(service)
	if found, err := protoregistry.GlobalFiles.FindDescriptorByName(name); err == nil {
		s, ok := found.(protoreflect.ServiceDescriptor)
		return ok && access.ManyProviders(s)
	}
	for _, u := range units {
		f, ok := u.Module.(foreign)
		if !ok {
			continue
		}
		if found, err := f.description.Files.FindDescriptorByName(name); err == nil {
			s, ok := found.(protoreflect.ServiceDescriptor)
			return ok && access.ManyProviders(s)
		}
	}
	return false
}

// policyOf joins what modules declare with the integrator's own roles.
func (c *composition) policyOf(cfg *config.Config) (*access.Policy, error) {
	var roles []access.Role
	var permissions []access.Permission
	for _, m := range c.manifests {
		roles = append(roles, m.Roles...)
		permissions = append(permissions, m.Permissions...)
	}
	// The kernel suggests roles for its own permissions, and knows not which the portal has.
	for i := range kernelManifest.Permissions { // they come first
		presets := maps.Clone(permissions[i].Presets)
		maps.DeleteFunc(presets, func(id string, _ access.Reach) bool {
			return !slices.ContainsFunc(roles, func(r access.Role) bool { return r.ID == id })
		})
		permissions[i].Presets = presets
	}
	var own []access.RoleGrant
	for _, id := range slices.Sorted(maps.Keys(cfg.Roles)) {
		r := cfg.Roles[id]
		grant := access.RoleGrant{Role: access.Role{ID: id, Staff: r.Staff, TitleText: r.Title}}
		if r.Permissions != nil {
			grant.Permissions = map[string]access.Reach{}
			for name, reach := range r.Permissions {
				grant.Permissions[name] = access.Reach(reach)
			}
		}
		own = append(own, grant)
	}
	return access.NewPolicy(roles, permissions, own)
}

// textsOf joins the words of the kernel and of the modules.
func (c *composition) textsOf(cfg *config.Config) (*locale.Bundle, error) {
	sources := []locale.Source{web.Texts()}
	for _, m := range c.manifests[1:] {
		if m.Locales != nil {
			sources = append(sources, locale.Source{Prefix: m.ID, FS: m.Locales})
		}
	}
	bundle, err := locale.NewBundle(sources...)
	if err != nil {
		return nil, err
	}
	return bundle.WithZone(cfg.Location()), nil
}
