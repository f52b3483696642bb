package finsystem

import (
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

var signatoryScreens = []module.Screen{
	{
		ID: "signatory", Path: "/signatory", Kind: module.Detail, Title: "finsystem.signatory.title", Intro: "finsystem.signatory.intro", Icon: "edit", Audience: module.ForStaff,
		Nav: &module.Nav{Section: "finsystem.nav.money", Order: 75}, Method: v1.SignatoryService_GetSignatory_FullMethodName,
		Sections: []module.Section{
			{Title: "finsystem.signatory.pictures", Fields: []string{"signature_path", "seal_path"}},
			{Title: "finsystem.signatory.who", Fields: []string{"signed_by", "by_hand_kinds", "update_time"}, Aside: true, OnlySet: true},
		},
		Actions: []module.Action{
			{ID: "signature", Label: "finsystem.signatory.set_signature", Icon: "upload", Path: "/signatory/signature"},
			{ID: "seal", Label: "finsystem.signatory.set_seal", Icon: "upload", Path: "/signatory/seal"},
			{ID: "edit", Label: "finsystem.signatory.edit", Icon: "edit", Path: "/signatory/edit", Primary: true},
		},
	},
	{
		ID: "signatory_edit", Path: "/signatory/edit", Kind: module.Form, Title: "finsystem.signatory.edit", Intro: "finsystem.signatory.edit_intro", Audience: module.ForStaff,
		Parent: "signatory", Method: v1.SignatoryService_UpdateSignatory_FullMethodName, Prefill: v1.SignatoryService_GetSignatory_FullMethodName,
		Sections: []module.Section{{Fields: []string{"position", "name"}}, {Fields: []string{"by_hand_kinds"}}}, Submit: "finsystem.signatory.save",
	},
	drawing("signature", v1.SignatoryService_SetSignature_FullMethodName, v1.SignatoryService_RemoveSignature_FullMethodName),
	drawing("seal", v1.SignatoryService_SetSeal_FullMethodName, v1.SignatoryService_RemoveSeal_FullMethodName),
}

// drawing is a form that takes a picture.
func drawing(id, set, remove string) module.Screen {
	return module.Screen{
		ID: "signatory_" + id, Path: "/signatory/" + id, Kind: module.Form, Title: "finsystem.signatory.set_" + id, Intro: "finsystem.signatory.picture_intro",
		Audience: module.ForStaff, Parent: "signatory", Method: set, Sections: []module.Section{{Fields: []string{"picture"}}}, Submit: "finsystem.signatory.set_" + id,
		Actions: []module.Action{{
			ID: "remove", Label: "finsystem.signatory.remove_" + id, Icon: "trash", Danger: true, Method: remove,
			Confirm: "finsystem.signatory.remove_" + id + "_ask", Done: "finsystem.signatory.removed", Back: "/signatory",
		}},
	}
}
