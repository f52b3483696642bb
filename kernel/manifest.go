package kernel

import (
	"slices"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit/trail"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/view"
)

// kernelManifest is what the kernel itself provides, who may call it, and its pages.
var kernelManifest = module.Manifest{
	ID: kernelID,
	Provides: []string{
		"cabinet.kernel.v1.AccessService", "cabinet.kernel.v1.RoleService", "cabinet.kernel.v1.EventService", "cabinet.kernel.v1.ModuleService", "cabinet.kernel.v1.ExportService",
		trail.Service, view.Service,
	},
	Permissions: append([]access.Permission{
		{Name: "kernel.access.explain", Title: "kernel.permission.explain", Presets: heads},
		{Name: "kernel.roles.read", Title: "kernel.permission.roles_read", Presets: heads},
		{Name: "kernel.events.read", Title: "kernel.permission.events_read", Presets: heads},
		{Name: "kernel.events.replay", Title: "kernel.permission.events_replay", Presets: heads},
		{Name: "kernel.modules.read", Title: "kernel.permission.modules_read", Presets: heads},
		{Name: "kernel.modules.operate", Title: "kernel.permission.modules_operate", Presets: heads},
		{Name: "kernel.schedules.run", Title: "kernel.permission.schedules_run", Presets: heads},
		{Name: mayUpdateRoles, Title: "kernel.permission.roles_update", Presets: heads},
	}, slices.Concat(trail.Permissions, view.Permissions)...),
	Screens: slices.Concat(roleScreens(), trail.Screens, moduleScreens, consoleScreens, view.Screens),
	Tiles:   []module.Tile{massReadings},
}

var heads = map[string]access.Reach{"head": access.All}

// roleScreens lie below a list of the roles that some module shows, which knows who holds them.
func roleScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "role", Path: "/roles/{id}", Kind: module.Detail, Title: "kernel.roles.role", Icon: "shield", Audience: module.ForStaff,
			Method: kernelv1.RoleService_GetRole_FullMethodName, Heading: "name", State: "origin",
			Sections: []module.Section{{Title: "kernel.roles.about", Fields: []string{"origin", "id", "staff", "everybody", "rights"}}},
			Related:  []module.Related{{Screen: "kernel.role_rights", Bind: map[string]string{"role_id": "id"}}},
			Actions: []module.Action{
				{ID: "rename", Label: "kernel.roles.rename", Icon: "edit", Path: "/roles/{id}/name"},
				{ID: "matrix", Label: "kernel.matrix.title", Icon: "board", Path: "/roles/matrix"},
				{ID: "edit", Label: "kernel.matrix.edit_short", Icon: "key", Path: "/roles/{id}/edit", Primary: true},
				{
					ID: "reset", Label: "kernel.roles.reset", Method: kernelv1.RoleService_ResetRole_FullMethodName, Bind: map[string]string{"id": "id"},
					When:    map[string]string{"origin": kernelv1.RoleOrigin_ROLE_ORIGIN_CHANGED.String()},
					Confirm: "kernel.roles.reset_confirm", Done: "kernel.roles.reset_done",
				},
				{
					ID: "delete", Label: "kernel.roles.delete", Danger: true, Method: kernelv1.RoleService_ResetRole_FullMethodName, Bind: map[string]string{"id": "id"},
					When:    map[string]string{"origin": kernelv1.RoleOrigin_ROLE_ORIGIN_MADE.String()},
					Confirm: "kernel.roles.delete_confirm", Done: "kernel.roles.delete_done",
				},
			},
		},
		{
			ID: "role_rights", Path: "/roles/{role_id}/rights", Kind: module.List, Title: "kernel.roles.rights", Icon: "key", Audience: module.ForStaff,
			Method: kernelv1.RoleService_ListRoleRights_FullMethodName, Filters: []string{"reaches", "changed"},
			Columns: []module.Column{
				{Field: "title"}, {Field: "reach", Place: module.End},
				{Field: "preset", Place: module.Away},
			},
			Empty: "kernel.roles.rights_empty",
		},
		{
			ID: "role_name", Path: "/roles/{id}/name", Kind: module.Form, Title: "kernel.roles.rename", Audience: module.ForStaff, Parent: "role",
			Method: kernelv1.RoleService_RenameRole_FullMethodName, Prefill: kernelv1.RoleService_GetRole_FullMethodName,
			Sections: []module.Section{{Fields: []string{"title_en", "title_uk", "title_ru"}}}, Submit: "kernel.roles.save",
		},
		{
			ID: "role_new", Path: "/roles/new", Kind: module.Form, Title: "kernel.roles.new", Intro: "kernel.roles.new_intro", Audience: module.ForStaff,
			Method:   kernelv1.RoleService_CreateRole_FullMethodName,
			Sections: []module.Section{{Fields: []string{"like", "title", "id"}}}, Submit: "kernel.roles.create", Done: "/roles/{role.id}",
		},
		{
			ID: "why", Path: "/access", Kind: module.List, Title: "kernel.why.title", Intro: "kernel.why.intro", Icon: "eye", Audience: module.ForStaff,
			Method: kernelv1.AccessService_ListUserRights_FullMethodName, Filters: []string{"user_id", "client_id", "answers"},
			Columns: []module.Column{
				{Field: "title"}, {Field: "role", Place: module.Under}, {Field: "grounds", Place: module.Under}, {Field: "answer", Place: module.End},
			},
			Empty: "kernel.why.empty",
		},
	}
}
