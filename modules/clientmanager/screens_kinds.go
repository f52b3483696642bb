package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// A company and a person differ in what is asked of them, shown of them, and called. The forms of both end alike.
var (
	companyForm = []module.Section{{
		Title: "clientmanager.client.company", Fields: []string{"name", "legal_name", "code", "tax_id", "tags", "extra"},
	}}
	personForm = []module.Section{{
		Title: "clientmanager.client.person", Fields: []string{"name", "code", "tax_id", "birth_date", "tags", "extra"},
		Labels: map[string]string{"name": "clientmanager.registration.full_name", "tax_id": "clientmanager.registration.tax_number"},
	}}
	restOfForm = []module.Section{
		{Title: "clientmanager.client.reach", Fields: []string{"phone", "email", "website", "place", "address", "country_code"}},
		{Title: "clientmanager.client.note", Fields: []string{"note"}},
	}
)

// only shows sections of one kind of client; nil is for both.
func only(when map[string]string, sections []module.Section) []module.Section {
	out := make([]module.Section, len(sections))
	for i, s := range sections {
		s.When = when
		out[i] = s
	}
	return out
}

// newClient is the form of a new client of a kind, beside that of the other.
func newClient(id, path string, form []module.Section, kind v1.ClientKind) module.Screen {
	return module.Screen{
		ID: id, Path: path, Kind: module.Form, Title: "clientmanager.client." + id, Audience: module.ForStaff, Parent: "clients",
		Method: v1.ClientService_CreateClient_FullMethodName, Fixed: map[string]string{"client.kind": kind.String()},
		Sections: append(only(nil, form), restOfForm...),
		Extra:    v1.ClientService_ListClientFields_FullMethodName,
		Submit:   "clientmanager.client.add", Done: "/clients/{id}",
		Beside: []module.Beside{
			{Screen: "new", Label: "clientmanager.enums.CLIENT_KIND_COMPANY"}, {Screen: "new_person", Label: "clientmanager.enums.CLIENT_KIND_PERSON"},
		},
	}
}

// personScreens are what a person sees of themselves, where a company sees its own page.
var personScreens = []module.Screen{
	{
		ID: "details", Path: "/details", Kind: module.Detail, Title: "clientmanager.details.title", Icon: "person",
		Audience: module.ForContacts, Nav: &module.Nav{Order: 80, Phone: true}, ClientKinds: []string{"person"},
		Method: v1.ProfileService_GetProfile_FullMethodName, Heading: "name", State: "status", PersonWhen: ofPerson,
		Extra: v1.ClientService_ListClientFields_FullMethodName,
		Sections: []module.Section{
			{
				Title: "clientmanager.client.person", Fields: []string{"code", "tax_id", "birth_date", "extra"},
				Labels: map[string]string{"tax_id": "clientmanager.registration.tax_number"},
			},
			{Title: "clientmanager.details.reach", Fields: []string{"phone", "email", "website", "place", "address", "country_code"}},
		},
		Related: []module.Related{
			{Screen: "clientmanager.company_addresses", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.company_agreements", Bind: map[string]string{"client_id": "id"}},
		},
		Actions: []module.Action{{ID: "edit", Label: "clientmanager.details.edit", Icon: "edit", Path: "/details/edit", Primary: true}},
	},
	{
		ID: "details_edit", Path: "/details/edit", Kind: module.Form, Title: "clientmanager.details.edit", Intro: "clientmanager.company.edit_intro",
		Audience: module.ForContacts, Parent: "details", ClientKinds: []string{"person"},
		Method: v1.ProfileService_UpdateProfile_FullMethodName, Prefill: v1.ProfileService_GetProfile_FullMethodName, EditableFrom: "editable_fields",
		Sections: []module.Section{
			{
				Title: "clientmanager.client.person", Fields: []string{"name", "tax_id", "birth_date"},
				Labels: map[string]string{"name": "clientmanager.registration.full_name", "tax_id": "clientmanager.registration.tax_number"},
			},
			{Title: "clientmanager.details.reach", Fields: []string{"phone", "email", "website", "place", "address", "country_code"}},
		},
		Submit: "clientmanager.company.save",
	},
}
