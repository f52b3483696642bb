package clientmanager_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// One module's process is killed again and again while requests are filed and approved: each ends whole, as one client with
// one contact, one invitation and one letter. Whether the killed one approves, or lets people in.
func TestARequestEndsWholeWhateverIsKilled(t *testing.T) {
	for _, id := range []string{clientmanager.ID, accountmanager.ID} {
		t.Run(id+" is killed", func(t *testing.T) {
			p := kerneltest.Start(t, kerneltest.Options{
				Assemble: assemble, Processes: []string{id}, Timing: plugin.Timing{Failures: 1_000_000, First: time.Millisecond, Most: 20 * time.Millisecond},
				Config: `modules: {clientmanager: {settings: {registration: {open: true}}}, accountmanager: {settings: {letters: module}}}`,
			})
			requests := v1.NewRegistrationServiceClient(p.Kernel())
			done, ended := make(chan struct{}), make(chan int)
			go func() {
				kills := 0
				for {
					select {
					case <-done:
						ended <- kills
						return
					case <-time.After(time.Duration(50+rand.IntN(900)) * time.Millisecond):
						if pid := p.Processes()[0].Status().PID; pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
							kills++
						}
					}
				}
			}()
			const many = 20
			for i := range many {
				asked := &v1.CreateRegistrationRequest{RequestId: store.NewID(), Registration: &v1.Registration{
					Kind: v1.ClientKind_CLIENT_KIND_PERSON, Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("person%d@example.com", i),
				}}
				made := persist(t, func() (*v1.CreateRegistrationResponse, error) { return requests.CreateRegistration(t.Context(), asked) })
				persist(t, func() (*v1.ApproveRegistrationResponse, error) {
					return requests.ApproveRegistration(t.Context(), &v1.ApproveRegistrationRequest{Id: made.GetRegistration().GetId()})
				})
			}
			close(done)
			t.Logf("%d kills", <-ended)
			require.NoError(t, p.Events().WaitDrained(t.Context()))
			db, err := pgx.Connect(t.Context(), p.DSN)
			require.NoError(t, err)
			defer func() { _ = db.Close(t.Context()) }()
			for _, sql := range []string{
				`clientmanager.clients`, `clientmanager.contacts`, `clientmanager.registrations where state = 'approved' and access like '%access_invited'`,
				`clientmanager.registrations`, `accountmanager.invitations where client_id is not null`, `accountmanager.letters where kind = 21`,
				`(select distinct email, client_id from accountmanager.invitations where client_id is not null) who`,
			} {
				var n int
				require.NoError(t, db.QueryRow(t.Context(), `select count(*) from `+sql).Scan(&n))
				require.Equal(t, many, n, sql)
			}
		})
	}
}

// persist asks again for as long as nobody answers, as a person does.
func persist[T any](t *testing.T, ask func() (T, error)) T {
	t.Helper()
	for range 10_000 {
		answer, err := ask()
		switch status.Code(err) {
		case codes.OK:
			return answer
		case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.Canceled:
		default:
			require.NoError(t, err)
		}
		select {
		case <-t.Context().Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("nobody answered")
	panic("not reached")
}
