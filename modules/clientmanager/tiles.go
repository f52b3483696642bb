package clientmanager

import (
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var tiles = []module.Tile{
	{
		ID: "overview", Kind: module.Figures, Title: "clientmanager.tiles.overview", Audience: module.ForStaff, Order: 20,
		Method: v1.ClientService_GetOverview_FullMethodName,
		Fields: []string{"active", "new_this_month", "without_manager", "suspended"},
		Links: map[string]string{
			"active":          "/clients?statuses=" + v1.ClientStatus_CLIENT_STATUS_ACTIVE.String(),
			"suspended":       "/clients?statuses=" + v1.ClientStatus_CLIENT_STATUS_SUSPENDED.String(),
			"without_manager": "/clients?without_manager=true",
			"new_this_month":  "/clients?order_by=" + v1.ClientOrder_CLIENT_ORDER_NEWEST.String(),
		},
	},
	{
		ID: "newest", Kind: module.Rows, Title: "clientmanager.tiles.newest", Audience: module.ForStaff, Order: 30,
		Method: v1.ClientService_ListClients_FullMethodName, Screen: "clients",
		Fixed: map[string]string{"order_by": v1.ClientOrder_CLIENT_ORDER_NEWEST.String()},
		Empty: "clientmanager.clients.empty",
	},
	{
		ID: "manager", Kind: module.Person, Title: "clientmanager.tiles.manager", Audience: module.ForContacts, Order: 20, Aside: true,
		Method: v1.ProfileService_GetManagerCard_FullMethodName,
	},
	{
		ID: "company", Kind: module.Facts, Title: "clientmanager.tiles.company", Audience: module.ForContacts, Order: 40,
		Method: v1.ProfileService_GetProfile_FullMethodName,
		Fields: []string{"legal_name", "code", "phone", "email", "place"},
		Links:  map[string]string{"*": "/company"},
	},
	{
		ID: "people", Kind: module.Rows, Title: "clientmanager.tiles.people", Audience: module.ForContacts, Order: 50,
		Method: v1.ContactService_ListContacts_FullMethodName, Screen: "company_contacts",
	},
}
