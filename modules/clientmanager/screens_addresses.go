package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var addressScreens = []module.Screen{
	{
		ID: "addresses", Path: "/clients/{client_id}/addresses", Kind: module.List, Title: "clientmanager.addresses.title", Icon: "building",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.AddressService_ListAddresses_FullMethodName, Columns: addressColumns, Empty: "clientmanager.addresses.empty",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.addresses.new", Icon: "plus", Path: "/clients/{client_id}/addresses/new", Primary: true},
			{ID: "edit", Label: "clientmanager.addresses.edit", Icon: "edit", Path: "/addresses/{id}/edit", Row: true},
			removeAddress,
		},
	},
	{
		ID: "address_new", Path: "/clients/{client_id}/addresses/new", Kind: module.Form, Title: "clientmanager.addresses.new",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.AddressService_CreateAddress_FullMethodName, Sections: addressForm,
		Submit: "clientmanager.addresses.add", Done: "/clients/{client_id}",
	},
	{
		ID: "address_edit", Path: "/addresses/{id}/edit", Kind: module.Form, Title: "clientmanager.addresses.edit",
		Audience: module.ForStaff, Parent: "clients",
		Method: v1.AddressService_UpdateAddress_FullMethodName, Prefill: v1.AddressService_GetAddress_FullMethodName, Sections: addressForm,
		Submit: "clientmanager.addresses.save", Done: "/clients/{client_id}",
	},
	{
		ID: "company_addresses", Path: "/company/addresses", Kind: module.List, Title: "clientmanager.addresses.title", Icon: "building",
		Audience: module.ForContacts, Parent: "company",
		Method: v1.AddressService_ListAddresses_FullMethodName, Columns: addressColumns, Empty: "clientmanager.addresses.empty",
		Actions: []module.Action{
			{ID: "new", Label: "clientmanager.addresses.new", Icon: "plus", Path: "/company/addresses/new", Primary: true},
			{ID: "edit", Label: "clientmanager.addresses.edit", Icon: "edit", Path: "/company/addresses/{id}", Row: true},
			removeAddress,
		},
	},
	{
		ID: "company_address_new", Path: "/company/addresses/new", Kind: module.Form, Title: "clientmanager.addresses.new",
		Audience: module.ForContacts, Parent: "company_addresses",
		Method: v1.AddressService_CreateAddress_FullMethodName, Sections: addressForm, Submit: "clientmanager.addresses.add",
	},
	{
		ID: "company_address_edit", Path: "/company/addresses/{id}", Kind: module.Form, Title: "clientmanager.addresses.edit",
		Audience: module.ForContacts, Parent: "company_addresses",
		Method: v1.AddressService_UpdateAddress_FullMethodName, Prefill: v1.AddressService_GetAddress_FullMethodName, Sections: addressForm,
		Submit: "clientmanager.addresses.save",
	},
}

var addressColumns = []module.Column{
	{Field: "street", Second: "recipient"}, {Field: "kind", Place: module.End}, {Field: "place", Place: module.Under},
	{Field: "postal_code", Place: module.Away}, {Field: "primary", Place: module.Away},
}

var addressForm = []module.Section{{Fields: []string{
	"kind", "recipient", "street", "place", "region", "postal_code", "country_code", "directions", "primary",
}}}

var removeAddress = module.Action{
	ID: "remove", Label: "clientmanager.addresses.remove", Icon: "trash", Danger: true, Row: true,
	Method: v1.AddressService_DeleteAddress_FullMethodName, Bind: map[string]string{"id": "id"},
	Confirm: "clientmanager.addresses.remove_ask", Done: "clientmanager.addresses.removed",
}
