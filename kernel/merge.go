package kernel

import (
	"context"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
)

// moveWithin is how long moving a client's rows may take.
const moveWithin = 30 * time.Minute

// moved are the modules whose rows of merged clients the kernel moves, wherever they run: all that do not say that they do so.
func (p *Portal) moved() []string {
	var ids []string
	for _, u := range p.parts().units {
		if m := u.Module.Manifest(); !m.MovesClients && m.Migrations != nil {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// movers hear of merged clients, one for each module: what one module cannot move holds up no other.
func (p *Portal) movers() []event.Subscription {
	var out []event.Subscription
	for _, id := range p.moved() {
		s := event.On("kernel.move-"+id, func(ctx context.Context, _ event.Event, e *kernelv1.ClientsMerged) error {
			if e.GetClientId() == e.GetMergedClientId() {
				return nil
			}
			return p.db.MoveClient(ctx, id, e.GetMergedClientId(), "kernel.move-clients")
		})
		s.Timeout = moveWithin
		out = append(out, s)
	}
	return out
}

// catchUpMoves moves what modules have of clients that were merged while the portal did not have them, or was stopped in between. What
// cannot be moved is told and left: its module goes on with what it has.
func (p *Portal) catchUpMoves(ctx context.Context) error {
	left, err := p.db.Unmoved(ctx, p.moved())
	if err != nil {
		return err
	}
	for _, pair := range left {
		if err := p.db.MoveClient(ctx, pair[0], pair[1], "kernel.move-clients"); err != nil {
			if ctx.Err() != nil {
				return err
			}
			p.options.Log.ErrorContext(ctx, "rows of a merged client could not be moved", "module", pair[0], "client", pair[1], "error", err)
		}
	}
	return nil
}
