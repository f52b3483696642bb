package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// statementFiles lead to the statement that a list shows, as files.
var statementFiles = []module.Action{
	{ID: "pdf", Label: "finsystem.reconciliation.pdf", Icon: "download", Path: "/m/" + ID + "/statement.pdf?client_id={client_id}&from_date={from_date}&to_date={to_date}&currency_code={currency_code}"},
	{ID: "xlsx", Label: "finsystem.reconciliation.xlsx", Icon: "download", Path: "/m/" + ID + "/statement.xlsx?client_id={client_id}&from_date={from_date}&to_date={to_date}&currency_code={currency_code}"},
}

var (
	statementFigures = []module.Figure{{Field: "opening"}, {Field: "debits"}, {Field: "credits"}, {Field: "closing"}, {Field: "state"}}
	days             = []string{"from_date", "to_date"}
	statementColumns = []module.Column{
		{Field: "memo", Second: "number", Link: "/postings/{posting_id}"}, {Field: "effective_date", Place: module.Under}, {Field: "kind", Place: module.Away},
		{Field: "debit", Place: module.Under, Labelled: true}, {Field: "credit", Place: module.Under, Labelled: true}, {Field: "balance", Place: module.End},
	}
	obligationColumns = []module.Column{
		{Field: "number", Second: "subject", Link: "/documents/{document_id}"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff},
		{Field: "due_date", Place: module.Under}, {Field: "days_left", Place: module.Away}, {Field: "total", Place: module.Away}, {Field: "due", Place: module.End},
		{Field: "state", Place: module.Under},
	}
)

// turnover is what a client was charged and paid, on the page of the balance.
var turnover = []module.Tile{{
	ID: "turnover", Kind: module.Facts, Title: "finsystem.turnover.title", Method: v1.SettlementService_GetTurnover_FullMethodName, Aside: true,
	Bind:   map[string]string{"client_id": "client_id", "currency_code": "currency_code"},
	Fields: []string{"month_charged", "month_paid", "quarter_charged", "quarter_paid", "year_charged", "year_paid"},
}}

var settlementScreens = []module.Screen{
	{
		ID: "reconciliation", Path: "/reconciliation", Kind: module.List, Title: "finsystem.reconciliation.title", Intro: "finsystem.reconciliation.intro", Icon: "list",
		Audience: module.ForContacts, Parent: "balance", Method: v1.SettlementService_ListReconciliationLines_FullMethodName,
		Columns: statementColumns, Filters: []string{"from_date", "to_date", "currency_code"}, Figures: statementFigures, Lead: days, Actions: statementFiles,
		Empty: "finsystem.reconciliation.empty",
	},
	{
		ID: "client_reconciliation", Path: "/clients/{client_id}/reconciliation", Kind: module.List, Title: "finsystem.reconciliation.title",
		Intro: "finsystem.reconciliation.intro", Icon: "list", Audience: module.ForStaff, Parent: "client_balance",
		Method:  v1.SettlementService_ListReconciliationLines_FullMethodName,
		Columns: statementColumns, Filters: []string{"from_date", "to_date", "currency_code"}, Figures: statementFigures, Lead: days, Actions: statementFiles,
		Empty: "finsystem.reconciliation.empty",
	},
	{
		ID: "obligations", Path: "/obligations", Kind: module.List, Title: "finsystem.obligations.title", Icon: "clock",
		Nav: &module.Nav{Section: "finsystem.nav.money", Order: 35}, Method: v1.SettlementService_ListObligations_FullMethodName,
		Columns: obligationColumns, Filters: []string{"currency_code"}, Figures: []module.Figure{{Field: "overdue"}, {Field: "this_month"}, {Field: "next_month"}, {Field: "later"}, {Field: "total"}},
		Empty: "finsystem.obligations.empty", Export: exportMoney,
	},
}

var reportScreens = []module.Screen{
	{
		ID: "income", Path: "/reports/income", Kind: module.List, Title: "finsystem.income.title", Intro: "finsystem.income.intro", Icon: "chart", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "finsystem.nav.money", Order: 60}, Method: v1.ReportService_GetIncomeReport_FullMethodName,
		Columns: []module.Column{
			{Field: "name", OnlySet: true, Link: rowPostings}, {Field: "client_id", OnlySet: true, Link: rowPostings}, {Field: "branch_id", OnlySet: true, Link: rowPostings},
			{Field: "manager_id", OnlySet: true, Link: rowPostings}, {Field: "kind", Place: module.Under}, {Field: "amount", Place: module.End, Link: rowPostings},
			{Field: "before", Place: module.Away, OnlySet: true}, {Field: "difference", Place: module.Away, OnlySet: true},
			{Field: "change_percent", Place: module.Under, OnlySet: true}, {Field: "share_percent", Place: module.Away},
		},
		Filters: []string{"group_by", "compare", "from_date", "to_date", "kinds", "currency_code"},
		Lead:    days,
		Figures: []module.Figure{{Field: "income", Before: "income_before"}, {Field: "expense", Before: "expense_before"}, {Field: "result", Before: "result_before"}},
		Bars:    &module.Bars{Field: "amount", Before: "before", Out: map[string]string{"kind": v1.IncomeKind_INCOME_KIND_EXPENSE.String()}},
		Empty:   "finsystem.income.empty", Export: exportMoney,
	},
	{
		ID: "income_postings", Path: "/reports/income/{kind}/{group_by}/{key}", Kind: module.List, Title: "finsystem.income.postings", Icon: "list", Audience: module.ForStaff, Parent: "income",
		Method: v1.ReportService_ListReportPostings_FullMethodName,
		Columns: []module.Column{
			{Field: "memo", Second: "kind", Link: "/postings/{posting_id}"}, {Field: "client_id", Place: module.Under}, {Field: "effective_date", Place: module.Under},
			{Field: "amount", Place: module.End},
		},
		Filters: []string{"from_date", "to_date", "currency_code"}, Figures: []module.Figure{{Field: "name"}, {Field: "kind"}, {Field: "amount"}, {Field: "postings"}},
		Empty: "finsystem.income.no_postings", Export: exportMoney,
	},
	{
		ID: "books", Path: "/books", Kind: module.Detail, Title: "finsystem.books.title", Icon: "check", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "finsystem.nav.money", Order: 70}, Method: v1.BooksService_GetBooks_FullMethodName, State: "state",
		Sections: []module.Section{{Fields: []string{"closed_until", "check_time", "problems"}}, {Title: "finsystem.books.found", Fields: []string{"found"}, OnlySet: true}},
		Actions: []module.Action{
			{ID: "close", Label: "finsystem.books.close", Icon: "lock", Path: "/books/close", Primary: true},
			{ID: "accounts", Label: "finsystem.accounts.own", Icon: "list", Path: "/books/accounts"},
			{ID: "journal", Label: "finsystem.postings.journal", Icon: "list", Path: "/postings"},
			{ID: "check", Label: "finsystem.books.check", Icon: "refresh", Method: v1.BooksService_CheckBooks_FullMethodName, Done: "finsystem.books.checked"},
		},
	},
	{
		ID: "books_close", Path: "/books/close", Kind: module.Form, Title: "finsystem.books.close", Intro: "finsystem.books.close_intro", Audience: module.ForStaff, Parent: "books",
		Method: v1.BooksService_CloseBooks_FullMethodName, Sections: []module.Section{{Fields: []string{"until_date"}}}, Submit: "finsystem.books.close", Said: "finsystem.books.closed",
	},
}

// rowPostings leads from a row of the report to what it is made of.
const rowPostings = "/reports/income/{kind}/{group_by}/{key}?from_date={from_date}&to_date={to_date}&currency_code={currency_code}"

// booksTile says to heads whether the books are in order.
var booksTile = module.Tile{
	ID: "books", Kind: module.Facts, Title: "finsystem.books.title", Audience: module.ForStaff, Order: 90, Aside: true,
	Method: v1.BooksService_GetBooks_FullMethodName, Fields: []string{"state", "problems", "closed_until", "check_time"}, Links: map[string]string{"*": "/books"},
}
