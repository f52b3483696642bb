package kernel

import (
	"context"
	"errors"
	"fmt"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/export"
	"github.com/opencabinet/cabinet/kernel/reading"
)

// sweepWithin is how long deleting may take. It goes on at the next attempt where it was broken off.
const sweepWithin = 30 * time.Minute

// told is the mark of a story that was told to its end.
const told = "seed"

// seed has the portal's story told, and remembers when it was told to its end.
func (p *Portal) seed(ctx context.Context) error {
	if p.options.Seed == nil {
		return nil
	}
	s := &Seed{Conn: p.Kernel(), As: p.As, Config: p.config, URL: p.url, Key: func(purpose string, bytes int) []byte {
		return p.secrets.Derive("seed/"+purpose, bytes)
	}}
	if err := p.db.Pool().QueryRow(ctx, "select not exists (select from kernel.mark where name = $1)", told).Scan(&s.Fresh); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := p.options.Seed(ctx, s); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	p.said = s.said
	if _, err := p.db.Pool().Exec(ctx, "insert into kernel.mark (name) values ($1) on conflict do nothing", told); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// keepHouse deletes every night what is past its retention: handled events, answers kept for requests sent twice,
// the audit log, and blobs that no row names.
func (p *Portal) keepHouse() event.Subscription {
	s := event.OnSchedule("kernel.keep-house", event.Schedule{
		Title: "kernel.schedule.keep_house", Cron: "30 3 * * *", CatchUp: event.CatchUpOnce,
	}, func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error { return p.sweep(ctx) })
	s.Timeout = sweepWithin
	return s
}

func (p *Portal) sweep(ctx context.Context) error {
	events, eventErr := p.dispatcher.Load().Sweep(ctx, p.options.Now().Add(-event.Retention))
	answers, answerErr := p.db.Sweep(ctx)
	entries, details := p.config.Audit.Before(p.options.Now())
	audited, auditErr := p.db.SweepAudit(ctx, entries, details)
	read, readErr := reading.Sweep(ctx, p.db, p.options.Now())
	exports, exportErr := export.Sweep(ctx, p.db, p.options.Now())
	var blobs blob.Swept
	blobErr := p.db.SweepBlobs(ctx, func(ctx context.Context) (err error) {
		blobs, err = p.blobs.Sweep(ctx, p.db.BlobsNamed)
		return err
	})
	if events+answers+audited+exports+read+int64(blobs.Deleted) > 0 {
		p.options.Log.InfoContext(ctx, "deleted what is past its retention", "events", events, "answers", answers, "audited", audited, "exports", exports, "readings", read,
			"blobs", blobs.Deleted)
	}
	return errors.Join(eventErr, answerErr, auditErr, exportErr, readErr, blobErr)
}
