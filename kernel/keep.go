package kernel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencabinet/cabinet/kernel/event"
)

// sweepEvery is how often what is past its retention is deleted.
const sweepEvery = 24 * time.Hour

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

// keepHouse deletes daily what is past its retention: handled events, answers kept for requests sent twice, and the audit
// log.
func (p *Portal) keepHouse() {
	ctx, cancel := context.WithCancel(p.life)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(sweepEvery)
		defer ticker.Stop()
		for {
			p.sweep(ctx)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	p.onStop("housekeeping", func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}

func (p *Portal) sweep(ctx context.Context) {
	events, eventErr := p.dispatcher.Sweep(ctx, p.options.Now().Add(-event.Retention))
	answers, answerErr := p.db.Sweep(ctx)
	entries, details := p.config.Audit.Before(p.options.Now())
	audited, auditErr := p.db.SweepAudit(ctx, entries, details)
	if err := errors.Join(eventErr, answerErr, auditErr); err != nil {
		if ctx.Err() == nil {
			p.options.Log.ErrorContext(ctx, "deleting what is past its retention failed: it is tried again tomorrow", "error", err)
		}
		return
	}
	if events+answers+audited > 0 {
		p.options.Log.InfoContext(ctx, "deleted what is past its retention", "events", events, "answers", answers, "audited", audited)
	}
}
