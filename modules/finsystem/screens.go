package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var tiles = []module.Tile{
	{
		ID: "balance", Kind: module.Figures, Title: "finsystem.balance.title", Audience: module.ForContacts, Order: 10,
		Method: v1.LedgerService_GetBalance_FullMethodName, Fields: []string{"balance", "due", "overdue"},
		Links: map[string]string{"balance": "/balance", "due": "/documents?open=true", "overdue": "/documents?open=true"},
	},
	{
		ID: "open", Kind: module.Rows, Title: "finsystem.documents.open", Order: 20,
		Method: v1.DocumentService_ListDocuments_FullMethodName, Fixed: map[string]string{"open": "true"}, Screen: "documents",
	},
}

var balanceFigures = []module.Section{
	{Title: "finsystem.balance.now", Fields: []string{"balance", "due", "overdue", "next_due_date", "advance", "available"}},
	{Title: "finsystem.balance.terms", Fields: []string{"held", "credit_limit"}, Aside: true},
}

var postingColumns = []module.Column{
	{Field: "memo", Link: "/postings/{id}"}, {Field: "effective_date", Place: module.Under}, {Field: "kind", Place: module.Under},
	{Field: "amount", Place: module.End}, {Field: "balance", Place: module.Away},
}

// journalColumns are those of postings of several clients.
var journalColumns = []module.Column{
	{Field: "memo", Link: "/postings/{id}"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff, OnlySet: true}, {Field: "effective_date", Place: module.Under},
	{Field: "kind", Place: module.Under}, {Field: "amount", Place: module.End}, {Field: "balance", Place: module.Away, OnlySet: true},
}

// holdColumns end in what became of a hold.
var holdColumns = []module.Column{
	{Field: "what"}, {Field: "document_id", Label: "finsystem.holds.for_invoice", Place: module.Under, Labelled: true, OnlySet: true}, {Field: "amount", Place: module.End},
	{Field: "expire_time", Place: module.Under, OnlySet: true}, {Field: "status", Place: module.Under},
}

var balanceScreens = []module.Screen{
	{
		ID: "balance", Path: "/balance", Kind: module.Detail, Title: "finsystem.balance.title", Icon: "wallet", Audience: module.ForContacts,
		Nav: &module.Nav{Order: 20, Phone: true}, Method: v1.LedgerService_GetBalance_FullMethodName, Heading: "balance", State: "state",
		Lead: []string{"balance"}, Sections: balanceFigures, Tiles: turnover, Related: []module.Related{
			{Screen: "finsystem.open_documents", Bind: map[string]string{"client_id": "client_id"}, Hint: true},
			{Screen: "finsystem.held", Bind: map[string]string{"client_id": "client_id"}, Hint: true},
			{Screen: "finsystem.client_postings", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}},
			{Screen: "finsystem.payments", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.my_deferrals", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.holds", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.client_accounts", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}, Tab: true},
		},
		Actions: []module.Action{
			{ID: "top_up", Label: "finsystem.top_up.title", Icon: "plus", Path: "/balance/top-up?currency_code={currency_code}", Primary: true},
			{ID: "bonus", Label: "finsystem.bonuses.title", Icon: "wallet", Path: "/bonuses?currency_code={currency_code}"},
			{ID: "reconcile", Label: "finsystem.reconciliation.title", Icon: "list", Path: "/reconciliation?currency_code={currency_code}"},
			{ID: "obligations", Label: "finsystem.obligations.title", Icon: "clock", Path: "/obligations?currency_code={currency_code}"},
			{ID: "defer", Label: "finsystem.deferrals.ask", Icon: "clock", Path: "/balance/deferrals/new?currency_code={currency_code}"},
		},
	},
	{
		ID: "top_up", Path: "/balance/top-up", Kind: module.Form, Title: "finsystem.top_up.title", Intro: "finsystem.top_up.intro", Audience: module.ForContacts,
		Parent: "balance", Method: v1.TopUpService_RequestTopUp_FullMethodName, Sections: []module.Section{{Fields: []string{"amount", "currency_code"}}},
		Submit: "finsystem.top_up.make", Done: "/documents/{document.id}", Said: "finsystem.top_up.made",
	},
	{
		ID: "client_balance", Path: "/clients/{client_id}/balance", Kind: module.Detail, Title: "finsystem.balance.title", Icon: "wallet", Audience: module.ForStaff,
		Parent: "clientmanager.clients", Method: v1.LedgerService_GetBalance_FullMethodName, Heading: "balance", State: "state", Lead: []string{"client_id", "balance"},
		Sections: balanceFigures, Tiles: turnover, Related: []module.Related{
			{Screen: "finsystem.open_documents", Bind: map[string]string{"client_id": "client_id"}, Hint: true},
			{Screen: "finsystem.held", Bind: map[string]string{"client_id": "client_id"}, Hint: true},
			{Screen: "finsystem.client_postings", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}},
			{Screen: "finsystem.payments", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.client_services", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.client_deferrals", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.holds", Bind: map[string]string{"client_id": "client_id"}, Tab: true},
			{Screen: "finsystem.client_accounts", Bind: map[string]string{"client_id": "client_id", "currency_code": "currency_code"}, Tab: true},
		},
		Actions: []module.Action{
			{ID: "pay", Label: "finsystem.payments.new", Icon: "plus", Path: "/clients/{client_id}/payments/new?currency_code={currency_code}", Primary: true},
			{ID: "documents", Label: "finsystem.documents.title", Icon: "invoice", Path: "/clients/{client_id}/documents"},
			{ID: "services", Label: "finsystem.services.title", Icon: "list", Path: "/clients/{client_id}/services"},
			{ID: "deferrals", Label: "finsystem.deferrals.title", Icon: "clock", Path: "/clients/{client_id}/deferrals"},
			{ID: "bonus", Label: "finsystem.bonuses.title", Icon: "wallet", Path: "/clients/{client_id}/bonuses?currency_code={currency_code}"},
			{ID: "hold", Label: "finsystem.holds.new", Icon: "lock", Path: "/clients/{client_id}/balance/hold?currency_code={currency_code}"},
			{ID: "reconcile", Label: "finsystem.reconciliation.title", Icon: "list", Path: "/clients/{client_id}/reconciliation?currency_code={currency_code}"},
			{ID: "adjust", Label: "finsystem.postings.adjust", Icon: "edit", Path: "/clients/{client_id}/balance/adjust?currency_code={currency_code}"},
		},
	},
	{
		ID: "postings", Path: "/postings", Kind: module.List, Title: "finsystem.postings.title", Icon: "list",
		Method: v1.LedgerService_ListPostings_FullMethodName, Columns: journalColumns, Filters: []string{"kinds", "from_date", "to_date"},
		Empty: "finsystem.postings.empty", Export: exportMoney,
	},
	{
		ID: "client_postings", Path: "/postings/of/{client_id}", Kind: module.List, Title: "finsystem.postings.title", Icon: "list",
		Method: v1.LedgerService_ListPostings_FullMethodName, Columns: postingColumns, Filters: []string{"kinds", "from_date", "to_date"},
		Empty: "finsystem.postings.empty", Export: exportMoney,
	},
	{
		ID: "account_postings", Path: "/accounts/{currency_code}/{account}", Kind: module.List, Title: "finsystem.accounts.postings", Icon: "list",
		Method: v1.LedgerService_ListPostings_FullMethodName, Columns: journalColumns, Filters: []string{"kinds", "from_date", "to_date"},
		Lead: []string{"kind", "name"}, Figures: []module.Figure{{Field: "balance"}, {Field: "charged"}, {Field: "due"}}, Empty: "finsystem.postings.empty", Export: exportMoney,
	},
	{
		ID: "client_accounts", Path: "/accounts/of/client/{client_id}", Kind: module.List, Title: "finsystem.accounts.beside", Icon: "list",
		Method: v1.LedgerService_ListAccounts_FullMethodName, Columns: []module.Column{
			{Field: "name", Second: "kind", Link: "/accounts/{currency_code}/{account}"}, {Field: "charged", Place: module.End},
			{Field: "due", Place: module.Under, Labelled: true}, {Field: "balance", Place: module.Under, Labelled: true, OnlySet: true},
		},
		Empty: "finsystem.accounts.none",
	},
	{
		ID: "own_accounts", Path: "/books/accounts", Kind: module.List, Title: "finsystem.accounts.own", Icon: "list", Audience: module.ForStaff, Parent: "books",
		Method: v1.LedgerService_ListAccounts_FullMethodName, Columns: []module.Column{
			{Field: "kind", Second: "name", Link: "/accounts/{currency_code}/{account}"}, {Field: "balance", Place: module.End},
		},
		Empty: "finsystem.accounts.none",
	},
	{
		ID: "posting", Path: "/postings/{id}", Kind: module.Detail, Title: "finsystem.postings.one", Icon: "list",
		Method: v1.LedgerService_GetPosting_FullMethodName, Heading: "memo", State: "kind",
		Sections: []module.Section{
			{Title: "finsystem.postings.what", Fields: []string{"amount", "balance", "effective_date", "post_time", "reversed"}},
			{Title: "finsystem.postings.why", Fields: []string{"document_id", "payment_id", "reverses", "actor_id"}, OnlySet: true},
			{Title: "finsystem.postings.entries", Fields: []string{"entries"}},
		},
		Actions: []module.Action{
			{
				ID: "reverse", Label: "finsystem.postings.reverse", Icon: "undo", Danger: true, Path: "/postings/{id}/reverse",
				When: map[string]string{"kind": v1.PostingKind_POSTING_KIND_ADJUSTMENT.String(), "document_id": "", "payment_id": ""},
			},
		},
	},
	{
		ID: "posting_reverse", Path: "/postings/{id}/reverse", Kind: module.Form, Title: "finsystem.postings.reverse", Intro: "finsystem.postings.reverse_intro",
		Audience: module.ForStaff, Parent: "posting", Method: v1.LedgerService_ReversePosting_FullMethodName,
		Sections: []module.Section{{Fields: []string{"memo"}}}, Submit: "finsystem.postings.reverse", Done: "/postings/{posting.id}",
	},
	{
		ID: "adjust", Path: "/clients/{client_id}/balance/adjust", Kind: module.Form, Title: "finsystem.postings.adjust", Intro: "finsystem.postings.adjust_intro",
		Audience: module.ForStaff, Parent: "client_balance", Method: v1.LedgerService_CreateAdjustment_FullMethodName,
		Sections: []module.Section{{Fields: []string{"currency_code", "amount", "memo", "effective_date"}}}, Submit: "finsystem.postings.adjust", Done: "/postings/{id}",
	},
	{
		ID: "holds", Path: "/holds", Kind: module.List, Title: "finsystem.holds.title", Icon: "lock", Method: v1.LedgerService_ListHolds_FullMethodName,
		Columns: holdColumns, Filters: []string{"statuses"},
		Empty: "finsystem.holds.empty",
		Actions: []module.Action{{
			ID: "release", Label: "finsystem.holds.release", Icon: "undo", Row: true, Method: v1.LedgerService_ReleaseHold_FullMethodName,
			Bind: map[string]string{"id": "id"}, When: map[string]string{"status": v1.HoldStatus_HOLD_STATUS_HELD.String(), "document_id": ""}, Done: "finsystem.holds.released",
		}},
	},
	{
		ID: "held", Path: "/holds/held", Kind: module.List, Title: "finsystem.holds.title", Icon: "lock", Method: v1.LedgerService_ListHolds_FullMethodName,
		Fixed: map[string]string{"statuses": v1.HoldStatus_HOLD_STATUS_HELD.String()}, Columns: holdColumns[:len(holdColumns)-1], Empty: "finsystem.holds.empty",
	},
	{
		ID: "hold_new", Path: "/clients/{client_id}/balance/hold", Kind: module.Form, Title: "finsystem.holds.new", Intro: "finsystem.holds.new_intro",
		Audience: module.ForStaff, Parent: "client_balance", Method: v1.LedgerService_CreateHold_FullMethodName,
		Sections: []module.Section{{Fields: []string{"currency_code", "amount", "what", "days"}}}, Submit: "finsystem.holds.new", Done: "/clients/{hold.client_id}/balance",
	},
}
