package trail

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// refusedPerMinute is how many refusals of one person are written in a minute, and refusedInAll of all people.
	refusedPerMinute = 20
	refusedInAll     = 600
	// writeWithin is how long a refusal may take to be written. It is answered in any case.
	writeWithin = 2 * time.Second
)

// Refusals writes that people were refused what would have changed something. Somebody who tries without end fills no
// disk: what is beyond a few a minute is counted and logged.
type Refusals struct {
	db  *store.DB
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	minute time.Time
	all    int
	by     map[string]int // user
	left   int            // out, in this minute
}

// NewRefusals returns what a router's Options.Refused calls.
func NewRefusals(db *store.DB, log *slog.Logger, now func() time.Time) *Refusals {
	return &Refusals{db: db, log: log, now: now, by: map[string]int{}}
}

// Write writes a refusal, unless there were too many.
func (r *Refusals) Write(ctx context.Context, c *access.Change, refusal error) {
	if !r.admit(ctx, c.Who.UserID) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	if err := r.db.AuditRefused(ctx, c, reason(refusal)); err != nil {
		r.log.ErrorContext(ctx, "a refused call is not in the audit log", "method", c.Method, "user", c.Who.UserID, "error", err)
	}
}

func (r *Refusals) admit(ctx context.Context, user string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := r.now().Truncate(time.Minute); !minute.Equal(r.minute) {
		if r.left > 0 {
			r.log.WarnContext(ctx, "refused calls were left out of the audit log: there were too many", "count", r.left)
		}
		r.minute, r.all, r.left = minute, 0, 0
		clear(r.by)
	}
	if r.all >= refusedInAll || r.by[user] >= refusedPerMinute {
		r.left++
		return false
	}
	r.all++
	r.by[user]++
	return true
}

// reason is the refusal in one word, as whoever refused says it.
func reason(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && word(info.GetReason()) {
			return info.GetReason()
		}
	}
	return "not_allowed"
}

// word tells whether the database takes a reason.
func word(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
