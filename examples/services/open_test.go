package main

import (
	"bytes"
	"context"
	"encoding/base32"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	accountsv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/reading"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) { // started again for a module that has a process of its own
		return
	}
	goleak.VerifyTestMain(m)
}

// site is the example as `go run ./examples/services` opens it, on a cluster and a port of its own.
type site struct {
	*kernel.Portal
	// password is what the program prints: the same for everybody in the story.
	password string
}

func openSite(t *testing.T, change ...func(*kernel.Options)) *site {
	t.Helper()
	return openSiteWith(t, portalYAML, quietLog(t), change...)
}

// quietLog shows errors alone.
func quietLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

func openSiteWith(t *testing.T, text []byte, log *slog.Logger, change ...func(*kernel.Options)) *site {
	t.Helper()
	s := &site{}
	if os.Getenv("CABINET_MODE") == "process" { // the same tests, with clientmanager in a process of its own too
		line := []byte("\n  clientmanager:\n")
		require.Contains(t, string(text), string(line))
		text = bytes.Replace(text, line, []byte("\n  clientmanager:\n    run: process\n"), 1)
	}
	// In the working folder lies the example's own, which would go before a built-in text.
	file := filepath.Join(t.TempDir(), config.DefaultPath)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	options := kernel.Options{
		Assemble: assemble,
		Seed: func(ctx context.Context, seed *kernel.Seed) error {
			s.password = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed.Key("password", 10)))
			return tell(ctx, seed)
		},
		Config:  config.Options{Path: file, Environ: []string{"CABINET_LISTEN=127.0.0.1:0", "CABINET_DATA=" + t.TempDir()}},
		Cluster: func(ctx context.Context, _ string) (*cluster.Cluster, error) { return cluster.ForTests(ctx) },
		Log:     log,
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	s.Portal, err = kernel.New(options)
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, s.Start(t.Context()))
	t.Logf("the portal opened in %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return s
}

// firstHead is the path of the link that the program prints for the first head.
func (s *site) firstHead(t *testing.T) string {
	t.Helper()
	invited, err := kernelv1.NewIdentityServiceClient(s.Kernel()).InviteFirstHead(t.Context(), &kernelv1.InviteFirstHeadRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, invited.GetToken(), "the portal has a head already")
	return "/invitation/" + invited.GetToken()
}

// session signs somebody of the story in and returns the session's token.
func (s *site) session(t *testing.T, email string) string {
	t.Helper()
	in, err := kernelv1.NewIdentityServiceClient(s.Kernel()).SignIn(t.Context(), &kernelv1.SignInRequest{Login: email, Password: s.password})
	require.NoError(t, err)
	return in.GetSessionToken()
}

// user is the id of whom a session belongs to.
func (s *site) user(t *testing.T, session string) string {
	t.Helper()
	who, err := kernelv1.NewIdentityServiceClient(s.Kernel()).Identify(t.Context(), &kernelv1.IdentifyRequest{SessionToken: session})
	require.NoError(t, err)
	return who.GetIdentity().GetUserId()
}

// actingFor signs somebody in for one of their clients.
func (s *site) actingFor(t *testing.T, email, client string) string {
	t.Helper()
	token := s.session(t, email)
	_, err := kernelv1.NewIdentityServiceClient(s.Kernel()).SwitchClient(t.Context(), &kernelv1.SwitchClientRequest{SessionToken: token, ClientId: client})
	require.NoError(t, err)
	return token
}

// park has two events be parked, as a handler that keeps failing does, and one wait to be tried again, so that the head's
// pages about them can be seen.
func (s *site) park(t *testing.T) {
	t.Helper()
	_, err := s.Store().Pool().Exec(t.Context(), `
		with c as (
			insert into kernel.client (id, module) select gen_random_uuid(), 'clientmanager' from generate_series(1, 3) returning id::text as client
		), e as (
			insert into kernel.outbox (id, source, type, key, payload)
			select gen_random_uuid(), 'clientmanager', 'cabinet.clientmanager.v1.ClientSuspended', client, '\x0a24'::bytea || convert_to(client, 'UTF8')
			from c returning *
		)
		insert into kernel.lane (subscriber, key, done, last, attempts, due, parked_at, error)
		select 'accountmanager.follow-clients', key, seq - 1, seq, 3, now() + interval '3 minutes', case when row_number() over () < 3 then now() end,
			E'the gateway of the bank answered 503 Service Unavailable, and said neither why nor for how long; its certificate ends tomorrow\ngoroutine 41 [running]:\nmain.handle(0x1)'
		from e`)
	require.NoError(t, err)
}

// technical are names that are the same in each language: of those who hear events, and of what they hear.
func (s *site) technical(t *testing.T) []string {
	t.Helper()
	rows, err := s.Store().Pool().Query(t.Context(), `select distinct unnest(array[type, subscriber]) from kernel.subscription`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return append(names, reading.Method) // which the audit log has beside methods of contracts
}

// head makes one more head and returns their session's token.
func (s *site) head(t *testing.T) string {
	t.Helper()
	invited, err := accountsv1.NewInvitationServiceClient(s.Kernel()).InviteStaff(t.Context(), &accountsv1.InviteStaffRequest{
		RequestId: uuid.NewString(), Name: "Oksana Hrynko", Email: "oksana@polissia.example", Role: "head",
	})
	require.NoError(t, err)
	in, err := kernelv1.NewIdentityServiceClient(s.Kernel()).AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invited.GetToken(), Name: "Oksana Hrynko", Password: s.password,
	})
	require.NoError(t, err)
	return in.GetSessionToken()
}
