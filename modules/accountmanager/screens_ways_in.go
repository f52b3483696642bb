package accountmanager

import (
	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// waysInScreens are everybody's own phone, and the outside accounts of staff.
func waysInScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "phone", Path: "/settings/phone", Kind: module.Detail, Title: text("phone_code.title"), Intro: text("phone_code.intro"), Icon: "phone",
			Parent: "settings", Method: accountmanagerv1.PhoneService_GetOwnPhone_FullMethodName,
			Sections: []module.Section{{Fields: []string{"phone", "state", "confirm_time"}, OnlySet: true}},
			Actions: []module.Action{
				{
					ID: "confirm", Label: text("phone_code.change"), Icon: "phone", Path: "/settings/phone/change", Primary: true,
					When: map[string]string{"state": "PHONE_STATE_NONE" + module.Or + "PHONE_STATE_UNCONFIRMED"},
				},
				{
					ID: "another", Label: text("phone_code.another"), Icon: "edit", Path: "/settings/phone/change",
					When: map[string]string{"state": "PHONE_STATE_CONFIRMED"},
				},
				{ID: "code", Label: text("phone_code.enter"), Icon: "key", Path: "/settings/phone/code"},
			},
		},
		{
			ID: "phone_change", Path: "/settings/phone/change", Kind: module.Form, Title: text("phone_code.change"), Intro: text("phone_code.change_intro"),
			Icon: "phone", Parent: "phone", Method: accountmanagerv1.PhoneService_StartPhoneConfirmation_FullMethodName,
			Prefill:  accountmanagerv1.PhoneService_GetOwnPhone_FullMethodName,
			Sections: []module.Section{{Fields: []string{"phone"}}}, Submit: text("phone_code.send"),
			Done: "/settings/phone/code", Said: text("phone_code.sent"),
		},
		{
			ID: "phone_code", Path: "/settings/phone/code", Kind: module.Form, Title: text("phone_code.enter"), Intro: text("phone_code.enter_intro"),
			Icon: "phone", Parent: "phone", Method: accountmanagerv1.PhoneService_FinishPhoneConfirmation_FullMethodName,
			Sections: []module.Section{{Fields: []string{"code"}}}, Submit: text("phone_code.confirm"),
			Done: "/settings/phone", Said: text("phone_code.confirmed"),
		},
		{
			ID: "accounts", Path: "/settings/accounts", Kind: module.List, Title: text("external.title"), Intro: text("external.intro"), Icon: "link",
			Audience: module.ForStaff, Parent: "settings", Method: accountmanagerv1.ExternalAccountService_ListExternalAccounts_FullMethodName,
			Columns: []module.Column{
				{Field: "provider", Second: "email"}, {Field: "state", Place: module.Under}, {Field: "last_sign_in_time", Place: module.End},
				{Field: "link_time", Place: module.Away},
			},
			Empty: text("external.empty"),
			Actions: []module.Action{
				{
					ID: "unlink", Label: text("external.unlink"), Icon: "x", Danger: true, Row: true, Confirm: text("external.unlink_confirm"),
					Done: text("external.unlinked"), Method: accountmanagerv1.ExternalAccountService_UnlinkExternalAccount_FullMethodName,
					Bind: map[string]string{"id": "id"}, When: map[string]string{"state": "EXTERNAL_ACCOUNT_STATE_LINKED"},
				},
				{
					ID: "allow", Label: text("external.allow"), Icon: "undo", Row: true, Confirm: text("external.allow_confirm"),
					Done: text("external.allowed"), Method: accountmanagerv1.ExternalAccountService_AllowExternalAccount_FullMethodName,
					Bind: map[string]string{"id": "id"}, When: map[string]string{"state": "EXTERNAL_ACCOUNT_STATE_UNLINKED"},
				},
			},
		},
	}
}
