package feedback

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// What a client said is not there for people of another, whatever they ask.
func TestForeignFeedback(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
	lesia, taras, petro := p.Contact(t, roastery, "client.director"), p.Contact(t, museum, "client.director"), p.Staff(t, "manager")
	p.Serve(t, petro, museum)
	id := give(t, p, lesia, "The oven", 1)
	for _, who := range []*kerneltest.User{taras, petro} {
		_, err := ask(t.Context(), p, who.Conn, "GetFeedback", fmt.Sprintf(`{"id": %q}`, id))
		require.Equal(t, codes.NotFound, status.Code(err))
		for _, request := range []string{`{}`, fmt.Sprintf(`{"client_id": %q}`, roastery)} {
			listed, err := ask(t.Context(), p, who.Conn, "ListFeedback", request)
			require.NoError(t, err)
			require.Empty(t, listed["feedback"])
		}
		summary, err := ask(t.Context(), p, who.Conn, "GetFeedbackSummary", `{}`)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"given": 0.0, "average": "", "waiting": 0.0}, summary)
		_, err = ask(t.Context(), p, who.Conn, "CreateFeedback", fmt.Sprintf(
			`{"request_id": %q, "client_id": %q, "subject": "The oven", "rating": 1, "text": "In their name."}`, store.NewID(), roastery))
		require.Equal(t, codes.NotFound, status.Code(err))
	}
	for _, method := range []string{"AnswerFeedback", "CloseFeedback"} {
		request := map[string]string{"AnswerFeedback": `{"id": %q, "answer": "No."}`, "CloseFeedback": `{"id": %q}`}[method]
		_, err := ask(t.Context(), p, petro.Conn, method, fmt.Sprintf(request, id))
		require.Equal(t, codes.NotFound, status.Code(err), method)
	}
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from feedback.feedback where state = 'new' and answer = ''"))
}

// A program that keeps what it was called with can do nothing with it once the call has ended, and never more than the
// caller of the call under way.
func TestATokenThatHasEnded(t *testing.T) {
	t.Parallel()
	options := withFeedback(t)
	options.Programs = map[string]string{"feedback": "testdata/hostile/main.js"}
	p := kerneltest.Start(t, options)
	head, roastery := p.Head(t), p.Client(t, "Zerno Roastery")
	taras := p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	_, err := ask(t.Context(), p, head.Conn, "ListFeedback", `{}`)
	require.NoError(t, err)
	seen, err := ask(t.Context(), p, taras.Conn, "GetFeedback", fmt.Sprintf(`{"id": %q}`, roastery))
	require.NoError(t, err)
	feedback := seen["feedback"].(map[string]any)
	require.Equal(t, strconv.Itoa(int(codes.Unauthenticated)), feedback["subject"], "with the call of the head, which is over")
	require.Equal(t, strconv.Itoa(int(codes.NotFound)), feedback["text"], "with that of a contact of another client")
	require.Equal(t, strconv.Itoa(int(codes.FailedPrecondition)), feedback["answer"], "and nobody is called while a transaction is held")
}
