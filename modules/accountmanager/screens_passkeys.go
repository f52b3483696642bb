package accountmanager

import (
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// passkeyScreens list one's own passkeys. The page that makes one is the kernel's: the browser is asked there.
func passkeyScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "passkeys", Path: "/settings/passkeys", Kind: module.List, Title: text("passkey.title"), Intro: text("passkey.intro"), Icon: "key",
			Parent: "settings", Method: kernelv1.PasskeyService_ListPasskeys_FullMethodName,
			Columns: []module.Column{
				{Field: "name", Second: "device"}, {Field: "state", Place: module.Under}, {Field: "last_use_time", Place: module.End},
				{Field: "create_time", Place: module.Away}, {Field: "synced", Place: module.Away},
			},
			Empty: text("passkey.empty"),
			Actions: []module.Action{
				{ID: "add", Label: text("passkey.add"), Icon: "plus", Path: "/settings/passkeys/new", Primary: true},
				{ID: "rename", Label: text("passkey.rename"), Icon: "edit", Path: "/settings/passkeys/{id}/name", Row: true},
				{
					ID: "remove", Label: text("passkey.remove"), Icon: "trash", Danger: true, Row: true,
					Confirm: text("passkey.remove_confirm"), Done: text("passkey.removed"),
					Method: kernelv1.PasskeyService_DeletePasskey_FullMethodName, Bind: map[string]string{"id": "id"},
				},
			},
		},
		{
			ID: "passkey_name", Path: "/settings/passkeys/{id}/name", Kind: module.Form, Title: text("passkey.rename"), Icon: "edit",
			Parent: "passkeys", Method: kernelv1.PasskeyService_RenamePasskey_FullMethodName,
			Prefill:  kernelv1.PasskeyService_GetPasskey_FullMethodName,
			Sections: []module.Section{{Fields: []string{"name"}}}, Submit: text("passkey.save"), Done: "/settings/passkeys",
		},
	}
}
