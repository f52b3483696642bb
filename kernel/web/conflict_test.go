package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Two have the form of a client open. What they change of different fields is put together; what they change of the
// same field is shown to the second, who loses nothing that they typed and overwrites only with open eyes.
func TestTwoEditTheSameAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: withFields})
	head, other := s.Head(t), s.Staff(t, "head")
	made, err := clientmanagerv1.NewClientServiceClient(head.Conn).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{
		RequestId: store.NewID(), Client: &clientmanagerv1.Client{Name: "Zerno", Phone: "+380445550118", Place: "Kyiv", Tags: []string{"a", "b"}, Note: "one\ntwo", Extra: []*kernelv1.FieldValue{{Id: "tier", Value: "gold"}}},
	})
	require.NoError(t, err)
	id := made.GetClient().GetId()
	page := "/clients/" + id + "/edit"
	open := func(u *kerneltest.User) url.Values { return s.formOf(t, u, page) }

	mine, theirs := open(head), open(other)
	theirs.Set("place", "Lviv")
	theirs.Set("extra.area", "7")
	require.Equal(t, http.StatusSeeOther, s.post(t, other, page, theirs).Status)
	mine.Set("phone", "+380445550119")
	mine.Set("extra.remark", "hello")
	require.Equal(t, http.StatusSeeOther, s.post(t, head, page, mine).Status, "different fields do not clash")
	c := s.read(t, head, id)
	require.Equal(t, []string{"Lviv", "+380445550119", "one\ntwo"}, []string{c.GetPlace(), c.GetPhone(), c.GetNote()}, "neither change is lost")
	require.Equal(t, []string{"a", "b"}, c.GetTags())
	require.Len(t, c.GetExtra(), 3)

	mine, theirs = open(head), open(other)
	theirs.Set("place", "Odesa")
	theirs.Set("extra.tier", "basic")
	require.Equal(t, http.StatusSeeOther, s.post(t, other, page, theirs).Status)
	mine.Set("place", "Kharkiv <b>")
	mine.Set("note", "three")
	answer := s.post(t, head, page, mine)
	require.Equal(t, http.StatusUnprocessableEntity, answer.Status)
	require.Contains(t, answer.Body, "Somebody else changed the same meanwhile")
	require.Contains(t, answer.Body, other.Name+" changed this meanwhile to: Odesa", "the other value, and whose it is")
	require.Contains(t, answer.Body, "Kharkiv &lt;b&gt;", "what was typed is kept")
	require.Equal(t, "Odesa", s.read(t, head, id).GetPlace(), "nothing was written")

	again := formIn(t, answer, page)
	require.Equal(t, "Kharkiv <b>", again.Get("place"))
	require.Equal(t, "basic", again.Get("extra.tier"), "what only the other changed is theirs")
	require.Equal(t, http.StatusSeeOther, s.post(t, head, page, again).Status, "with open eyes")
	c = s.read(t, head, id)
	require.Equal(t, []string{"Kharkiv <b>", "three"}, []string{c.GetPlace(), c.GetNote()})

	// A form in which nothing was changed changes nothing, whatever happened meanwhile.
	mine = open(head)
	revision := s.read(t, head, id).GetRevision()
	require.Equal(t, http.StatusSeeOther, s.post(t, head, page, mine).Status)
	require.Equal(t, revision, s.read(t, head, id).GetRevision())
}

// Whoever comes when: of those who change the same field with the same form, one is first and the others are told.
func TestManyEditTheSameAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	id := s.Client(t, "Zerno")
	page := "/clients/" + id + "/edit"
	forms := make([]url.Values, 6)
	for i := range forms {
		forms[i] = s.formOf(t, head, page)
		forms[i].Set("place", fmt.Sprint("Place ", i))
	}
	answers := make([]int, len(forms))
	errs := kerneltest.AtOnce(len(forms), func(i int) error {
		answers[i] = s.post(t, head, page, forms[i]).Status
		return nil
	})
	require.Equal(t, len(forms), kerneltest.Count(errs, codes.OK))
	won := 0
	for i, status := range answers {
		if status == http.StatusSeeOther {
			won++
			require.Equal(t, fmt.Sprint("Place ", i), s.read(t, head, id).GetPlace())
			continue
		}
		require.Equal(t, http.StatusUnprocessableEntity, status)
	}
	require.Equal(t, 1, won)
}
