package command

import (
	"context"
	"fmt"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// checkReport is what check prints for programs.
type checkReport struct {
	OK       bool            `json:"ok"`
	Portal   string          `json:"portal,omitempty"`
	Modules  []checkedModule `json:"modules"`
	Methods  int             `json:"methods"`
	Screens  int             `json:"screens"`
	Events   int             `json:"events"`
	Problems []problem       `json:"problems"`
}

type checkedModule struct {
	ID      string `json:"id"`
	Place   string `json:"place"`
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
}

func (c *command) check(ctx context.Context, asJSON bool) int {
	checked, err := c.portal.Check(ctx)
	wrong := problems(err)
	if asJSON {
		report := checkReport{OK: err == nil, Modules: []checkedModule{}, Problems: append([]problem{}, wrong...)}
		if checked != nil {
			report.Portal, report.Methods, report.Screens, report.Events = checked.ID, checked.Methods, checked.Screens, checked.Events
			for _, m := range checked.Modules {
				report.Modules = append(report.Modules, checkedModule{ID: m.GetId(), Place: placeWord(m), Version: m.GetVersion(), Path: m.GetPath()})
			}
		}
		return max(printJSON(c.out, report), exit(err))
	}
	if err != nil {
		printProblems(c.out, wrong)
		return found
	}
	var names []string
	for _, m := range checked.Modules {
		if m.GetId() != kernelID {
			names = append(names, m.GetId()+where(m.GetPlace()))
		}
	}
	_, _ = fmt.Fprintf(c.out, "%s is well: configuration, composition, contracts and screens hold.\n  %s\n  %s, %s, %s\n", checked.Name,
		wrap(count(len(names), "module", "modules")+": "+strings.Join(names, ", "), 2),
		count(checked.Methods, "method", "methods"), count(checked.Screens, "screen", "screens"), count(checked.Events, "event", "events"))
	return well
}

// kernelID is the kernel's own name among modules.
const kernelID = "kernel"

func exit(err error) int {
	if err != nil {
		return found
	}
	return well
}

// where tells of a module that does not run in the portal's process.
func where(place kernelv1.ModulePlace) string {
	switch place {
	case kernelv1.ModulePlace_MODULE_PLACE_PROCESS:
		return " (a process of its own)"
	case kernelv1.ModulePlace_MODULE_PLACE_PROGRAM:
		return " (a program of its own)"
	case kernelv1.ModulePlace_MODULE_PLACE_ATTACHED:
		return " (attached)"
	}
	return ""
}
