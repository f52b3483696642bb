package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
)

func TestNobodyDecidesOnTheirOwnRequest(t *testing.T) {
	olena := access.Principal{Kind: access.Staff, UserID: "olena", Roles: []string{"head"}}
	taras := access.Principal{Kind: access.Staff, UserID: "taras"}
	asOlena := access.Principal{Kind: access.Staff, UserID: "olena", ActedBy: "taras"}
	for name, c := range map[string]struct {
		who    access.Principal
		actors []string
		own    bool
	}{
		"somebody else's":                       {olena, []string{"taras"}, false},
		"one's own, though a head":              {olena, []string{"taras", "olena"}, true},
		"filed by one who acted as the decider": {olena, access.Actors(asOlena), true},
		"filed as somebody else":                {taras, access.Actors(asOlena), true},
		"decided as somebody else":              {asOlena, []string{"taras"}, true},
		"nobody's":                              {olena, nil, false},
		"filed from outside":                    {olena, []string{""}, false},
		"nobody signed in":                      {access.Principal{}, []string{""}, false},
		"a module by itself":                    {access.AsModule("olena"), []string{"olena"}, false},
		"the kernel":                            {access.AsKernel(), []string{"olena"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := access.CheckNotOwn(c.who, c.actors...)
			if !c.own {
				require.NoError(t, err)
				return
			}
			require.Equal(t, codes.PermissionDenied, status.Code(err))
			info, ok := status.Convert(err).Details()[0].(*errdetails.ErrorInfo)
			require.True(t, ok)
			require.Equal(t, "own_request", info.GetReason())
			require.False(t, access.AsksProof(err), "and no password helps")
		})
	}
}
