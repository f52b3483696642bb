package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var agreementScreens = []module.Screen{
	{
		ID: "company_agreements", Path: "/company/agreements", Kind: module.List, Title: "clientmanager.agreements.title", Icon: "doc",
		Audience: module.ForContacts, Parent: "company",
		Method:  v1.AgreementService_ListAgreements_FullMethodName,
		Columns: agreementColumns("/company/agreements/{id}"), Empty: "clientmanager.agreements.none",
	},
	{
		ID: "company_agreement", Path: "/company/agreements/{id}", Kind: module.Detail, Title: "clientmanager.agreements.one", Icon: "doc",
		Audience: module.ForContacts, Parent: "company_agreements",
		Method: v1.AgreementService_GetAgreement_FullMethodName, Heading: "number", State: "status", Sections: agreementSections,
	},
	{
		ID: "agreements", Path: "/clients/{client_id}/agreements", Kind: module.List, Title: "clientmanager.agreements.title", Icon: "doc",
		Audience: module.ForStaff, Parent: "clients",
		Method:  v1.AgreementService_ListAgreements_FullMethodName,
		Columns: agreementColumns("/agreements/{id}"), Filters: []string{"statuses"}, Empty: "clientmanager.agreements.empty",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.agreements.new", Icon: "plus", Path: "/clients/{client_id}/agreements/new", Primary: true},
			{
				ID: "remove", Label: "clientmanager.agreements.remove", Icon: "trash", Danger: true, Row: true,
				Method: v1.AgreementService_DeleteAgreement_FullMethodName, Bind: map[string]string{"id": "id"},
				When:    map[string]string{"status": draft.String()},
				Confirm: "clientmanager.agreements.remove_ask", Done: "clientmanager.agreements.removed",
			},
		},
	},
	{
		ID: "agreement", Path: "/agreements/{id}", Kind: module.Detail, Title: "clientmanager.agreements.one", Icon: "doc",
		Audience: module.ForStaff, Parent: "agreements",
		Method: v1.AgreementService_GetAgreement_FullMethodName, Heading: "number", State: "status",
		Sections: append(append([]module.Section{}, agreementSections...),
			module.Section{Title: "clientmanager.client.service", Fields: []string{"client_id", "create_time", "update_time"}, Aside: true},
			module.Section{Title: "clientmanager.client.note", Fields: []string{"note"}, Aside: true}),
		Related: []module.Related{{Screen: "clientmanager.history", Bind: map[string]string{"client_id": "client_id", "about_id": "id"}}},
		Actions: []module.Action{
			{
				ID: "activate", Label: "clientmanager.agreements.activate", Icon: "done",
				Method: v1.AgreementService_ActivateAgreement_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"status": draft.String() + module.Or + suspended.String()}, Done: "clientmanager.agreements.activated",
			},
			{
				ID: "suspend", Label: "clientmanager.agreements.suspend", Icon: "pause", Path: "/agreements/{id}/suspend",
				When: map[string]string{"status": active.String()},
			},
			{
				ID: "end", Label: "clientmanager.agreements.end", Icon: "stop", Danger: true, Path: "/agreements/{id}/end",
				When: map[string]string{"status": active.String() + module.Or + suspended.String()},
			},
			{
				ID: "edit", Label: "clientmanager.agreements.edit", Icon: "edit", Path: "/agreements/{id}/edit", Primary: true,
				When: map[string]string{"status": draft.String() + module.Or + active.String() + module.Or + suspended.String()},
			},
		},
	},
	{
		ID: "agreement_new", Path: "/clients/{client_id}/agreements/new", Kind: module.Form, Title: "clientmanager.agreements.new",
		Intro: "clientmanager.agreements.new_intro", Audience: module.ForStaff, Parent: "clients",
		Method: v1.AgreementService_CreateAgreement_FullMethodName, Sections: agreementForm,
		Submit: "clientmanager.agreements.add", Done: "/agreements/{id}",
	},
	{
		ID: "agreement_edit", Path: "/agreements/{id}/edit", Kind: module.Form, Title: "clientmanager.agreements.edit",
		Audience: module.ForStaff, Parent: "agreement",
		Method: v1.AgreementService_UpdateAgreement_FullMethodName, Prefill: v1.AgreementService_GetAgreement_FullMethodName, Sections: agreementForm,
		Submit: "clientmanager.agreements.save",
	},
	{
		ID: "agreement_suspend", Path: "/agreements/{id}/suspend", Kind: module.Form, Title: "clientmanager.agreements.suspend",
		Intro: "clientmanager.agreements.suspend_intro", Audience: module.ForStaff, Parent: "agreement",
		Method: v1.AgreementService_SuspendAgreement_FullMethodName, Prefill: v1.AgreementService_GetAgreement_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "clientmanager.agreements.suspend",
	},
	{
		ID: "agreement_end", Path: "/agreements/{id}/end", Kind: module.Form, Title: "clientmanager.agreements.end",
		Intro: "clientmanager.agreements.end_intro", Audience: module.ForStaff, Parent: "agreement",
		Method: v1.AgreementService_EndAgreement_FullMethodName, Prefill: v1.AgreementService_GetAgreement_FullMethodName,
		Sections: []module.Section{{Fields: []string{"last_date", "reason"}}}, Submit: "clientmanager.agreements.end",
	},
}

func agreementColumns(link string) []module.Column {
	return []module.Column{
		{Field: "number", Second: "subject", Link: link},
		{Field: "end_date", Place: module.Under}, {Field: "term", Place: module.Under}, {Field: "credit_limit", Place: module.Away},
		{Field: "status", Place: module.End},
	}
}

var agreementSections = []module.Section{
	{Title: "clientmanager.agreements.terms", Fields: []string{"kind", "subject", "start_date", "end_date", "term"}},
	{Title: "clientmanager.agreements.money", Fields: []string{"currency_code", "payment_days", "credit_limit"}},
}

var agreementForm = []module.Section{
	{Title: "clientmanager.agreements.terms", Fields: []string{"number", "kind", "subject", "start_date", "end_date"}},
	{Title: "clientmanager.agreements.money", Fields: []string{"currency_code", "credit_limit", "payment_days"}},
	{Title: "clientmanager.client.note", Fields: []string{"note"}},
}
