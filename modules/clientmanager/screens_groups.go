package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var bulkScreens = []module.Screen{{
	ID: "bulk", Path: "/clients/change", Kind: module.Form, Title: "clientmanager.bulk.title", Intro: "clientmanager.bulk.intro",
	Audience: module.ForStaff, Parent: "clients",
	Method:   v1.BulkService_BulkUpdateClients_FullMethodName,
	Sections: []module.Section{{Fields: []string{"ids", "add_tags", "remove_tags", "manager_id", "without_manager"}}},
	Submit:   "clientmanager.bulk.submit", Said: "clientmanager.bulk.said",
}}

var tagScreens = []module.Screen{
	{
		ID: "tags", Path: "/clients/tags", Kind: module.List, Title: "clientmanager.tags.title", Icon: "tag",
		Audience: module.ForStaff, Parent: "clients", Nav: &module.Nav{Section: "clientmanager.nav.groups", Order: 6},
		Method: v1.TagService_ListTags_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/clients?tags={name}&view=all"}, {Field: "segments", Place: module.Under}, {Field: "clients", Place: module.End},
		},
		Filters: []string{"name"},
		Empty:   "clientmanager.tags.empty",
		Actions: []module.Action{
			{ID: "rename", Label: "clientmanager.tags.rename", Icon: "edit", Path: "/clients/tags/rename?name={name}", Row: true},
			{ID: "merge", Label: "clientmanager.tags.merge", Icon: "link", Path: "/clients/tags/merge?name={name}", Row: true},
			{
				ID: "delete", Label: "clientmanager.tags.delete", Icon: "trash", Danger: true, Row: true,
				Method: v1.TagService_DeleteTag_FullMethodName, Bind: map[string]string{"name": "name"},
				Confirm: "clientmanager.tags.delete_ask", Done: "clientmanager.tags.deleted",
			},
		},
	},
	{
		ID: "tag_rename", Path: "/clients/tags/rename", Kind: module.Form, Title: "clientmanager.tags.rename", Intro: "clientmanager.tags.rename_intro",
		Audience: module.ForStaff, Parent: "tags", Method: v1.TagService_RenameTag_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name", "new_name"}}}, Submit: "clientmanager.tags.rename", Said: "clientmanager.tags.said",
	},
	{
		ID: "tag_merge", Path: "/clients/tags/merge", Kind: module.Form, Title: "clientmanager.tags.merge", Intro: "clientmanager.tags.merge_intro",
		Audience: module.ForStaff, Parent: "tags", Method: v1.TagService_MergeTags_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name", "into"}}}, Submit: "clientmanager.tags.merge", Said: "clientmanager.tags.said",
	},
}

var segmentScreens = []module.Screen{
	{
		ID: "segments", Path: "/clients/segments", Kind: module.List, Title: "clientmanager.segments.title", Icon: "half", Intro: "clientmanager.segments.intro",
		Audience: module.ForStaff, Parent: "clients", Nav: &module.Nav{Section: "clientmanager.nav.groups", Order: 5},
		Method: v1.SegmentService_ListSegments_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/clients/segments/{id}"}, {Field: "priority", Place: module.Under}, {Field: "note", Place: module.Away},
			{Field: "update_time", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Empty:   "clientmanager.segments.empty",
		Actions: []module.Action{{ID: "new", Label: "clientmanager.segments.new", Icon: "plus", Path: "/clients/segments/new", Primary: true}},
	},
	{
		ID: "segment", Path: "/clients/segments/{id}", Kind: module.Detail, Title: "clientmanager.segments.one", Icon: "half",
		Audience: module.ForStaff, Parent: "segments",
		Method: v1.SegmentService_GetSegment_FullMethodName, Heading: "name", State: "state", Lead: []string{"note"},
		Extra: v1.SegmentService_ListSegmentFields_FullMethodName,
		Sections: []module.Section{
			{Title: "clientmanager.segments.about", Fields: []string{"clients", "priority", "update_time"}, Aside: true},
			{
				Title: "clientmanager.segments.rule", Aside: true, OnlySet: true,
				Fields: []string{"kinds", "statuses", "tags_all", "tags_any", "places", "manager_ids", "extra", "since_from", "since_until"},
			},
		},
		Related: []module.Related{{Screen: "clientmanager.segment_members", Bind: map[string]string{"segment_ids": "id"}}},
		Actions: []module.Action{
			{
				ID: "delete", Label: "clientmanager.segments.delete", Icon: "trash", Danger: true,
				Method: v1.SegmentService_DeleteSegment_FullMethodName, Bind: map[string]string{"id": "id"},
				Confirm: "clientmanager.segments.delete_ask", Done: "clientmanager.segments.deleted", Back: "/clients/segments",
			},
			{ID: "edit", Label: "clientmanager.segments.edit", Icon: "edit", Path: "/clients/segments/{id}/edit", Primary: true},
		},
	},
	{
		ID: "segment_members", Path: "/clients/segments/{segment_ids}/clients", Kind: module.List, Title: "clientmanager.clients.title", Icon: "building",
		Audience: module.ForStaff, Parent: "segments",
		Method: v1.ClientService_ListClients_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "code", Avatar: true, Link: "/clients/{id}"}, {Field: "place", Place: module.Under}, {Field: "tags", Place: module.Away},
			{Field: "status", Place: module.End},
		},
		Empty: "clientmanager.segments.nobody",
	},
	{
		ID: "segment_new", Path: "/clients/segments/new", Kind: module.Form, Title: "clientmanager.segments.new", Intro: "clientmanager.segments.form_intro",
		Audience: module.ForStaff, Parent: "segments",
		Method: v1.SegmentService_CreateSegment_FullMethodName, Sections: segmentForm, Extra: v1.SegmentService_ListSegmentFields_FullMethodName,
		Preview: segmentPreview, Submit: "clientmanager.segments.add", Done: "/clients/segments/{id}",
	},
	{
		ID: "segment_edit", Path: "/clients/segments/{id}/edit", Kind: module.Form, Title: "clientmanager.segments.edit", Intro: "clientmanager.segments.form_intro",
		Audience: module.ForStaff, Parent: "segment",
		Method: v1.SegmentService_UpdateSegment_FullMethodName, Prefill: v1.SegmentService_GetSegment_FullMethodName, Sections: segmentForm,
		Extra: v1.SegmentService_ListSegmentFields_FullMethodName, Preview: segmentPreview, Submit: "clientmanager.segments.save",
	},
	{
		ID: "client_segments", Path: "/clients/{client_id}/segments", Kind: module.List, Title: "clientmanager.segments.title", Icon: "half",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.SegmentService_GetClientSegments_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/clients/segments/{segment_id}"}, {Field: "reasons", Place: module.Under}, {Field: "tags", Place: module.Away},
		},
		Empty: "clientmanager.segments.none",
		Actions: []module.Action{
			{ID: "place", Label: "clientmanager.segments.place", Icon: "plus", Path: "/clients/{client_id}/segments/place"},
			place("out", "clientmanager.segments.keep_out", "stop", v1.Placement_PLACEMENT_OUT, v1.Placement_PLACEMENT_BY_RULE, v1.Placement_PLACEMENT_IN),
			place("rule", "clientmanager.segments.by_rule", "undo", v1.Placement_PLACEMENT_BY_RULE, v1.Placement_PLACEMENT_IN, v1.Placement_PLACEMENT_OUT),
		},
	},
	{
		ID: "place", Path: "/clients/{client_id}/segments/place", Kind: module.Form, Title: "clientmanager.segments.place", Intro: "clientmanager.segments.place_intro",
		Audience: module.ForStaff, Parent: "clients",
		Method:   v1.SegmentService_PlaceClient_FullMethodName,
		Sections: []module.Section{{Fields: []string{"segment_id", "placement"}}},
		Submit:   "clientmanager.segments.place_submit", Done: "/clients/{client_id}",
	},
}

var segmentForm = []module.Section{
	{Fields: []string{"name", "priority", "note"}},
	{Title: "clientmanager.segments.rule", Fields: []string{"tags_any", "tags_all", "places", "kinds", "statuses", "since_from", "since_until", "manager_ids", "extra"}},
}

var segmentPreview = &module.Preview{
	Method: v1.SegmentService_PreviewSegment_FullMethodName, Label: "clientmanager.segments.preview", Said: "clientmanager.segments.previewed",
}

// place is the action that decides by hand about a client and a segment, where it stands otherwise now.
func place(id, label, icon string, to v1.Placement, from ...v1.Placement) module.Action {
	when := ""
	for i, p := range from {
		if i > 0 {
			when += module.Or
		}
		when += p.String()
	}
	return module.Action{
		ID: id, Label: label, Icon: icon, Row: true, Method: v1.SegmentService_PlaceClient_FullMethodName,
		Bind: map[string]string{"client_id": "client_id", "segment_id": "segment_id"}, Fixed: map[string]string{"placement": to.String()},
		When: map[string]string{"placement": when}, Done: "clientmanager.segments.placed",
	}
}
