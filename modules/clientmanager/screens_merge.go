package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Clients that are there twice, and making one of two; what happened, as a client's people read it.
var mergeScreens = []module.Screen{
	{
		ID: "duplicates", Path: "/clients/duplicates", Kind: module.List, Title: "clientmanager.duplicates.title", Intro: "clientmanager.duplicates.intro",
		Icon: "copy", Audience: module.ForStaff, Parent: "clients",
		Method: v1.MergeService_ListDuplicates_FullMethodName,
		Columns: []module.Column{
			{Field: "client_name", Second: "client_place", Label: "clientmanager.duplicates.one", Link: "/clients/{client_id}"},
			{Field: "other_name", Second: "other_place", Label: "clientmanager.duplicates.other", Place: module.Under, Link: "/clients/{other_id}"},
			{Field: "reasons", Place: module.Under},
			{Field: "find_time", Place: module.End},
		},
		Filters: []string{"reason"},
		Empty:   "clientmanager.duplicates.empty",
		Actions: []module.Action{
			{ID: "merge", Label: "clientmanager.merge.compare", Icon: "link", Row: true, Path: "/clients/{client_id}/merge/{other_id}"},
			{
				ID: "dismiss", Label: "clientmanager.duplicates.dismiss", Icon: "x", Row: true,
				Method: v1.MergeService_DismissDuplicate_FullMethodName, Bind: map[string]string{"id": "id"},
				Confirm: "clientmanager.duplicates.dismiss_ask", Done: "clientmanager.duplicates.dismissed",
			},
		},
	},
	{
		ID: "merge_choose", Path: "/clients/{into_id}/merge", Kind: module.Form, Title: "clientmanager.merge.begin", Intro: "clientmanager.merge.begin_intro",
		Audience: module.ForStaff, Parent: "clients",
		Method:   v1.MergeService_PreviewMerge_FullMethodName,
		Sections: []module.Section{{Fields: []string{"from_id"}}},
		Submit:   "clientmanager.merge.compare", Done: "/clients/{into_id}/merge/{from_id}", Said: "clientmanager.merge.look",
	},
	{
		ID: "merge", Path: "/clients/{into_id}/merge/{from_id}", Kind: module.Compare, Title: "clientmanager.merge.title", Intro: "clientmanager.merge.intro",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.MergeService_MergeClients_FullMethodName, Prefill: v1.MergeService_PreviewMerge_FullMethodName,
		Submit: "clientmanager.merge.submit", Done: "/clients/{id}", Said: "clientmanager.merge.done",
		Actions: []module.Action{{ID: "swap", Label: "clientmanager.merge.swap", Icon: "sort", Path: "/clients/{from_id}/merge/{into_id}"}},
	},
	{
		ID: "company_timeline", Path: "/company/happened", Kind: module.List, Title: "clientmanager.timeline.happened", Icon: "clock",
		Audience: module.ForContacts, Parent: "company",
		Method: v1.TimelineService_ListTimeline_FullMethodName, Columns: timelineColumns, Filters: []string{"module"}, Timeline: true,
		Empty: "clientmanager.history.empty",
	},
}

var timelineColumns = []module.Column{
	{Field: "happened", Second: "detail"}, {Field: "fields", Place: module.Under}, {Field: "actor", Place: module.Under},
	{Field: "source", Place: module.Under}, {Field: "time", Place: module.End},
}
