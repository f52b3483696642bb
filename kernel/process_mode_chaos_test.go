package kernel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A module's process is killed again and again under 32 callers: no read fails, no client is made twice, no event is
// lost or applied twice, the audit log tells what was done and nothing else, and nothing is left when the portal has
// stopped. Whether the killed one publishes the events or hears them.
func TestChaos(t *testing.T) {
	for _, id := range []string{"clientmanager", "accountmanager"} {
		t.Run(id+" is killed", func(t *testing.T) {
			dsn := database(t)
			left := whatIsLeft(t)
			c := openChaos(t, id, dsn)
			c.run(kills())
			require.NoError(t, c.portal.Events().WaitDrained(t.Context()))
			stop(t, c.portal)
			c.check()
			left(c.sockets)
		})
	}
}

type chaos struct {
	*testing.T
	dsn     string
	portal  *kernel.Portal
	process *plugin.Process
	sockets string // the folder
	random  *rand.Rand
	session string // somebody's
	clients clientmanagerv1.ClientServiceClient
	who     kernelv1.IdentityServiceClient

	reads, made, turned, repeated atomic.Int64
	failed                        chan error
	known                         []string // clients to read
}

func openChaos(t *testing.T, id, dsn string) *chaos {
	t.Helper()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	options := with(t, assemble, "modules:\n  "+id+":\n    run: process\n", "DATABASE_URL="+dsn, "CABINET_ID=chaos")
	options.Log = nil // a process that is killed is what a log is for; these are too many
	options.Timing = plugin.Timing{Failures: 1_000_000, First: time.Millisecond, Most: 20 * time.Millisecond}
	p, err := kernel.New(options)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() { stop(t, p) })
	require.Len(t, p.Processes(), 1)
	c := &chaos{
		T: t, dsn: dsn, portal: p, process: p.Processes()[0], failed: make(chan error, 64), random: rand.New(rand.NewPCG(uint64(seed), 1)),
		clients: clientmanagerv1.NewClientServiceClient(p.Kernel()), who: kernelv1.NewIdentityServiceClient(p.Kernel()),
	}
	c.sockets = socketFolder(t, c.process.Status().PID)
	// Each effect of an event is one write of this row: counted, so that one that happens twice is seen.
	query(t, dsn, `create table public.writes (client_id uuid);
		create function public.count_writes() returns trigger language plpgsql security definer as
			'begin insert into public.writes values (new.client_id); return new; end';
		create trigger count_writes after insert or update of suspended on accountmanager.client_copies
			for each row execute function public.count_writes()`)
	invited, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).InviteStaff(t.Context(), &accountmanagerv1.InviteStaffRequest{
		RequestId: store.NewID(), Name: "Oksana Head", Email: "head@example.com", Role: "head",
	})
	require.NoError(t, err)
	accepted, err := c.who.AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invited.GetToken(), Name: "Oksana Head", Password: "correct horse battery",
	})
	require.NoError(t, err)
	c.session = accepted.GetSessionToken()
	for i := range 6 {
		id, err := c.create(t.Context(), fmt.Sprint("known ", i))
		require.NoError(t, err)
		c.known = append(c.known, id)
	}
	return c
}

// run kills the process under callers.
func (c *chaos) run(kills int) {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	var callers sync.WaitGroup
	caller := func(do func(ctx context.Context, turn int) error) {
		callers.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				limit, end := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
				err := do(limit, turn) // to its end, so that what was done is known
				end()
				if err != nil {
					c.failed <- err
					return
				}
			}
		})
	}
	for range 16 {
		caller(c.read)
	}
	for i := range 10 {
		caller(func(ctx context.Context, turn int) error {
			_, err := c.create(ctx, fmt.Sprintf("made %d %d", i, turn))
			return err
		})
	}
	for _, id := range c.known {
		caller(func(ctx context.Context, turn int) error { return c.turn(ctx, id, turn) })
	}
	for range kills {
		pid, err := c.ready(ctx)
		require.NoError(c, err)
		for until := c.reads.Load() + c.random.Int64N(60); c.reads.Load() < until; { // so many reads later
			require.NoError(c, c.read(ctx, 0))
		}
		changed := c.process.Changed()
		require.NoError(c, syscall.Kill(pid, syscall.SIGKILL))
		<-changed
	}
	_, err := c.ready(ctx)
	require.NoError(c, err)
	cancel()
	callers.Wait()
	close(c.failed)
	for err := range c.failed {
		require.NoError(c, err)
	}
	require.Equal(c, kills, c.process.Status().Restarts)
	c.Logf("%d kills, %d reads, %d clients made, %d turned, %d writes repeated", kills, c.reads.Load(), c.made.Load(), c.turned.Load(), c.repeated.Load())
}

// ready waits until the process is.
func (c *chaos) ready(ctx context.Context) (pid int, err error) {
	for {
		changed := c.process.Changed()
		if s := c.process.Status(); s.State == plugin.Ready && s.PID != 0 {
			return s.PID, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// read reads once from each module; it is never refused.
func (c *chaos) read(ctx context.Context, turn int) error {
	if _, err := c.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: c.known[turn%len(c.known)]}); err != nil {
		return fmt.Errorf("read a client: %w", err)
	}
	if _, err := c.who.Identify(ctx, &kernelv1.IdentifyRequest{SessionToken: c.session}); err != nil {
		return fmt.Errorf("read a session: %w", err)
	}
	c.reads.Add(1)
	return nil
}

// again repeats a write while the module is away, as callers are told to.
func (c *chaos) again(ctx context.Context, do func() error) error {
	for {
		err := do()
		if status.Code(err) != codes.Unavailable {
			return err
		}
		c.repeated.Add(1)
		if _, err := c.ready(ctx); err != nil {
			return err
		}
	}
}

func (c *chaos) create(ctx context.Context, name string) (id string, err error) {
	request := &clientmanagerv1.CreateClientRequest{
		RequestId: store.NewID(), Client: &clientmanagerv1.Client{Name: name, Kind: clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY},
	}
	err = c.again(ctx, func() error {
		made, err := c.clients.CreateClient(ctx, request)
		id = made.GetClient().GetId()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	c.made.Add(1)
	return id, nil
}

// turn suspends a client or resumes it.
func (c *chaos) turn(ctx context.Context, id string, turn int) error {
	err := c.again(ctx, func() error {
		if turn%2 == 0 {
			_, err := c.clients.SuspendClient(ctx, &clientmanagerv1.SuspendClientRequest{Id: id})
			return err
		}
		_, err := c.clients.ResumeClient(ctx, &clientmanagerv1.ResumeClientRequest{Id: id})
		return err
	})
	if err != nil {
		return fmt.Errorf("turn %d of %s: %w", turn, id, err)
	}
	c.turned.Add(1)
	return nil
}

// check looks into the database.
func (c *chaos) check() {
	count := func(sql string) string { return query(c, c.dsn, "select count(*) "+sql)[0] }
	require.Equal(c, fmt.Sprint(c.made.Load()), count("from clientmanager.clients"), "each that was made is there")
	require.Equal(c, fmt.Sprint(c.made.Load()), count("from (select distinct name from clientmanager.clients) n"), "and once")
	const news = "from kernel.outbox where type in ('cabinet.clientmanager.v1.ClientSuspended', 'cabinet.clientmanager.v1.ClientResumed')"
	require.Equal(c, fmt.Sprint(c.turned.Load()), count(news), "each turn is told once")
	require.Equal(c, fmt.Sprint(c.turned.Load()), count("from kernel.inbox where subscriber = 'accountmanager.follow-clients'"), "and heard once")
	require.Equal(c, fmt.Sprint(c.turned.Load()), count("from public.writes"), "and applied once")
	require.Equal(c, "0", count("from kernel.lane where parked_at is not null or done < last"), "none waits")
	require.Equal(c, "0", count(`from clientmanager.clients c join accountmanager.client_copies k on k.client_id = c.id
		where k.suspended <> (c.status = 'suspended')`), "in their order")
	require.Equal(c, fmt.Sprint(len(c.known)), count("from accountmanager.client_copies"))
	// In the audit log each effect is once, and nothing without effect.
	const audited = "from kernel.audit_entry where method "
	require.Equal(c, fmt.Sprint(c.made.Load()), count(audited+"like '%/CreateClient'"))
	require.Equal(c, fmt.Sprint(c.made.Load()), count("from clientmanager.clients c join kernel.audit_entry e on e.client_id = c.id and e.resource_id = c.id and e.method like '%/CreateClient'"))
	require.Equal(c, fmt.Sprint(c.turned.Load()), count(audited+"like '%/SuspendClient' or method like '%/ResumeClient'"))
	require.Equal(c, fmt.Sprint(c.turned.Load()), count(audited+"= 'accountmanager.follow-clients'"))
}
