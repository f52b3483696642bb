package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// assembleServed is what processes of these tests serve: the modules as they are, but for a clientmanager that turns on
// its portal when it is asked to make a client whose name begins with attackPrefix.
func assembleServed(router *call.Router) ([]module.Unit, error) {
	units, err := assemble(router)
	for i, u := range units {
		if u.Name == clientmanager.ID {
			units[i].Module = &hostile{Module: u.Module, conn: router}
		}
	}
	return append(units, module.Unit{Name: "ticker", Module: ticker(nil)}, module.Unit{Name: "sloppy", Module: sloppy()}, module.Unit{Name: "archive", Module: archive()}), err
}

const attackPrefix = "attack: "

type hostile struct {
	module.Module
	conn grpc.ClientConnInterface
	host *module.Host
}

func (h *hostile) Settings() any { return h.Module.(module.Configurable).Settings() }

func (h *hostile) Register(r module.Registrar) {
	h.host = r.Host()
	h.Module.Register(&hostileRegistrar{r, h})
}

type hostileRegistrar struct {
	module.Registrar
	h *hostile
}

func (r *hostileRegistrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if real, ok := impl.(clientmanagerv1.ClientServiceServer); ok {
		impl = &hostileClients{real, r.h}
	}
	r.Registrar.RegisterService(desc, impl)
}

type hostileClients struct {
	clientmanagerv1.ClientServiceServer
	h *hostile
}

// CreateClient makes a client, or attacks: the answer says how that went.
func (c *hostileClients) CreateClient(ctx context.Context, r *clientmanagerv1.CreateClientRequest) (*clientmanagerv1.CreateClientResponse, error) {
	name, found := strings.CutPrefix(r.GetClient().GetName(), attackPrefix)
	if !found {
		return c.ClientServiceServer.CreateClient(ctx, r)
	}
	err := c.h.attack(ctx, name, r.GetClient().GetLegalName())
	said := "it worked"
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		said = pg.Code + " " + pg.Message
	case err != nil:
		said = fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
	}
	return nil, status.Error(codes.Aborted, said)
}

func (h *hostile) attack(ctx context.Context, name, loot string) error {
	switch name {
	case "sign rows with a call's token":
		_, err := kernelv1.NewHostServiceClient(h.conn).SignRows(ctx, &kernelv1.SignRowsRequest{})
		return err
	case "call what it does not require":
		_, err := kernelv1.NewIdentityServiceClient(h.conn).Identify(ctx, &kernelv1.IdentifyRequest{SessionToken: "x"})
		return err
	}
	statements, found := sqlAttacks[name]
	if !found {
		return fmt.Errorf("no attack %q", name)
	}
	return h.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, sql := range statements.sql {
			if _, err := tx.Exec(ctx, strings.ReplaceAll(sql, "LOOT", strings.ReplaceAll(loot, "'", "''"))); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	denied = "42501 " // insufficient_privilege
	forged = "CB001 " // the kernel's own: the principal does not hold
	// Its own too: it did hold once.
	expired = "CB002 "
	look    = "select from clientmanager.clients"
	// The role that sees what the principal is granted. That which sees all of the module's rows is the module's own
	// too, and asks for no principal.
	asOwn = "set local role cab_kerneltest_clientmanager_own"
)

// sqlAttacks run in a transaction of the module's own login, and end as they say.
var sqlAttacks = map[string]struct {
	ends string
	sql  []string
}{
	"nothing":                          {"it worked", []string{look}},
	"read another module's table":      {denied, []string{"select from accountmanager.credentials"}},
	"read another module's as login":   {denied, []string{"reset role", "select from accountmanager.users"}},
	"write another module's table":     {denied, []string{"update accountmanager.client_copies set suspended = false"}},
	"read its own as login":            {denied, []string{"reset role", look}},
	"take another module's role":       {denied, []string{"set role cab_kerneltest_accountmanager_all"}},
	"take its owner's role":            {denied, []string{"set role cab_kerneltest_clientmanager_owner"}},
	"take the kernel's role":           {denied, []string{"set role cab_kerneltest_kernel"}},
	"take the portal's login":          {denied, []string{"set session authorization cab_kerneltest_login"}},
	"write as the owner":               {denied, []string{"alter table clientmanager.clients disable row level security"}},
	"add a policy":                     {denied, []string{"create policy open on clientmanager.clients using (true)"}},
	"make a table":                     {denied, []string{"create table clientmanager.loot (x text)"}},
	"read the key of principals":       {denied, []string{"select from kernel.principal_key"}},
	"read who sees whom":               {denied, []string{"select from kernel.client_grant"}},
	"read the outbox":                  {denied, []string{"select from kernel.outbox"}},
	"write the inbox":                  {denied, []string{"insert into kernel.inbox (subscriber, event_id) values ('accountmanager.follow-clients', gen_random_uuid())"}},
	"publish another module's event":   {denied, []string{"select kernel.publish(array[gen_random_uuid()], array['cabinet.accountmanager.v1.SessionsEnded'], array['x'], array[''::bytea])"}},
	"publish as the login":             {denied, []string{"reset role", "select kernel.publish(array[gen_random_uuid()], array['cabinet.accountmanager.v1.SessionsEnded'], array['x'], array[''::bytea])"}},
	"apply for another's subscriber":   {denied, []string{"select kernel.apply('LOOT', gen_random_uuid())"}},
	"alter the principal's user":       {forged, []string{"select set_config('cabinet.principal', replace(current_setting('cabinet.principal'), 'staff', 'module'), true)", asOwn, look}},
	"set a principal of its own":       {forged, []string{"select set_config('cabinet.principal', 'v1.staff|018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f||clientmanager|99999999999.00', true)", asOwn, look}},
	"use another module's principal":   {forged, []string{"select set_config('cabinet.principal', 'LOOT', true)", asOwn, `select kernel.once_claim('m', 'r', '\x00')`}},
	"insert into the audit log":        {denied, []string{"insert into kernel.audit_entry (id, actor_kind, module, method, outcome) values (gen_random_uuid(), 'kernel', 'clientmanager', 'x', 'done')"}},
	"update the audit log":             {denied, []string{"update kernel.audit_entry set actor_id = null"}},
	"delete from the audit log":        {denied, []string{"delete from kernel.audit_entry"}},
	"truncate the audit log":           {denied, []string{"truncate kernel.audit_entry"}},
	"delete what the audit log holds":  {denied, []string{"delete from kernel.audit_detail"}},
	"read the audit log":               {denied, []string{"select from kernel.audit_entry"}},
	"sweep the audit log":              {denied, []string{"select kernel.audit_sweep(now(), now(), 1)"}},
	"erase from the audit log":         {denied, []string{"select kernel.audit_erase(gen_random_uuid())"}},
	"tell of a refusal":                {denied, []string{"select kernel.audit_refused('LOOT', 'x')"}},
	"tell what a user did not do":      {denied, []string{"select kernel.audit('', 'clientmanager.x', '[{}]')"}},
	"tell what another did":            {forged, []string{"select kernel.audit('LOOT', '', '[{}]')"}},
	"tell what another's module did":   {denied, []string{"select kernel.audit('LOOT', '', '[{}]')"}},
	"tell it after the call":           {expired, []string{"select kernel.audit('LOOT', '', '[{}]')"}},
	"use a principal that has expired": {expired, []string{"select set_config('cabinet.principal', 'LOOT', true)", asOwn, look}},
}

// A module that runs in a process of its own, with its own login, and has turned on the portal: nothing that it tries
// succeeds, whether through the kernel or past it.
func TestAHostileProcess(t *testing.T) {
	log := &lines{}
	p := kerneltest.Start(t, kerneltest.Options{
		Assemble: assemble, Processes: []string{clientmanager.ID}, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	clients := clientmanagerv1.NewClientServiceClient(p.Head(t).Conn)
	require.NotEmpty(t, p.Client(t, "A client, so that there is something to see"))
	other, _, err := p.Store().SignRows(t.Context(), "accountmanager")
	require.NoError(t, err)
	// As the kernel would have signed it long ago.
	old := query(t, p.DSN, `select body || '.' || encode(sha256(outer_pad || sha256(inner_pad || convert_to(body, 'UTF8'))), 'hex')
		from kernel.principal_key, (values ('v1.staff|018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f||clientmanager|1000000000')) b(body)`)[0]
	call := func(module string, until int) string {
		body := fmt.Sprintf(`{"id":"018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f","until":%d,"kind":"staff","user":"018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f","via":[],"module":"%s","method":"/x/Y"}`, until, module)
		return query(t, p.DSN, `select 'c1.' || encode(sha256(outer_pad || sha256(inner_pad || convert_to('c1.' || body, 'UTF8'))), 'hex') || '.' || body
			from kernel.principal_key, (values ('`+body+`')) b(body)`)[0]
	}
	loot := map[string]string{
		"use another module's principal":   other,
		"tell what another did":            strings.Replace(call("clientmanager", 9999999999), "018f3c1e", "018f3c1f", 1),
		"tell what another's module did":   call("accountmanager", 9999999999),
		"tell it after the call":           call("clientmanager", 1000000000),
		"tell of a refusal":                call("clientmanager", 9999999999),
		"use a principal that has expired": old,
		"apply for another's subscriber":   "accountmanager.follow-clients",
	}
	attack := func(t *testing.T, name string) string {
		_, err := clients.CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{
			RequestId: store.NewID(),
			Client:    &clientmanagerv1.Client{Name: attackPrefix + name, LegalName: loot[name], Kind: clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY},
		})
		require.Equal(t, codes.Aborted, status.Code(err), err)
		return status.Convert(err).Message()
	}
	for name, a := range sqlAttacks {
		t.Run(name, func(t *testing.T) {
			said := attack(t, name)
			require.True(t, strings.HasPrefix(said, a.ends), said)
		})
	}
	for name, want := range map[string]struct{ says, logs string }{
		"sign rows with a call's token": {"Unauthenticated", "the token of a call asks for what only the module itself may"},
		"call what it does not require": {"PermissionDenied", "a module's process was refused a call"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotContains(t, log.String(), want.logs)
			said := attack(t, name)
			require.True(t, strings.HasPrefix(said, want.says), said)
			require.Contains(t, log.String(), want.logs)
			require.Contains(t, log.String(), "module=clientmanager")
		})
	}
	require.Equal(t, "it worked", attack(t, "nothing"), "after all of it the module is served as before")
}

// lines keep what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
