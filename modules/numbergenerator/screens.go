package numbergenerator

import (
	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var screens = []module.Screen{
	{
		ID: "series", Path: "/numbering", Kind: module.List, Title: "numbergenerator.series.title", Intro: "numbergenerator.series.intro", Icon: "sort",
		Audience: module.ForStaff, Nav: &module.Nav{Section: "kernel.nav.console", Order: 40},
		Method: v1.SeriesService_ListSeries_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "key", Link: "/numbering/{id}"}, {Field: "branch_id", Place: module.Under}, {Field: "restart", Place: module.Away},
			{Field: "next", Place: module.End},
		},
		Empty:   "numbergenerator.series.empty",
		Actions: []module.Action{{ID: "new", Label: "numbergenerator.series.new", Icon: "plus", Path: "/numbering/new", Primary: true}},
	},
	{
		ID: "one", Path: "/numbering/{id}", Kind: module.Detail, Title: "numbergenerator.series.one", Icon: "sort", Audience: module.ForStaff, Parent: "series",
		Method: v1.SeriesService_GetSeries_FullMethodName, Heading: "name", Lead: []string{"next"},
		Sections: []module.Section{{
			Title: "numbergenerator.series.look", Aside: true, OnlySet: true,
			Fields: []string{"key", "branch_id", "pattern", "prefix", "branch_code", "restart", "first_number", "update_time"},
		}},
		Related: []module.Related{
			{Screen: "numbergenerator.numbers", Bind: map[string]string{"series_id": "id"}},
			{Screen: "numbergenerator.periods", Bind: map[string]string{"series_id": "id"}},
		},
		Actions: []module.Action{
			{ID: "next", Label: "numbergenerator.next.action", Icon: "link", Path: "/numbering/{id}/next"},
			{ID: "edit", Label: "numbergenerator.series.edit", Icon: "edit", Path: "/numbering/{id}/edit", Primary: true},
		},
	},
	{
		ID: "numbers", Path: "/numbering/{series_id}/numbers", Kind: module.List, Title: "numbergenerator.numbers.title", Icon: "doc", Audience: module.ForStaff, Parent: "series",
		Method: v1.SeriesService_ListNumbers_FullMethodName, Filters: []string{"period", "text"},
		Columns: []module.Column{
			{Field: "text"}, {Field: "document_kind", Place: module.Under}, {Field: "module", Place: module.Away}, {Field: "date", Place: module.Away}, {Field: "give_time", Place: module.End},
		},
		Empty: "numbergenerator.numbers.empty",
	},
	{
		ID: "periods", Path: "/numbering/{series_id}/periods", Kind: module.List, Title: "numbergenerator.periods.title", Icon: "check", Audience: module.ForStaff, Parent: "series",
		Method: v1.SeriesService_ListPeriods_FullMethodName,
		Columns: []module.Column{
			{Field: "period"}, {Field: "first", Place: module.Away}, {Field: "last", Place: module.Away}, {Field: "given", Place: module.Away},
			{Field: "left_out", Place: module.Away}, {Field: "gaps", Place: module.Under}, {Field: "state", Place: module.End},
		},
		Empty: "numbergenerator.periods.empty",
	},
	{
		ID: "new", Path: "/numbering/new", Kind: module.Form, Title: "numbergenerator.series.new", Intro: "numbergenerator.series.form_intro", Audience: module.ForStaff, Parent: "series",
		Method: v1.SeriesService_CreateSeries_FullMethodName,
		Sections: []module.Section{
			{Fields: []string{"name", "key", "branch_id"}},
			{Title: "numbergenerator.series.look", Fields: look},
		},
		Preview: preview, Submit: "numbergenerator.series.add", Done: "/numbering/{series.id}",
	},
	{
		ID: "edit", Path: "/numbering/{id}/edit", Kind: module.Form, Title: "numbergenerator.series.edit", Intro: "numbergenerator.series.edit_intro", Audience: module.ForStaff, Parent: "one",
		Method: v1.SeriesService_UpdateSeries_FullMethodName, Prefill: v1.SeriesService_GetSeries_FullMethodName,
		Sections: []module.Section{
			{Fields: []string{"name"}},
			{Title: "numbergenerator.series.look", Fields: look},
		},
		Preview: preview, Submit: "numbergenerator.series.save",
	},
	{
		ID: "next", Path: "/numbering/{id}/next", Kind: module.Form, Title: "numbergenerator.next.title", Intro: "numbergenerator.next.intro", Audience: module.ForStaff, Parent: "one",
		Method:   v1.SeriesService_SetNextNumber_FullMethodName,
		Sections: []module.Section{{Fields: []string{"next_number", "date"}}},
		Submit:   "numbergenerator.next.submit", Done: "/numbering/{series.id}",
	},
}

var look = []string{"pattern", "prefix", "branch_code", "restart", "first_number"}

var preview = &module.Preview{
	Method: v1.SeriesService_PreviewSeries_FullMethodName, Label: "numbergenerator.series.preview", Said: "numbergenerator.series.previewed",
}
