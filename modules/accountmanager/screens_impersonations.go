package accountmanager

import (
	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// impersonationScreens are for staff: to see the portal as a person of a client does, and who did.
func impersonationScreens() []module.Screen {
	return []module.Screen{
		actingScreen("view_as", "/clients/{client_id}/view-as", accountmanagerv1.ImpersonationService_ViewAs_FullMethodName, "eye", "reason"),
		actingScreen("act_as", "/clients/{client_id}/act-as", accountmanagerv1.ImpersonationService_ActAs_FullMethodName, "edit", "reason", "act_reason"),
		{
			ID: "impersonations", Path: "/people/impersonations", Kind: module.List, Title: text("impersonation.title"), Intro: text("impersonation.intro"),
			Icon: "eye", Audience: module.ForStaff, Nav: &module.Nav{Section: text("nav.administration"), Order: 25}, Parent: "users",
			Method: accountmanagerv1.ImpersonationService_ListImpersonations_FullMethodName,
			Columns: []module.Column{
				{Field: "staff_name", Second: "reason", Link: "/people/impersonations/{id}", Avatar: true},
				{Field: "name", Place: module.Under},
				{Field: "client_id", Place: module.Under},
				{Field: "may_write", Place: module.Away},
				{Field: "start_time", Place: module.Under},
				{Field: "end_time", Place: module.Away},
				{Field: "state", Place: module.End},
			},
			Filters: []string{"states", "staff_id", "client_id", "may_write"}, Empty: text("impersonation.empty"),
		},
		{
			ID: "impersonation", Path: "/people/impersonations/{id}", Kind: module.Detail, Title: text("impersonation.one"), Icon: "eye",
			Audience: module.ForStaff, Parent: "impersonations", Method: accountmanagerv1.ImpersonationService_GetImpersonation_FullMethodName,
			Heading: "name", State: "state",
			Sections: []module.Section{
				{Title: text("impersonation.why"), Fields: []string{"reason", "act_reason"}, OnlySet: true},
				{Title: text("impersonation.who"), Fields: []string{"staff_name", "name", "client_id", "may_write"}},
				{Title: text("impersonation.when"), Fields: []string{"start_time", "end_time", "expire_time"}, Aside: true},
			},
		},
	}
}

// actingScreen asks as whom, and why.
func actingScreen(id, path, method, icon string, why ...string) module.Screen {
	return module.Screen{
		ID: id, Path: path, Kind: module.Form, Title: text("impersonation." + id + "_title"), Intro: text("impersonation." + id + "_intro"), Icon: icon,
		Audience: module.ForStaff, Parent: "memberships", Method: method,
		Sections: []module.Section{{Fields: append([]string{"membership_id"}, why...)}},
		Submit:   text("impersonation." + id + "_submit"), Done: "/", Said: text("impersonation." + id + "_begun"),
	}
}

// actingActions lead there: from a client's list of people, and from each of them.
func actingActions() []module.Action {
	as := func(id, icon, path string, row bool) module.Action {
		return module.Action{ID: id, Label: text("impersonation." + id), Icon: icon, Path: path, Row: row}
	}
	return []module.Action{
		as("view_as_client", "eye", "/clients/{client_id}/view-as", false),
		as("view_as", "eye", "/clients/{client_id}/view-as?membership_id={id}", true),
		as("act_as", "edit", "/clients/{client_id}/act-as?membership_id={id}", true),
	}
}
