package kerneltest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// heard is an event that the module hears, and who publishes it.
type heard struct{ Type, Subscriber, Publisher string }

// events publishes one event of each type that the module hears, and has it delivered again, as happens when a process
// is killed after the effect and before it is noted that the event was handled. The second time nothing changes. A run
// of each schedule is had twice in the same way.
func (c *conformance) events(t testing.TB) {
	p := c.portal(t)
	r := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN)}
	rows, err := r.admin.Query(t.Context(), `select s.type, s.subscriber, e.module from kernel.subscription s join kernel.event_type e using (type)
		where s.module = $1 order by s.subscriber, s.type`, c.Module)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[heard])
	require.NoError(t, err)
	for _, h := range list {
		side, _ := c.side(t, p, "own", func(s *Side) actor {
			return actor{name: "a contact", who: p.Contact(t, s.ClientID, c.someContactRole(p)).Principal(t)}
		})
		c.twice(r, h, side.ClientID, func() (string, bool) { return c.publish(t, p, r, h, side) })
	}
	schedules, err := p.Events().Schedules(t.Context())
	require.NoError(t, err)
	for _, s := range schedules {
		if s.Module != c.Module {
			continue
		}
		if err := p.Texts().Check([]string{s.Title}); err != nil {
			c.found("schedule %s: what it does is not said in every language: %v", s.Name, err)
		}
		c.twice(r, heard{string(event.ScheduleDue), s.Name, call.KernelModule}, s.Name, func() (string, bool) {
			id := store.NewID()
			require.NoError(t, p.Events().RunSchedule(t.Context(), s.Name, id))
			return id, true
		})
	}
}

// twice has one event happen and delivered, and delivered again.
func (c *conformance) twice(r *raid, h heard, key string, publish func() (id string, ok bool)) {
	r.settle()
	silent := c.everything(r)
	id, ok := publish()
	if !ok {
		return
	}
	if problem := r.handled(h, key); problem != "" {
		c.found("%s hears %s: it was not handled: %s", h.Subscriber, h.Type, problem)
		return
	}
	after := c.everything(r)
	var applied bool
	require.NoError(r.t, r.admin.QueryRow(r.t.Context(), "select exists (select from kernel.inbox where subscriber = $1 and event_id = $2)", h.Subscriber, id).Scan(&applied))
	if after != silent && !applied {
		c.found("%s hears %s: its effect was written without a note that it was: write it in event.Apply", h.Subscriber, h.Type)
	}
	r.redeliver(h, key, id)
	if problem := r.handled(h, key); problem != "" {
		c.found("%s hears %s: delivered again, it fails: %s", h.Subscriber, h.Type, problem)
	}
	if c.everything(r) != after {
		c.found("%s hears %s: delivered again, it was applied again: write its effect in event.Apply", h.Subscriber, h.Type)
	}
}

// publish has an event happen, about a side's client, and returns its id.
func (c *conformance) publish(t testing.TB, p *Portal, r *raid, h heard, side *Side) (id string, ok bool) {
	found := described(p, protoreflect.FullName(h.Type))
	if found == nil {
		c.found("%s hears %s, which is no message that is linked, or that a program sent", h.Subscriber, h.Type)
		return "", false
	}
	message := call.NewMessage(found)
	filler{side: side}.fill(message.ProtoReflect(), 0)
	if sample := c.Samples[h.Type]; sample != nil {
		sample(message, side)
	}
	ctx := access.WithDecision(access.With(t.Context(), access.AsModule(h.Publisher)), access.Decision{Allowed: true, Reach: access.All})
	require.NoError(t, storeOf(t, p, p.Store(), h.Publisher).Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return event.Publish(ctx, tx, side.ClientID, message)
	}))
	require.NoError(t, r.admin.QueryRow(t.Context(), "select id::text from kernel.outbox where type = $1 and key = $2 order by seq desc limit 1",
		h.Type, side.ClientID).Scan(&id))
	return id, true
}

// described finds a message that the test links, or that one of the portal's programs sent; nil for none.
func described(p *Portal, name protoreflect.FullName) protoreflect.MessageDescriptor {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	for _, process := range p.Processes() {
		if err != nil {
			found, err = process.Description().Files.FindDescriptorByName(name)
		}
	}
	d, _ := found.(protoreflect.MessageDescriptor)
	return d
}

// handled waits until an event was handled, or failed, and says what is wrong.
func (r *raid) handled(h heard, key string) string {
	var attempts int
	var waits bool
	var said *string
	require.Eventually(r.t, func() bool {
		err := r.admin.QueryRow(r.t.Context(), "select attempts, done < last, error from kernel.lane where subscriber = $1 and key = $2",
			h.Subscriber, key).Scan(&attempts, &waits, &said)
		return err == nil && (!waits || attempts > 0)
	}, patience, 5*time.Millisecond, "%s never handled %s", h.Subscriber, h.Type)
	if waits && said != nil {
		return *said
	}
	return ""
}

// redeliver sets the lane back to before an event, and waits until it was handed out again.
func (r *raid) redeliver(h heard, key, id string) {
	var seq int64
	require.NoError(r.t, r.admin.QueryRow(r.t.Context(), `
		update kernel.lane l set done = o.seq - 1, last = greatest(l.last, o.seq), due = clock_timestamp() from kernel.outbox o
		where o.id = $3 and l.subscriber = $1 and l.key = $2 returning o.seq`, h.Subscriber, key, id).Scan(&seq))
	_, err := r.admin.Exec(r.t.Context(), "select pg_notify('cabinet_event', '')")
	require.NoError(r.t, err)
}
