//go:build linux

package booking_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// How long the soak goes on, and the seed of what it does to the portal. A failing run prints its seed: with it the same
// is done in the same order.
//
//	CABINET_SOAK=1h go test -run Soak -timeout 90m ./plugins/booking
//	CABINET_SOAK_SEED=42 go test -run Soak -v ./plugins/booking
const (
	envSoak     = "CABINET_SOAK"
	envSoakSeed = "CABINET_SOAK_SEED"
	soakFor     = 5 * time.Second
)

// soak is a portal with booking as a program of its own and clientmanager as a process, people at work in it, and
// somebody who does to it what life does.
type soak struct {
	*testing.T
	p       *kerneltest.Portal
	modules kernelv1.ModuleServiceClient
	random  *rand.Rand // of what is done to the portal, and of nothing else
	dir     string
	builds  []string // two programs that differ

	held   sync.RWMutex // held while booking is in quarantine, which readers then see
	over   chan struct{}
	failed chan error
	// What people did, as they were answered.
	reads, tries      atomic.Int64
	mu                sync.Mutex
	booked, cancelled map[string]bool
}

func TestSoak(t *testing.T) {
	length := soakFor
	if text := os.Getenv(envSoak); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any will do
	if text := os.Getenv(envSoakSeed); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d %s=%s does the same again", envSoakSeed, seed, envSoak, length)
	s := &soak{
		T: t, random: rand.New(rand.NewPCG(seed, seed)), dir: t.TempDir(), over: make(chan struct{}), failed: make(chan error, 100), //nolint:gosec // to be repeated
		booked: map[string]bool{}, cancelled: map[string]bool{},
	}
	for _, name := range []string{"one", "two"} {
		s.builds = append(s.builds, filepath.Join(s.dir, name))
		out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.build="+name, "-o", s.builds[len(s.builds)-1], "./cmd/booking").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	s.put(s.builds[0])
	s.p = kerneltest.Start(t, kerneltest.Options{
		Assemble: withoutBooking, Processes: []string{"clientmanager"}, Log: slog.New(slog.DiscardHandler),
		Config: fmt.Sprintf("time_zone: Europe/Kyiv\nmodules: {booking: {path: %q, settings: {days_ahead: 300}}}", filepath.Join(s.dir, "booking")),
		Timing: plugin.Timing{
			Health: 100 * time.Millisecond, Answer: time.Second, Silent: 2, First: time.Millisecond, Most: 50 * time.Millisecond, Failures: 1_000_000,
			Kill: time.Second, Proof: 2 * time.Second, Drain: 5 * time.Second,
		},
	})
	head := s.p.Head(t)
	s.modules = kernelv1.NewModuleServiceClient(head.Conn)
	var rooms []string
	for i := range 3 {
		rooms = append(rooms, room(t, head, fmt.Sprintf("Room %d", i)).GetId())
	}
	var people sync.WaitGroup
	for i := range 6 {
		who := s.p.Contact(t, s.p.Client(t, fmt.Sprintf("Client %d", i)), "client.director")
		people.Go(func() { s.work(who, rooms, rand.New(rand.NewPCG(seed, uint64(i)+1))) }) //nolint:gosec // to be repeated
	}
	for range 4 {
		people.Go(func() { s.read(head) })
	}
	steps := s.harass(time.Now().Add(length))
	close(s.over)
	people.Wait()
	close(s.failed)
	for err := range s.failed {
		require.NoError(t, err)
	}
	s.check()
	t.Logf("%d times something was done to the portal; %d reads, %d bookings of %d tries, %d cancelled", steps, s.reads.Load(), len(s.booked), s.tries.Load(), len(s.cancelled))
}

// harass does one thing after another to the portal, and returns how many.
func (s *soak) harass(until time.Time) (steps int) {
	things := []struct {
		what string
		do   func()
	}{
		{"kill booking", func() { s.signal("booking", syscall.SIGKILL) }},
		{"kill clientmanager", func() { s.signal("clientmanager", syscall.SIGKILL) }},
		{"hang booking", func() { s.signal("booking", syscall.SIGSTOP) }},
		{"hang clientmanager", func() { s.signal("clientmanager", syscall.SIGSTOP) }},
		{"swap booking", s.swap},
		{"swap booking for one that dies soon", func() { s.swap(); s.signal("booking", syscall.SIGKILL) }},
		{"swap booking for nonsense", s.nonsense},
		{"kill booking while it is swapped", func() {
			done := make(chan struct{})
			go func() { defer close(done); s.swap() }()
			s.signal("booking", syscall.SIGKILL)
			<-done
		}},
		{"restart clientmanager", func() {
			s.answered(s.modules.RestartModule(s.Context(), &kernelv1.RestartModuleRequest{Id: "clientmanager"}))
		}},
		{"quarantine booking", s.quarantine},
	}
	for ; time.Now().Before(until) && len(s.failed) == 0; steps++ {
		thing := things[s.random.IntN(len(things))]
		calm := s.random.IntN(3) > 0 // or the next comes before it has got over this
		s.Logf("step %d: %s", steps, thing.what)
		target := s.reads.Load() + s.random.Int64N(60)
		thing.do()
		if !calm {
			continue
		}
		for _, id := range []string{"booking", "clientmanager"} {
			s.wait(id)
		}
		require.Eventually(s, func() bool { return s.reads.Load() >= target || len(s.failed) > 0 }, time.Minute, time.Millisecond, "readers get no answer any more")
	}
	return steps
}

// put writes the program's file anew, as who installs one does.
func (s *soak) put(from string) {
	text, err := os.ReadFile(from)
	require.NoError(s, err)
	path := filepath.Join(s.dir, "booking")
	require.NoError(s, os.WriteFile(path+".new", text, 0o700))
	require.NoError(s, os.Rename(path+".new", path))
}

func (s *soak) process(id string) *plugin.Process {
	for _, p := range s.p.Processes() {
		if p.ID() == id {
			return p
		}
	}
	require.FailNow(s, "no process", id)
	return nil
}

// signal sends a signal to a module's process, when there is one.
func (s *soak) signal(id string, what syscall.Signal) {
	if pid := s.process(id).Status().PID; pid != 0 {
		if err := syscall.Kill(pid, what); err != nil {
			require.ErrorIs(s, err, syscall.ESRCH)
		}
	}
}

// wait waits until a module is ready.
func (s *soak) wait(id string) {
	p, limit := s.process(id), time.After(time.Minute)
	for {
		changed := p.Changed()
		if p.Status().State == plugin.Ready {
			return
		}
		select {
		case <-changed:
		case <-limit:
			require.FailNow(s, "it does not become ready", "%s is %+v", id, p.Status())
		}
	}
}

func (s *soak) swap() {
	s.put(s.builds[s.random.IntN(2)])
	s.answered(s.modules.SwapModule(s.Context(), &kernelv1.SwapModuleRequest{Id: "booking"}))
}

func (s *soak) nonsense() {
	path := filepath.Join(s.dir, "nonsense")
	require.NoError(s, os.WriteFile(path, []byte("\x7fELF and nothing more"), 0o600))
	s.put(path)
	_, err := s.modules.SwapModule(s.Context(), &kernelv1.SwapModuleRequest{Id: "booking"})
	require.Error(s, err)
	s.put(s.builds[0])
}

// quarantine ends booking for a moment. Readers may see that, and nothing else.
func (s *soak) quarantine() {
	s.held.Lock()
	defer s.held.Unlock()
	_, err := s.modules.QuarantineModule(s.Context(), &kernelv1.QuarantineModuleRequest{Id: "booking"})
	require.NoError(s, err)
	require.Equal(s, plugin.Quarantined, s.process("booking").Status().State)
	s.answered(s.modules.ResumeModule(s.Context(), &kernelv1.ResumeModuleRequest{Id: "booking"}))
	s.wait("booking")
}

// answered takes that something was done, or that it could not be while the process was failing.
func (s *soak) answered(_ any, err error) {
	if code := status.Code(err); code != codes.OK && code != codes.FailedPrecondition {
		s.failed <- fmt.Errorf("what was done to a module: %w", err)
	}
}

// read reads until it is over. No read fails, but of a module in quarantine.
func (s *soak) read(who *kerneltest.User) {
	for {
		select {
		case <-s.over:
			return
		default:
		}
		s.held.RLock()
		ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
		_, err := bookings(who).ListBookings(ctx, &v1.ListBookingsRequest{PageSize: 20})
		cancel()
		s.held.RUnlock()
		if err != nil {
			s.failed <- fmt.Errorf("a read failed: %w", err)
			return
		}
		s.reads.Add(1)
	}
}

// work books and cancels until it is over. Whatever is not answered is asked again with the same id, until it is.
func (s *soak) work(who *kerneltest.User, rooms []string, random *rand.Rand) {
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		s.failed <- err
		return
	}
	for {
		select {
		case <-s.over:
			return
		default:
		}
		s.tries.Add(1)
		day := time.Now().In(zone).AddDate(0, 0, 2+random.IntN(200)).Format(time.DateOnly)
		request := &v1.CreateBookingRequest{
			RequestId: store.NewID(), ResourceId: rooms[random.IntN(len(rooms))], Day: day, Time: fmt.Sprintf("%02d:00", 9+random.IntN(8)),
		}
		var made *v1.CreateBookingResponse
		err := s.insist(func(ctx context.Context) (err error) {
			made, err = bookings(who).CreateBooking(ctx, request)
			return err
		})
		if code := status.Code(err); code == codes.AlreadyExists || code == codes.InvalidArgument { // taken, or closed on that day
			continue
		}
		if err == nil {
			s.mu.Lock()
			s.booked[made.GetBooking().GetId()] = true
			s.mu.Unlock()
			if random.IntN(4) > 0 {
				continue
			}
			if err = s.insist(func(ctx context.Context) error {
				_, err := bookings(who).CancelBooking(ctx, &v1.CancelBookingRequest{Id: made.GetBooking().GetId(), Reason: "soak"})
				return err
			}); err == nil {
				s.mu.Lock()
				s.cancelled[made.GetBooking().GetId()] = true
				s.mu.Unlock()
			}
		}
		if err != nil {
			s.failed <- fmt.Errorf("a write failed: %w", err)
			return
		}
	}
}

// insist asks until there is an answer of the module's own.
func (s *soak) insist(ask func(ctx context.Context) error) error {
	for {
		ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
		err := ask(ctx)
		cancel()
		switch status.Code(err) {
		case codes.Unavailable, codes.DeadlineExceeded:
			// Away: whoever reads waits until it is back.
			ctx, cancel := context.WithTimeout(s.Context(), time.Second)
			_, _ = v1.NewSlotServiceClient(s.p.Kernel()).ListFreeSlots(ctx, &v1.ListFreeSlotsRequest{PageSize: 1})
			cancel()
			continue
		}
		return err
	}
}

// check holds what is left against what people were told.
func (s *soak) check() {
	for _, id := range []string{"booking", "clientmanager"} {
		s.wait(id)
	}
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(s, s.p.Events().WaitDrained(ctx), "events are stuck")
	require.Equal(s, len(s.booked), query[int](s.T, s.p, "select count(*)::int from booking.bookings"), "a booking was lost, or made twice")
	require.Equal(s, len(s.cancelled), query[int](s.T, s.p, "select count(*)::int from booking.bookings where state = 'cancelled'"))
	require.Zero(s, query[int](s.T, s.p, `select count(*)::int from booking.bookings a join booking.bookings b
		on a.id < b.id and a.resource_id = b.resource_id and a.state = 'booked' and b.state = 'booked'
		and tstzrange(a.start_time, a.end_time) && tstzrange(b.start_time, b.end_time)`), "a room is two clients' at once")
	require.Equal(s, len(s.booked)+len(s.cancelled), query[int](s.T, s.p, "select count(*)::int from clientmanager.history where module = 'booking'"),
		"an event was lost, or applied twice")
	require.Zero(s, query[int](s.T, s.p, "select count(*)::int from kernel.lane where parked_at is not null"), "an event was given up")
	var mine []string
	for _, id := range []string{"booking", "clientmanager"} {
		mine = append(mine, strconv.Itoa(s.process(id).Status().PID))
	}
	require.Eventually(s, func() bool { return len(s.children()) == len(mine) }, 30*time.Second, 10*time.Millisecond, "processes are left: %v beside %v", s.children(), mine)
	require.ElementsMatch(s, mine, s.children())
}

// children are the processes of modules that run.
func (s *soak) children() (pids []string) {
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(s, err)
	for _, file := range tasks {
		text, _ := os.ReadFile(file) // the thread may have ended
		for _, pid := range strings.Fields(string(text)) {
			environ, err := os.ReadFile("/proc/" + pid + "/environ")
			if err == nil && strings.Contains(string(environ), "CABINET_PLUGIN=") {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
