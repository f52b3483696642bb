package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var branchScreens = []module.Screen{
	{
		ID: "branches", Path: "/branches", Kind: module.List, Title: "clientmanager.branches.title", Icon: "bank",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "clientmanager.nav.groups", Order: 7},
		Method: v1.BranchService_ListBranches_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "place", Link: "/branches/{id}"},
			{Field: "phone", Place: module.Away},
			{Field: "people_count", Place: module.Under},
			{Field: "client_count", Place: module.Under},
			{Field: "state", Place: module.End},
		},
		Search: "query", Filters: []string{"states"}, Empty: "clientmanager.branches.empty",
		Actions: []module.Action{{ID: "new", Label: "clientmanager.branches.new", Icon: "plus", Path: "/branches/new", Primary: true}},
	},
	{
		ID: "branch", Path: "/branches/{id}", Kind: module.Detail, Title: "clientmanager.branches.one", Icon: "bank",
		Audience: module.ForStaff, Parent: "branches",
		Method: v1.BranchService_GetBranch_FullMethodName, Heading: "name", State: "state", Lead: []string{"place"},
		Tiles: []module.Tile{{
			ID: "summary", Kind: module.Figures, Title: "clientmanager.client.summary",
			Method: v1.BranchService_GetBranchSummary_FullMethodName, Bind: map[string]string{"id": "id"},
			Fields: []string{"active", "suspended", "without_manager", "people"},
		}},
		Sections: []module.Section{{Title: "clientmanager.branches.about", Fields: []string{"place", "phone", "create_time"}, Aside: true}},
		Related: []module.Related{
			{Screen: "clientmanager.branch_people", Bind: map[string]string{"branch_id": "id"}},
			{Screen: "clientmanager.clients", Bind: map[string]string{"branch_ids": "id"}},
		},
		Actions: []module.Action{
			{
				ID: "close", Label: "clientmanager.branches.close", Icon: "pause", Danger: true,
				Method: v1.BranchService_CloseBranch_FullMethodName, Bind: map[string]string{"id": "id"},
				When:    map[string]string{"state": v1.BranchState_BRANCH_STATE_OPEN.String()},
				Confirm: "clientmanager.branches.close_ask", Done: "clientmanager.branches.closed",
			},
			{
				ID: "reopen", Label: "clientmanager.branches.reopen", Icon: "undo",
				Method: v1.BranchService_ReopenBranch_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": v1.BranchState_BRANCH_STATE_CLOSED.String()},
				Done: "clientmanager.branches.reopened",
			},
			{ID: "edit", Label: "clientmanager.branches.edit", Icon: "edit", Path: "/branches/{id}/edit", Primary: true},
		},
	},
	{
		ID: "branch_new", Path: "/branches/new", Kind: module.Form, Title: "clientmanager.branches.new", Audience: module.ForStaff, Parent: "branches",
		Method: v1.BranchService_CreateBranch_FullMethodName, Sections: branchForm, Submit: "clientmanager.branches.add", Done: "/branches/{id}",
	},
	{
		ID: "branch_edit", Path: "/branches/{id}/edit", Kind: module.Form, Title: "clientmanager.branches.edit", Audience: module.ForStaff, Parent: "branch",
		Method: v1.BranchService_UpdateBranch_FullMethodName, Prefill: v1.BranchService_GetBranch_FullMethodName, Sections: branchForm,
		Submit: "clientmanager.branches.save",
	},
	{
		ID: "branch_people", Path: "/branches/{branch_id}/people", Kind: module.List, Title: "clientmanager.branches.people", Icon: "people",
		Audience: module.ForStaff, Parent: "branches",
		Method: v1.BranchService_ListBranchPeople_FullMethodName,
		Columns: []module.Column{
			{Field: "name"}, {Field: "leads", Place: module.Under}, {Field: "create_time", Label: "clientmanager.branches.since", Place: module.Away},
		},
		Empty: "clientmanager.branches.nobody",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.branches.person_new", Icon: "plus", Path: "/branches/{branch_id}/people/new", Primary: true},
			{ID: "edit", Label: "clientmanager.branches.person_edit", Icon: "edit", Path: "/branches/{branch_id}/people/new?user_id={user_id}", Row: true},
			{
				ID: "remove", Label: "clientmanager.branches.person_remove", Icon: "trash", Danger: true, Row: true,
				Method: v1.BranchService_RemoveBranchPerson_FullMethodName, Bind: map[string]string{"branch_id": "branch_id", "user_id": "user_id"},
				Confirm: "clientmanager.branches.person_remove_ask", Done: "clientmanager.branches.person_removed",
			},
		},
	},
	{
		ID: "branch_person", Path: "/branches/{branch_id}/people/new", Kind: module.Form, Title: "clientmanager.branches.person_new", Audience: module.ForStaff,
		Parent: "branches", Intro: "clientmanager.branches.person_intro",
		Method: v1.BranchService_SetBranchPerson_FullMethodName, Sections: []module.Section{{Fields: []string{"user_id", "leads"}}},
		Submit: "clientmanager.branches.person_save", Done: "/branches/{branch_id}",
	},
	{
		ID: "move", Path: "/clients/{id}/branch", Kind: module.Form, Title: "clientmanager.branches.move", Audience: module.ForStaff, Parent: "client",
		Intro:  "clientmanager.branches.move_intro",
		Method: v1.BranchService_MoveClient_FullMethodName, Prefill: v1.ClientService_GetClient_FullMethodName,
		Sections: []module.Section{{Fields: []string{"branch_id"}}}, Submit: "clientmanager.branches.move", Done: "/clients/{id}",
	},
}

var branchForm = []module.Section{{Fields: []string{"name", "place", "phone", "position"}}}
