package paysystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

const (
	isNew     = "PAYMENT_STATE_NEW"
	isPending = "PAYMENT_STATE_PENDING"
	isPaid    = "PAYMENT_STATE_SUCCEEDED"

	// isUnpaid is pending, or over without money: the gateway may know of some all the same.
	isUnpaid = isPending + module.Or + "PAYMENT_STATE_FAILED" + module.Or + "PAYMENT_STATE_CANCELLED" + module.Or + "PAYMENT_STATE_EXPIRED"
)

var screens = []module.Screen{
	{
		ID: "payments", Path: "/payments", Kind: module.List, Title: "paysystem.payments.title", Icon: "card",
		Nav: &module.Nav{Section: "paysystem.nav", Order: 40}, Method: v1.PaymentService_ListPayments_FullMethodName,
		Columns: []module.Column{
			{Field: "reference", Second: "description", Link: "/payments/{id}"},
			{Field: "client_id", Place: module.Under, Audience: module.ForStaff}, {Field: "create_time", Place: module.Under},
			{Field: "method_title", Place: module.Under}, {Field: "flags", Place: module.Away, Audience: module.ForStaff},
			{Field: "amount", Place: module.End}, {Field: "state", Place: module.End},
		},
		Filters: []string{"states", "flagged"}, Empty: "paysystem.payments.empty", Export: exportPayments,
		Actions: []module.Action{
			{ID: "new", Label: "paysystem.payments.new", Icon: "plus", Path: "/payments/new", Primary: true},
			{ID: "new_for", Label: "paysystem.payments.new_for", Icon: "plus", Path: "/payments/new-for", Primary: true},
			{ID: "cards", Label: "paysystem.cards.title", Icon: "card", Path: "/payments/cards"},
		},
	},
	{
		ID: "payment", Path: "/payments/{id}", Kind: module.Detail, Title: "paysystem.payments.one", Icon: "card", Parent: "payments",
		Method: v1.PaymentService_GetPayment_FullMethodName, Heading: "reference", State: "state", Lead: []string{"amount", "description"}, Marks: []string{"flags"},
		Sections: []module.Section{
			{Title: "paysystem.payments.how", Fields: []string{"method_title", "instructions", "expire_time", "due_date", "failure"}, OnlySet: true},
			{Title: "paysystem.payments.money", Fields: []string{"amount", "came", "refunded", "charged_back", "refundable", "fee"}, OnlySet: true},
			{Title: "paysystem.payments.about", Fields: []string{"client_id", "description", "create_time", "succeed_time", "gateway", "gateway_payment_id"}, Aside: true, OnlySet: true},
		},
		Related: []module.Related{
			{Screen: "paysystem.refunds", Bind: map[string]string{"payment_id": "id"}, When: map[string]string{"state": isPaid}},
			{Screen: "paysystem.receipts", Bind: map[string]string{"payment_id": "id"}, When: map[string]string{"state": isPaid}},
			{Screen: "paysystem.chargebacks", Bind: map[string]string{"payment_id": "id"}, Hint: true, When: map[string]string{"state": isPaid}},
		},
		Actions: []module.Action{
			{ID: "pay", Label: "paysystem.payments.pay", Icon: "out", Path: "{checkout_url}", Primary: true, When: map[string]string{"state": isPending}},
			{ID: "qr", Label: "paysystem.payments.qr", Icon: "image", Path: "/m/paysystem/qr/{qr}", When: map[string]string{"state": isPending}},
			{
				ID: "check", Label: "paysystem.payments.check", Icon: "refresh", Method: v1.PaymentService_CheckPayment_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": isUnpaid, "method_kind": "METHOD_KIND_GATEWAY"}, Done: "paysystem.payments.checked",
			},
			{
				ID: "confirm", Label: "paysystem.payments.confirm", Icon: "done", Method: v1.PaymentService_ConfirmPayment_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": isPending}, Confirm: "paysystem.payments.confirm_ask", Done: "paysystem.payments.confirmed",
			},
			{
				ID: "credit", Label: "paysystem.payments.credit", Icon: "done", Method: v1.PaymentService_ResolvePayment_FullMethodName, Bind: map[string]string{"id": "id"},
				Fixed: map[string]string{"resolution": "PAYMENT_RESOLUTION_CREDIT"}, When: map[string]string{"differs": "true"},
				Confirm: "paysystem.payments.credit_ask", Done: "paysystem.payments.credited",
			},
			{
				ID: "give_back", Label: "paysystem.payments.give_back", Icon: "undo", Danger: true, Method: v1.PaymentService_ResolvePayment_FullMethodName, Bind: map[string]string{"id": "id"},
				Fixed: map[string]string{"resolution": "PAYMENT_RESOLUTION_GIVE_BACK"}, When: map[string]string{"differs": "true"},
				Confirm: "paysystem.payments.give_back_ask", Done: "paysystem.payments.refund_said",
			},
			{ID: "refund", Label: "paysystem.payments.refund", Icon: "undo", Danger: true, Path: "/payments/{id}/refund", When: map[string]string{"state": isPaid}},
			{
				ID: "cancel", Label: "paysystem.payments.cancel", Icon: "x", Danger: true, Method: v1.PaymentService_CancelPayment_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": isNew + module.Or + isPending}, Confirm: "paysystem.payments.cancel_ask", Done: "paysystem.payments.cancelled",
			},
		},
	},
	{
		ID: "new", Path: "/payments/new", Kind: module.Form, Title: "paysystem.payments.new", Intro: "paysystem.payments.new_intro", Audience: module.ForContacts,
		Parent: "payments", Method: v1.PaymentService_CreatePayment_FullMethodName, Submit: "paysystem.payments.begin", Done: "/payments/{id}", Said: "paysystem.payments.begun",
		Sections: []module.Section{{
			Fields: []string{"amount", "currency_code", "method_id", "partly", "keep_card", "description", "document_id"},
			Choices: map[string]module.Choice{"method_id": {
				Method: v1.MethodService_ListPaymentMethods_FullMethodName, Value: "id", Label: "title", None: "paysystem.methods.none",
				Bind: map[string]string{"document_id": "document_id", "currency_code": "currency_code"}, Optional: []string{"document_id", "currency_code"},
				Asks: map[string]string{"partly": "available", "keep_card": "keeps_cards"},
			}},
		}},
	},
	{
		ID: "new_for", Path: "/payments/new-for", Kind: module.Form, Title: "paysystem.payments.new_for", Intro: "paysystem.payments.new_for_intro", Audience: module.ForStaff,
		Parent: "payments", Method: v1.PaymentService_CreatePayment_FullMethodName, Submit: "paysystem.payments.begin", Done: "/payments/{id}", Said: "paysystem.payments.begun",
		Redraw: "paysystem.payments.redraw",
		Sections: []module.Section{{
			Fields: []string{"client_id", "amount", "currency_code", "method_id", "partly", "description", "received", "document_id"}, Needed: []string{"client_id"},
			Choices: map[string]module.Choice{"method_id": {
				Method: v1.MethodService_ListPaymentMethods_FullMethodName, Value: "id", Label: "title", Bind: map[string]string{"client_id": "client_id", "document_id": "document_id"},
				Optional: []string{"document_id"}, First: "paysystem.methods.first", None: "paysystem.methods.none", Asks: map[string]string{"partly": "available"},
			}},
		}},
	},
	{
		ID: "cards", Path: "/payments/cards", Kind: module.List, Title: "paysystem.cards.title", Intro: "paysystem.cards.intro", Icon: "card", Parent: "payments",
		Method: v1.SavedCardService_ListSavedCards_FullMethodName,
		Columns: []module.Column{
			{Field: "title"}, {Field: "client_id", Place: module.Under, Audience: module.ForStaff}, {Field: "expires", Place: module.Under, Labelled: true},
			{Field: "create_time", Label: "paysystem.cards.since", Place: module.End},
		},
		Empty: "paysystem.cards.empty",
		Actions: []module.Action{{
			ID: "delete", Label: "paysystem.cards.delete", Icon: "trash", Danger: true, Row: true, Method: v1.SavedCardService_DeleteSavedCard_FullMethodName,
			Bind: map[string]string{"id": "id"}, Confirm: "paysystem.cards.delete_ask", Done: "paysystem.cards.deleted",
		}},
	},
	{
		ID: "refund", Path: "/payments/{payment_id}/refund", Kind: module.Form, Title: "paysystem.payments.refund", Intro: "paysystem.payments.refund_intro", Audience: module.ForStaff,
		Parent: "payments", Method: v1.PaymentService_RefundPayment_FullMethodName, Submit: "paysystem.payments.refund_now", Done: "/payments/{payment_id}",
		Said: "paysystem.payments.refund_said", Sections: []module.Section{{Fields: []string{"amount", "reason"}}},
	},
	{
		ID: "refunds", Path: "/payments/{payment_id}/refunds", Kind: module.List, Title: "paysystem.refunds.title", Icon: "undo", Parent: "payments",
		Method:  v1.PaymentService_ListRefunds_FullMethodName,
		Columns: []module.Column{{Field: "create_time"}, {Field: "reason", Place: module.Under, Audience: module.ForStaff}, {Field: "amount", Place: module.End}, {Field: "state", Place: module.End}},
		Empty:   "paysystem.refunds.empty",
	},
	{
		ID: "chargebacks", Path: "/payments/{payment_id}/chargebacks", Kind: module.List, Title: "paysystem.chargebacks.title", Icon: "alert", Parent: "payments",
		Method:  v1.PaymentService_ListChargebacks_FullMethodName,
		Columns: []module.Column{{Field: "create_time"}, {Field: "end_time", Place: module.Under}, {Field: "amount", Place: module.End}, {Field: "state", Place: module.End}},
		Empty:   "paysystem.chargebacks.empty",
	},
	{
		ID: "receipts", Path: "/receipts", Kind: module.List, Title: "paysystem.receipts.title", Icon: "doc", Parent: "payments",
		Nav: &module.Nav{Section: "paysystem.nav", Order: 43}, Method: v1.ReceiptService_ListReceipts_FullMethodName,
		Columns: []module.Column{
			{Field: "create_time"}, {Field: "kind", Place: module.Under}, {Field: "number", Place: module.Under}, {Field: "url", Place: module.Across},
			{Field: "failure", Place: module.Away, Audience: module.ForStaff},
			{Field: "amount", Place: module.End}, {Field: "state", Place: module.End},
		},
		Filters: []string{"states"}, Empty: "paysystem.receipts.empty",
		Actions: []module.Action{{
			ID: "retry", Label: "paysystem.receipts.retry", Icon: "refresh", Row: true, Method: v1.ReceiptService_RetryReceipt_FullMethodName, Bind: map[string]string{"id": "id"},
			When: map[string]string{"state": "RECEIPT_STATE_FAILED"}, Done: "paysystem.receipts.retried",
		}},
	},
	{
		ID: "notices", Path: "/paysystem/notices", Kind: module.List, Title: "paysystem.notices.title", Intro: "paysystem.notices.intro", Icon: "inbox", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "paysystem.nav", Order: 41}, Method: v1.NoticeService_ListNotices_FullMethodName,
		Columns: []module.Column{
			{Field: "gateway", Second: "title"}, {Field: "receive_time", Place: module.Under}, {Field: "oddity", Place: module.Under},
			{Field: "payment_id", Place: module.Under}, {Field: "verified", Place: module.Away}, {Field: "state", Place: module.End},
		},
		Filters: []string{"states"}, Empty: "paysystem.notices.empty",
		Actions: []module.Action{
			{
				ID: "credit", Label: "paysystem.payments.credit", Icon: "plus", Row: true, Method: v1.NoticeService_ResolveNotice_FullMethodName, Bind: map[string]string{"id": "id"},
				Fixed: map[string]string{"resolution": "PAYMENT_RESOLUTION_CREDIT"}, When: map[string]string{"state": "NOTICE_STATE_ODD", "oddity": "NOTICE_ODDITY_AMOUNT_DIFFERS"},
				Confirm: "paysystem.payments.credit_ask", Done: "paysystem.payments.credited",
			},
			{
				ID: "give_back", Label: "paysystem.payments.give_back", Icon: "undo", Danger: true, Row: true, Method: v1.NoticeService_ResolveNotice_FullMethodName, Bind: map[string]string{"id": "id"},
				Fixed: map[string]string{"resolution": "PAYMENT_RESOLUTION_GIVE_BACK"}, When: map[string]string{"state": "NOTICE_STATE_ODD", "oddity": "NOTICE_ODDITY_AMOUNT_DIFFERS"},
				Confirm: "paysystem.payments.give_back_ask", Done: "paysystem.payments.refund_said",
			},
			{
				ID: "resolve", Label: "paysystem.notices.resolve", Icon: "done", Row: true, Method: v1.NoticeService_ResolveNotice_FullMethodName, Bind: map[string]string{"id": "id"},
				When: map[string]string{"state": "NOTICE_STATE_ODD"}, Done: "paysystem.notices.resolved",
			},
		},
	},
	{
		ID: "methods", Path: "/paysystem/methods", Kind: module.List, Title: "paysystem.methods.title", Intro: "paysystem.methods.intro", Icon: "settings", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "paysystem.nav", Order: 42}, Method: v1.MethodService_ListMethods_FullMethodName,
		Columns: []module.Column{
			{Field: "title", Link: "/paysystem/methods/{id}"}, {Field: "kind", Place: module.Under}, {Field: "gateway", Place: module.Under},
			{Field: "currency_code", Place: module.End}, {Field: "off", Place: module.Away},
		},
		Empty:   "paysystem.methods.empty",
		Actions: []module.Action{{ID: "new", Label: "paysystem.methods.new", Icon: "plus", Path: "/paysystem/methods/new", Primary: true}},
	},
	{
		ID: "method", Path: "/paysystem/methods/{id}", Kind: module.Detail, Title: "paysystem.methods.one", Icon: "settings", Audience: module.ForStaff, Parent: "methods",
		Method: v1.MethodService_GetMethod_FullMethodName, Heading: "title", Lead: []string{"kind"},
		Sections: []module.Section{
			{Fields: []string{"gateway", "receipts", "off"}, OnlySet: true},
			{Title: "paysystem.methods.whom", Fields: []string{"segment_ids", "position"}},
			{Title: "paysystem.methods.bounds", Fields: []string{"currency_code", "least", "most"}, OnlySet: true},
		},
		// A link of the list would lead to the form whoever reads it: what an action leads to is asked for first.
		Actions: []module.Action{{ID: "edit", Label: "paysystem.methods.edit", Icon: "edit", Path: "/paysystem/methods/{id}/edit", Primary: true}},
	},
	{
		ID: "method_new", Path: "/paysystem/methods/new", Kind: module.Form, Title: "paysystem.methods.new", Audience: module.ForStaff, Parent: "methods",
		Method: v1.MethodService_CreateMethod_FullMethodName, Sections: methodForm, Submit: "paysystem.methods.add", Done: "/paysystem/methods/{id}",
	},
	{
		ID: "method_edit", Path: "/paysystem/methods/{id}/edit", Kind: module.Form, Title: "paysystem.methods.edit", Audience: module.ForStaff, Parent: "method",
		Method: v1.MethodService_UpdateMethod_FullMethodName, Prefill: v1.MethodService_GetMethod_FullMethodName, Sections: methodForm, Submit: "paysystem.methods.save",
		Done: "/paysystem/methods/{id}",
	},
	{
		ID: "of_client", Path: "/clients/{client_id}/payments", Kind: module.List, Title: "paysystem.payments.title", Icon: "card", Audience: module.ForStaff, Parent: "payments",
		Method: v1.PaymentService_ListPayments_FullMethodName,
		Columns: []module.Column{
			{Field: "reference", Second: "description", Link: "/payments/{id}"}, {Field: "create_time", Place: module.Under}, {Field: "method_title", Place: module.Under},
			{Field: "amount", Place: module.End}, {Field: "state", Place: module.End},
		},
		Filters: []string{"states"}, Empty: "paysystem.payments.empty",
		Actions: []module.Action{{ID: "new", Label: "paysystem.payments.new_for", Icon: "plus", Path: "/payments/new-for?client_id={client_id}", Primary: true}},
	},
}

var methodForm = []module.Section{
	{
		Fields: []string{"title", "kind", "gateway"},
		Choices: map[string]module.Choice{"gateway": {
			Method: v1.MethodService_ListGateways_FullMethodName, Value: "id", Label: "title", None: "paysystem.methods.no_gateways",
		}},
	},
	{Title: "paysystem.methods.whom", Fields: []string{"segment_ids", "position", "off", "receipts"}},
	{Title: "paysystem.methods.bounds", Fields: []string{"currency_code", "least", "most"}},
}
