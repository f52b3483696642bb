package finsystem

import (
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var documentColumns = []module.Column{
	{Field: "subject", Second: "number", Link: "/documents/{id}"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff},
	{Field: "kind", Place: module.Away}, {Field: "issue_date", Place: module.Under}, {Field: "due_date", Place: module.Away},
	{Field: "total", Place: module.End}, {Field: "due", Place: module.Away}, {Field: "status", Place: module.Under},
}

// openColumns end in what is left to pay.
var openColumns = []module.Column{
	{Field: "subject", Second: "number", Link: "/documents/{id}"}, {Field: "due_date", Place: module.Under}, {Field: "total", Place: module.Away},
	{Field: "due", Place: module.End}, {Field: "status", Place: module.Under},
}

const (
	isDraft = "DOCUMENT_STATUS_DRAFT"
	inForce = "DOCUMENT_STATUS_ISSUED" + module.Or + "DOCUMENT_STATUS_PARTLY_PAID" + module.Or + "DOCUMENT_STATUS_PAID" + module.Or + "DOCUMENT_STATUS_OVERDUE"
	isOwed  = "DOCUMENT_STATUS_ISSUED" + module.Or + "DOCUMENT_STATUS_PARTLY_PAID" + module.Or + "DOCUMENT_STATUS_OVERDUE"
	invoice = "DOCUMENT_KIND_INVOICE"
)

// becomes is an action that makes a draft of another kind of an issued document.
func becomes(id string, kind v1.DocumentKind, when string) module.Action {
	return module.Action{
		ID: id, Label: "finsystem.documents.make_" + id, Icon: "copy", Method: v1.DocumentService_CopyDocument_FullMethodName,
		Bind: map[string]string{"id": "id"}, Fixed: map[string]string{"kind": kind.String()},
		When: map[string]string{"status": inForce, "kind": when}, Done: "finsystem.documents.made", Back: "/documents/{id}",
	}
}

var documentScreens = []module.Screen{
	{
		ID: "documents", Path: "/documents", Kind: module.List, Title: "finsystem.documents.title", Icon: "doc",
		Nav: &module.Nav{Order: 30, Phone: true}, Method: v1.DocumentService_ListDocuments_FullMethodName,
		Columns: documentColumns, Search: "query", Filters: []string{"kinds", "statuses", "agreement_id", "from_date", "to_date", "open"},
		Empty: "finsystem.documents.empty", Export: exportMoney,
	},
	{
		ID: "open_documents", Path: "/documents/open", Kind: module.List, Title: "finsystem.documents.open", Icon: "doc",
		Method: v1.DocumentService_ListDocuments_FullMethodName, Fixed: map[string]string{"open": "true"}, Columns: openColumns,
		Empty: "finsystem.documents.none_open",
	},
	{
		ID: "client_documents", Path: "/clients/{client_id}/documents", Kind: module.List, Title: "finsystem.documents.title", Icon: "doc", Audience: module.ForStaff,
		Parent: "clientmanager.clients", Method: v1.DocumentService_ListDocuments_FullMethodName, Columns: documentColumns, Filters: []string{"kinds", "statuses", "agreement_id"},
		Empty:   "finsystem.documents.empty",
		Actions: []module.Action{{ID: "new", Label: "finsystem.documents.new", Icon: "plus", Path: "/clients/{client_id}/documents/new", Primary: true}},
	},
	{
		ID: "made_of", Path: "/documents/{based_on_id}/made", Kind: module.List, Title: "finsystem.documents.made_of", Icon: "doc", Parent: "documents",
		Method: v1.DocumentService_ListDocuments_FullMethodName, Columns: documentColumns, Empty: "finsystem.documents.empty",
	},
	{
		ID: "document", Path: "/documents/{id}", Kind: module.Detail, Title: "finsystem.documents.one", Icon: "doc", Parent: "documents",
		Method: v1.DocumentService_GetDocument_FullMethodName, Heading: "title", State: "status", Lead: []string{"kind", "subject"},
		Sections: []module.Section{
			{Fields: []string{"lines"}, Rows: map[string][]string{"lines": {"description", "quantity", "unit", "price", "discount_percent", "tax_percent", "amount"}}},
			{Title: "finsystem.documents.totals", Fields: []string{"net", "tax", "total", "paid", "due"}, OnlySet: true},
			{Title: "finsystem.documents.note", Fields: []string{"note"}, OnlySet: true},
			{Title: "finsystem.documents.terms", Fields: []string{"client_id", "issue_date", "due_date", "agreement_id", "based_on_id"}, Aside: true, OnlySet: true},
			{Title: "finsystem.documents.file", Fields: []string{"file_sha256"}, Aside: true, OnlySet: true},
			{Title: "finsystem.documents.by_hand", Fields: []string{"original_by_hand"}, Aside: true, When: map[string]string{"original_by_hand": "true"}},
			{Title: "finsystem.documents.voided", Fields: []string{"void_reason"}, When: map[string]string{"status": "DOCUMENT_STATUS_VOID"}},
		},
		Related: []module.Related{
			{Screen: "finsystem.payments", Bind: map[string]string{"document_id": "id", "client_id": "client_id"}},
			{Screen: "finsystem.made_of", Bind: map[string]string{"based_on_id": "id"}, Tab: true},
			{Screen: "finsystem.client_postings", Bind: map[string]string{"about_id": "id", "client_id": "client_id", "currency_code": "currency_code"}, Tab: true},
		},
		Actions: []module.Action{
			{
				ID: "issue", Label: "finsystem.documents.issue", Icon: "done", Method: v1.DocumentService_IssueDocument_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"status": isDraft}, Confirm: "finsystem.documents.issue_ask", Done: "finsystem.documents.issued", Primary: true,
			},
			{ID: "edit", Label: "finsystem.documents.edit", Icon: "edit", Path: "/documents/{id}/edit", When: map[string]string{"status": isDraft}},
			{
				ID: "pay", Label: "finsystem.documents.pay", Icon: "card", Primary: true,
				Path: "/payments/new?amount={due.amount}&currency_code={currency_code}&description={number}&document_id={id}",
				When: map[string]string{"status": isOwed, "kind": invoice + module.Or + "DOCUMENT_KIND_TOP_UP"},
			},
			{ID: "balance", Label: "finsystem.balance.title", Icon: "wallet", Path: "/clients/{client_id}/balance"},
			{ID: "pdf", Label: "finsystem.documents.open_file", Icon: "print", Path: "/m/finsystem/documents/{id}.pdf"},
			{
				ID: "receive", Label: "finsystem.payments.new", Icon: "plus", Path: "/clients/{client_id}/payments/new?document_id={id}&currency_code={currency_code}&amount={due.amount}",
				When: map[string]string{"status": isOwed, "kind": invoice + module.Or + "DOCUMENT_KIND_TOP_UP"},
			},
			becomes("act", v1.DocumentKind_DOCUMENT_KIND_ACT, invoice),
			becomes("delivery_note", v1.DocumentKind_DOCUMENT_KIND_DELIVERY_NOTE, invoice),
			becomes("credit_note", v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE, invoice+module.Or+"DOCUMENT_KIND_ACT"+module.Or+"DOCUMENT_KIND_DELIVERY_NOTE"),
			becomes("copy", v1.DocumentKind_DOCUMENT_KIND_INVOICE, invoice),
			{ID: "void", Label: "finsystem.documents.void", Icon: "stop", Danger: true, Path: "/documents/{id}/void", When: map[string]string{"status": inForce}},
			{
				ID: "delete", Label: "finsystem.documents.delete", Icon: "trash", Danger: true, Method: v1.DocumentService_DeleteDocument_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"status": isDraft}, Confirm: "finsystem.documents.delete_ask",
				Done: "finsystem.documents.deleted", Back: "/documents",
			},
		},
	},
	{
		ID: "document_new", Path: "/clients/{client_id}/documents/new", Kind: module.Form, Title: "finsystem.documents.new", Intro: "finsystem.documents.new_intro",
		Audience: module.ForStaff, Parent: "client_documents", Method: v1.DocumentService_CreateDocument_FullMethodName, Sections: documentForm,
		Submit: "finsystem.documents.save", Done: "/documents/{id}",
	},
	{
		ID: "document_edit", Path: "/documents/{id}/edit", Kind: module.Form, Title: "finsystem.documents.edit", Audience: module.ForStaff, Parent: "document",
		Method: v1.DocumentService_UpdateDocument_FullMethodName, Prefill: v1.DocumentService_GetDocument_FullMethodName, Sections: documentForm,
		Submit: "finsystem.documents.save",
	},
	{
		ID: "document_void", Path: "/documents/{id}/void", Kind: module.Form, Title: "finsystem.documents.void", Intro: "finsystem.documents.void_intro",
		Audience: module.ForStaff, Parent: "document", Method: v1.DocumentService_VoidDocument_FullMethodName, Prefill: v1.DocumentService_GetDocument_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.documents.void",
	},
	{
		ID: "check", Path: "/documents/check/{code}", Kind: module.Detail, Title: "finsystem.check.title", Audience: module.ForAnybody,
		Method: v1.DocumentService_CheckDocument_FullMethodName, Heading: "number", State: "status",
		Sections: []module.Section{{Fields: []string{"kind", "seller", "issue_date", "total", "file_sha256"}}},
	},
}

var lineRows = map[string][]string{"lines": {"description", "quantity", "unit", "price", "discount_percent", "tax_mode", "tax_percent", "amount"}}

// agreementChoice offers the agreements of the client that a form is about.
var agreementChoice = module.Choice{
	Method: clientmanagerv1.AgreementService_ListAgreements_FullMethodName, Bind: map[string]string{"client_id": "client_id"},
	None: "finsystem.documents.no_agreements", Value: "id", Label: "number",
}

var documentForm = []module.Section{
	{Title: "finsystem.documents.what", Fields: []string{"kind", "subject", "currency_code"}},
	{Title: "finsystem.documents.lines", Fields: []string{"lines"}, Rows: lineRows},
	{
		Title: "finsystem.documents.terms", Fields: []string{"agreement_id", "issue_date", "payment_days", "original_by_hand"},
		Choices: map[string]module.Choice{"agreement_id": agreementChoice},
	},
	{Title: "finsystem.documents.note", Fields: []string{"note"}},
}

var paymentColumns = []module.Column{
	{Field: "title", Second: "reference", Link: "/money/payments/{id}"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff},
	{Field: "source", Place: module.Away}, {Field: "pay_date", Place: module.Under}, {Field: "amount", Place: module.End}, {Field: "status", Place: module.Under},
}

var paymentScreens = []module.Screen{
	{
		ID: "payments", Path: "/money/payments", Kind: module.List, Title: "finsystem.payments.title", Icon: "wallet",
		Method: v1.PaymentService_ListPayments_FullMethodName, Columns: paymentColumns, Filters: []string{"sources"}, Empty: "finsystem.payments.empty", Export: exportMoney,
	},
	{
		ID: "received", Path: "/money/received", Kind: module.List, Title: "finsystem.payments.title", Icon: "wallet", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "finsystem.nav.money", Order: 40}, Method: v1.PaymentService_ListPayments_FullMethodName, Columns: paymentColumns, Filters: []string{"sources"},
		Empty: "finsystem.payments.empty", Export: exportMoney,
	},
	{
		ID: "payment", Path: "/money/payments/{id}", Kind: module.Detail, Title: "finsystem.payments.one", Icon: "wallet", Parent: "payments",
		Method: v1.PaymentService_GetPayment_FullMethodName, Heading: "title", State: "status",
		Sections: []module.Section{
			{Title: "finsystem.payments.money", Fields: []string{"amount", "allocated", "free", "reversed"}, OnlySet: true},
			{Title: "finsystem.payments.allocations", Fields: []string{"allocations"}, OnlySet: true},
			{Title: "finsystem.payments.how", Fields: []string{"client_id", "source", "pay_date", "reference", "create_time"}, Aside: true, OnlySet: true},
		},
		Related: []module.Related{{Screen: "finsystem.client_postings", Bind: map[string]string{"about_id": "id", "client_id": "client_id"}}},
		Actions: []module.Action{
			{
				ID: "allocate", Label: "finsystem.payments.allocate", Icon: "done", Method: v1.PaymentService_AllocatePayment_FullMethodName,
				Bind: map[string]string{"id": "id"}, Done: "finsystem.payments.allocated",
			},
			{
				ID: "reverse", Label: "finsystem.payments.reverse", Icon: "undo", Danger: true, Path: "/money/payments/{id}/reverse",
				When: map[string]string{"source": "PAYMENT_SOURCE_BANK" + module.Or + "PAYMENT_SOURCE_CASH"},
			},
		},
	},
	{
		ID: "payment_new", Path: "/clients/{client_id}/payments/new", Kind: module.Form, Title: "finsystem.payments.new", Intro: "finsystem.payments.new_intro",
		Audience: module.ForStaff, Parent: "client_balance", Method: v1.PaymentService_CreatePayment_FullMethodName,
		Sections: []module.Section{{Fields: []string{"source", "currency_code", "amount", "pay_date", "title", "reference", "document_id"}}},
		Submit:   "finsystem.payments.save", Done: "/money/payments/{id}",
	},
	{
		ID: "payment_reverse", Path: "/money/payments/{id}/reverse", Kind: module.Form, Title: "finsystem.payments.reverse", Intro: "finsystem.payments.reverse_intro",
		Audience: module.ForStaff, Parent: "payment", Method: v1.PaymentService_ReversePayment_FullMethodName, Prefill: v1.PaymentService_GetPayment_FullMethodName,
		Sections: []module.Section{{Fields: []string{"reason"}}}, Submit: "finsystem.payments.reverse",
	},
}
