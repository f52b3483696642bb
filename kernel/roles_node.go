package kernel

import (
	"context"
	"sync"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/pglisten"
)

// openRoles puts in force what people changed about roles, before anybody is told of them, and has this node hear what
// others change.
func (p *Portal) openRoles(ctx context.Context) error {
	s := &roleService{db: p.db, pool: p.db.Pool(), policy: p.policy, configured: map[string]bool{}, spread: p.spreadPolicy}
	for id := range p.config.Roles {
		s.configured[id] = true
	}
	if err := s.reload(ctx); err != nil {
		return err
	}
	kernelv1.RegisterRoleServiceServer(p.router, s)
	p.roles = s
	p.followRoles(s)
	return nil
}

// spreadPolicy tells modules' processes of roles that were changed.
func (p *Portal) spreadPolicy(ctx context.Context) {
	var telling sync.WaitGroup
	for _, process := range p.Processes() {
		telling.Go(func() {
			if err := process.SetPolicy(ctx, p.policy); err != nil {
				p.options.Log.WarnContext(ctx, "a module's process does not know of changed roles", "module", process.ID(), "error", err)
			}
		})
	}
	telling.Wait()
}

func (p *Portal) followRoles(s *roleService) {
	ctx, cancel := context.WithCancel(p.life)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := pglisten.Each(ctx, s.pool, "cabinet_roles", s.reload); ctx.Err() == nil {
				p.options.Log.WarnContext(ctx, "changes of roles by other nodes are not heard for a moment", "error", err)
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		}
	}()
	p.onStop("roles", func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}
