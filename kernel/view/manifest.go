// Package view keeps the views of lists that people save: filters, search and order under a name, each its maker's own, and
// shared with colleagues where staff may. package web/screen shows them above lists.
//
//	manifest.go  permissions and pages, part of the kernel's manifest
//	service.go   ViewService
//	rows.go      its rows, fenced by their maker
package view

import (
	"embed"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID is the schema in which views are kept. No module may have it.
const ID = "views"

// Migrations make the tables, in a folder "migrations".
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Service is the full name of the contract provided.
var Service = kernelv1.ViewService_ServiceDesc.ServiceName

// sharing is the permission to share views. Who has it for all clients changes what others share, too.
const sharing = "kernel.views.share"

// Permissions say who shares.
var Permissions = []access.Permission{
	{Name: sharing, Title: "kernel.permission.views_share", Presets: map[string]access.Reach{"manager": access.Granted, "head": access.All}},
}

// Screens are the page of one's own views, and the forms that the bar above a list leads to.
var Screens = []module.Screen{
	{
		ID: "views", Path: "/views", Kind: module.List, Title: "kernel.views.title", Icon: "list",
		Method: kernelv1.ViewService_ListViews_FullMethodName,
		Columns: []module.Column{
			{Field: "name", Link: "/views/{id}"}, {Field: "screen_title", Place: module.Under},
			{Field: "first", Place: module.Away}, {Field: "shared", Place: module.Away, Audience: module.ForStaff},
			{Field: "mine", Place: module.Away, Audience: module.ForStaff},
		},
		Empty: "kernel.views.empty",
		Actions: []module.Action{
			{
				ID: "save", Label: "kernel.views.save_changes", Icon: "check", Method: kernelv1.ViewService_SaveView_FullMethodName,
				Bind: map[string]string{"id": "id", "query": "query"}, When: map[string]string{"changeable": "true"}, Done: "kernel.views.saved",
			},
			{ID: "rename", Label: "kernel.views.rename", Icon: "edit", Row: true, Path: "/views/{id}/name", When: map[string]string{"changeable": "true"}},
			{
				ID: "first", Label: "kernel.views.make_first", Icon: "star", Row: true, Method: kernelv1.ViewService_SetFirstView_FullMethodName,
				Bind: map[string]string{"id": "id"}, Fixed: map[string]string{"first": "true"}, When: map[string]string{"first": "false"}, Done: "kernel.views.is_first",
			},
			{
				ID: "not_first", Label: "kernel.views.make_not_first", Icon: "star", Row: true, Method: kernelv1.ViewService_SetFirstView_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"first": "true"}, Done: "kernel.views.is_not_first",
			},
			{
				ID: "share", Label: "kernel.views.share", Icon: "people", Row: true, Method: kernelv1.ViewService_ShareView_FullMethodName,
				Bind: map[string]string{"id": "id"}, Fixed: map[string]string{"shared": "true"},
				When: map[string]string{"shareable": "true", "shared": "false"}, Done: "kernel.views.is_shared",
			},
			{
				ID: "unshare", Label: "kernel.views.unshare", Icon: "lock", Row: true, Method: kernelv1.ViewService_ShareView_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"shareable": "true", "shared": "true"}, Done: "kernel.views.is_not_shared",
			},
			{
				ID: "delete", Label: "kernel.views.delete", Icon: "trash", Danger: true, Row: true, Method: kernelv1.ViewService_DeleteView_FullMethodName,
				Bind: map[string]string{"id": "id"}, When: map[string]string{"changeable": "true"},
				Confirm: "kernel.views.delete_ask", Done: "kernel.views.deleted",
			},
		},
	},
	{
		ID: "view_new", Path: "/views/new", Kind: module.Form, Title: "kernel.views.new", Intro: "kernel.views.new_intro", Parent: "views",
		Method:   kernelv1.ViewService_CreateView_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name", "screen", "query"}}},
		Submit:   "kernel.views.save", Done: "/views/{id}", Said: "kernel.views.saved",
	},
	{
		ID: "view_name", Path: "/views/{id}/name", Kind: module.Form, Title: "kernel.views.rename", Parent: "views",
		Method: kernelv1.ViewService_RenameView_FullMethodName, Prefill: kernelv1.ViewService_GetView_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name"}}},
		Submit:   "kernel.views.rename", Done: "/views/{id}", Said: "kernel.views.saved",
	},
}
