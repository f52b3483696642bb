package kernel

import (
	"fmt"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// links are what ties the portal's modules together, by module: who provides what to whom, and who hears what of whom.
func (p *Portal) links() []*kernelv1.ModuleLink {
	c := p.parts()
	users := map[string][]string{}    // service → modules that call it
	optional := map[string][]string{} // the same, of those that can do without
	borrowers := map[string][]string{}
	publisher := map[string]string{}
	hearers := map[string][]string{}
	for _, m := range c.manifests {
		for _, s := range m.Requires {
			users[s] = append(users[s], m.ID)
		}
		for _, s := range m.Optional {
			optional[s] = append(optional[s], m.ID)
		}
		for _, f := range m.Borrows {
			borrowers[f] = append(borrowers[f], m.ID)
		}
		for _, t := range m.Publishes {
			publisher[t] = m.ID
		}
	}
	heard := map[string][]string{} // module → types
	for _, m := range c.manifests {
		for _, s := range p.hears(m.ID) {
			for _, t := range s.Types {
				if !slices.Contains(heard[m.ID], string(t)) {
					heard[m.ID] = append(heard[m.ID], string(t))
					hearers[string(t)] = append(hearers[string(t)], m.ID)
				}
			}
		}
	}
	var all []*kernelv1.ModuleLink
	add := func(id string, kind kernelv1.LinkKind, name string, others []string, because string, args ...any) {
		others = slices.Compact(slices.Sorted(slices.Values(others)))
		all = append(all, &kernelv1.ModuleLink{ModuleId: id, Kind: kind, Name: name, Others: others, Because: fmt.Sprintf(because, args...)})
	}
	for _, m := range c.manifests {
		for _, s := range m.Provides {
			callers := slices.Concat(users[s], optional[s])
			if len(callers) == 0 {
				add(m.ID, kernelv1.LinkKind_LINK_KIND_PROVIDES, s, nil, "no module calls it: it is for pages and programs")
			} else {
				add(m.ID, kernelv1.LinkKind_LINK_KIND_PROVIDES, s, callers, "%s", called(users[s], optional[s]))
			}
		}
		for _, s := range m.Requires {
			add(m.ID, kernelv1.LinkKind_LINK_KIND_REQUIRES, s, c.providers[s], "%s", provided(c.providers[s]))
		}
		for _, s := range m.Optional {
			if by := c.providers[s]; len(by) > 0 {
				add(m.ID, kernelv1.LinkKind_LINK_KIND_OPTIONAL, s, by, "%s provides it; %s would do without", strings.Join(by, ", "), m.ID)
			} else {
				add(m.ID, kernelv1.LinkKind_LINK_KIND_OPTIONAL, s, nil, "no module provides it, and %s does without", m.ID)
			}
		}
		for _, f := range m.Lends {
			because := "no module borrows it"
			if len(borrowers[f]) > 0 {
				because = strings.Join(borrowers[f], ", ") + " may call it in transactions of their own"
			}
			add(m.ID, kernelv1.LinkKind_LINK_KIND_LENDS, f, borrowers[f], "%s", because)
		}
		for _, f := range m.Borrows {
			lender, _, _ := strings.Cut(f, ".")
			add(m.ID, kernelv1.LinkKind_LINK_KIND_BORROWS, f, []string{lender}, "%s lends it to the transactions of %s", lender, m.ID)
		}
		for _, t := range m.Publishes {
			because := "no module hears it"
			if len(hearers[t]) > 0 {
				because = "their handlers are given it"
			}
			add(m.ID, kernelv1.LinkKind_LINK_KIND_PUBLISHES, t, hearers[t], "%s", because)
		}
		for _, t := range heard[m.ID] {
			switch by := publisher[t]; {
			case by != "":
				add(m.ID, kernelv1.LinkKind_LINK_KIND_HEARS, t, []string{by}, "%s publishes it", by)
			case strings.HasPrefix(t, "cabinet.kernel.v1."):
				add(m.ID, kernelv1.LinkKind_LINK_KIND_HEARS, t, []string{kernelID}, "the kernel tells it")
			default:
				add(m.ID, kernelv1.LinkKind_LINK_KIND_HEARS, t, nil, "no module of the portal publishes it")
			}
		}
	}
	return all
}

// provided says who provides a service.
func provided(by []string) string {
	if len(by) == 1 {
		return by[0] + " is the one module of the portal that provides it"
	}
	return strings.Join(by, ", ") + " provide it, and each call says which is meant"
}

// called says who calls a service.
func called(users, optional []string) string {
	switch {
	case len(optional) == 0:
		return strings.Join(users, ", ") + " cannot do without it"
	case len(users) == 0:
		return strings.Join(optional, ", ") + " would do without it"
	}
	return strings.Join(users, ", ") + " cannot do without it, " + strings.Join(optional, ", ") + " would"
}
