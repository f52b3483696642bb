package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var bonusColumns = []module.Column{
	{Field: "memo", Link: "/postings/{id}"}, {Field: "effective_date", Place: module.Under}, {Field: "kind", Place: module.Under}, {Field: "amount", Place: module.End},
	{Field: "balance", Place: module.Away},
}

var bonusOf = []module.Section{{Fields: []string{"balance"}}}

var bonusScreens = []module.Screen{
	{
		ID: "bonus", Path: "/bonuses", Kind: module.Detail, Title: "finsystem.bonuses.title", Icon: "wallet", Audience: module.ForContacts, Parent: "balance",
		Method: v1.BonusService_GetBonus_FullMethodName, Heading: "balance", Sections: bonusOf,
		Related: []module.Related{{Screen: "finsystem.bonus_postings", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}}},
	},
	{
		ID: "client_bonus", Path: "/clients/{client_id}/bonuses", Kind: module.Detail, Title: "finsystem.bonuses.title", Icon: "wallet", Audience: module.ForStaff,
		Parent: "client_balance", Method: v1.BonusService_GetBonus_FullMethodName, Heading: "balance", Lead: []string{"client_id"}, Sections: bonusOf,
		Related: []module.Related{{Screen: "finsystem.bonus_postings", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}}},
		Actions: []module.Action{{
			ID: "grant", Label: "finsystem.bonuses.grant", Icon: "plus", Path: "/clients/{client_id}/bonuses/grant?currency_code={currency_code}", Primary: true,
		}},
	},
	{
		ID: "bonus_postings", Path: "/bonuses/postings", Kind: module.List, Title: "finsystem.bonuses.postings", Icon: "list",
		Method: v1.BonusService_ListBonusPostings_FullMethodName, Columns: bonusColumns, Empty: "finsystem.bonuses.empty",
	},
	{
		ID: "bonus_grant", Path: "/clients/{client_id}/bonuses/grant", Kind: module.Form, Title: "finsystem.bonuses.grant", Intro: "finsystem.bonuses.grant_intro",
		Audience: module.ForStaff, Parent: "client_bonus", Method: v1.BonusService_GrantBonus_FullMethodName,
		Sections: []module.Section{{Fields: []string{"currency_code", "amount", "reason"}}}, Submit: "finsystem.bonuses.grant", Done: "/clients/{client_id}/bonuses",
	},
}
