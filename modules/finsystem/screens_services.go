package finsystem

import (
	"slices"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var subscriptionColumns = []module.Column{
	{Field: "name", Link: "/services/{id}"}, {Field: "agreement_id", Place: module.Under, Labelled: true, OnlySet: true},
	{Field: "client_id", Place: module.Under, Audience: module.ForStaff},
	{Field: "period", Place: module.Under}, {Field: "price", Place: module.Away}, {Field: "quantity", Place: module.Away},
	{Field: "next_charge_date", Place: module.Under}, {Field: "status", Place: module.End},
}

const (
	serviceDraft  = "SUBSCRIPTION_STATUS_DRAFT"
	servicePaused = "SUBSCRIPTION_STATUS_PAUSED"
	serviceRuns   = "SUBSCRIPTION_STATUS_ACTIVE" + module.Or + "SUBSCRIPTION_STATUS_UNPAID"
)

var serviceScreens = []module.Screen{
	{
		ID: "services", Path: "/services", Kind: module.List, Title: "finsystem.services.title", Icon: "list", Nav: &module.Nav{Section: "finsystem.nav.money", Order: 45},
		Method: v1.SubscriptionService_ListSubscriptions_FullMethodName, Columns: subscriptionColumns, Filters: []string{"statuses", "agreement_id"}, Empty: "finsystem.services.empty",
	},
	{
		ID: "client_services", Path: "/clients/{client_id}/services", Kind: module.List, Title: "finsystem.services.title", Icon: "list", Audience: module.ForStaff,
		Parent: "clientmanager.clients", Method: v1.SubscriptionService_ListSubscriptions_FullMethodName, Columns: subscriptionColumns, Filters: []string{"statuses", "agreement_id"},
		Empty:   "finsystem.services.empty",
		Actions: []module.Action{{ID: "new", Label: "finsystem.services.new", Icon: "plus", Path: "/clients/{client_id}/services/new", Primary: true}},
	},
	{
		ID: "service", Path: "/services/{id}", Kind: module.Detail, Title: "finsystem.services.one", Icon: "list", Parent: "services",
		Method: v1.SubscriptionService_GetSubscription_FullMethodName, Heading: "name", State: "status", Lead: []string{"period", "next_charge_date"},
		Sections: []module.Section{
			{Title: "finsystem.services.money", Fields: []string{"price", "quantity", "unit", "tax_mode", "tax_percent", "charged", "unpaid", "balance"}, OnlySet: true},
			{Title: "finsystem.services.stages", Fields: []string{"stages"}, OnlySet: true},
			{
				Title: "finsystem.services.days", Fields: []string{"client_id", "agreement_id", "item", "start_date", "end_date", "billing_day", "paused_from", "client_suspended"},
				Aside: true, OnlySet: true,
			},
		},
		Related: []module.Related{
			{Screen: "finsystem.charges", Bind: map[string]string{"subscription_id": "id", "client_id": "client_id"}},
			{
				Screen: "finsystem.client_postings", Tab: true,
				Bind: map[string]string{"about_id": "id", "client_id": "client_id", "currency_code": "currency_code"},
			},
		},
		Actions: []module.Action{
			{
				ID: "start", Label: "finsystem.services.start", Icon: "done", Method: v1.SubscriptionService_ResumeSubscription_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"status": serviceDraft}, Confirm: "finsystem.services.start_ask", Done: "finsystem.services.started", Primary: true,
			},
			{ID: "record", Label: "finsystem.services.record", Icon: "plus", Path: "/services/{id}/record", When: map[string]string{"status": serviceRuns}},
			{
				ID: "edit", Label: "finsystem.services.edit", Icon: "edit", Path: "/services/{id}/edit",
				When: map[string]string{"status": serviceDraft + module.Or + servicePaused + module.Or + serviceRuns},
			},
			{ID: "pause", Label: "finsystem.services.pause", Icon: "pause", Path: "/services/{id}/pause", When: map[string]string{"status": serviceRuns}},
			{ID: "resume", Label: "finsystem.services.resume", Icon: "done", Path: "/services/{id}/resume", When: map[string]string{"status": servicePaused}},
			{
				ID: "fill", Label: "finsystem.services.fill", Icon: "wallet", Path: "/services/{id}/fill?currency_code={currency_code}",
				When: map[string]string{"own_account": "true"},
			},
			{
				ID: "end", Label: "finsystem.services.end", Icon: "stop", Danger: true, Path: "/services/{id}/end",
				When: map[string]string{"status": serviceRuns + module.Or + servicePaused},
			},
			{
				ID: "delete", Label: "finsystem.services.delete", Icon: "trash", Danger: true, Method: v1.SubscriptionService_DeleteSubscription_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"status": serviceDraft}, Confirm: "finsystem.services.delete_ask",
				Done: "finsystem.services.deleted", Back: "/services",
			},
		},
	},
	{
		ID: "charges", Path: "/charges", Kind: module.List, Title: "finsystem.charges.title", Icon: "list", Method: v1.SubscriptionService_ListCharges_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "stage", Link: "/charges/{id}"}, {Field: "from_date", Place: module.Under}, {Field: "to_date", Place: module.Away},
			{Field: "quantity", Place: module.Away}, {Field: "total", Place: module.End}, {Field: "status", Place: module.Under},
		},
		Filters: []string{"statuses"}, Empty: "finsystem.charges.empty", Export: exportMoney,
	},
	{
		ID: "charge", Path: "/charges/{id}", Kind: module.Detail, Title: "finsystem.charges.one", Icon: "list", Parent: "charges",
		Method: v1.SubscriptionService_GetCharge_FullMethodName, Heading: "name", State: "status", Lead: []string{"from_date", "to_date"},
		Sections: []module.Section{
			{Title: "finsystem.charges.how", Fields: []string{"quantity", "unit", "price", "days", "of_days", "net", "tax", "total", "short"}, OnlySet: true},
			{Title: "finsystem.charges.what", Fields: []string{"client_id", "subscription_id", "stage", "note", "charge_time", "create_time"}, Aside: true, OnlySet: true},
		},
		Actions: []module.Action{{
			ID: "cancel", Label: "finsystem.charges.cancel", Icon: "undo", Danger: true, Path: "/charges/{id}/cancel",
			When: map[string]string{"status": "CHARGE_STATUS_CHARGED" + module.Or + "CHARGE_STATUS_DUE" + module.Or + "CHARGE_STATUS_REFUSED"},
		}},
	},
	{
		ID: "service_new", Path: "/clients/{client_id}/services/new", Kind: module.Form, Title: "finsystem.services.new", Intro: "finsystem.services.new_intro",
		Audience: module.ForStaff, Parent: "client_services", Method: v1.SubscriptionService_CreateSubscription_FullMethodName,
		Sections: slices.Concat(serviceWhat, serviceTerms,
			[]module.Section{{Fields: []string{"start"}}}),
		Submit: "finsystem.services.save", Done: "/services/{id}",
	},
	{
		ID: "service_edit", Path: "/services/{id}/edit", Kind: module.Form, Title: "finsystem.services.edit", Intro: "finsystem.services.edit_intro", Audience: module.ForStaff,
		Parent: "service", Method: v1.SubscriptionService_UpdateSubscription_FullMethodName, Prefill: v1.SubscriptionService_GetSubscription_FullMethodName,
		Sections: slices.Concat(serviceWhat, serviceTerms), Submit: "finsystem.services.save",
	},
	serviceStep("service_pause", "pause", v1.SubscriptionService_PauseSubscription_FullMethodName, "from_date"),
	serviceStep("service_resume", "resume", v1.SubscriptionService_ResumeSubscription_FullMethodName, "from_date"),
	serviceStep("service_end", "end", v1.SubscriptionService_EndSubscription_FullMethodName, "last_date"),
	{
		ID: "service_record", Path: "/services/{subscription_id}/record", Kind: module.Form, Title: "finsystem.services.record", Intro: "finsystem.services.record_intro",
		Audience: module.ForStaff, Parent: "services", Method: v1.SubscriptionService_RecordUsage_FullMethodName,
		Sections: []module.Section{{Fields: []string{"quantity", "use_date", "stage", "note"}}}, Submit: "finsystem.services.record", Done: "/charges/{id}",
	},
	{
		ID: "service_fill", Path: "/services/{subscription_id}/fill", Kind: module.Form, Title: "finsystem.services.fill", Intro: "finsystem.services.fill_intro",
		Parent: "services", Method: v1.SubscriptionService_TransferToService_FullMethodName,
		Sections: []module.Section{{Fields: []string{"currency_code", "amount"}}}, Submit: "finsystem.services.fill", Done: "/services/{id}",
	},
	{
		ID: "charge_cancel", Path: "/charges/{id}/cancel", Kind: module.Form, Title: "finsystem.charges.cancel", Intro: "finsystem.charges.cancel_intro", Audience: module.ForStaff,
		Parent: "charge", Method: v1.SubscriptionService_CancelCharge_FullMethodName, Prefill: v1.SubscriptionService_GetCharge_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.charges.cancel",
	},
}

// serviceStep is a form that changes how a service stands from a day on.
func serviceStep(id, text, method, day string) module.Screen {
	return module.Screen{
		ID: id, Path: "/services/{id}/" + text, Kind: module.Form, Title: "finsystem.services." + text, Intro: "finsystem.services." + text + "_intro",
		Audience: module.ForStaff, Parent: "service", Method: method, Prefill: v1.SubscriptionService_GetSubscription_FullMethodName,
		Sections: []module.Section{{Fields: []string{day}}}, Submit: "finsystem.services." + text,
	}
}

var serviceWhat = []module.Section{{
	Title: "finsystem.services.what", Fields: []string{"name", "agreement_id", "item"}, Choices: map[string]module.Choice{"agreement_id": agreementChoice},
}}

// serviceTerms are the parts that the forms of a new service and of one that changes have in common.
var serviceTerms = []module.Section{
	{Title: "finsystem.services.money", Fields: []string{"currency_code", "price", "quantity", "unit", "tax_mode", "tax_percent", "own_account"}},
	{Title: "finsystem.services.days", Fields: []string{"period", "billing_day", "start_date", "end_date"}},
	{Title: "finsystem.services.stages", Fields: []string{"stages"}, Rows: map[string][]string{"stages": {"name", "quantity", "price"}}},
}
