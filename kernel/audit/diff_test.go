package audit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestDifferences(t *testing.T) {
	before := &clientmanagerv1.Client{
		Id: "a", Name: "Acme", Tags: []string{"key"}, Status: clientmanagerv1.ClientStatus_CLIENT_STATUS_ACTIVE, Revision: 1, UpdateTime: timestamppb.Now(),
	}
	after := &clientmanagerv1.Client{
		Id: "b", Name: "Acme LLC", Tags: []string{"key", "vip"}, Status: clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED, Revision: 2,
		Address: strings.Repeat("ї", 2000),
	}
	changes := diff(before.ProtoReflect(), after.ProtoReflect())
	require.Equal(t, []store.FieldChange{
		{Field: "name", Before: "Acme", After: "Acme LLC"},
		{Field: "address", After: strings.Repeat("ї", 1000) + "…"},
		{Field: "status", Before: "CLIENT_STATUS_ACTIVE", After: "CLIENT_STATUS_SUSPENDED"},
		{Field: "tags", Before: "key", After: "key, vip", Staff: true},
	}, changes)
	require.Empty(t, diff(before.ProtoReflect(), before.ProtoReflect()))
}

// What a contract calls secret is in no entry, however deep it lies.
func TestSecretsStaySecret(t *testing.T) {
	changes := diff((&kernelv1.SignInRequest{}).ProtoReflect(), (&kernelv1.SignInRequest{
		Login: "olena", Password: "a secret", Origin: &kernelv1.Origin{RemoteAddress: "192.0.2.7"},
	}).ProtoReflect())
	require.Equal(t, []store.FieldChange{{Field: "login", After: "olena"}, {Field: "origin", After: "remote_address: 192.0.2.7"}}, changes)
}
