package feedback

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// give says something as somebody and returns its id.
func give(t testing.TB, p *kerneltest.Portal, who *kerneltest.User, subject string, rating int) string {
	t.Helper()
	made, err := ask(t.Context(), p, who.Conn, "CreateFeedback", fmt.Sprintf(
		`{"request_id": %q, "subject": %q, "rating": %d, "text": "So it was."}`, store.NewID(), subject, rating))
	require.NoError(t, err)
	return made["feedback"].(map[string]any)["id"].(string)
}

func TestFeedbackIsGivenAnsweredAndClosed(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	_, err := protoregistry.GlobalFiles.FindDescriptorByName("cabinet.feedback.v1.Feedback")
	require.ErrorIs(t, err, protoregistry.NotFound, "the portal of this test must not know the contract")
	head, roastery := p.Head(t), p.Client(t, "Zerno Roastery")
	lesia := p.Contact(t, roastery, "client.director")
	id := give(t, p, lesia, "The oven", 4)

	said, err := ask(t.Context(), p, head.Conn, "GetFeedback", fmt.Sprintf(`{"id": %q}`, id))
	require.NoError(t, err)
	feedback := said["feedback"].(map[string]any)
	require.Equal(t, "Zerno Roastery", feedback["client_name"], "the program asked clientmanager, as its caller")
	require.Equal(t, "FEEDBACK_STATE_NEW", feedback["state"])

	answer := func(text string) error {
		_, err := ask(t.Context(), p, head.Conn, "AnswerFeedback", fmt.Sprintf(`{"id": %q, "answer": %q}`, id, text))
		return err
	}
	require.NoError(t, answer("Thank you!"))
	err = answer(" ")
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Equal(t, "answer", module.Violations(err)[0].GetField())
	require.Equal(t, "feedback.refusal.empty", module.Violations(err)[0].GetReason())
	for range 2 {
		closed, err := ask(t.Context(), p, head.Conn, "CloseFeedback", fmt.Sprintf(`{"id": %q}`, id))
		require.NoError(t, err)
		require.Equal(t, "Thank you!", closed["feedback"].(map[string]any)["answer"])
	}
	require.Equal(t, codes.FailedPrecondition, status.Code(answer("Once more")))
	_, err = ask(t.Context(), p, lesia.Conn, "CloseFeedback", fmt.Sprintf(`{"id": %q}`, id))
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	summary, err := ask(t.Context(), p, lesia.Conn, "GetFeedbackSummary", `{}`)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"given": 1.0, "average": "4.0", "waiting": 0.0}, summary)
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.feedback.v1.FeedbackGiven' and key = $1", roastery))
	require.Equal(t, "NEW→ANSWERED ANSWERED→CLOSED", query[string](t, p, `
		select string_agg(replace((c->>'before')||'→'||(c->>'after'), 'FEEDBACK_STATE_', ''), ' ' order by e.time)
		from kernel.audit_entry e join kernel.audit_detail d on d.entry_id = e.id, jsonb_array_elements(d.changes) c where c->>'field' = 'state'`))
}

// A list goes on where it ended, by tokens that nobody can alter or use for another list.
func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
	var want []string
	for i := range 5 {
		want = append([]string{give(t, p, lesia, fmt.Sprintf("Visit %d", i), i+1)}, want...)
	}
	var got []string
	token := ""
	for {
		page, err := ask(t.Context(), p, lesia.Conn, "ListFeedback", fmt.Sprintf(`{"page_size": 2, "page_token": %q}`, token))
		require.NoError(t, err)
		for _, one := range page["feedback"].([]any) {
			got = append(got, one.(map[string]any)["id"].(string))
		}
		next := page["next_page_token"].(string)
		if token == "" {
			for _, request := range []string{
				fmt.Sprintf(`{"page_token": %q, "rating_at_most": 3}`, next), fmt.Sprintf(`{"page_token": %q}`, strings.ToLower(next)), `{"page_token": "?"}`,
			} {
				_, err := ask(t.Context(), p, lesia.Conn, "ListFeedback", request)
				require.Equal(t, codes.InvalidArgument, status.Code(err), request)
				require.ErrorContains(t, err, "begin at the first page")
			}
		}
		if token = next; token == "" {
			break
		}
	}
	require.Equal(t, want, got)
	bad, err := ask(t.Context(), p, lesia.Conn, "ListFeedback", `{"rating_at_most": 2, "state": "FEEDBACK_STATE_NEW"}`)
	require.NoError(t, err)
	require.Len(t, bad["feedback"], 2)
}

// What waits when a client is suspended is closed, and nothing new is written down.
func TestSuspendedClient(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	head, roastery := p.Head(t), p.Client(t, "Zerno Roastery")
	give(t, p, p.Contact(t, roastery, "client.director"), "The oven", 2)
	clients := clientmanagerv1.NewClientServiceClient(head.Conn)
	_, err := clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: roastery})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return query[int](t, p, "select count(*)::int from feedback.feedback where state = 'closed' and client_id = $1", roastery) == 1
	}, patience, 10*time.Millisecond)
	_, err = ask(t.Context(), p, head.Conn, "CreateFeedback", fmt.Sprintf(
		`{"request_id": %q, "client_id": %q, "subject": "The mill", "rating": 1, "text": "By phone."}`, store.NewID(), roastery))
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Equal(t, "client_id", module.Violations(err)[0].GetField())
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from kernel.audit_entry where method = 'feedback.clients' and client_id = $1", roastery))
}

// Its pages are drawn from what the program sent.
func TestPages(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	head, roastery := p.Head(t), p.Client(t, "Zerno Roastery")
	lesia, taras := p.Contact(t, roastery, "client.director"), p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	page := func(who *kerneltest.User, path string, texts ...string) {
		t.Helper()
		got := who.Get(t, path)
		require.Equal(t, http.StatusOK, got.Status, "%s: %s", path, got.Body)
		for _, text := range texts {
			require.Contains(t, got.Body, text, path)
		}
	}
	page(lesia, "/feedback", "No feedback yet", "/feedback/give")
	page(lesia, "/feedback/give", "From 1, bad, to 5, very good.")
	refused := lesia.Post(t, "/feedback/give", url.Values{"request_id": {store.NewID()}, "subject": {"The oven"}, "rating": {"5"}, "text": {"  "}})
	require.NotEqual(t, http.StatusSeeOther, refused.Status)
	made := lesia.Post(t, "/feedback/give", url.Values{"request_id": {store.NewID()}, "subject": {"The oven"}, "rating": {"5"}, "text": {"It is hot."}})
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	one := made.Location()
	page(lesia, one, "The oven", "It is hot.", "Waits for an answer")
	require.Equal(t, http.StatusNotFound, taras.Get(t, one).Status, "it is another client's")
	page(head, "/feedback", "The oven", "Zerno Roastery", "/feedback/new")
	page(head, "/", "Stars of five, on average", "5.0")
	answered := head.Post(t, one+"/answer", url.Values{"answer": {"Thank you!"}})
	require.Equal(t, http.StatusSeeOther, answered.Status, answered.Body)
	page(lesia, one, "Thank you!", "Answered")
	require.Eventually(t, func() bool {
		return strings.Contains(head.Get(t, "/clients/"+roastery+"/history").Body, "Gave feedback: The oven")
	}, patience, 50*time.Millisecond, "on the client's timeline, by the name it has now")
}
