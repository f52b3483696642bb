package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// entityScreens are the legal entities of one customer, below each of them.
var entityScreens = []module.Screen{
	{
		ID: "entities", Path: "/clients/{client_id}/entities", Kind: module.List, Title: "clientmanager.entities.title", Icon: "building",
		Audience: module.ForStaff, Parent: "clients", Method: v1.EntityService_ListEntities_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Second: "legal_name", Link: "/clients/{id}", Avatar: true},
			{Field: "tax_id", Place: module.Under},
			{Field: "manager_name", Place: module.Away}, {Field: "status", Place: module.End},
		},
		Empty: "clientmanager.entities.empty",
		Actions: []module.Action{
			{ID: "join", Label: "clientmanager.entities.join", Icon: "link", Path: "/clients/{client_id}/entities/join"},
			{ID: "new", Label: "clientmanager.entities.new", Icon: "plus", Path: "/clients/{client_id}/entities/new", Primary: true},
			{
				ID: "part", Label: "clientmanager.entities.part", Icon: "out", Row: true, Method: v1.EntityService_PartEntity_FullMethodName,
				Bind: map[string]string{"client_id": "id"}, Confirm: "clientmanager.entities.part_ask", Done: "clientmanager.entities.parted",
			},
		},
	},
	{
		ID: "entity_new", Path: "/clients/{client_id}/entities/new", Kind: module.Form, Title: "clientmanager.entities.new",
		Intro: "clientmanager.entities.new_intro", Audience: module.ForStaff, Parent: "clients",
		Method: v1.EntityService_CreateEntity_FullMethodName, Prefill: v1.EntityService_PreviewEntity_FullMethodName,
		Fixed: map[string]string{"client.kind": v1.ClientKind_CLIENT_KIND_COMPANY.String()},
		Extra: v1.ClientService_ListClientFields_FullMethodName,
		Sections: []module.Section{
			companyForm[0], restOfForm[0], {Title: "clientmanager.entities.people", Fields: []string{"same_people"}},
		},
		Submit: "clientmanager.entities.add", Done: "/clients/{id}",
	},
	{
		ID: "entity_join", Path: "/clients/{client_id}/entities/join", Kind: module.Form, Title: "clientmanager.entities.join",
		Intro: "clientmanager.entities.join_intro", Audience: module.ForStaff, Parent: "clients",
		Method: v1.EntityService_JoinEntities_FullMethodName, Sections: []module.Section{{Fields: []string{"other_client_id"}}},
		Submit: "clientmanager.entities.join", Done: "/clients",
	},
}
