package clientmanager

import (
	"slices"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// registrationScreens are the applicant's pages, for anybody, and those of staff who decide. A portal that takes nobody in
// this way has none of them.
func registrationScreens(r Registration) []module.Screen {
	if !r.Open {
		return nil
	}
	var public, filed []module.Beside
	var forms []module.Screen
	labels := map[string]string{"company": "clientmanager.registration.for_company", "person": "clientmanager.registration.for_person"}
	for _, kind := range []string{"company", "person"} {
		if !slices.Contains(r.Kinds, kind) {
			continue
		}
		label := labels[kind]
		public = append(public, module.Beside{Screen: "register_" + kind, Label: label})
		filed = append(filed, module.Beside{Screen: "registration_new_" + kind, Label: label})
		forms = append(forms, registerScreen(kind, r.Terms, len(forms) == 0), fileScreen(kind))
	}
	for i := range forms {
		if forms[i].Audience == module.ForAnybody {
			forms[i].Beside = public
		} else {
			forms[i].Beside = filed
		}
	}
	return slices.Concat(forms, linkScreens, queueScreens(filed[0].Screen))
}

// registrationFields are the fields of a kind of applicant, and what they are called there.
func registrationFields(kind string) []module.Section {
	if kind == "person" {
		return []module.Section{
			{
				Title:  "clientmanager.registration.you",
				Fields: []string{"name", "tax_id", "birth_date", "country_code"},
				Labels: map[string]string{"name": "clientmanager.registration.full_name", "tax_id": "clientmanager.registration.tax_number"},
			},
			{Title: "clientmanager.details.reach", Fields: []string{"email", "phone", "place"}},
			{Title: "clientmanager.registration.more", Fields: []string{"note"}},
		}
	}
	return []module.Section{
		{
			Title:  "clientmanager.registration.your_company",
			Fields: []string{"name", "legal_name", "tax_id", "country_code", "place"},
			Labels: map[string]string{"name": "clientmanager.registration.company_name", "tax_id": "clientmanager.registration.company_code"},
			Needed: []string{"tax_id"},
		},
		{
			Needed: []string{"contact_name"},
			Title:  "clientmanager.registration.contact", Fields: []string{"contact_name", "contact_position", "email", "phone"},
		},
		{Title: "clientmanager.registration.more", Fields: []string{"note"}},
	}
}

func kindOf(kind string) map[string]string {
	return map[string]string{"registration.kind": map[string]string{
		"company": v1.ClientKind_CLIENT_KIND_COMPANY.String(), "person": v1.ClientKind_CLIENT_KIND_PERSON.String(),
	}[kind]}
}

// registerScreen is the applicant's form. The first of them is where the page of sign-in leads.
func registerScreen(kind, terms string, first bool) module.Screen {
	s := module.Screen{
		ID: "register_" + kind, Path: "/register/" + kind, Kind: module.Form, Audience: module.ForAnybody,
		Title: "clientmanager.registration.title", Intro: "clientmanager.registration.intro",
		Method: v1.RegistrationService_StartRegistration_FullMethodName, Fixed: kindOf(kind), Sections: registrationFields(kind),
		Submit: "clientmanager.registration.send", Said: "clientmanager.registration.sent",
	}
	if first {
		s.Path, s.SignInLink = "/register", "clientmanager.registration.link"
	}
	if terms != "" {
		s.Sections[len(s.Sections)-1].Fields = append(s.Sections[len(s.Sections)-1].Fields, "agreed")
		s.Sections[len(s.Sections)-1].Links = map[string]module.Link{"agreed": {Label: "clientmanager.registration.terms", Href: terms}}
	}
	return s
}

// linkScreens are where an applicant's letter leads.
var linkScreens = []module.Screen{
	{
		ID: "registration_confirm", Path: "/registration/{token}", Kind: module.Form, Audience: module.ForAnybody,
		Title: "clientmanager.registration.confirm", Intro: "clientmanager.registration.confirm_intro",
		Method: v1.RegistrationService_ConfirmRegistration_FullMethodName, Prefill: v1.RegistrationService_PreviewRegistration_FullMethodName,
		Submit: "clientmanager.registration.confirm", Said: "clientmanager.registration.confirmed",
		Ways: []module.Link{{Label: "clientmanager.registration.withdraw", Href: "/registration/{token}/withdraw"}},
	},
	{
		ID: "registration_withdraw", Path: "/registration/{token}/withdraw", Kind: module.Form, Audience: module.ForAnybody,
		Title: "clientmanager.registration.withdraw", Intro: "clientmanager.registration.withdraw_intro",
		Method: v1.RegistrationService_WithdrawRegistration_FullMethodName, Prefill: v1.RegistrationService_PreviewRegistration_FullMethodName,
		Submit: "clientmanager.registration.withdraw", Said: "clientmanager.registration.withdrawn",
	},
}

// fileScreen is the form in which staff file a request for somebody.
func fileScreen(kind string) module.Screen {
	return module.Screen{
		ID: "registration_new_" + kind, Path: "/registrations/new/" + kind, Kind: module.Form, Audience: module.ForStaff, Parent: "registrations",
		Title: "clientmanager.registration.file", Intro: "clientmanager.registration.file_intro",
		Method: v1.RegistrationService_CreateRegistration_FullMethodName, Fixed: kindOf(kind), Sections: registrationFields(kind),
		Submit: "clientmanager.registration.file", Done: "/registrations/{id}",
	}
}

var (
	stillWaiting = map[string]string{"state": v1.RegistrationState_REGISTRATION_STATE_WAITING.String()}
	ofCompany    = map[string]string{"kind": v1.ClientKind_CLIENT_KIND_COMPANY.String()}
	ofPerson     = map[string]string{"kind": v1.ClientKind_CLIENT_KIND_PERSON.String()}
)

// queueScreens are those of staff. file is the form that the queue's button leads to.
func queueScreens(file string) []module.Screen {
	edit := module.Screen{
		ID: "registration_edit", Path: "/registrations/{id}/edit", Kind: module.Form, Audience: module.ForStaff, Parent: "registration",
		Title: "clientmanager.registration.edit", Intro: "clientmanager.registration.edit_intro",
		Method: v1.RegistrationService_UpdateRegistration_FullMethodName, Prefill: v1.RegistrationService_GetRegistration_FullMethodName,
		Submit: "clientmanager.registration.save", Done: "/registrations/{id}",
	}
	for _, section := range registrationFields("company") {
		section.When = ofCompany
		edit.Sections = append(edit.Sections, section)
	}
	for _, section := range registrationFields("person") {
		section.When = ofPerson
		edit.Sections = append(edit.Sections, section)
	}
	return []module.Screen{
		{
			ID: "registrations", Path: "/registrations", Kind: module.List, Title: "clientmanager.registrations.title", Icon: "inbox",
			Audience: module.ForStaff, Nav: &module.Nav{Order: 22},
			Method: v1.RegistrationService_ListRegistrations_FullMethodName,
			Columns: []module.Column{
				{Field: "name", Second: "tax_id", Link: "/registrations/{id}", Avatar: true, PersonWhen: ofPerson},
				{Field: "kind", Place: module.Under},
				{Field: "email", Second: "phone", Place: module.Away},
				{Field: "place", Place: module.Away},
				{Field: "confirm_time", Label: "clientmanager.registrations.since", Place: module.Under},
				{Field: "state", Place: module.End},
			},
			Filters: []string{"states", "kind"}, Empty: "clientmanager.registrations.empty",
			Actions: []module.Action{{ID: "new", Label: "clientmanager.registration.file", Icon: "plus", Path: "/registrations/new/" + file[len("registration_new_"):]}},
		},
		{
			ID: "registration", Path: "/registrations/{id}", Kind: module.Detail, Title: "clientmanager.registration.one", Icon: "inbox",
			Audience: module.ForStaff, Parent: "registrations",
			Method: v1.RegistrationService_GetRegistration_FullMethodName, Heading: "name", State: "state", PersonWhen: ofPerson, Lead: []string{"warning"},
			Sections: []module.Section{
				{
					Title: "clientmanager.registration.company", Fields: []string{"legal_name", "tax_id", "country_code", "place"}, When: ofCompany,
					Labels: map[string]string{"tax_id": "clientmanager.registration.company_code"},
				},
				{
					Title: "clientmanager.registration.person", Fields: []string{"tax_id", "birth_date", "country_code", "place"}, When: ofPerson,
					Labels: map[string]string{"tax_id": "clientmanager.registration.tax_number"},
				},
				{Title: "clientmanager.client.reach", Fields: []string{"contact_name", "contact_position", "email", "phone"}, OnlySet: true},
				{Title: "clientmanager.registration.note", Fields: []string{"note"}, OnlySet: true},
				{
					Title: "clientmanager.registration.course", OnlySet: true, Aside: true,
					Fields: []string{"create_time", "confirm_time", "filed_by", "decided_by", "decide_time", "reason", "client_id", "access"},
				},
			},
			Related: []module.Related{{Screen: "clientmanager.lookalikes", Bind: map[string]string{"id": "id"}}},
			Actions: []module.Action{
				{ID: "edit", Label: "clientmanager.registration.edit", Icon: "edit", Path: "/registrations/{id}/edit", When: stillWaiting},
				{ID: "attach", Label: "clientmanager.registration.attach", Icon: "link", Path: "/registrations/{id}/attach", When: stillWaiting},
				{ID: "decline", Label: "clientmanager.registration.decline", Icon: "x", Path: "/registrations/{id}/decline", When: stillWaiting, Danger: true},
				{ID: "approve", Label: "clientmanager.registration.approve", Icon: "check", Path: "/registrations/{id}/approve", When: stillWaiting, Primary: true},
			},
		},
		{
			ID: "lookalikes", Path: "/registrations/{id}/lookalikes", Kind: module.List, Title: "clientmanager.lookalikes.title", Icon: "people",
			Audience: module.ForStaff, Parent: "registrations",
			Method: v1.RegistrationService_ListLookalikes_FullMethodName,
			Columns: []module.Column{
				{Field: "name", Second: "code", Link: "/clients/{client_id}"}, {Field: "same", Place: module.Under}, {Field: "status", Place: module.End},
			},
			Empty: "clientmanager.lookalikes.empty",
			Actions: []module.Action{{
				ID: "attach", Label: "clientmanager.registration.attach", Icon: "link", Row: true, Path: "/registrations/{id}/attach?client_id={client_id}",
			}},
		},
		edit,
		{
			ID: "registration_approve", Path: "/registrations/{id}/approve", Kind: module.Form, Audience: module.ForStaff, Parent: "registration",
			Title: "clientmanager.registration.approve", Intro: "clientmanager.registration.approve_intro",
			Method: v1.RegistrationService_ApproveRegistration_FullMethodName, Prefill: v1.RegistrationService_GetRegistration_FullMethodName,
			Sections: []module.Section{{Fields: []string{"manager_id"}}},
			Submit:   "clientmanager.registration.approve", Done: "/registrations/{id}", Said: "clientmanager.registration.approved",
		},
		{
			ID: "registration_attach", Path: "/registrations/{id}/attach", Kind: module.Form, Audience: module.ForStaff, Parent: "registration",
			Title: "clientmanager.registration.attach", Intro: "clientmanager.registration.attach_intro",
			Method: v1.RegistrationService_AttachRegistration_FullMethodName, Prefill: v1.RegistrationService_GetRegistration_FullMethodName,
			Sections: []module.Section{{Fields: []string{"client_id", "role"}}},
			Submit:   "clientmanager.registration.attach", Done: "/registrations/{id}", Said: "clientmanager.registration.approved",
		},
		{
			ID: "registration_decline", Path: "/registrations/{id}/decline", Kind: module.Form, Audience: module.ForStaff, Parent: "registration",
			Title: "clientmanager.registration.decline", Intro: "clientmanager.registration.decline_intro",
			Method: v1.RegistrationService_DeclineRegistration_FullMethodName, Prefill: v1.RegistrationService_GetRegistration_FullMethodName,
			Sections: []module.Section{{Fields: []string{"reason"}}},
			Submit:   "clientmanager.registration.decline", Done: "/registrations/{id}", Said: "clientmanager.registration.declined",
		},
	}
}
