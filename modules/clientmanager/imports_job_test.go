package clientmanager_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// started is a portal and a file of somebody's that was checked.
type started struct {
	*kerneltest.Portal
	imports v1.ImportServiceClient
	id      string
}

func checkedFile(t *testing.T, p *kerneltest.Portal, u *kerneltest.User, rows int) *started {
	t.Helper()
	var content strings.Builder
	content.WriteString("name,code,phone\n")
	for n := range rows {
		fmt.Fprintf(&content, "Client %d,C-%d,+38044%07d\n", n, n, n)
	}
	return checkedText(t, p, u, content.String())
}

func checkedText(t *testing.T, p *kerneltest.Portal, u *kerneltest.User, content string) *started {
	t.Helper()
	s := &started{Portal: p, imports: v1.NewImportServiceClient(u.Conn)}
	made, err := s.imports.CreateImport(t.Context(), &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "x.csv", Content: []byte(content)})
	require.NoError(t, err)
	s.id = made.GetImport().GetId()
	_, err = s.imports.CheckImport(t.Context(), &v1.CheckImportRequest{Id: s.id, Mapping: suggested(made.GetImport())})
	require.NoError(t, err)
	return s
}

func (s *started) start(t *testing.T) {
	t.Helper()
	_, err := s.imports.StartImport(t.Context(), &v1.StartImportRequest{Id: s.id})
	require.NoError(t, err)
}

// end waits until the job has ended.
func (s *started) end(t *testing.T) *v1.Import {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		require.NoError(t, s.Events().WaitDrained(ctx))
		got, err := s.imports.GetImport(ctx, &v1.GetImportRequest{Id: s.id})
		if err == nil && !got.GetImport().GetRunning() {
			return got.GetImport()
		}
		if status.Code(err) != codes.Unavailable {
			require.NoError(t, err)
		}
	}
}

func counted(t *testing.T, p *kerneltest.Portal, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it was only read
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func TestAnImportAsAJob(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	olha, head := p.Staff(t, "manager"), p.Head(t)
	s := checkedFile(t, p, olha, 2500)
	for range 2 {
		s.start(t)
	}
	i := s.end(t)
	require.True(t, i.GetDone())
	require.EqualValues(t, 2500, i.GetReport().GetCreated())
	require.EqualValues(t, 2500, i.GetRowsDone())
	s.start(t) // what is done stays so
	require.Equal(t, 2500, counted(t, p, "select count(*) from clientmanager.clients where manager_id = $1", olha.ID), "who starts it serves what is new")
	require.Equal(t, 2500, counted(t, p, "select count(*) from clientmanager.history where what = 'imported' and actor_id = $1", olha.ID))
	require.Equal(t, 2500, counted(t, p, "select count(*) from kernel.client_grant where user_id = $1", olha.ID))
	require.Equal(t, 2500, counted(t, p, "select count(*) from kernel.audit_entry where method = 'clientmanager.run-import' and resource_id is not null"))
	list, err := v1.NewClientServiceClient(olha.Conn).ListClients(t.Context(), &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 2500, list.GetTotalSize())

	t.Run("keeps within what its starter sees", func(t *testing.T) {
		other := p.Staff(t, "manager")
		foreign := checkedText(t, p, other, "name,code\nStolen,C-1\nOwn,O-1\n")
		foreign.start(t)
		report := foreign.end(t).GetReport()
		require.EqualValues(t, 1, report.GetFailed())
		require.EqualValues(t, 1, report.GetCreated())
		require.Zero(t, counted(t, p, "select count(*) from clientmanager.clients where name = 'Stolen'"))
		// Seen at the check, and no more when it is started.
		mine := checkedText(t, p, olha, "name,code\nRenamed,C-2\n")
		id := list.GetClients()[0].GetId()
		require.NoError(t, err)
		got, err := v1.NewClientServiceClient(olha.Conn).ListClients(t.Context(), &v1.ListClientsRequest{Name: "Client 2"})
		require.NoError(t, err)
		for _, c := range got.GetClients() {
			if c.GetCode() == "C-2" {
				id = c.GetId()
			}
		}
		p.Serve(t, other, id)
		_, err = mine.imports.StartImport(t.Context(), &v1.StartImportRequest{Id: mine.id})
		require.Equal(t, codes.Aborted, status.Code(err))
		_, err = mine.imports.StartImport(t.Context(), &v1.StartImportRequest{Id: s.id})
		require.NoError(t, err)
		_, err = v1.NewImportServiceClient(other.Conn).StartImport(t.Context(), &v1.StartImportRequest{Id: mine.id})
		require.Equal(t, codes.NotFound, status.Code(err), "another's")
	})
	t.Run("ends with its reason when somebody was faster", func(t *testing.T) {
		s := checkedText(t, p, head, "name,code\nNew,N-1\n")
		conn, err := pgx.Connect(t.Context(), p.DSN)
		require.NoError(t, err)
		defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it was only used
		_, err = conn.Exec(t.Context(), `create function public.clash() returns trigger language plpgsql as $$
			begin raise exception using errcode = '23505', constraint = 'clients_code_unique', schema = 'clientmanager', table = 'clients'; end $$;
			create trigger clash before insert on clientmanager.clients for each row execute function public.clash()`)
		require.NoError(t, err)
		s.start(t)
		i := s.end(t)
		require.False(t, i.GetDone())
		require.Equal(t, "clientmanager.import.meanwhile", i.GetProblemKey())
		_, err = conn.Exec(t.Context(), "drop trigger clash on clientmanager.clients")
		require.NoError(t, err)
		s.start(t)
		require.True(t, s.end(t).GetDone(), "it can be started again")
	})
}

// The module's process is killed at random moments of a job. At each of them all of the file is there or nothing, and in
// the end all of it, once.
func TestAnImportWhoseProcessIsKilled(t *testing.T) {
	t.Parallel()
	const rows = 6000
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{clientmanager.ID}})
	s := checkedFile(t, p, p.Head(t), rows)
	s.start(t)
	process := p.Processes()[0]
	kills := 0
	for range 4 {
		at := int32(rand.N(rows))
		for { // until the job has come past so many rows, or is done
			got, err := s.imports.GetImport(t.Context(), &v1.GetImportRequest{Id: s.id})
			if err != nil || got.GetImport().GetRunning() && got.GetImport().GetRowsDone() < at {
				continue
			}
			break
		}
		there := counted(t, p, "select count(*) from clientmanager.clients")
		require.Contains(t, []int{0, rows}, there)
		changed := process.Changed()
		if pid := process.Status().PID; pid > 0 {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			<-changed
			kills++
		}
		if there == rows {
			break
		}
	}
	i := s.end(t)
	require.True(t, i.GetDone(), "%d kills", kills)
	require.EqualValues(t, rows, i.GetReport().GetCreated())
	for _, table := range []string{"clientmanager.clients", "kernel.client", "clientmanager.history", "clientmanager.import_rows"} {
		require.Equal(t, rows, counted(t, p, "select count(*) from "+table), table)
	}
}
