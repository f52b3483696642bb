package trail

import (
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Service is the full name of the contract provided.
var Service = kernelv1.AuditService_ServiceDesc.ServiceName

// Permissions say who reads the log: staff within their reach, and contacts what concerns their client.
var Permissions = []access.Permission{
	{Name: "kernel.audit.read", Title: "kernel.permission.audit", Presets: map[string]access.Reach{"manager": access.Granted, "branch-manager": access.Granted, "head": access.All}},
	{Name: "kernel.audit.own", Title: "kernel.permission.activity", Presets: map[string]access.Reach{"client": access.Granted}},
}

// Screens are the log for staff, and for contacts what happened to their client.
var Screens = []module.Screen{
	{
		ID: "audit", Path: "/audit", Kind: module.List, Title: "kernel.audit.title", Icon: "shield", Audience: module.ForStaff,
		Nav:    &module.Nav{Order: 90},
		Method: kernelv1.AuditService_ListAuditEntries_FullMethodName,
		Columns: []module.Column{
			{Field: "summary", Link: "/audit/{id}"},
			{Field: "client_id", Place: module.Under},
			{Field: "outcome", Place: module.Away},
			{Field: "time", Place: module.Under},
		},
		Filters: []string{"from_date", "to_date", "actor_id", "client_id", "outcome", "module"},
		Empty:   "kernel.audit.empty",
	},
	{
		ID: "audit_entry", Path: "/audit/{id}", Kind: module.Detail, Title: "kernel.audit.entry", Icon: "shield", Audience: module.ForStaff, Parent: "audit",
		Method: kernelv1.AuditService_GetAuditEntry_FullMethodName, State: "outcome",
		Sections: []module.Section{
			{Fields: []string{"summary", "resource", "client_id", "reason"}, OnlySet: true},
			{Title: "kernel.audit.changes", Fields: []string{"changes"}},
			{Title: "kernel.audit.who", Fields: []string{"actor", "actor_kind", "acted_by", "time", "address", "device"}, Aside: true, OnlySet: true},
			{Title: "kernel.audit.how", Fields: []string{"module", "method", "via"}, Aside: true, OnlySet: true},
		},
	},
	{
		ID: "activity", Path: "/activity", Kind: module.List, Title: "kernel.activity.title", Icon: "clock", Audience: module.ForContacts,
		Nav:    &module.Nav{Order: 90},
		Method: kernelv1.AuditService_ListActivities_FullMethodName,
		Columns: []module.Column{
			{Field: "summary", Link: "/activity/{id}"},
			{Field: "time", Place: module.Under},
		},
		Filters: []string{"from_date", "to_date"},
		Empty:   "kernel.activity.empty",
	},
	{
		ID: "activity_entry", Path: "/activity/{id}", Kind: module.Detail, Title: "kernel.audit.entry", Icon: "clock", Audience: module.ForContacts, Parent: "activity",
		Method: kernelv1.AuditService_GetActivity_FullMethodName,
		Sections: []module.Section{
			{Fields: []string{"summary", "resource", "actor", "time"}, OnlySet: true},
			{Title: "kernel.audit.changes", Fields: []string{"changes"}},
		},
	},
}
