package feedback

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The program is killed while people write, twice. Nobody who reads sees it, and whoever sends again what was not answered
// has it kept once, with its event.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, withFeedback(t))
	lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
	const writers, each = 6, 8
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	killed := make(chan error, 1)
	go func() {
		for range 2 {
			if err := kill(ctx, p.Processes()[0]); err != nil {
				killed <- err
				return
			}
		}
		close(killed)
	}()
	errs := kerneltest.AtOnce(writers, func(i int) error {
		for n := 0; n < each; {
			request := fmt.Sprintf(`{"request_id": %q, "subject": "Visit %d of %d", "rating": 3, "text": "As usual."}`, store.NewID(), n, i)
			for {
				_, err := ask(ctx, p, lesia.Conn, "CreateFeedback", request)
				if err == nil {
					n++
					break
				}
				if code := status.Code(err); code != codes.Unavailable {
					return err
				}
				// A call that changes nothing waits for the next process.
				if _, err := ask(ctx, p, lesia.Conn, "GetFeedbackSummary", `{}`); err != nil {
					return fmt.Errorf("reading: %w", err)
				}
			}
			if n == each { // until it was killed often enough there is more to write
				select {
				case <-killed:
				default:
					n--
				}
			}
		}
		return nil
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.NoError(t, <-killed)
	require.Equal(t, 2, p.Processes()[0].Status().Restarts)
	kept := query[int](t, p, "select count(*)::int from feedback.feedback")
	require.GreaterOrEqual(t, kept, writers*each)
	require.Equal(t, kept, query[int](t, p, "select count(*)::int from kernel.once where module = 'feedback' and answer is not null"))
	require.Equal(t, kept, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.feedback.v1.FeedbackGiven'"))
}

// kill kills a process that is ready, and waits until another one is.
func kill(ctx context.Context, process *plugin.Process) error {
	was := process.Status()
	if err := syscall.Kill(was.PID, syscall.SIGKILL); err != nil {
		return err
	}
	for {
		changed := process.Changed()
		if now := process.Status(); now.State == plugin.Ready && now.PID != was.PID {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the program was not started again: %v", process.Status())
		case <-time.After(patience):
			return fmt.Errorf("the program was not started again: %v", process.Status())
		}
	}
}
