package kernel

import (
	"context"

	"github.com/opencabinet/cabinet/kernel/control"
)

// openControl opens the socket by which commands speak with the portal. A portal that cannot have one runs without.
func (p *Portal) openControl(ctx context.Context) {
	server, err := control.Open(control.Config{
		Folder: p.config.Data, Router: p.router, ID: p.config.ID, URL: p.url, Started: p.options.Now(), Log: p.options.Log,
	})
	if err != nil {
		p.options.Log.WarnContext(ctx, "commands such as doctor cannot reach this portal", "error", err)
		return
	}
	p.onStop("the socket for commands", server.Close)
}
