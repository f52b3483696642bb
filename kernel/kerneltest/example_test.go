package kerneltest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// A test of what a manager sees and a contact does not.
func ExampleStart() {
	_ = func(t *testing.T) {
		p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: "name: Polissia Climate"})
		roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Museum of Maps")
		taras := p.Staff(t, "manager")
		p.Serve(t, taras, roastery, museum)
		lesia := p.Contact(t, roastery, "client.accountant")

		list, err := clientmanagerv1.NewClientServiceClient(taras.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetClients(), 2)
		require.Equal(t, 403, lesia.Get(t, "/clients/"+museum).Status) // a page for staff
	}
}
