package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var assignmentScreens = []module.Screen{
	{
		ID: "managers", Path: "/clients/{client_id}/managers", Kind: module.List, Title: "clientmanager.assignment.managers", Icon: "people",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.AssignmentService_ListManagers_FullMethodName,
		Columns: []module.Column{
			{Field: "name"}, {Field: "create_time", Label: "clientmanager.assignment.since", Place: module.Away}, {Field: "place", Place: module.End},
		},
		Empty: "clientmanager.assignment.no_managers",
		Actions: []module.Action{
			{ID: "add", Label: "clientmanager.assignment.add_manager", Icon: "plus", Path: "/clients/{client_id}/managers/new", Primary: true},
			{
				ID: "remove", Label: "clientmanager.assignment.remove_manager", Icon: "trash", Danger: true, Row: true,
				Method: v1.AssignmentService_RemoveManager_FullMethodName, Bind: map[string]string{"client_id": "client_id", "manager_id": "user_id"},
				When:    map[string]string{"place": v1.ManagerPlace_MANAGER_PLACE_FURTHER.String()},
				Confirm: "clientmanager.assignment.remove_ask", Done: "clientmanager.assignment.removed",
			},
		},
	},
	{
		ID: "manager_new", Path: "/clients/{client_id}/managers/new", Kind: module.Form, Title: "clientmanager.assignment.add_manager",
		Audience: module.ForStaff, Parent: "clients", Intro: "clientmanager.assignment.add_intro",
		Method: v1.AssignmentService_AddManager_FullMethodName, Sections: []module.Section{{Fields: []string{"manager_id"}}},
		Submit: "clientmanager.assignment.add_manager", Done: "/clients/{client_id}",
	},
	{
		ID: "rules", Path: "/assignment", Kind: module.List, Title: "clientmanager.assignment.rules", Intro: "clientmanager.assignment.rules_intro", Icon: "sort",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "clientmanager.nav.groups", Order: 8},
		Method: v1.AssignmentService_ListRules_FullMethodName,
		Columns: []module.Column{
			{Field: "position", Place: module.Away}, {Field: "name", Link: "/assignment/{id}"}, {Field: "target", Place: module.Under},
			{Field: "target_branch_id", Label: "clientmanager.fields.branch", Place: module.Away}, {Field: "manager_id", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Empty: "clientmanager.assignment.no_rules",
		Actions: []module.Action{
			{ID: "handovers", Label: "clientmanager.assignment.handovers", Icon: "people", Path: "/assignment/handovers"},
			{ID: "try", Label: "clientmanager.assignment.try", Icon: "search", Path: "/assignment/try"},
			{ID: "new", Label: "clientmanager.assignment.rule_new", Icon: "plus", Path: "/assignment/new", Primary: true},
			moveRule("up", "false"), moveRule("down", "true"),
			{ID: "edit", Label: "clientmanager.assignment.rule_edit", Icon: "edit", Path: "/assignment/{id}", Row: true},
			{
				ID: "remove", Label: "clientmanager.assignment.rule_remove", Icon: "trash", Danger: true, Row: true,
				Method: v1.AssignmentService_DeleteRule_FullMethodName, Bind: map[string]string{"id": "id"},
				Confirm: "clientmanager.assignment.rule_remove_ask", Done: "clientmanager.assignment.rule_removed",
			},
		},
	},
	{
		ID: "rule_new", Path: "/assignment/new", Kind: module.Form, Title: "clientmanager.assignment.rule_new", Intro: "clientmanager.assignment.rule_intro",
		Audience: module.ForStaff, Parent: "rules",
		Method: v1.AssignmentService_CreateRule_FullMethodName, Sections: ruleForm, Submit: "clientmanager.assignment.rule_add",
	},
	{
		ID: "rule_edit", Path: "/assignment/{id}", Kind: module.Form, Title: "clientmanager.assignment.rule_edit", Intro: "clientmanager.assignment.rule_intro",
		Audience: module.ForStaff, Parent: "rules",
		Method: v1.AssignmentService_UpdateRule_FullMethodName, Prefill: v1.AssignmentService_GetRule_FullMethodName, Sections: ruleForm,
		Submit: "clientmanager.assignment.rule_save",
	},
	{
		ID: "rules_try", Path: "/assignment/try", Kind: module.List, Title: "clientmanager.assignment.try", Intro: "clientmanager.assignment.try_intro",
		Audience: module.ForStaff, Parent: "rules",
		Method: v1.AssignmentService_TryRules_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/assignment/{rule_id}"}, {Field: "manager_name", Place: module.Under}, {Field: "branch_id", Place: module.Under},
			{Field: "verdict", Place: module.End},
		},
		Filters: []string{"kind", "place", "tags", "branch_id", "source"}, Empty: "clientmanager.assignment.no_rules",
	},
	{
		ID: "handovers", Path: "/assignment/handovers", Kind: module.List, Title: "clientmanager.assignment.handovers", Icon: "people",
		Audience: module.ForStaff, Parent: "rules",
		Method: v1.AssignmentService_ListHandovers_FullMethodName,
		Columns: []module.Column{
			{Field: "from_name"}, {Field: "to_name", Place: module.Under}, {Field: "client_count", Place: module.Under},
			{Field: "create_time", Label: "clientmanager.assignment.begun", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Empty:   "clientmanager.assignment.no_handovers",
		Actions: []module.Action{{ID: "new", Label: "clientmanager.assignment.hand_over", Icon: "people", Path: "/assignment/handovers/new", Primary: true}},
	},
	{
		ID: "handover_new", Path: "/assignment/handovers/new", Kind: module.Form, Title: "clientmanager.assignment.hand_over",
		Intro: "clientmanager.assignment.hand_over_intro", Audience: module.ForStaff, Parent: "handovers",
		Method: v1.AssignmentService_HandOver_FullMethodName, Sections: []module.Section{{Fields: []string{"from_id", "to_id"}}},
		Submit: "clientmanager.assignment.hand_over", Said: "clientmanager.assignment.handing_over",
	},
}

var ruleForm = []module.Section{
	{Fields: []string{"name", "state"}},
	{Title: "clientmanager.assignment.conditions", Fields: []string{"kind", "place", "tag", "branch_id", "source"}},
	{Title: "clientmanager.assignment.outcome", Fields: []string{"target", "manager_id", "target_branch_id", "people"}},
}

func moveRule(where, down string) module.Action {
	return module.Action{
		ID: where, Label: "clientmanager.assignment." + where, Icon: map[string]string{"up": "asc", "down": "desc"}[where], Row: true,
		Method: v1.AssignmentService_MoveRule_FullMethodName, Bind: map[string]string{"id": "id"}, Fixed: map[string]string{"down": down},
	}
}
