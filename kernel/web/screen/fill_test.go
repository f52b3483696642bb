package screen

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

func TestWhatIsTypedBecomesAMessage(t *testing.T) {
	request := &clientmanagerv1.CreateClientRequest{}
	err := fillNamed(request.ProtoReflect(), url.Values{
		"name": {"  Zerno Roastery \r\n"}, "email": {"Office@Zerno.Example"}, "phone": {"+380 (44) 555-01-42"},
		"kind": {"CLIENT_KIND_COMPANY"}, "tags": {"coffee, key , coffee", ""}, "csrf": {"x"},
	}, []string{"name", "email", "phone", "kind", "tags"})
	require.NoError(t, err)
	require.Equal(t, "Zerno Roastery", request.GetClient().GetName())
	require.Equal(t, "office@zerno.example", request.GetClient().GetEmail())
	require.Equal(t, "+380445550142", request.GetClient().GetPhone())
	require.Equal(t, clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY, request.GetClient().GetKind())
	require.Equal(t, []string{"coffee", "key"}, request.GetClient().GetTags())
}

func TestWhatIsNotOfAFieldsKindIsNamed(t *testing.T) {
	request := &clientmanagerv1.ListClientsRequest{}
	for _, tc := range []struct{ field, typed, wanted string }{
		{"kind", "CLIENT_KIND_ROBOT", "choice"}, {"page_size", "many", "number"}, {"page_size", "99999999999", "number"},
		{"descending", "perhaps", "boolean"}, {"statuses", "ACTIVE", "choice"},
	} {
		err := fillNamed(request.ProtoReflect(), url.Values{tc.field: {tc.typed}}, []string{tc.field})
		var bad *BadValueError
		require.ErrorAs(t, err, &bad, tc.field)
		require.Equal(t, BadValueError{Field: tc.field, Wanted: tc.wanted}, *bad)
	}
}

func TestPathsAreFilledAndEscaped(t *testing.T) {
	value := func(name string) string { return map[string]string{"id": "a/b?c", "name": "Å & B"}[name] }
	got, ok := expand("/clients/{id}/edit", value)
	require.True(t, ok)
	require.Equal(t, "/clients/a%2Fb%3Fc/edit", got)
	got, ok = expand("/clients/{id}/invite?name={name}&email={email}", value)
	require.True(t, ok, "a query's name without a value is left empty")
	require.Equal(t, "/clients/a%2Fb%3Fc/invite?name=%C3%85+%26+B&email=", got)
	_, ok = expand("/clients/{other}", value)
	require.False(t, ok, "an address that lacks a part leads nowhere")
	require.True(t, samePath("/clients/{client_id}/invite", "/clients/{id}/invite?name={name}"))
	require.False(t, samePath("/clients/new", "/clients/{id}"))
}

func TestAFormNeverLeadsToAnotherSite(t *testing.T) {
	for _, path := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)", "/a\r\nSet-Cookie: x"} {
		require.Equal(t, "/", LocalPath(path), path)
	}
	require.Equal(t, "/clients?x=1", LocalPath("/clients?x=1"))
}
