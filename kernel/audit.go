package kernel

import (
	"context"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit/trail"
)

// openAudit provides the audit log, and begins to write refused calls into it.
func (p *Portal) openAudit(ctx context.Context) error {
	rows, err := p.db.OpenAudit(ctx, auditID)
	if err != nil {
		return err
	}
	p.trail = rows
	trail.Register(p.router, trail.Config{
		Rows: rows, Router: p.router, Policy: p.policy, Texts: p.texts, Languages: languages(p.config),
	})
	p.refusals.Store(trail.NewRefusals(p.db, p.options.Log, p.options.Now))
	return nil
}

// refused is told by the router that a person was refused what would have changed something.
func (p *Portal) refused(ctx context.Context, change *access.Change, err error) {
	if r := p.refusals.Load(); r != nil {
		r.Write(ctx, change, err)
	}
}
