package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A module that asks in somebody's name knows by its own request_id what came of it: the first news says it, and the id that
// the others have.
func TestTheNewsOfARequestNamesWhatAskedForIt(t *testing.T) {
	p := newPortal(t, open)
	asked := store.NewID()
	_, err := p.requests.StartRegistration(stranger(p), &v1.StartRegistrationRequest{RequestId: asked, Registration: bakery(), Agreed: true})
	require.NoError(t, err)
	var payload []byte
	require.NoError(t, p.admin().QueryRow(t.Context(),
		`select payload from kernel.outbox where type = 'cabinet.clientmanager.v1.RegistrationChanged'`).Scan(&payload))
	news := &v1.RegistrationChanged{}
	require.NoError(t, proto.Unmarshal(payload, news))
	require.Equal(t, asked, news.GetRequestId())
	require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_UNCONFIRMED, news.GetState())
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.registrations where id = $1`, news.GetRegistrationId()))
}
