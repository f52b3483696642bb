package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Who is too late is told which fields changed since, and who changed each last; a client not of what is for staff.
func TestConflictsNameWhatChangedAndWho(t *testing.T) {
	p := newPortal(t, withFields)
	head, olha := p.head(), p.manager("Olha")
	made := p.add(olha, &v1.Client{Name: "Zerno"})
	director := p.contact("Olena", made.GetId(), "client.director")
	update := func(who user, c *v1.Client, fields ...string) error {
		c.Id = made.GetId()
		_, err := p.clients.UpdateClient(who, &v1.UpdateClientRequest{Client: c, UpdateMask: mask(fields...)})
		return err
	}
	require.NoError(t, update(head, &v1.Client{Place: "Kyiv", Note: "pays late"}, "place", "note"))
	p.clock.Move(1)
	require.NoError(t, update(olha, &v1.Client{Place: "Lviv", Extra: extra("tier", "gold")}, "place", "extra"))
	_, err := p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Phone: "+380445550142"}, UpdateMask: mask("phone")})
	require.NoError(t, err)

	err = update(head, &v1.Client{Website: "https://zerno.example", Revision: made.GetRevision()}, "website")
	refused(t, err, codes.Aborted, "", "clientmanager.refusal.meanwhile")
	who := map[string]string{}
	for _, c := range module.ConflictOf(err).GetFields() {
		who[c.GetField()] = c.GetActor()
	}
	require.Equal(t, map[string]string{"place": "Olha", "note": head.name, "extra": "Olha", "phone": "Olena"}, who)
	require.EqualValues(t, 4, module.ConflictOf(err).GetRevision())
	err = update(head, &v1.Client{Website: "https://zerno.example", Revision: 3}, "website")
	require.Len(t, module.ConflictOf(err).GetFields(), 1, "what changed before is known")
	require.NoError(t, update(head, &v1.Client{Website: "https://zerno.example", Revision: 4}, "website"))

	_, err = p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Phone: "+380445550143", Revision: 1}, UpdateMask: mask("phone")})
	for _, c := range module.ConflictOf(err).GetFields() {
		require.NotContains(t, []string{"note", "extra", "tags"}, c.GetField())
	}
	require.NotEmpty(t, module.ConflictOf(err).GetFields())
}
