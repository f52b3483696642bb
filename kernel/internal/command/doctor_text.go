package command

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// print shows people what was found.
func (h *health) print(out io.Writer) {
	switch {
	case h.place != nil:
		_, _ = fmt.Fprintf(out, "%s runs at %s\nprocess %d, since %s\n", h.name, h.place.URL, h.place.PID, h.place.Started.Format(time.DateTime))
	case h.id != "":
		_, _ = fmt.Fprintf(out, "%s does not run: this is what would.\n", h.name)
	}
	if len(h.problems) > 0 {
		_, _ = fmt.Fprintln(out)
		printProblems(out, h.problems)
	}
	if len(h.modules) > 0 {
		_, _ = fmt.Fprintln(out)
		h.table(out)
		h.advice(out)
	}
	for _, m := range h.modules {
		h.ties(out, m)
	}
}

// table shows each module in a line.
func (h *health) table(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { _ = t.Flush() }()
	if !h.told {
		_, _ = fmt.Fprintln(t, "MODULE\tWHERE\tVERSION")
		for _, m := range h.modules {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", m.GetId(), placeWord(m), version(m))
		}
		return
	}
	_, _ = fmt.Fprintln(t, "MODULE\tSTATE\tWHERE\tVERSION\tRESTARTS\tWAITING\tLAG")
	for _, m := range h.modules {
		restarts := "-"
		if m.GetPlace() != kernelv1.ModulePlace_MODULE_PLACE_PORTAL {
			restarts = strconv.Itoa(int(m.GetRestarts()))
		}
		lag := "-"
		if m.GetEventsWaiting() > 0 {
			lag = (time.Duration(m.GetLagSeconds()) * time.Second).String()
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.GetId(), stateWord(m), placeWord(m), version(m), restarts, m.GetEventsWaiting(), lag)
	}
}

// version is short enough for a table: what the program says of itself, or else the beginning of its checksum.
func version(m *kernelv1.Module) string {
	text := cmp.Or(m.GetVersion(), m.GetChecksum(), "-")
	if runes := []rune(text); len(runes) > 14 {
		return string(runes[:13]) + "…"
	}
	return text
}

// advice says of what is not well why, and what to do.
func (h *health) advice(out io.Writer) {
	if !h.told {
		return
	}
	for _, m := range h.modules {
		do := hint(m)
		if do == "" {
			continue
		}
		_, _ = fmt.Fprintf(out, "\n%s %s\n", m.GetId(), ails(m))
		if why := cmp.Or(m.GetReason(), m.GetLastFailure()); why != "" {
			_, _ = fmt.Fprintf(out, "  why:   %s\n", wrap(why, 9))
		}
		_, _ = fmt.Fprintf(out, "  to do: %s\n", wrap(do, 9))
	}
	if h.parked+h.failing > 0 {
		_, _ = fmt.Fprintf(out, "\n%s\n  to do: %s\n", wrap(fmt.Sprintf("Events do not go on: %s, %s.", count(h.failing, "lane is tried again", "lanes are tried again"),
			count(h.parked, "lane waits for somebody", "lanes wait for somebody")), 0),
			wrap("see why on the portal's page of events, and replay them there once it is mended", 9))
	}
}

// ails says in words what is not well about a module.
func ails(m *kernelv1.Module) string {
	switch m.GetState() {
	case kernelv1.ModuleState_MODULE_STATE_DEGRADED:
		return "does not answer as it should"
	case kernelv1.ModuleState_MODULE_STATE_CRASHED, kernelv1.ModuleState_MODULE_STATE_BACKOFF:
		return "fell"
	case kernelv1.ModuleState_MODULE_STATE_QUARANTINED:
		return "is in quarantine"
	case kernelv1.ModuleState_MODULE_STATE_STOPPED, kernelv1.ModuleState_MODULE_STATE_MISSING:
		return "is " + stateWord(m)
	}
	return "is behind with its events"
}

// verbs say which way a tie goes: the line of a tie with somebody, and of one with nobody.
var verbs = map[kernelv1.LinkKind]struct{ line, with, alone string }{
	kernelv1.LinkKind_LINK_KIND_PROVIDES:  {"provides", "to", "which pages alone call"},
	kernelv1.LinkKind_LINK_KIND_REQUIRES:  {"requires", "from", "which no module provides"},
	kernelv1.LinkKind_LINK_KIND_OPTIONAL:  {"may call", "of", "which no module provides"},
	kernelv1.LinkKind_LINK_KIND_PUBLISHES: {"publishes", "to", "which no module hears"},
	kernelv1.LinkKind_LINK_KIND_HEARS:     {"hears", "from", "which no module publishes"},
	kernelv1.LinkKind_LINK_KIND_LENDS:     {"lends", "to", "which no module borrows"},
	kernelv1.LinkKind_LINK_KIND_BORROWS:   {"borrows", "of", "which no module lends"},
}

// ties shows what ties a module to others: each tie in a line, and those to nobody together.
func (h *health) ties(out io.Writer, m *kernelv1.Module) {
	id := m.GetId()
	_, _ = fmt.Fprintf(out, "\n%s\n", wrap(id+", because "+presence(m), 0))
	for kind := kernelv1.LinkKind_LINK_KIND_PROVIDES; kind <= kernelv1.LinkKind_LINK_KIND_BORROWS; kind++ {
		v, alone := verbs[kind], []string(nil)
		for _, l := range h.links {
			switch {
			case l.GetModuleId() != id || l.GetKind() != kind:
			case kind == kernelv1.LinkKind_LINK_KIND_HEARS && slices.Equal(l.GetOthers(), []string{id}):
				// said where it publishes it
			case len(l.GetOthers()) == 0:
				alone = append(alone, short(l.GetName()))
			default:
				_, _ = fmt.Fprintf(out, "  %-9s  %s\n", v.line, wrap(short(l.GetName())+" "+v.with+" "+others(l), 13))
			}
		}
		if len(alone) > 0 {
			_, _ = fmt.Fprintf(out, "  %-9s  %s\n", v.line, wrap(strings.Join(alone, ", ")+", "+v.alone, 13))
		}
	}
}

// others are the modules at the other end of a tie.
func others(l *kernelv1.ModuleLink) string {
	names := slices.Clone(l.GetOthers())
	if i := slices.Index(names, l.GetModuleId()); i >= 0 {
		names[i] = "itself"
	}
	return strings.Join(names, ", ")
}

// presence says why a module is in the portal.
func presence(m *kernelv1.Module) string {
	switch {
	case m.GetId() == kernelID:
		return "it is in every portal"
	case m.GetPlace() == kernelv1.ModulePlace_MODULE_PLACE_ATTACHED:
		return "portal.yaml says that somebody starts it by hand"
	case m.GetPlace() == kernelv1.ModulePlace_MODULE_PLACE_PROGRAM:
		return "portal.yaml names its program"
	}
	return "it is listed in the portal's program, and portal.yaml does not switch it off"
}

// short is a full name without what all have: "clientmanager.ClientService" of "cabinet.clientmanager.v1.ClientService".
func short(name string) string {
	parts := strings.Split(strings.TrimPrefix(name, "cabinet."), ".")
	if len(parts) == 3 && parts[1] == "v1" {
		return parts[0] + "." + parts[2]
	}
	return name
}
