package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

func TestCreateAndList(t *testing.T) {
	p := newPortal(t)
	olha, petro := p.manager("Olha"), p.manager("Petro")
	mine := p.add(olha, &v1.Client{Name: "  Zerno   Roastery ", Code: "ZR-118", TaxId: "12345678", Email: "Office@Example.com", Tags: []string{"b", "a"}})
	require.Equal(t, "Zerno Roastery", mine.GetName())
	require.Equal(t, "office@example.com", mine.GetEmail())
	require.Equal(t, []string{"a", "b"}, mine.GetTags())
	require.Equal(t, v1.ClientStatus_CLIENT_STATUS_ACTIVE, mine.GetStatus())
	require.Equal(t, olha.id, mine.GetManagerId(), "who sees only some clients serves what they add")
	got, err := p.clients.ListClients(olha, &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"Zerno Roastery"}, names(got.GetClients()))
	require.EqualValues(t, 1, got.GetTotalSize())
	got, err = p.clients.ListClients(petro, &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.Empty(t, got.GetClients())
	got, err = p.clients.ListClients(p.head(), &v1.ListClientsRequest{Name: "ZERNO"})
	require.NoError(t, err)
	require.Len(t, got.GetClients(), 1)
}
