package kernel

import (
	"context"
	"time"
)

const (
	// modulesGather is how long changes of modules' processes are gathered before browsers are told.
	modulesGather = 300 * time.Millisecond
	// modulesBeat is how often browsers that listen are told of rates and memory.
	modulesBeat = 5 * time.Second
)

// modulesChanged notes that the status of some module's process changed. It returns at once.
func (p *Portal) modulesChanged() {
	select {
	case p.stirred <- struct{}{}:
	default:
	}
}

// followModules tells browsers that look at modules when something about them changed.
func (p *Portal) followModules() {
	ctx, cancel := context.WithCancel(p.life)
	done := make(chan struct{})
	go func() {
		defer close(done)
		beat := time.NewTicker(modulesBeat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.stirred:
				gathered := time.NewTimer(modulesGather)
				select {
				case <-ctx.Done():
					gathered.Stop()
					return
				case <-gathered.C:
				}
			case <-beat.C:
				if p.live.Count() == 0 {
					continue
				}
			}
			if err := p.tellModules(ctx); err != nil && ctx.Err() == nil {
				p.options.Log.WarnContext(ctx, "browsers are not told that a module changed", "error", err)
			}
		}
	}()
	p.onStop("what modules do", func(context.Context) error {
		cancel()
		<-done
		p.following.Wait()
		return nil
	})
}

func (p *Portal) tellModules(ctx context.Context) error {
	_, err := p.db.Pool().Exec(ctx, `insert into kernel.module_change as c (node, n) values ($1, 1) on conflict (node) do update set n = c.n + 1`, p.address)
	return err
}
