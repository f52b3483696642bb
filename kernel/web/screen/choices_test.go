package screen

import (
	"testing"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// What a form offers is checked against the contract that gives it.
func TestChoicesThatTheContractLacksAreRefused(t *testing.T) {
	offered := func(field string, c module.Choice) error {
		_, err := compileOne(clients(), module.Screen{
			ID: "contact_new", Path: "/clients/{client_id}/contacts/new", Kind: module.Form, Title: "x", Submit: "x",
			Method:   clientmanagerv1.ContactService_CreateContact_FullMethodName,
			Sections: []module.Section{{Fields: []string{"name", "position"}, Choices: map[string]module.Choice{field: c}}},
		})
		return err
	}
	good := module.Choice{
		Method: accountmanagerv1.UserService_ListUsers_FullMethodName, Fixed: map[string]string{"page_size": "5"}, Value: "id", Label: "name",
	}
	require.NoError(t, offered("position", good))
	for said, change := range map[string]func(c module.Choice) (string, module.Choice){
		"which its section":  func(c module.Choice) (string, module.Choice) { return "email", c },
		"no module provides": func(c module.Choice) (string, module.Choice) { c.Method += "X"; return "position", c },
		"no one repeated": func(c module.Choice) (string, module.Choice) {
			c.Method = clientmanagerv1.ClientService_GetClient_FullMethodName
			return "position", c
		},
		"its section \"\" lacks": func(c module.Choice) (string, module.Choice) {
			c.Asks = map[string]string{"email": "phone"}
			return "position", c
		},
		"no field": func(c module.Choice) (string, module.Choice) {
			c.Asks = map[string]string{"name": "nickname"}
			return "position", c
		},
		"names what its contract": func(c module.Choice) (string, module.Choice) { c.Label = "nickname"; return "position", c },
	} {
		require.ErrorContains(t, offered(change(good)), said)
	}
	_, err := compileOne(module.Screen{
		ID: "apply", Path: "/apply", Kind: module.Form, Title: "x", Submit: "x", Audience: module.ForAnybody,
		Method:   clientmanagerv1.RegistrationService_StartRegistration_FullMethodName,
		Sections: []module.Section{{Fields: []string{"name"}, Choices: map[string]module.Choice{"name": good}}},
	})
	require.ErrorContains(t, err, "SCOPE_PUBLIC", "anybody would be offered what is not for anybody")
}
