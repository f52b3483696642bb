package kernel

import (
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/export"
)

// openExports provides what lets people take lists away. It exports nothing before it knows the screens.
func (p *Portal) openExports() {
	limits := p.config.Export
	p.exports = export.New(export.Config{
		DB: p.db, Router: p.router, Policy: p.policy, Texts: p.texts, Languages: languages(p.config), Zone: p.config.Location(),
		Quota: limits.RowsPerDay, Most: limits.MaxRows, Proof: time.Duration(limits.ProofMinutes) * time.Minute,
		Now: p.options.Now, Log: p.options.Log,
	})
	kernelv1.RegisterExportServiceServer(p.router, p.exports)
}
