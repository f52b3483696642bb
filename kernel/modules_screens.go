package kernel

import (
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// moduleScreens show the head what runs, and let them do something about it.
var moduleScreens = []module.Screen{
	{
		ID: "modules", Path: "/modules", Kind: module.List, Title: "kernel.modules.title", Intro: "kernel.modules.intro", Icon: "plug",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 5},
		Method: kernelv1.ModuleService_ListModules_FullMethodName,
		Columns: []module.Column{
			{Field: "id", Second: "version", Link: "/modules/{id}"}, {Field: "place", Place: module.Under},
			{Field: "calls_per_minute", Place: module.Away}, {Field: "errors_per_minute", Place: module.Away}, {Field: "slow_ms", Place: module.Away},
			{Field: "memory_mib", Place: module.Away}, {Field: "events_waiting", Place: module.Away}, {Field: "reason", Place: module.Across},
			{Field: "state", Place: module.End},
		},
		Filters: []string{"states"},
		Empty:   "kernel.modules.empty",
		Actions: []module.Action{operate("restart", "refresh", kernelv1.ModuleService_RestartModule_FullMethodName, module.Action{Row: true, When: ownProcess(running...)})},
	},
	{
		ID: "module", Path: "/modules/{id}", Kind: module.Detail, Title: "kernel.modules.one", Icon: "plug", Audience: module.ForStaff, Parent: "modules",
		Method: kernelv1.ModuleService_GetModule_FullMethodName, Heading: "id", State: "state",
		Sections: []module.Section{
			{Title: "kernel.modules.now", Fields: []string{"reason", "since_time", "place", "version", "path", "checksum", "pid", "memory_mib"}},
			{Title: "kernel.modules.minute", Fields: []string{"calls_per_minute", "errors_per_minute", "median_ms", "slow_ms", "calls_running"}, Aside: true},
			{Title: "kernel.modules.events", Fields: []string{"events_waiting", "lag_seconds"}, Aside: true},
			{Title: "kernel.modules.so_far", Fields: []string{"restarts", "swaps", "last_failure"}},
		},
		Related: []module.Related{
			{Screen: "kernel.module_changes", Bind: map[string]string{"module_id": "id"}},
			{Screen: "kernel.module_links", Bind: map[string]string{"module_id": "id"}},
		},
		Actions: []module.Action{
			operate("restart", "refresh", kernelv1.ModuleService_RestartModule_FullMethodName, module.Action{When: ownProcess(running...)}),
			operate("swap", "upload", kernelv1.ModuleService_SwapModule_FullMethodName, module.Action{When: when("place",
				kernelv1.ModulePlace_MODULE_PLACE_PROGRAM.String(), kernelv1.ModulePlace_MODULE_PLACE_ATTACHED.String())}),
			operate("quarantine", "pause", kernelv1.ModuleService_QuarantineModule_FullMethodName, module.Action{Danger: true, When: ownProcess(append(running, starting...)...)}),
			operate("resume", "spark", kernelv1.ModuleService_ResumeModule_FullMethodName, module.Action{
				Primary: true, When: when("state", kernelv1.ModuleState_MODULE_STATE_QUARANTINED.String()),
			}),
		},
	},
	{
		ID: "module_changes", Path: "/modules/{module_id}/changes", Kind: module.List, Title: "kernel.modules.changes", Icon: "clock", Audience: module.ForStaff,
		Method: kernelv1.ModuleService_ListModuleChanges_FullMethodName,
		Columns: []module.Column{
			{Field: "state"}, {Field: "reason", Place: module.Across}, {Field: "pid", Place: module.Away}, {Field: "version", Place: module.Away},
			{Field: "time", Place: module.End},
		},
		Empty: "kernel.modules.no_changes",
	},
	{
		ID: "module_links", Path: "/modules/{module_id}/links", Kind: module.List, Title: "kernel.modules.links", Icon: "link", Audience: module.ForStaff,
		Method: kernelv1.ModuleService_ListModuleLinks_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "because"}, {Field: "others", Place: module.Under}, {Field: "kind", Place: module.End},
		},
		Empty: "kernel.modules.no_links",
	},
}

// The states in which a process runs, and those in which it is about to.
var (
	running  = []kernelv1.ModuleState{kernelv1.ModuleState_MODULE_STATE_READY, kernelv1.ModuleState_MODULE_STATE_DEGRADED}
	starting = []kernelv1.ModuleState{
		kernelv1.ModuleState_MODULE_STATE_STARTING, kernelv1.ModuleState_MODULE_STATE_CRASHED, kernelv1.ModuleState_MODULE_STATE_BACKOFF,
	}
)

// operate is an action on a module's process.
func operate(id, icon, method string, a module.Action) module.Action {
	a.ID, a.Label, a.Icon, a.Method = id, "kernel.modules."+id, icon, method
	a.Bind = map[string]string{"id": "id"}
	a.Confirm, a.Done = "kernel.modules."+id+"_ask", "kernel.modules."+id+"_done"
	return a
}

// ownProcess is the condition that a module has a process of its own, in one of some states.
func ownProcess(states ...kernelv1.ModuleState) map[string]string {
	var names []string
	for _, s := range states {
		names = append(names, s.String())
	}
	conditions := when("state", names...)
	conditions["place"] = strings.Join([]string{
		kernelv1.ModulePlace_MODULE_PLACE_PROCESS.String(), kernelv1.ModulePlace_MODULE_PLACE_PROGRAM.String(), kernelv1.ModulePlace_MODULE_PLACE_ATTACHED.String(),
	}, module.Or)
	return conditions
}

func when(field string, values ...string) map[string]string {
	return map[string]string{field: strings.Join(values, module.Or)}
}
