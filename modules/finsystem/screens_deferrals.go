package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

const (
	isRequested = "DEFERRAL_STATUS_REQUESTED"
	isGranted   = "DEFERRAL_STATUS_GRANTED"
)

var deferralColumns = []module.Column{
	{Field: "title", Link: "/deferrals/{id}"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff}, {Field: "days", Place: module.Away},
	{Field: "until_date", Place: module.Under}, {Field: "create_time", Place: module.Away}, {Field: "status", Place: module.End},
}

var deferralScreens = []module.Screen{
	{
		ID: "deferrals", Path: "/deferrals", Kind: module.List, Title: "finsystem.deferrals.title", Icon: "clock", Audience: module.ForStaff, Nav: &module.Nav{Section: "finsystem.nav.money", Order: 50},
		Method: v1.DeferralService_ListDeferrals_FullMethodName, Columns: deferralColumns, Filters: []string{"statuses"}, Empty: "finsystem.deferrals.empty",
		Actions: []module.Action{{ID: "rules", Label: "finsystem.deferral_rules.title", Icon: "gear", Path: "/deferrals/rules"}},
	},
	{
		ID: "my_deferrals", Path: "/balance/deferrals", Kind: module.List, Title: "finsystem.deferrals.title", Icon: "clock", Audience: module.ForContacts, Parent: "balance",
		Method: v1.DeferralService_ListDeferrals_FullMethodName, Columns: deferralColumns, Filters: []string{"statuses"}, Empty: "finsystem.deferrals.empty",
		Actions: []module.Action{{ID: "ask", Label: "finsystem.deferrals.ask", Icon: "plus", Path: "/balance/deferrals/new", Primary: true}},
	},
	{
		ID: "client_deferrals", Path: "/clients/{client_id}/deferrals", Kind: module.List, Title: "finsystem.deferrals.title", Icon: "clock", Audience: module.ForStaff,
		Parent: "client_balance", Method: v1.DeferralService_ListDeferrals_FullMethodName, Columns: deferralColumns, Empty: "finsystem.deferrals.empty",
		Actions: []module.Action{{ID: "ask", Label: "finsystem.deferrals.ask", Icon: "plus", Path: "/clients/{client_id}/deferrals/new", Primary: true}},
	},
	{
		ID: "deferral", Path: "/deferrals/{id}", Kind: module.Detail, Title: "finsystem.deferrals.one", Icon: "clock",
		Method: v1.DeferralService_GetDeferral_FullMethodName, Heading: "title", State: "status",
		Sections: []module.Section{
			{Title: "finsystem.deferrals.asked", Fields: []string{"amount", "days", "why", "agreement_id", "create_time"}, OnlySet: true},
			{Title: "finsystem.deferrals.decision", Fields: []string{"granted", "until_date", "reason", "decide_time"}, OnlySet: true},
			{Title: "finsystem.deferrals.whose", Fields: []string{"client_id", "rule_id", "decided_by"}, Aside: true, OnlySet: true},
		},
		Actions: []module.Action{
			{ID: "grant", Label: "finsystem.deferrals.grant", Icon: "done", Path: "/deferrals/{id}/grant", When: map[string]string{"status": isRequested}, Primary: true},
			{ID: "decline", Label: "finsystem.deferrals.decline", Icon: "stop", Danger: true, Path: "/deferrals/{id}/decline", When: map[string]string{"status": isRequested}},
			{
				ID: "withdraw", Label: "finsystem.deferrals.withdraw", Icon: "undo", Method: v1.DeferralService_WithdrawDeferral_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"status": isRequested}, Confirm: "finsystem.deferrals.withdraw_ask",
				Done: "finsystem.deferrals.withdrawn",
			},
			{ID: "revoke", Label: "finsystem.deferrals.revoke", Icon: "stop", Danger: true, Path: "/deferrals/{id}/revoke", When: map[string]string{"status": isGranted}},
		},
	},
	{
		ID: "deferral_ask", Path: "/balance/deferrals/new", Kind: module.Form, Title: "finsystem.deferrals.ask", Intro: "finsystem.deferrals.ask_intro",
		Audience: module.ForContacts, Parent: "my_deferrals", Method: v1.DeferralService_RequestDeferral_FullMethodName, Sections: askForm,
		Submit: "finsystem.deferrals.ask", Done: "/deferrals/{id}",
	},
	{
		ID: "client_deferral_ask", Path: "/clients/{client_id}/deferrals/new", Kind: module.Form, Title: "finsystem.deferrals.ask", Intro: "finsystem.deferrals.ask_intro",
		Audience: module.ForStaff, Parent: "client_deferrals", Method: v1.DeferralService_RequestDeferral_FullMethodName, Sections: askForm,
		Submit: "finsystem.deferrals.ask", Done: "/deferrals/{id}",
	},
	{
		ID: "deferral_grant", Path: "/deferrals/{id}/grant", Kind: module.Form, Title: "finsystem.deferrals.grant", Intro: "finsystem.deferrals.grant_intro",
		Audience: module.ForStaff, Parent: "deferral", Method: v1.DeferralService_GrantDeferral_FullMethodName, Prefill: v1.DeferralService_GetDeferral_FullMethodName,
		Sections: []module.Section{{Fields: []string{"currency_code", "granted", "until_date", "reason"}}}, Submit: "finsystem.deferrals.grant",
	},
	{
		ID: "deferral_decline", Path: "/deferrals/{id}/decline", Kind: module.Form, Title: "finsystem.deferrals.decline", Audience: module.ForStaff, Parent: "deferral",
		Method: v1.DeferralService_DeclineDeferral_FullMethodName, Prefill: v1.DeferralService_GetDeferral_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.deferrals.decline",
	},
	{
		ID: "deferral_revoke", Path: "/deferrals/{id}/revoke", Kind: module.Form, Title: "finsystem.deferrals.revoke", Intro: "finsystem.deferrals.revoke_intro",
		Audience: module.ForStaff, Parent: "deferral", Method: v1.DeferralService_RevokeDeferral_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.deferrals.revoke",
	},
	{
		ID: "deferral_rules", Path: "/deferrals/rules", Kind: module.List, Title: "finsystem.deferral_rules.title", Icon: "gear", Audience: module.ForStaff, Parent: "deferrals",
		Method: v1.DeferralService_ListDeferralRules_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/deferrals/rules/{id}"}, {Field: "segment_id", Place: module.Under}, {Field: "max_amount", Place: module.End},
			{Field: "max_days", Place: module.Away}, {Field: "active", Place: module.Under},
		},
		Empty:   "finsystem.deferral_rules.empty",
		Actions: []module.Action{{ID: "new", Label: "finsystem.deferral_rules.new", Icon: "plus", Path: "/deferrals/rules/new", Primary: true}},
	},
	{
		ID: "deferral_rule", Path: "/deferrals/rules/{id}", Kind: module.Detail, Title: "finsystem.deferral_rules.one", Icon: "gear", Audience: module.ForStaff, Parent: "deferral_rules",
		Method: v1.DeferralService_GetDeferralRule_FullMethodName, Heading: "name", Sections: ruleSections,
		Actions: []module.Action{
			{ID: "edit", Label: "finsystem.deferral_rules.edit", Icon: "edit", Path: "/deferrals/rules/{id}/edit", Primary: true},
			{
				ID: "delete", Label: "finsystem.deferral_rules.delete", Icon: "trash", Danger: true, Method: v1.DeferralService_DeleteDeferralRule_FullMethodName,
				Bind: map[string]string{"id": "id"}, Confirm: "finsystem.deferral_rules.delete_ask", Done: "finsystem.deferral_rules.deleted", Back: "/deferrals/rules",
			},
		},
	},
	{
		ID: "deferral_rule_new", Path: "/deferrals/rules/new", Kind: module.Form, Title: "finsystem.deferral_rules.new", Intro: "finsystem.deferral_rules.new_intro",
		Audience: module.ForStaff, Parent: "deferral_rules", Method: v1.DeferralService_CreateDeferralRule_FullMethodName, Sections: ruleSections,
		Submit: "finsystem.deferral_rules.save", Done: "/deferrals/rules/{id}",
	},
	{
		ID: "deferral_rule_edit", Path: "/deferrals/rules/{id}/edit", Kind: module.Form, Title: "finsystem.deferral_rules.edit", Audience: module.ForStaff, Parent: "deferral_rule",
		Method: v1.DeferralService_UpdateDeferralRule_FullMethodName, Prefill: v1.DeferralService_GetDeferralRule_FullMethodName, Sections: ruleSections,
		Submit: "finsystem.deferral_rules.save",
	},
}

var askForm = []module.Section{{Fields: []string{"currency_code", "amount", "days", "agreement_id", "why"}}}

var ruleSections = []module.Section{
	{Title: "finsystem.deferral_rules.grants", Fields: []string{"name", "currency_code", "max_amount", "max_days", "active"}},
	{Title: "finsystem.deferral_rules.demands", Fields: []string{"segment_id", "months", "min_turnover", "min_paid_invoices", "no_overdue"}},
}
