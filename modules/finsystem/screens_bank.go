package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

const (
	entryOpen    = "ENTRY_STATE_WAITING" + module.Or + "ENTRY_STATE_MATCHED"
	entryChanges = entryOpen + module.Or + "ENTRY_STATE_POSTED" + module.Or + "ENTRY_STATE_IGNORED"
)

var entryColumns = []module.Column{
	{Field: "title", Second: "purpose", Link: "/bank/entries/{id}"}, {Field: "booking_date", Place: module.Under}, {Field: "client_id", Place: module.Under},
	{Field: "strength", Place: module.Away}, {Field: "amount", Place: module.End}, {Field: "state", Place: module.Under},
}

var entryActions = []module.Action{
	{
		ID: "post", Label: "finsystem.bank.post", Icon: "done", Row: true, Method: v1.StatementService_PostEntries_FullMethodName, Bind: map[string]string{"ids": "id"},
		When: map[string]string{"state": "ENTRY_STATE_MATCHED"}, Done: "finsystem.bank.posted",
	},
	{ID: "match", Label: "finsystem.bank.match", Icon: "link", Row: true, Path: "/bank/entries/{id}/match", When: map[string]string{"state": entryChanges}},
	{ID: "ignore", Label: "finsystem.bank.ignore", Icon: "stop", Row: true, Path: "/bank/entries/{id}/ignore", When: map[string]string{"state": entryOpen}},
}

// onPage are the actions of a list's rows as the page of one thing has them.
func onPage(actions []module.Action) []module.Action {
	out := make([]module.Action, len(actions))
	for i, a := range actions {
		a.Row = false
		out[i] = a
	}
	return out
}

var bankScreens = []module.Screen{
	{
		ID: "bank", Path: "/bank", Kind: module.List, Title: "finsystem.bank.title", Icon: "bank", Audience: module.ForStaff, Nav: &module.Nav{Section: "finsystem.nav.money", Order: 50},
		Method: v1.StatementService_ListStatements_FullMethodName,
		Columns: []module.Column{
			{Field: "file_name", Second: "format", Link: "/bank/statements/{id}"}, {Field: "from_date", Place: module.Away}, {Field: "to_date", Place: module.Under},
			{Field: "new_entries", Place: module.Away}, {Field: "waiting", Place: module.Away}, {Field: "matched", Place: module.Away}, {Field: "status", Place: module.End},
		},
		Empty: "finsystem.bank.empty",
		Actions: []module.Action{
			{ID: "queue", Label: "finsystem.bank.queue", Icon: "list", Path: "/bank/entries?states=ENTRY_STATE_WAITING&states=ENTRY_STATE_MATCHED"},
			{ID: "rules", Label: "finsystem.bank.rules", Icon: "link", Path: "/bank/rules"},
			{ID: "upload", Label: "finsystem.bank.upload", Icon: "upload", Path: "/bank/upload", Primary: true},
		},
	},
	{
		ID: "bank_upload", Path: "/bank/upload", Kind: module.Form, Title: "finsystem.bank.upload", Intro: "finsystem.bank.upload_intro", Audience: module.ForStaff,
		Parent: "bank", Method: v1.StatementService_UploadStatement_FullMethodName,
		Sections: []module.Section{
			{Fields: []string{"content"}},
			{
				Title: "finsystem.bank.upload_more", Fields: []string{"table_id", "account", "accept_mismatch"},
				Choices: map[string]module.Choice{"table_id": {
					Method: v1.StatementService_ListStatementTables_FullMethodName, None: "finsystem.bank.no_tables", Value: "id", Label: "title",
				}},
			},
		},
		Submit: "finsystem.bank.upload", Done: "/bank/statements/{statement.id}", Said: "finsystem.bank.uploaded",
	},
	{
		ID: "bank_statement", Path: "/bank/statements/{id}", Kind: module.Detail, Title: "finsystem.bank.one", Icon: "bank", Audience: module.ForStaff, Parent: "bank",
		Method: v1.StatementService_GetStatement_FullMethodName, Heading: "file_name", State: "status",
		Sections: []module.Section{
			{Title: "finsystem.bank.accounts", Fields: []string{"accounts"}},
			{Title: "finsystem.bank.figures", Fields: []string{"entries", "new_entries", "known_entries", "waiting", "matched", "posted", "ignored", "not_booked"}},
			{Title: "finsystem.bank.mismatches", Fields: []string{"mismatches"}, OnlySet: true},
			{Title: "finsystem.bank.file", Fields: []string{"format", "from_date", "to_date", "create_time", "actor_id", "undo_reason"}, Aside: true, OnlySet: true},
		},
		Related: []module.Related{{Screen: "finsystem.bank_entries", Bind: map[string]string{"statement_id": "id"}}},
		Actions: []module.Action{
			{
				ID: "post", Label: "finsystem.bank.post_all", Icon: "done", Method: v1.StatementService_PostEntries_FullMethodName, Bind: map[string]string{"statement_id": "id"},
				When: map[string]string{"status": "STATEMENT_STATUS_REVIEW"}, Confirm: "finsystem.bank.post_ask", Done: "finsystem.bank.posted", Primary: true,
			},
			{
				ID: "undo", Label: "finsystem.bank.undo", Icon: "undo", Danger: true, Path: "/bank/statements/{id}/undo",
				When: map[string]string{"status": "STATEMENT_STATUS_REVIEW" + module.Or + "STATEMENT_STATUS_DONE"},
			},
		},
	},
	{
		ID: "bank_undo", Path: "/bank/statements/{id}/undo", Kind: module.Form, Title: "finsystem.bank.undo", Intro: "finsystem.bank.undo_intro", Audience: module.ForStaff,
		Parent: "bank_statement", Method: v1.StatementService_UndoStatement_FullMethodName, Prefill: v1.StatementService_GetStatement_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.bank.undo",
	},
	{
		ID: "bank_entries", Path: "/bank/entries", Kind: module.List, Title: "finsystem.bank.queue", Icon: "list", Audience: module.ForStaff, Parent: "bank",
		Method: v1.StatementService_ListStatementEntries_FullMethodName, Columns: entryColumns, Filters: []string{"states", "client_id"},
		Empty: "finsystem.bank.no_entries", Export: exportMoney,
		Actions: append([]module.Action{{
			ID: "post_chosen", Label: "finsystem.bank.post", Icon: "done", Many: true, Method: v1.StatementService_PostEntries_FullMethodName,
			Bind: map[string]string{"ids": "id"}, Done: "finsystem.bank.posted",
		}}, entryActions...),
	},
	{
		ID: "bank_entry", Path: "/bank/entries/{id}", Kind: module.Detail, Title: "finsystem.bank.entry", Icon: "bank", Audience: module.ForStaff, Parent: "bank_entries",
		Method: v1.StatementService_GetStatementEntry_FullMethodName, Heading: "title", State: "state",
		Sections: []module.Section{
			{Title: "finsystem.bank.money", Fields: []string{"amount", "booking_date", "value_date", "account", "reversal"}, OnlySet: true},
			{
				Title: "finsystem.bank.payer", Fields: []string{"counterparty_name", "counterparty_account", "counterparty_tax_id", "purpose", "document_number", "bank_reference"},
				OnlySet: true,
			},
			{
				Title:  "finsystem.bank.whose",
				Fields: []string{"client_id", "document_ids", "strength", "match_reason", "payment_id", "book_as", "item", "note", "actor_id", "statement_id"}, Aside: true, OnlySet: true,
			},
		},
		Actions: onPage(entryActions),
	},
	{
		ID: "bank_match", Path: "/bank/entries/{id}/match", Kind: module.Form, Title: "finsystem.bank.match", Intro: "finsystem.bank.match_intro", Audience: module.ForStaff,
		Parent: "bank_entry", Method: v1.StatementService_MatchEntry_FullMethodName, Prefill: v1.StatementService_GetStatementEntry_FullMethodName,
		Lead: []string{"amount", "booking_date", "purpose"}, Sections: []module.Section{
			{
				Title: "finsystem.bank.came_in", Fields: []string{"client_id", "document_ids", "only_this_once"},
				Choices: map[string]module.Choice{"document_ids": {
					Method: v1.DocumentService_ListDocuments_FullMethodName, Fixed: map[string]string{"open": "true"}, Bind: map[string]string{"client_id": "client_id"},
					First: "finsystem.bank.client_first", None: "finsystem.documents.none_open", Value: "id", Label: "title",
				}},
			},
			{
				Title: "finsystem.bank.went_out", Fields: []string{"payment_id"},
				Choices: map[string]module.Choice{"payment_id": {
					Method: v1.PaymentService_ListPayments_FullMethodName, Bind: map[string]string{"client_id": "client_id"},
					First: "finsystem.bank.client_first", None: "finsystem.payments.empty", Value: "id", Label: "title",
				}},
			},
		},
		Redraw: "finsystem.bank.show_client", Submit: "finsystem.bank.match",
	},
	{
		ID: "bank_ignore", Path: "/bank/entries/{id}/ignore", Kind: module.Form, Title: "finsystem.bank.ignore", Intro: "finsystem.bank.ignore_intro", Audience: module.ForStaff,
		Parent: "bank_entry", Method: v1.StatementService_IgnoreEntry_FullMethodName, Prefill: v1.StatementService_GetStatementEntry_FullMethodName,
		Lead: []string{"amount", "booking_date", "purpose"}, Sections: []module.Section{{Fields: []string{"book_as", "item", "note"}}},
		Submit: "finsystem.bank.ignore",
	},
	{
		ID: "bank_rules", Path: "/bank/rules", Kind: module.List, Title: "finsystem.bank.rules", Icon: "link", Audience: module.ForStaff, Parent: "bank",
		Method: v1.StatementService_ListMatchRules_FullMethodName,
		Columns: []module.Column{
			{Field: "value", Second: "kind"}, {Field: "client_id", Place: module.Under}, {Field: "ambiguous", Place: module.Away}, {Field: "create_time", Place: module.End},
		},
		Filters: []string{"client_id"}, Empty: "finsystem.bank.no_rules",
		Actions: []module.Action{{
			ID: "delete", Label: "finsystem.bank.forget", Icon: "trash", Danger: true, Row: true, Method: v1.StatementService_DeleteMatchRule_FullMethodName,
			Bind: map[string]string{"id": "id"}, Confirm: "finsystem.bank.forget_ask", Done: "finsystem.bank.forgotten",
		}},
	},
}
