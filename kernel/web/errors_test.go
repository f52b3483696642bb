package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

var referenceShape = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// Every error is a page in its reader's words, inside the layout; what is our fault has a reference that the log knows.
func TestErrorsArePages(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	for code, want := range map[codes.Code]struct {
		status int
		key    string
	}{
		codes.NotFound: {404, "not_found"}, codes.PermissionDenied: {403, "not_allowed"}, codes.Unauthenticated: {401, "signed_out"},
		codes.FailedPrecondition: {409, "conflict"}, codes.Aborted: {409, "conflict"}, codes.ResourceExhausted: {429, "too_many"},
		codes.InvalidArgument: {400, "bad_request"}, codes.Unavailable: {503, "unavailable"}, codes.DeadlineExceeded: {503, "unavailable"},
		codes.Internal: {500, "internal"}, codes.DataLoss: {500, "internal"}, codes.Unknown: {500, "internal"},
	} {
		s.faults.set(clientmanagerv1.ClientService_GetClient_FullMethodName, func(context.Context) error {
			return status.Error(code, "a secret of the provider: "+code.String())
		})
		for _, language := range []string{"en", "uk", "ru"} {
			page := s.send(t, head, http.MethodGet, "/clients/"+client, nil, "Accept-Language", language)
			text := s.Texts().For(language, nil)
			require.Equal(t, want.status, page.Status, code)
			require.Contains(t, page.Body, text.T("kernel.error."+want.key), code)
			require.Contains(t, page.Body, `<html lang="`+language+`"`, code)
			require.Contains(t, page.Body, `action="/sign-out"`, "inside the layout")
			require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
			if want.status != http.StatusConflict { // which says why, in the provider's words
				require.NotContains(t, page.Body, "a secret of the provider", code)
			}
			if want.status < 500 {
				continue
			}
			body := page.Body[strings.Index(page.Body, `id="main"`):]
			reference := referenceShape.FindString(body)
			require.NotEmpty(t, reference, body)
			require.Contains(t, s.log.String(), reference, "what the reader tells us can be looked up")
		}
	}
	page := s.send(t, head, http.MethodGet, "/nowhere", nil, "Accept-Language", "uk")
	require.Equal(t, http.StatusNotFound, page.Status)
	require.Contains(t, page.Body, s.Texts().For("uk", nil).T("kernel.error.not_found"))
}

func TestAProviderPanics(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	s.faults.set(clientmanagerv1.ClientService_GetClient_FullMethodName, func(context.Context) error { panic("at the disco") })
	page := head.Get(t, "/clients/"+client)
	require.Equal(t, http.StatusInternalServerError, page.Status)
	require.NotContains(t, page.Body, "disco")
	require.Contains(t, s.log.String(), "at the disco")
	s.faults.set(clientmanagerv1.ClientService_GetClient_FullMethodName, nil)
	require.Equal(t, http.StatusOK, head.Get(t, "/clients/"+client).Status)
}

// The reader goes away while a page is made: nobody is told, and nothing is wrong.
func TestTheReaderGoesAway(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	begun, left := make(chan struct{}), make(chan struct{})
	s.faults.set(clientmanagerv1.ClientService_ListClients_FullMethodName, func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		close(left)
		return ctx.Err()
	})
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/clients", nil)
	require.NoError(t, err)
	go func() { <-begun; leave() }()
	response, err := head.HTTP.Do(r)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
	<-left
	s.faults.set(clientmanagerv1.ClientService_ListClients_FullMethodName, nil)
	require.Equal(t, http.StatusOK, head.Get(t, "/clients").Status)
	require.NotContains(t, s.log.String(), "level=ERROR")
}

// A connection breaks in the middle of a change: the reader sees a page, nothing is half-written, and the next try works.
func TestTheDatabaseGoesAwayInTheMiddle(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	db, err := pgx.Connect(t.Context(), s.DSN)
	require.NoError(t, err)
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	run := func(sql string) {
		_, err := db.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	run(`create function public.wait() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(4712); return new; end $$`)
	run(`create trigger wait before insert on clientmanager.history for each row execute function public.wait()`)
	run(`select pg_advisory_lock(4712)`)

	form := s.formOf(t, head, "/clients/"+client+"/edit")
	form.Set("name", "Zerno Roastery and Sons")
	answered := make(chan int, 1)
	var body string
	go func() {
		page := s.post(t, head, "/clients/"+client+"/edit", form)
		body = page.Body
		answered <- page.Status
	}()
	require.Eventually(t, func() bool {
		var broken int
		err := db.QueryRow(t.Context(), `select count(*) from (select pg_terminate_backend(pid) from pg_locks
			where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())) x`).Scan(&broken)
		return err == nil && broken == 1
	}, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, http.StatusServiceUnavailable, <-answered, body)
	require.Contains(t, body, "Nothing was changed")
	run(`select pg_advisory_unlock(4712)`)

	page := head.Get(t, "/clients/"+client)
	require.Equal(t, http.StatusOK, page.Status)
	require.NotContains(t, page.Body, "and Sons")
	require.Equal(t, http.StatusSeeOther, s.post(t, head, "/clients/"+client+"/edit", form).Status, "the same form works when it is sent again")
	require.Contains(t, head.Get(t, "/clients/"+client).Body, "Zerno Roastery and Sons")
}

// Without a database every page says that it comes back, nobody is signed out, and it does come back by itself.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status)
	u, err := url.Parse(s.DSN)
	require.NoError(t, err)
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	db, err := pgx.Connect(t.Context(), u.String())
	require.NoError(t, err)
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	run := func(sql string) {
		_, err := db.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	run("alter database " + name + " connection limit 0")
	run("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'")
	nobody := s.Anonymous(t)
	csrf := nobody.CSRF(t)
	for _, path := range []string{"/", "/clients", "/settings", "/nowhere"} {
		page := head.Get(t, path)
		require.Equal(t, http.StatusServiceUnavailable, page.Status, path)
		require.Contains(t, page.Body, "It comes back by itself", path)
		require.NotContains(t, page.Header.Get("Set-Cookie"), "cabinet_session", "nobody is signed out")
	}
	form := signIn(head, "x")
	form.Set("csrf", csrf)
	require.Equal(t, http.StatusServiceUnavailable, s.post(t, nobody, "/sign-in", form).Status, "not: the password is wrong")
	require.Equal(t, http.StatusOK, nobody.Get(t, "/sign-in").Status)

	run("alter database " + name + " connection limit -1")
	require.Eventually(t, func() bool { return head.Get(t, "/").Status == http.StatusOK }, 30*time.Second, 50*time.Millisecond)
}
