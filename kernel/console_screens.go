package kernel

import (
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// consoleScreens are pages over the kernel's own contracts, described as any module's: the kernel has a manifest too.
var consoleScreens = []module.Screen{
	{
		ID: "schedules", Path: "/events/schedules", Kind: module.List, Title: "kernel.schedules.title", Icon: "clock",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 10},
		Method: kernelv1.EventService_ListSchedules_FullMethodName,
		Columns: []module.Column{
			{Field: "title", Second: "name"}, {Field: "next_time", Place: module.Under}, {Field: "last_time", Place: module.Away},
			{Field: "cron", Place: module.Away}, {Field: "catch_up", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Empty: "kernel.schedules.empty",
		Actions: []module.Action{{
			ID: "run", Label: "kernel.schedules.run", Icon: "spark", Row: true,
			Method: kernelv1.EventService_RunSchedule_FullMethodName, Bind: map[string]string{"name": "name"},
			Confirm: "kernel.schedules.run_ask", Done: "kernel.schedules.started",
			When: map[string]string{"state": kernelv1.ScheduleState_SCHEDULE_STATE_READY.String()},
		}},
	},
	{
		ID: "lanes", Path: "/events", Kind: module.List, Title: "kernel.lanes.title", Icon: "pulse",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 20},
		Method: kernelv1.EventService_ListLanes_FullMethodName,
		Columns: []module.Column{
			{Field: "subscriber", Second: "key"}, {Field: "waiting", Place: module.Away}, {Field: "oldest_time", Place: module.Under},
			{Field: "due_time", Place: module.Away}, {Field: "attempts", Place: module.Away}, {Field: "error", Place: module.Across}, {Field: "state", Place: module.End},
		},
		Filters: []string{"states", "subscriber"},
		Empty:   "kernel.lanes.empty",
	},
	{
		ID: "parked", Path: "/events/parked", Kind: module.List, Title: "kernel.parked.title", Icon: "pause",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 30},
		Method: kernelv1.EventService_ListParkedEvents_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "subscriber", Link: "/events/parked/{id}"}, {Field: "error", Place: module.Across},
			{Field: "attempts", Place: module.Away}, {Field: "waiting", Place: module.Away}, {Field: "park_time", Place: module.End},
		},
		Filters: []string{"subscriber", "type"},
		Empty:   "kernel.parked.empty",
		Actions: []module.Action{
			replay(module.Action{Row: true}),
			replay(module.Action{ID: "replay_chosen", Many: true}),
			{ID: "range", Label: "kernel.parked.range", Icon: "undo", Path: "/events/replay"},
		},
	},
	{
		ID: "parked_event", Path: "/events/parked/{id}", Kind: module.Detail, Title: "kernel.parked.one", Icon: "pause",
		Audience: module.ForStaff, Parent: "parked",
		Method: kernelv1.EventService_GetParkedEvent_FullMethodName, State: "state",
		Sections: []module.Section{
			{Title: "kernel.parked.what", Fields: []string{"name", "subscriber", "event_time", "source", "key", "event_id", "type"}},
			{Title: "kernel.parked.why", Fields: []string{"full_error"}},
			{Title: "kernel.parked.since", Fields: []string{"park_time", "attempts", "waiting"}, Aside: true},
		},
		Actions: []module.Action{replay(module.Action{
			Primary: true, When: map[string]string{"state": kernelv1.DeliveryState_DELIVERY_STATE_PARKED.String()},
		})},
	},
	{
		ID: "replay", Path: "/events/replay", Kind: module.Form, Title: "kernel.replay.title", Intro: "kernel.replay.intro",
		Audience: module.ForStaff, Parent: "parked",
		Method:   kernelv1.EventService_ReplayEvents_FullMethodName,
		Sections: []module.Section{{Fields: []string{"subscriber", "type", "parked_from", "parked_until", "all"}}},
		Submit:   "kernel.parked.replay", Said: "kernel.parked.replayed",
	},
}

// replay is the action that has a parked event delivered again.
func replay(a module.Action) module.Action {
	if a.ID == "" {
		a.ID = "replay"
	}
	a.Label, a.Icon, a.Done = "kernel.parked.replay", "undo", "kernel.parked.replayed"
	a.Method, a.Bind = kernelv1.EventService_ReplayEvents_FullMethodName, map[string]string{"ids": "id"}
	return a
}
