package kernel

import (
	"maps"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
)

// links are what ties the modules of a portal to each other, in the order of the modules: who provides what, who calls
// it, who publishes and who hears, and why it is so.
func (c *composition) links(cfg *config.Config, heard []event.Subscription) []*kernelv1.ModuleLink {
	callers := map[string][]string{} // of a service
	for _, m := range c.manifests {
		for _, s := range c.requires[m.ID] {
			callers[s] = append(callers[s], m.ID)
		}
	}
	publishers, hearers := map[string]string{}, map[string][]string{} // of an event
	for _, m := range c.manifests {
		for _, t := range m.Publishes {
			publishers[t] = m.ID
		}
	}
	hears := map[string]map[string][]string{} // module → event → subscribers
	for _, s := range heard {
		for _, t := range s.Types {
			if hears[s.Module] == nil {
				hears[s.Module] = map[string][]string{}
			}
			hears[s.Module][string(t)] = append(hears[s.Module][string(t)], s.Subscriber)
			if !slices.Contains(hearers[string(t)], s.Module) {
				hearers[string(t)] = append(hearers[string(t)], s.Module)
			}
		}
	}
	var out []*kernelv1.ModuleLink
	for _, m := range c.manifests {
		add := func(kind kernelv1.LinkKind, name string, others []string, because string) {
			out = append(out, &kernelv1.ModuleLink{ModuleId: m.ID, Kind: kind, Name: name, Others: others, Because: because})
		}
		for _, s := range m.Provides {
			add(kernelv1.LinkKind_LINK_KIND_PROVIDES, s, callers[s], presence(m.ID, cfg))
		}
		for _, s := range m.Requires {
			add(kernelv1.LinkKind_LINK_KIND_REQUIRES, s, some(c.providers[s]), c.providers[s]+" is the one module that provides it")
		}
		for _, s := range m.Optional {
			because := c.providers[s] + " is the one module that provides it"
			if c.providers[s] == "" {
				because = "no module of the portal provides it, and it does without"
			}
			add(kernelv1.LinkKind_LINK_KIND_OPTIONAL, s, some(c.providers[s]), because)
		}
		for _, t := range m.Publishes {
			add(kernelv1.LinkKind_LINK_KIND_PUBLISHES, t, hearers[t], "its manifest says so")
		}
		for _, t := range slices.Sorted(maps.Keys(hears[m.ID])) {
			from := publishers[t]
			if from == "" && strings.HasPrefix(t, "cabinet.kernel.") {
				from = kernelID // of what others publish, or of the clock
			}
			add(kernelv1.LinkKind_LINK_KIND_HEARS, t, some(from), "it subscribes as "+strings.Join(hears[m.ID][t], ", "))
		}
	}
	return out
}

// some is a list of one name, or of none.
func some(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// presence says why a module is in the portal.
func presence(id string, cfg *config.Config) string {
	switch m := cfg.Modules[id]; {
	case id == kernelID:
		return "it is in every portal"
	case m.Attach:
		return "it is attached: portal.yaml says that somebody else starts it"
	case m.Path != "":
		return "it has a program of its own, which portal.yaml names"
	}
	return "it is listed in the portal's program, and portal.yaml does not switch it off"
}
