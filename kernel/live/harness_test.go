package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	if os.Getenv(readersEnv) != "" {
		os.Exit(readers())
	}
	os.Exit(kerneltest.Main(m))
}

func assemble(router *call.Router) ([]module.Unit, error) {
	return []module.Unit{
		module.Unit(clientmanager.NewUnit(clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router)))),
		module.Unit(accountmanager.NewUnit(accountmanager.New(clientmanagerv1.NewClientServiceClient(router)))),
	}, nil
}

// Topics of the tests.
const (
	aClient      = "cabinet.clientmanager.v1.Client"
	anInvitation = "cabinet.accountmanager.v1.Invitation"
)

// patience is how long something may take on a machine that has much else to do.
const patience = 20 * time.Second

// told is one event of a stream.
type told struct {
	ID, Event string
	Of        []string
	Again     bool
	In        int64
}

func (e told) has(topic string) bool {
	for _, t := range e.Of {
		if t == topic || strings.HasPrefix(t, topic+" ") {
			return true
		}
	}
	return false
}

// stream is a reader's EventSource, as a browser has it.
type stream struct {
	t      testing.TB
	status int
	events chan told // closed when the stream ended
	close  context.CancelFunc
}

// listen opens a stream for somebody who has seen what there was until now.
func listen(t testing.TB, p *kerneltest.Portal, u *kerneltest.User) *stream {
	t.Helper()
	settle(t, p)
	return listenSince(t, p, u, p.Live().Version())
}

// settle returns when a portal has told all that was committed before.
func settle(t testing.TB, p *kerneltest.Portal) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var xid string
	require.NoError(t, conn.QueryRow(t.Context(), `
		insert into kernel.live_note (module, topics, fence, ids) select 'nobody', '{}', 'shared', '{}' from pg_notify('cabinet_live', '')
		returning xid::text`).Scan(&xid))
	for seen, began := false, time.Now(); !seen; {
		require.Less(t, time.Since(began), patience, "the hub does not follow")
		require.NoError(t, conn.QueryRow(t.Context(), `select pg_visible_in_snapshot($1::text::xid8, $2::text::pg_snapshot)`,
			xid, p.Live().Version()).Scan(&seen))
	}
}

func listenSince(t testing.TB, p *kerneltest.Portal, u *kerneltest.User, since string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"/live?since="+since, nil)
	require.NoError(t, err)
	response, err := u.HTTP.Do(r)
	require.NoError(t, err)
	s := &stream{t: t, status: response.StatusCode, events: make(chan told, 1000), close: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.events)
		defer func() { _ = response.Body.Close() }()
		scan(bufio.NewReader(response.Body), func(e told) { s.events <- e })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// scan reads server-sent events until the end, those with an id alone too.
func scan(in *bufio.Reader, each func(told)) {
	var e told
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			if e.ID != "" || e.Event != "" {
				each(e)
			}
			e = told{}
		case name == "id":
			e.ID = value
		case name == "event":
			e.Event = value
		case name == "data":
			if json.Unmarshal([]byte(value), &e) != nil {
				return
			}
		}
	}
}

// next is the next event; ok is false when the stream ended first.
func (s *stream) next() (e told, ok bool) {
	s.t.Helper()
	select {
	case e, ok = <-s.events:
		return e, ok
	case <-time.After(patience):
		require.Fail(s.t, "nothing was told")
		return told{}, false
	}
}

// until returns what was told up to an event that has the topic, that event included.
func (s *stream) until(topic string) []told {
	s.t.Helper()
	var heard []told
	for {
		e, ok := s.next()
		require.True(s.t, ok, "the stream ended before %s was told; heard %v", topic, heard)
		heard = append(heard, e)
		if e.has(topic) {
			return heard
		}
	}
}

// ended reads to the end, and returns what came before it.
func (s *stream) ended() []told {
	s.t.Helper()
	var heard []told
	for {
		e, ok := s.next()
		if !ok {
			return heard
		}
		heard = append(heard, e)
	}
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// rename changes a client, as somebody who may.
func rename(t testing.TB, u *kerneltest.User, id, name string) {
	t.Helper()
	clients := clientmanagerv1.NewClientServiceClient(u.Conn)
	got, err := clients.GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: id})
	require.NoError(t, err)
	c := got.GetClient()
	c.Name = name
	_, err = clients.UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{Client: c, UpdateMask: mask("name")})
	require.NoError(t, err)
}

// sql runs a statement as the superuser.
func sql(t testing.TB, p *kerneltest.Portal, statement string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), statement, args...)
	require.NoError(t, err)
}

// asRole runs a statement as a module's process could: with its runtime role.
func asRole(t testing.TB, p *kerneltest.Portal, role, statement string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), "set session authorization "+pgx.Identifier{role}.Sanitize())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), statement)
	return err
}

func acceptAs(t testing.TB, p *kerneltest.Portal, u *kerneltest.User, invitation string) {
	t.Helper()
	_, err := kernelv1.NewIdentityServiceClient(p.Kernel()).AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invitation, Name: u.Name, Password: kerneltest.Password,
	})
	require.NoError(t, err)
}

func switchTo(t testing.TB, p *kerneltest.Portal, u *kerneltest.User, client string) {
	t.Helper()
	_, err := kernelv1.NewIdentityServiceClient(p.Kernel()).SwitchClient(t.Context(), &kernelv1.SwitchClientRequest{
		SessionToken: u.Token, ClientId: client,
	})
	require.NoError(t, err)
}

// asleep returns when a node of the portal sleeps.
func asleep(t testing.TB, p *kerneltest.Portal) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for down, began := false, time.Now(); !down; {
		require.Less(t, time.Since(began), patience, "the node does not sleep")
		require.NoError(t, conn.QueryRow(t.Context(), `select exists (select from kernel.live_asleep)`).Scan(&down))
	}
}
