package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

const withArchivist = `
roles:
  archivist:
    title: {en: Archivist, uk: Архіваріус, ru: Архивариус}
    staff: true
    permissions:
      clientmanager.clients.read: all
      clientmanager.clients.update: all
      clientmanager.clients.export: all
      clientmanager.contacts.read: all
      kernel.audit.read: all
`

func TestPhonesAndEmailsInPart(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: withArchivist})
	head, archivist := s.Head(t), s.Staff(t, "archivist")
	made, err := clientmanagerv1.NewClientServiceClient(head.Conn).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{
		RequestId: store.NewID(), Client: &clientmanagerv1.Client{Name: "Zerno Roastery", Email: "office@zerno.example", Phone: "+380445550142"},
	})
	require.NoError(t, err)
	id := made.GetClient().GetId()
	_, err = clientmanagerv1.NewContactServiceClient(head.Conn).CreateContact(t.Context(), &clientmanagerv1.CreateContactRequest{
		RequestId: store.NewID(), Contact: &clientmanagerv1.Contact{ClientId: id, Name: "Iryna", Email: "iryna@zerno.example", Phone: "+380445550143"},
	})
	require.NoError(t, err)
	director := s.Contact(t, id, "client.director")
	clients := clientmanagerv1.NewClientServiceClient(archivist.Conn)
	whole := []string{"office@zerno.example", "+380445550142", "+380 44 555 01 42", "iryna@zerno.example", "+380445550143"}
	never := func(t *testing.T, page *kerneltest.Page) {
		t.Helper()
		for _, text := range whole {
			require.NotContains(t, strings.ReplaceAll(page.Body, "<wbr>", ""), text)
		}
	}

	t.Run("are shown to who may see them whole", func(t *testing.T) {
		page := head.Get(t, "/clients/"+id)
		require.Contains(t, page.Body, `href="tel:+380445550142"`)
		require.Contains(t, page.Body, `mailto:iryna@zerno.example`)
		require.Contains(t, director.Get(t, "/company").Body, "mailto:office@zerno.example")
	})
	t.Run("lead nowhere for others", func(t *testing.T) {
		page := archivist.Get(t, "/clients/"+id)
		require.Equal(t, http.StatusOK, page.Status)
		never(t, page)
		require.Contains(t, page.Body, "+380 •• ••• 42")
		require.Contains(t, page.Body, "o•••<wbr>@zerno.example")
		require.Contains(t, page.Body, "i•••<wbr>@zerno.example")
		require.NotContains(t, page.Body, "tel:")
		require.NotContains(t, page.Body, "mailto:o")
		never(t, archivist.Post(t, "/clients", map[string][]string{"export": {"csv"}}))
	})
	t.Run("and a form leaves them as they are", func(t *testing.T) {
		path := "/clients/" + id + "/edit"
		page := archivist.Get(t, path)
		never(t, page)
		require.Contains(t, page.Body, "You see it in part")
		form := formIn(t, page, path)
		require.NotContains(t, form, "phone")
		form.Set("name", "Zerno")
		form.Set("phone", "+380 •• ••• 42") // a browser that sends it nevertheless
		sent := archivist.Post(t, path, form)
		require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
		got, err := clientmanagerv1.NewClientServiceClient(head.Conn).GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: id})
		require.NoError(t, err)
		require.Equal(t, []string{"Zerno", "+380445550142", "office@zerno.example"}, []string{got.GetClient().GetName(), got.GetClient().GetPhone(), got.GetClient().GetEmail()})
	})
	t.Run("nor does a call change them", func(t *testing.T) {
		for _, c := range []*clientmanagerv1.Client{{Id: id}, {Id: id, Phone: "+380445550199"}, {Id: id, Phone: "+380 •• ••• 42"}} {
			_, err := clients.UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{Client: c, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone"}}})
			require.Equal(t, codes.InvalidArgument, status.Code(err), c.GetPhone())
		}
	})
	t.Run("and what they were is no more told", func(t *testing.T) {
		_, err := clientmanagerv1.NewClientServiceClient(head.Conn).UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{
			Client: &clientmanagerv1.Client{Id: id, Phone: "+380445550177"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone"}},
		})
		require.NoError(t, err)
		told := func(u *kerneltest.User) (texts []string) {
			log := kernelv1.NewAuditServiceClient(u.Conn)
			list, err := log.ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{ClientId: id})
			require.NoError(t, err)
			for _, e := range list.GetEntries() {
				one, err := log.GetAuditEntry(t.Context(), &kernelv1.GetAuditEntryRequest{Id: e.GetId()})
				require.NoError(t, err)
				for _, c := range one.GetEntry().GetChanges() {
					texts = append(texts, c.GetBefore(), c.GetAfter())
				}
			}
			return texts
		}
		require.Contains(t, told(head), "+380445550177")
		require.NotContains(t, told(archivist), "+380445550177")
		require.Contains(t, told(archivist), "+380 •• ••• 77")
	})
}
