package screen

import (
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

func TestABellThatIsNoneStopsThePortal(t *testing.T) {
	overview := clientmanagerv1.ClientService_GetOverview_FullMethodName
	for want, bell := range map[string]module.Bell{
		`calls "/x.Y/Z", which no module provides`:              {Method: "/x.Y/Z", Field: "n", Screen: "clients"},
		`no field "suspendet"; did you mean "suspended"?`:       {Method: overview, Field: "suspendet", Screen: "clients"},
		`leads to /clients/{id}, whose address is not complete`: {Method: overview, Field: "suspended", Screen: "client"},
		`leads to "clinets", which is no screen`:                {Method: overview, Field: "suspended", Screen: "clinets"},
		`counts by name, which is no number`:                    {Method: clientmanagerv1.ProfileService_GetManagerCard_FullMethodName, Field: "name", Screen: "clients"},
	} {
		_, err := Compile(linked{}, []module.Manifest{{ID: "clientmanager", Screens: []module.Screen{clients(), client()}, Bell: &bell}})
		require.ErrorContains(t, err, want)
	}
	bell := &module.Bell{Method: overview, Field: "suspended", Screen: "clientmanager.clients"}
	_, err := Compile(linked{}, []module.Manifest{{ID: "clientmanager", Screens: []module.Screen{clients()}, Bell: bell}, {ID: "other", Bell: bell}})
	require.ErrorContains(t, err, "other bell is a second one")
}
