package accountmanager

import (
	"slices"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

func screens() []module.Screen {
	screens := append(peopleScreens(), rightsScreens()...)
	screens = append(screens, settingsScreens()...)
	return slices.Concat(screens, passkeyScreens(), waysInScreens(), impersonationScreens())
}

// text is a key of the module's locale files.
func text(key string) string { return "accountmanager." + key }

// peopleScreens are for staff who look after people.
func peopleScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "users", Path: "/people", Kind: module.List, Title: text("users.title"), Icon: "people", Audience: module.ForStaff,
			Nav:    &module.Nav{Section: text("nav.administration"), Order: 10},
			Method: accountmanagerv1.UserService_ListUsers_FullMethodName,
			Columns: []module.Column{
				{Field: "name", Second: "email", Link: "/people/{id}", Avatar: true, OrderBy: "USER_ORDER_NAME"},
				{Field: "position", Place: module.Under},
				{Field: "roles", Place: module.Under},
				{Field: "state", Place: module.End},
				{Field: "last_seen_time", Place: module.Away, OrderBy: "USER_ORDER_LAST_SEEN"},
			},
			Filters: []string{"states", "staff"}, Search: "query", Order: "order_by", Empty: text("users.empty"),
			Actions: []module.Action{{ID: "invite", Label: text("staff.invite"), Icon: "plus", Path: "/people/invite", Primary: true}},
		},
		{
			ID: "user_photo", Path: "/people/{user_id}/photo", Kind: module.Form, Title: text("photo.title"), Icon: "person", Audience: module.ForStaff,
			Parent: "users", Method: accountmanagerv1.PhotoService_SetUserPhoto_FullMethodName,
			Sections: []module.Section{{Fields: []string{"photo"}}}, Submit: text("photo.save"), Done: "/people/{id}",
		},
		{
			ID: "user", Path: "/people/{id}", Kind: module.Detail, Title: text("user.title"), Icon: "person", Audience: module.ForStaff,
			Parent: "users", Method: accountmanagerv1.UserService_GetUser_FullMethodName, Heading: "name", State: "state",
			Sections: []module.Section{
				{Title: text("user.contact"), Fields: []string{"email", "phone", "position"}},
				{Title: text("user.access"), Fields: []string{"staff", "roles", "second_factor", "last_seen_time", "create_time"}, Aside: true},
			},
			Related: []module.Related{{Screen: "accountmanager.user_sessions", Bind: map[string]string{"user_id": "id"}}},
			Actions: []module.Action{
				{ID: "photo", Label: text("photo.title"), Icon: "person", Path: "/people/{id}/photo", When: map[string]string{"staff": "true"}},
				// A contact's role belongs to their place in a client, so that its form has none.
				{
					ID: "edit", Label: text("user.edit"), Icon: "edit", Path: "/people/{id}/edit", Primary: true,
					When: map[string]string{"staff": "true"},
				},
				{
					ID: "edit_contact", Label: text("user.edit"), Icon: "edit", Path: "/people/{id}/edit-contact", Primary: true,
					When: map[string]string{"staff": "false"},
				},
				{ID: "why", Label: text("user.why"), Icon: "eye", Path: "/access?user_id={id}"},
				{
					ID: "end_sessions", Label: text("user.end_sessions"), Icon: "logout", Confirm: text("user.end_sessions_confirm"),
					Done: text("sessions.ended"), Method: accountmanagerv1.UserService_EndUserSessions_FullMethodName,
					Bind: map[string]string{"user_id": "id"},
				},
				{
					ID: "reset_factor", Label: text("user.reset_factor"), Icon: "undo", Confirm: text("user.reset_factor_confirm"),
					Done: text("user.factor_reset"), Method: accountmanagerv1.UserService_ResetSecondFactor_FullMethodName,
					Bind: map[string]string{"user_id": "id"}, When: map[string]string{"second_factor": "true"},
				},
				{
					ID: "block", Label: text("user.block"), Icon: "stop", Danger: true, Confirm: text("user.block_confirm"), Done: text("user.blocked"),
					Method: accountmanagerv1.UserService_BlockUser_FullMethodName, Bind: map[string]string{"id": "id"},
					When: map[string]string{"state": "USER_STATE_ACTIVE"},
				},
				{
					ID: "unblock", Label: text("user.unblock"), Icon: "undo", Done: text("user.unblocked"),
					Method: accountmanagerv1.UserService_UnblockUser_FullMethodName, Bind: map[string]string{"id": "id"},
					When: map[string]string{"state": "USER_STATE_BLOCKED"},
				},
				{
					ID: "unlock", Label: text("user.unlock"), Icon: "lock", Done: text("user.unblocked"),
					Method: accountmanagerv1.UserService_UnblockUser_FullMethodName, Bind: map[string]string{"id": "id"},
					When: map[string]string{"state": "USER_STATE_LOCKED"},
				},
			},
		},
		{
			ID: "user_sessions", Path: "/people/{user_id}/sessions", Kind: module.List, Title: text("sessions.title"), Icon: "lock",
			Audience: module.ForStaff, Parent: "users", Method: accountmanagerv1.UserService_ListUserSessions_FullMethodName,
			Columns: sessionColumns(false), Empty: text("user_sessions.empty"),
			Actions: []module.Action{endSessionAction(accountmanagerv1.UserService_EndSession_FullMethodName)},
		},
		userEditScreen("user_edit", "/people/{id}/edit", "name", "position", "phone", "roles"),
		userEditScreen("contact_edit", "/people/{id}/edit-contact", "name", "position", "phone"),
		{
			ID: "staff_invite", Path: "/people/invite", Kind: module.Form, Title: text("staff.invite"), Intro: text("invitation.intro"),
			Audience: module.ForStaff, Parent: "users", Method: accountmanagerv1.InvitationService_InviteStaff_FullMethodName,
			Sections: []module.Section{{Fields: []string{"name", "email", "role"}}}, Submit: text("invitation.create"),
			Reveal: "token", RevealPath: "/invitation/{token}",
		},
		{
			ID: "all_invitations", Path: "/people/invitations", Kind: module.List, Title: text("invitations.title"), Icon: "mail",
			Audience: module.ForStaff, Nav: &module.Nav{Section: text("nav.administration"), Order: 20}, Parent: "users",
			Method: accountmanagerv1.InvitationService_ListInvitations_FullMethodName, Columns: invitationColumnsOf(true),
			Filters: []string{"states"}, Empty: text("invitations.empty"), Actions: []module.Action{revokeAction()},
		},
		{
			ID: "roles", Path: "/roles", Kind: module.List, Title: text("roles.title"), Intro: text("roles.intro"), Icon: "shield",
			Audience: module.ForStaff, Nav: &module.Nav{Section: text("nav.administration"), Order: 30},
			Method:  accountmanagerv1.UserService_ListRoles_FullMethodName,
			Columns: []module.Column{{Field: "id", Label: text("roles.role"), Link: "/roles/{id}"}, {Field: "staff", Place: module.Under}, {Field: "holders", Place: module.End}},
			Empty:   text("roles.empty"),
			Actions: []module.Action{
				{ID: "why", Label: text("roles.why"), Icon: "eye", Path: "/access"},
				{ID: "matrix", Label: text("roles.matrix"), Icon: "board", Path: "/roles/matrix"},
				{ID: "new", Label: text("roles.new"), Icon: "plus", Path: "/roles/new", Primary: true},
			},
		},
	}
}

func userEditScreen(id, path string, fields ...string) module.Screen {
	return module.Screen{
		ID: id, Path: path, Kind: module.Form, Title: text("user.edit"), Audience: module.ForStaff, Parent: "user",
		Method: accountmanagerv1.UserService_UpdateUser_FullMethodName, Prefill: accountmanagerv1.UserService_GetUser_FullMethodName,
		Sections: []module.Section{{Fields: fields}}, Submit: text("user.save"),
	}
}

// rightsScreens say who may act for a client: to staff below the client, to contacts below their company.
func rightsScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "memberships", Path: "/clients/{client_id}/people", Kind: module.List, Title: text("memberships.title"), Icon: "key",
			Audience: module.ForStaff, Method: accountmanagerv1.MembershipService_ListMemberships_FullMethodName,
			Columns: membershipColumnsOf(), Empty: text("memberships.empty"),
			Actions: append(membershipActions("/clients/{client_id}/invite", "/access/{id}/role"), actingActions()...),
		},
		{
			ID: "invitations", Path: "/clients/{client_id}/invitations", Kind: module.List, Title: text("invitations.title"), Icon: "mail",
			Audience: module.ForStaff, Method: accountmanagerv1.InvitationService_ListInvitations_FullMethodName,
			Columns: invitationColumnsOf(false), Empty: text("invitations.empty"), Actions: []module.Action{revokeAction()},
		},
		inviteScreen("invite", "/clients/{client_id}/invite", "memberships", module.ForStaff),
		roleScreen("membership_role", "/access/{id}/role", "memberships", module.ForStaff),
		{
			ID: "own_memberships", Path: "/company/people", Kind: module.List, Title: text("rights.title"), Intro: text("rights.intro"), Icon: "people",
			Audience: module.ForContacts, Nav: &module.Nav{Section: text("nav.company"), Order: 20, Phone: true}, ClientKinds: ofCompanies,
			Method:  accountmanagerv1.MembershipService_ListMemberships_FullMethodName,
			Columns: membershipColumnsOf(), Empty: text("memberships.empty"), Actions: membershipActions("/company/invite", "/company/people/{id}/role"),
		},
		{
			ID: "own_invitations", Path: "/company/invitations", Kind: module.List, Title: text("invitations.title"), Icon: "mail",
			Audience: module.ForContacts, Nav: &module.Nav{Section: text("nav.company"), Order: 30}, Parent: "own_memberships", ClientKinds: ofCompanies,
			Method: accountmanagerv1.InvitationService_ListInvitations_FullMethodName, Columns: invitationColumnsOf(false),
			Filters: []string{"states"}, Empty: text("invitations.empty"), Actions: []module.Action{revokeAction()},
		},
		inviteScreen("own_invite", "/company/invite", "own_memberships", module.ForContacts),
		roleScreen("own_membership_role", "/company/people/{id}/role", "own_memberships", module.ForContacts),
	}
}

// ofCompanies keeps pages about a client's people from those who act for a person, who has none.
var ofCompanies = []string{"company"}

func inviteScreen(id, path, parent string, audience module.Audience) module.Screen {
	return module.Screen{
		ID: id, Path: path, Kind: module.Form, Title: text("invite.title"), Intro: text("invitation.intro"), Icon: "plus",
		Audience: audience, Parent: parent, Method: accountmanagerv1.InvitationService_CreateInvitation_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name", "email", "role"}}}, Submit: text("invitation.create"),
		Reveal: "token", RevealPath: "/invitation/{token}",
	}
}

func roleScreen(id, path, parent string, audience module.Audience) module.Screen {
	return module.Screen{
		ID: id, Path: path, Kind: module.Form, Title: text("memberships.role"), Icon: "key", Audience: audience, Parent: parent,
		Method:   accountmanagerv1.MembershipService_UpdateMembership_FullMethodName,
		Prefill:  accountmanagerv1.MembershipService_GetMembership_FullMethodName,
		Sections: []module.Section{{Fields: []string{"role"}}}, Submit: text("memberships.save"),
	}
}

func membershipColumnsOf() []module.Column {
	return []module.Column{
		{Field: "name", Second: "email", Avatar: true}, {Field: "role", Place: module.Under}, {Field: "last_seen_time", Place: module.End},
	}
}

// membershipActions lead to the invitation, and change a person's role or take their access away row by row.
func membershipActions(invite, role string) []module.Action {
	return []module.Action{
		{ID: "invite", Label: text("invite.title"), Icon: "plus", Path: invite, Primary: true},
		{ID: "role", Label: text("memberships.role"), Icon: "edit", Path: role, Row: true},
		{
			ID: "end", Label: text("memberships.end"), Icon: "trash", Danger: true, Row: true,
			Confirm: text("memberships.end_confirm"), Done: text("memberships.ended"),
			Method: accountmanagerv1.MembershipService_DeleteMembership_FullMethodName, Bind: map[string]string{"id": "id"},
		},
	}
}

func invitationColumnsOf(client bool) []module.Column {
	columns := []module.Column{{Field: "name", Second: "email"}}
	if client {
		columns = append(columns, module.Column{Field: "client_id", Place: module.Under})
	}
	return append(columns, module.Column{Field: "role", Place: module.Under}, module.Column{Field: "state", Place: module.End},
		module.Column{Field: "invited_by", Place: module.Away}, module.Column{Field: "expire_time", Place: module.Away})
}

func revokeAction() module.Action {
	return module.Action{
		ID: "revoke", Label: text("invitations.revoke"), Icon: "x", Danger: true, Row: true,
		Confirm: text("invitations.revoke_confirm"), Done: text("invitations.revoked"),
		Method: accountmanagerv1.InvitationService_RevokeInvitation_FullMethodName, Bind: map[string]string{"id": "id"},
		When: map[string]string{"state": "INVITATION_STATE_WAITING"},
	}
}

// settingsScreens are everybody's own.
func settingsScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "settings", Path: "/settings", Kind: module.Form, Title: text("settings.title"), Icon: "settings",
			Nav: &module.Nav{Order: 900, Phone: true}, Method: accountmanagerv1.MeService_UpdateMe_FullMethodName,
			Prefill: accountmanagerv1.MeService_GetMe_FullMethodName, Done: "/settings",
			Sections: []module.Section{
				{Title: text("settings.about"), Fields: []string{"name", "position", "phone"}},
				{Title: text("settings.look"), Fields: []string{"language", "theme"}},
			},
			Submit: text("settings.save"),
			Actions: []module.Action{
				{ID: "photo", Label: text("photo.title"), Icon: "person", Path: "/settings/photo"},
				{ID: "password", Label: text("password.title"), Icon: "key", Path: "/settings/password"},
				{ID: "factor", Label: text("factor.title"), Icon: "shield", Path: "/settings/second-factor"},
				{ID: "passkeys", Label: text("passkey.title"), Icon: "key", Path: "/settings/passkeys"},
				{ID: "email", Label: text("email.title"), Icon: "mail", Path: "/settings/email"},
				{ID: "phone", Label: text("phone_code.title"), Icon: "phone", Path: "/settings/phone"},
				{ID: "accounts", Label: text("external.title"), Icon: "link", Path: "/settings/accounts"},
				{ID: "sessions", Label: text("sessions.title"), Icon: "lock", Path: "/settings/sessions"},
			},
		},
		{
			ID: "photo", Path: "/settings/photo", Kind: module.Form, Title: text("photo.title"), Intro: text("photo.intro"), Icon: "person",
			Parent: "settings", Method: accountmanagerv1.PhotoService_SetMyPhoto_FullMethodName,
			Sections: []module.Section{{Fields: []string{"photo"}}}, Submit: text("photo.save"), Done: "/settings",
			Actions: []module.Action{{
				ID: "remove", Label: text("photo.remove"), Icon: "trash", Danger: true,
				Method: accountmanagerv1.PhotoService_RemoveMyPhoto_FullMethodName, Confirm: text("photo.remove_ask"), Done: text("photo.removed"),
			}},
		},
		{
			ID: "password", Path: "/settings/password", Kind: module.Form, Title: text("password.title"), Intro: text("password.intro"), Icon: "key",
			Parent: "settings", Method: accountmanagerv1.MeService_ChangePassword_FullMethodName,
			Sections: []module.Section{{Fields: []string{"present_password", "new_password"}}}, Submit: text("password.save"), Done: "/settings",
		},
		{
			ID: "email", Path: "/settings/email", Kind: module.Form, Title: text("email.title"), Intro: text("email.intro"), Icon: "mail",
			Parent: "settings", Method: accountmanagerv1.MeService_ChangeEmail_FullMethodName,
			Sections: []module.Section{{Fields: []string{"email"}}}, Submit: text("email.save"), Done: "/settings", Said: text("email.sent"),
		},
		{
			ID: "sessions", Path: "/settings/sessions", Kind: module.List, Title: text("sessions.title"), Intro: text("sessions.intro"), Icon: "lock",
			Parent: "settings", Method: accountmanagerv1.MeService_ListSessions_FullMethodName,
			Columns: sessionColumns(true),
			Empty:   text("sessions.empty"),
			Actions: []module.Action{
				{
					ID: "end_others", Label: text("sessions.end_others"), Icon: "logout", Confirm: text("sessions.end_others_confirm"),
					Done: text("sessions.ended"), Method: accountmanagerv1.MeService_RevokeOtherSessions_FullMethodName,
				},
				endSessionAction(accountmanagerv1.MeService_RevokeSession_FullMethodName),
			},
		},
	}
}

func sessionColumns(own bool) []module.Column {
	columns := []module.Column{{Field: "device", Second: "remote_address"}}
	if own {
		columns = append(columns, module.Column{Field: "current", Place: module.Under})
	}
	return append(columns, module.Column{Field: "last_seen_time", Place: module.End},
		module.Column{Field: "create_time", Place: module.Away}, module.Column{Field: "expire_time", Place: module.Away})
}

// endSessionAction ends a session of the list, but not the one its reader came through: signing out is for that.
func endSessionAction(method string) module.Action {
	return module.Action{
		ID: "end", Label: text("sessions.end"), Icon: "x", Danger: true, Row: true, Confirm: text("sessions.end_confirm"),
		Done: text("sessions.ended"), Method: method, Bind: map[string]string{"id": "id"}, When: map[string]string{"current": "false"},
	}
}
