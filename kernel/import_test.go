package kernel_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A portal that is killed in the middle of an import has imported nothing; after a restart the same import runs whole.
func TestKilledInTheMiddleOfAnImport(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	node, err := kernel.New(with(t, assemble, "", "DATABASE_URL="+dsn, "CABINET_ID=process"))
	require.NoError(t, err)
	require.NoError(t, node.Start(t.Context()), "a node beside the one that is killed, to look and to prepare")
	token := firstHead(t, node)
	conn, err := node.As(t.Context(), token)
	require.NoError(t, err)
	imports := clientmanagerv1.NewImportServiceClient(conn)

	var file strings.Builder
	file.WriteString("Name,Code\n")
	const rows = 500
	for i := range rows {
		fmt.Fprintf(&file, "Row %d,R-%d\n", i, i)
	}
	made, err := imports.CreateImport(t.Context(), &clientmanagerv1.CreateImportRequest{
		RequestId: store.NewID(), FileName: "rows.csv", Content: []byte(file.String()),
	})
	require.NoError(t, err)
	id := made.GetImport().GetId()
	_, err = imports.CheckImport(t.Context(), &clientmanagerv1.CheckImportRequest{Id: id, Mapping: []*kernelv1.ImportMapping{
		{Column: 0, Field: "name"}, {Column: 1, Field: "code"},
	}})
	require.NoError(t, err)

	// One row in the middle waits for a lock that the test holds.
	query(t, dsn, `create function public.wait() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
		create trigger wait before insert on clientmanager.clients for each row when (new.name = 'Row 250') execute function public.wait()`)
	holder, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = holder.Exec(t.Context(), "select pg_advisory_lock(4711)")
	require.NoError(t, err)

	require.NoError(t, node.Stop(t.Context())) // or it would take the job on

	environ := []string{"DATABASE_URL=" + dsn, "CABINET_DATA=" + t.TempDir()}
	doomed := launch(t, "plain", environ...)
	address, _ := doomed.open(t)
	run := func(address string) {
		t.Helper()
		response, err := http.DefaultTransport.RoundTrip(runImport(t, address, token, id))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusSeeOther, response.StatusCode)
	}
	run(address)
	require.Eventually(t, func() bool {
		return len(query(t, dsn, "select pid from pg_locks where locktype = 'advisory' and not granted")) == 1
	}, 30*time.Second, 20*time.Millisecond, "the import does not reach the row in the middle")
	run(address) // a reader who reloads sends it again
	doomed.kill(t)
	require.Equal(t, []string{"0"}, query(t, dsn, "select count(*) from clientmanager.clients"), "all or nothing")
	require.Equal(t, []string{"0"}, query(t, dsn, "select count(*) from clientmanager.history"))
	require.Equal(t, []string{"false"}, query(t, dsn, "select done::text from clientmanager.imports"))
	require.NoError(t, holder.Close(t.Context()))

	address, _ = launch(t, "plain", environ...).open(t)
	require.Eventually(t, func() bool { // once the dead one's lease is over
		return query(t, dsn, "select done::text from clientmanager.imports")[0] == "true"
	}, 2*time.Minute, 50*time.Millisecond, "nobody goes on with it")
	run(address)
	require.Equal(t, []string{fmt.Sprint(rows)}, query(t, dsn, "select count(*) from clientmanager.clients"), "once and whole")
	require.Equal(t, []string{fmt.Sprint(rows)}, query(t, dsn, "select count(*) from clientmanager.history"))
	require.Equal(t, []string{fmt.Sprint(rows)}, query(t, dsn, "select count(*) from kernel.audit_entry where client_id is not null"), "each client, once")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// firstHead is the session of a new portal's first head.
func firstHead(t *testing.T, p *kernel.Portal) string {
	t.Helper()
	identity := kernelv1.NewIdentityServiceClient(p.Kernel())
	invited, err := identity.InviteFirstHead(t.Context(), &kernelv1.InviteFirstHeadRequest{})
	require.NoError(t, err)
	in, err := identity.AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invited.GetToken(), Name: "Oksana Head", Email: "head@example.com", Password: "correct horse battery",
	})
	require.NoError(t, err)
	return in.GetSessionToken()
}

var csrfField = regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`)

// runImport is the post by which the wizard runs an import.
func runImport(t *testing.T, address, token, id string) *http.Request {
	t.Helper()
	page, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/clients/import?step=check&id="+id, nil)
	require.NoError(t, err)
	page.Header.Set("Cookie", "cabinet_session="+token)
	response, err := http.DefaultClient.Do(page)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	found := csrfField.FindSubmatch(body)
	require.NotNil(t, found, string(body))
	cookies := "cabinet_session=" + token
	for _, c := range response.Cookies() {
		cookies += "; " + c.Name + "=" + c.Value
	}
	form := url.Values{"csrf": {html.UnescapeString(string(found[1]))}, "step": {"run"}, "id": {id}}
	send, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/clients/import", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	send.Header.Set("Cookie", cookies)
	send.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send
}
