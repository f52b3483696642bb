package clientmanager

import (
	"slices"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var clientScreens = []module.Screen{
	{
		ID: "clients", Path: "/clients", Kind: module.List, Title: "clientmanager.clients.title", Icon: "building",
		Audience: module.ForStaff, Nav: &module.Nav{Order: 20, Phone: true},
		Method: v1.ClientService_ListClients_FullMethodName,
		Extra:  v1.ClientService_ListClientFields_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "code", Avatar: true, PersonWhen: ofPerson, Link: "/clients/{id}", OrderBy: v1.ClientOrder_CLIENT_ORDER_NAME.String()},
			{Field: "place", Place: module.Under, OrderBy: v1.ClientOrder_CLIENT_ORDER_PLACE.String()},
			{Field: "tags", Place: module.Away},
			{Field: "extra", Place: module.Away},
			{Field: "branch_id", Place: module.Away},
			{Field: "manager_name", Place: module.Away},
			{Field: "create_time", Label: "clientmanager.clients.since", Place: module.Away, OrderBy: v1.ClientOrder_CLIENT_ORDER_NEWEST.String()},
			{Field: "status", Place: module.End},
		},
		Search: "name", Filters: []string{"statuses", "place", "tags", "segment_ids", "branch_ids", "manager_ids", "without_manager", "kind", "extra"}, Order: "order_by",
		Empty: "clientmanager.clients.empty", Export: exportClients,
		Actions: []module.Action{
			{ID: "duplicates", Label: "clientmanager.duplicates.title", Icon: "copy", Path: "/clients/duplicates"},
			{ID: "import", Label: "clientmanager.clients.import", Icon: "upload", Path: "/clients/import"},
			{ID: "new", Label: "clientmanager.clients.new", Icon: "plus", Path: "/clients/new", Primary: true},
			{ID: "bulk", Label: "clientmanager.bulk.change", Icon: "edit", Path: "/clients/change", Many: true, Bind: map[string]string{"ids": "id"}},
		},
	},
	{
		ID: "client", Path: "/clients/{id}", Kind: module.Detail, Title: "clientmanager.client.title", Icon: "building",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.ClientService_GetClient_FullMethodName, Heading: "name", State: "status", MovedTo: "merged_into_id", PersonWhen: ofPerson,
		Extra: v1.ClientService_ListClientFields_FullMethodName,
		Lead:  []string{"legal_name", "code", "place"}, Marks: []string{"segment_ids", "tags"},
		Tiles: []module.Tile{
			{
				ID: "summary", Kind: module.Figures, Title: "clientmanager.client.summary",
				Method: v1.ClientService_GetClientSummary_FullMethodName, Bind: map[string]string{"id": "id"},
				Fields: []string{"agreements_in_force", "agreements_expiring", "contacts", "last_event_time"},
				Links:  map[string]string{"agreements_in_force": "/clients/{id}?tab=clientmanager.agreements", "contacts": "/clients/{id}?tab=clientmanager.contacts"},
			},
			{
				ID: "manager", Kind: module.Person, Title: "clientmanager.fields.manager_id", Aside: true,
				Method: accountmanagerv1.UserService_GetStaffCard_FullMethodName, Bind: map[string]string{"user_id": "manager_id"},
			},
		},
		Sections: []module.Section{
			{Title: "clientmanager.client.company", Fields: []string{"kind", "tax_id", "extra"}, Aside: true, When: ofCompany},
			{
				Title: "clientmanager.client.person", Fields: []string{"kind", "tax_id", "birth_date", "extra"}, Aside: true, When: ofPerson,
				Labels: map[string]string{"tax_id": "clientmanager.registration.tax_number"},
			},
			{Title: "clientmanager.client.reach", Fields: []string{"phone", "email", "website", "address", "country_code"}, Aside: true},
			{Title: "clientmanager.client.note", Fields: []string{"note"}, Aside: true},
			{Title: "clientmanager.client.service", Fields: []string{"branch_id", "manager_name", "create_time", "update_time"}, Aside: true},
		},
		Related: []module.Related{
			{Screen: "clientmanager.duplicates", Bind: map[string]string{"client_id": "id"}, Hint: true},
			{Screen: "clientmanager.contacts", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.agreements", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.addresses", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.managers", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.client_segments", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.entities", Bind: map[string]string{"client_id": "id"}, Tab: true, When: ofCompany},
			{Screen: "accountmanager.memberships", Bind: map[string]string{"client_id": "id"}},
			{Screen: "accountmanager.invitations", Bind: map[string]string{"client_id": "id"}, Tab: true},
			{Screen: "clientmanager.history", Bind: map[string]string{"client_id": "id"}},
			{Screen: "kernel.audit", Bind: map[string]string{"client_id": "id"}},
		},
		Actions: []module.Action{
			{ID: "assign", Label: "clientmanager.client.assign", Icon: "person", Path: "/clients/{id}/manager"},
			{ID: "move", Label: "clientmanager.branches.move", Icon: "bank", Path: "/clients/{id}/branch"},
			{
				ID: "suspend", Label: "clientmanager.client.suspend", Icon: "pause", Danger: true, Path: "/clients/{id}/suspend",
				When: map[string]string{"status": v1.ClientStatus_CLIENT_STATUS_ACTIVE.String()},
			},
			{
				ID: "resume", Label: "clientmanager.client.resume", Icon: "undo",
				Method: v1.ClientService_ResumeClient_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"status": v1.ClientStatus_CLIENT_STATUS_SUSPENDED.String()},
				Done: "clientmanager.client.resumed",
			},
			{ID: "merge", Label: "clientmanager.merge.begin", Icon: "link", Path: "/clients/{id}/merge"},
			{ID: "edit", Label: "clientmanager.client.edit", Icon: "edit", Path: "/clients/{id}/edit", Primary: true},
		},
	},
	newClient("new", "/clients/new", companyForm, v1.ClientKind_CLIENT_KIND_COMPANY),
	newClient("new_person", "/clients/new/person", personForm, v1.ClientKind_CLIENT_KIND_PERSON),
	{
		ID: "edit", Path: "/clients/{id}/edit", Kind: module.Form, Title: "clientmanager.client.edit", Audience: module.ForStaff, Parent: "client",
		Method: v1.ClientService_UpdateClient_FullMethodName, Prefill: v1.ClientService_GetClient_FullMethodName,
		Sections: slices.Concat(only(ofCompany, companyForm), only(ofPerson, personForm), only(nil, restOfForm)),
		Extra:    v1.ClientService_ListClientFields_FullMethodName,
		Submit:   "clientmanager.client.save",
	},
	{
		ID: "assign", Path: "/clients/{id}/manager", Kind: module.Form, Title: "clientmanager.client.assign", Audience: module.ForStaff, Parent: "client",
		Intro:  "clientmanager.client.assign_intro",
		Method: v1.ClientService_AssignManager_FullMethodName, Prefill: v1.ClientService_GetClient_FullMethodName,
		Sections: []module.Section{{Fields: []string{"manager_id"}}},
		Submit:   "clientmanager.client.assign", Done: "/clients/{id}",
	},
	{
		ID: "suspend", Path: "/clients/{id}/suspend", Kind: module.Form, Title: "clientmanager.client.suspend", Audience: module.ForStaff, Parent: "client",
		Intro:    "clientmanager.client.suspend_intro",
		Method:   v1.ClientService_SuspendClient_FullMethodName,
		Prefill:  v1.ClientService_GetClient_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}},
		Submit:   "clientmanager.client.suspend", Done: "/clients/{id}",
	},
	{
		ID: "history", Path: "/clients/{client_id}/history", Kind: module.List, Title: "clientmanager.history.title", Icon: "clock",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.TimelineService_ListTimeline_FullMethodName, Columns: timelineColumns, Filters: []string{"module"}, Timeline: true,
		Empty: "clientmanager.history.empty",
	},
	{
		ID: "import", Path: "/clients/import", Kind: module.ImportWizard, Title: "clientmanager.clients.import", Audience: module.ForStaff, Parent: "clients",
		Import: &module.ImportMethods{
			Create: v1.ImportService_CreateImport_FullMethodName, Get: v1.ImportService_GetImport_FullMethodName,
			Check: v1.ImportService_CheckImport_FullMethodName, Run: v1.ImportService_RunImport_FullMethodName,
			Rows: v1.ImportService_ListImportRows_FullMethodName, Start: v1.ImportService_StartImport_FullMethodName, FieldLabels: "clientmanager.fields.",
		},
	},
}

// What staff see below a client, and a client sees of its own, are the same methods on pages of their own.
var contactScreens = []module.Screen{
	{
		ID: "contacts", Path: "/clients/{client_id}/contacts", Kind: module.List, Title: "clientmanager.contacts.title", Icon: "people",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.ContactService_ListContacts_FullMethodName, Columns: contactColumns, Empty: "clientmanager.contacts.empty",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.contacts.new", Icon: "plus", Path: "/clients/{client_id}/contacts/new", Primary: true},
			{ID: "invite", Label: "clientmanager.contacts.invite", Icon: "key", Path: "/clients/{client_id}/invite?name={name}&email={email}&role={role}", Row: true},
			{ID: "edit", Label: "clientmanager.contacts.edit", Icon: "edit", Path: "/contacts/{id}/edit", Row: true},
			removeContact,
		},
	},
	{
		ID: "contact_new", Path: "/clients/{client_id}/contacts/new", Kind: module.Form, Title: "clientmanager.contacts.new",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.ContactService_CreateContact_FullMethodName, Sections: contactForm,
		Submit: "clientmanager.contacts.add", Done: "/clients/{client_id}",
	},
	{
		ID: "contact_edit", Path: "/contacts/{id}/edit", Kind: module.Form, Title: "clientmanager.contacts.edit",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.ContactService_UpdateContact_FullMethodName, Prefill: v1.ContactService_GetContact_FullMethodName, Sections: contactForm,
		Submit: "clientmanager.contacts.save", Done: "/clients/{client_id}",
	},
	{
		ID: "company", Path: "/company", Kind: module.Detail, Title: "clientmanager.company.title", Icon: "building",
		Audience: module.ForContacts, Nav: &module.Nav{Order: 80, Phone: true}, ClientKinds: []string{"company"}, Sisters: true,
		Method: v1.ProfileService_GetProfile_FullMethodName, Heading: "name", State: "status",
		Extra: v1.ClientService_ListClientFields_FullMethodName,
		Sections: []module.Section{
			{Title: "clientmanager.client.company", Fields: []string{"legal_name", "code", "tax_id", "extra"}},
			{Title: "clientmanager.client.reach", Fields: []string{"phone", "email", "website", "place", "address", "country_code"}},
		},
		Related: []module.Related{
			{Screen: "clientmanager.company_contacts", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.company_addresses", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.company_agreements", Bind: map[string]string{"client_id": "id"}},
			{Screen: "clientmanager.company_timeline", Bind: map[string]string{"client_id": "id"}},
		},
		Actions: []module.Action{{ID: "edit", Label: "clientmanager.company.edit", Icon: "edit", Path: "/company/edit", Primary: true}},
	},
	{
		ID: "company_edit", Path: "/company/edit", Kind: module.Form, Title: "clientmanager.company.edit", Intro: "clientmanager.company.edit_intro",
		Audience: module.ForContacts, Parent: "company", ClientKinds: []string{"company"},
		Method: v1.ProfileService_UpdateProfile_FullMethodName, Prefill: v1.ProfileService_GetProfile_FullMethodName, EditableFrom: "editable_fields",
		Sections: []module.Section{
			{Title: "clientmanager.client.company", Fields: []string{"name", "legal_name", "tax_id"}},
			{Title: "clientmanager.client.reach", Fields: []string{"phone", "email", "website", "place", "address", "country_code"}},
		},
		Submit: "clientmanager.company.save",
	},
	{
		ID: "company_contacts", Path: "/company/contacts", Kind: module.List, Title: "clientmanager.contacts.title", Icon: "people",
		Audience: module.ForContacts, Parent: "company",
		Method: v1.ContactService_ListContacts_FullMethodName, Columns: contactColumns, Empty: "clientmanager.contacts.empty",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.contacts.new", Icon: "plus", Path: "/company/contacts/new", Primary: true},
			{ID: "edit", Label: "clientmanager.contacts.edit", Icon: "edit", Path: "/company/contacts/{id}", Row: true},
			removeContact,
		},
	},
	{
		ID: "company_contact_new", Path: "/company/contacts/new", Kind: module.Form, Title: "clientmanager.contacts.new",
		Audience: module.ForContacts, Parent: "company_contacts",
		Method: v1.ContactService_CreateContact_FullMethodName, Sections: contactForm, Submit: "clientmanager.contacts.add",
	},
	{
		ID: "company_contact_edit", Path: "/company/contacts/{id}", Kind: module.Form, Title: "clientmanager.contacts.edit",
		Audience: module.ForContacts, Parent: "company_contacts",
		Method: v1.ContactService_UpdateContact_FullMethodName, Prefill: v1.ContactService_GetContact_FullMethodName, Sections: contactForm,
		Submit: "clientmanager.contacts.save",
	},
}

var contactColumns = []module.Column{
	{Field: "name", Second: "position"}, {Field: "role", Place: module.Under}, {Field: "email", Place: module.Away}, {Field: "phone", Place: module.End},
	{Field: "main", Place: module.Away},
}

var contactForm = []module.Section{{Fields: []string{"name", "position", "role", "email", "phone", "main"}}}

var removeContact = module.Action{
	ID: "remove", Label: "clientmanager.contacts.remove", Icon: "trash", Danger: true, Row: true,
	Method: v1.ContactService_DeleteContact_FullMethodName, Bind: map[string]string{"id": "id"},
	Confirm: "clientmanager.contacts.remove_ask", Done: "clientmanager.contacts.removed",
}

// required are the contracts of others that the module calls.
var required = []string{accountmanagerv1.UserService_ServiceDesc.ServiceName, accountmanagerv1.AdmissionService_ServiceDesc.ServiceName}
