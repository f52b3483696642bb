package kernel

import (
	"context"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/view"
)

// openViews provides the views of lists that people save.
func (p *Portal) openViews(ctx context.Context) error {
	rows, err := p.db.Module(ctx, store.ModuleSpec{ID: view.ID, Migrations: module.Folder(view.Migrations, "migrations")})
	if err != nil {
		return err
	}
	view.Register(p.router, view.Config{Rows: rows, Policy: p.policy, Lists: func() map[string]view.List { return p.parts().lists }, Now: p.options.Now})
	return nil
}

// lists are the lists of a composition, and who sees each: as a page would show it.
func (p *Portal) lists(c *composition) map[string]view.List {
	lists := map[string]view.List{}
	for _, m := range c.manifests {
		for _, s := range m.Screens {
			if s.Kind != module.List {
				continue
			}
			lists[m.ID+"."+s.ID] = view.List{Title: s.Title, Sees: func(who access.Principal) bool {
				if s.Audience == module.ForStaff && who.Kind != access.Staff || s.Audience == module.ForContacts && who.Kind != access.Contact {
					return false
				}
				d, known := p.router.Descriptor(s.Method)
				if !known {
					return false
				}
				rules, err := access.RulesOf(d)
				return err == nil && p.policy.Decide(who, rules).Allowed
			}}
		}
	}
	return lists
}
