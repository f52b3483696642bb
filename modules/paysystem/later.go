package paysystem

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// awayPauses are how long a gateway or cash register that does not answer is let be; the last holds from then on.
var awayPauses = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// awayAfter is the pause after so many tries, one at least.
func awayAfter(tries int32) time.Duration { return awayPauses[min(int(tries), len(awayPauses))-1] }

// mostTries is how often who does not answer is asked, for about two weeks: see [Module.later].
const mostTries = 14 * 24

// errUnanswered marks the error of a gateway that may answer later, among errors of our own.
var errUnanswered = errors.New("the gateway does not answer now")

// later plans a handled event anew, as next says it, after a gateway did not answer it for the time of tries before: an error would
// have the event tried again for a minute or so, and then left to an operator, while vendors are away for hours and wrong keys stay for
// days. The first time it comes again at once, since most often an answer was lost. Who never answers is an error in the end: somebody
// is to see it.
func (m *Module) later(ctx context.Context, tries int32, key string, next proto.Message, problem error) error {
	if tries >= mostTries {
		return problem
	}
	m.host.Log.WarnContext(ctx, "a gateway does not answer, and is asked again later", "event", nameOf(next), "key", key, "tries", tries+1, "error", problem)
	at := m.host.Now()
	if tries > 0 {
		at = at.Add(awayAfter(tries))
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		return m.host.PublishAt(ctx, tx, at, key, next)
	})
}
