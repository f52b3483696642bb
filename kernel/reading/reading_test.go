package reading_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/reading"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

func open(t *testing.T, config string) (*kerneltest.Portal, *kerneltest.User) {
	t.Helper()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: config + "modules: {accountmanager: {settings: {letters: log}}}\n"})
	head := p.Head(t)
	for i := range 20 {
		_, err := clientmanagerv1.NewClientServiceClient(p.Kernel()).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{
			RequestId: store.NewID(), Client: &clientmanagerv1.Client{Name: fmt.Sprintf("Client %d", i)},
		})
		require.NoError(t, err)
	}
	return p, head
}

// shown has somebody list twenty clients.
func shown(t *testing.T, u *kerneltest.User) {
	t.Helper()
	got, err := clientmanagerv1.NewClientServiceClient(u.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetClients(), 20)
}

func count(t *testing.T, p *kerneltest.Portal, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it was only read
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

const entries = "select count(*) from kernel.audit_entry where method = 'kernel.mass_reading' and actor_id = $1"

// until waits for something to be so in the database, which is told in the background.
func until(t *testing.T, p *kerneltest.Portal, want int, sql string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for count(t, p, sql, args...) != want {
		require.NoError(t, ctx.Err(), "%s", sql)
	}
}

func TestWhoReadsAMassIsNoticed(t *testing.T) {
	t.Parallel()
	p, head := open(t, "reading: {rows_per_hour: 100}\n")
	other, quiet := p.Head(t), p.Head(t)
	// Forty rows on one node and forty on another are no mass.
	beside := p.Beside(t)
	twin := beside.User(t, head.Token)
	for _, u := range []*kerneltest.User{head, twin, head, twin, other} {
		shown(t, u)
	}
	until(t, p, 80, "select coalesce(sum(rows), 0) from kernel.reading where user_id = $1", head.ID)
	require.Zero(t, count(t, p, entries, head.ID))
	require.NotContains(t, other.Get(t, "/").Body, "Much was read")
	// The fifth list makes it a hundred, on whichever node.
	for range 10 {
		shown(t, twin)
	}
	until(t, p, 1, entries, head.ID)
	until(t, p, 1, "select count(*) from kernel.reading_alert where told")
	page := quiet.Get(t, "/")
	require.Contains(t, page.Body, "Much was read")
	require.Contains(t, page.Body, "was shown an unusual number of rows about clients in an hour")
	require.Contains(t, page.Body, `href="/audit`)
	require.Equal(t, 1, count(t, p, "select count(*) from kernel.outbox where type = 'cabinet.kernel.v1.MassReading'"))
	until(t, p, 280, "select coalesce(sum(rows), 0) from kernel.reading where user_id = $1", head.ID)
	require.Equal(t, 1, count(t, p, entries, head.ID), "once in an hour")
	require.Zero(t, count(t, p, entries, other.ID))
}

func TestWhatIsNoReading(t *testing.T) {
	t.Parallel()
	p, head := open(t, "reading: {rows_per_hour: 10}\n")
	one := p.Client(t, "Own")
	director := p.Contact(t, one, "client.director")
	for range 20 { // a contact's own, and what a head exports
		_, err := clientmanagerv1.NewProfileServiceClient(director.Conn).GetProfile(t.Context(), &clientmanagerv1.GetProfileRequest{})
		require.NoError(t, err)
	}
	stream, err := kernelv1.NewExportServiceClient(head.Conn).ExportList(t.Context(), &kernelv1.ExportListRequest{
		Screen: "clientmanager.clients", Format: kernelv1.ExportFormat_EXPORT_FORMAT_CSV,
	})
	require.NoError(t, err)
	for err == nil {
		_, err = stream.Recv()
	}
	require.NoError(t, p.Stop(t.Context())) // tells what it has
	require.Zero(t, count(t, p, "select count(*) from kernel.reading"))
}

func TestNothingIsCounted(t *testing.T) {
	t.Parallel()
	p, head := open(t, "reading: {rows_per_hour: 0}\n")
	for range 100 {
		shown(t, head)
	}
	require.NoError(t, p.Stop(t.Context()))
	require.Zero(t, count(t, p, "select count(*) from kernel.reading"))
}

// What a node counted is told when it stops.
func TestWhatIsCountedIsToldAtTheEnd(t *testing.T) {
	t.Parallel()
	p, head := open(t, "")
	shown(t, head)
	require.NoError(t, p.Stop(t.Context()))
	require.Equal(t, 20, count(t, p, "select sum(rows) from kernel.reading where user_id = $1", head.ID))
}

func BenchmarkRead(b *testing.B) {
	c := reading.New(reading.Config{Threshold: 1 << 40})
	who := access.Principal{Kind: access.Staff, UserID: store.NewID()}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Read(&who, 50)
		}
	})
}
