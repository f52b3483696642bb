package module

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/event"
)

// Manifest is what a module says of itself. It is data alone, so that a module in another process, in another
// language, can say it too.
type Manifest struct {
	// ID names the module, its schema, its texts and its permissions: lower case, one word.
	ID string `json:"id"`
	// Provides and Requires are full names of services: "cabinet.clientmanager.v1.ClientService". What is required
	// must have a provider, and a module may call nothing else.
	Provides []string `json:"provides,omitempty"`
	Requires []string `json:"requires,omitempty"`
	// Optional services are called when some module of the portal provides them.
	Optional []string `json:"optional,omitempty"`
	// Lends are functions of the module's schema that other modules may call within their own transactions, where a call to a
	// service is not allowed; each is written as "numbergenerator.take_v1(text, uuid, date) returns text", the types as Postgres
	// names them. See the package's comment.
	Lends []string `json:"lends,omitempty"`
	// Borrows are functions that the module calls so, each written as its lender writes it. A module of the portal must lend it.
	Borrows []string `json:"borrows,omitempty"`
	// Publishes are full names of the messages it publishes as events; only these may it publish.
	Publishes []string `json:"publishes,omitempty"`

	Roles       []access.Role       `json:"roles,omitempty"`
	Permissions []access.Permission `json:"permissions,omitempty"`
	Screens     []Screen            `json:"screens,omitempty"`
	Tiles       []Tile              `json:"tiles,omitempty"`
	// Bell is the count in the header. One module of a portal has one; without it there is no bell.
	Bell *Bell `json:"bell,omitempty"`

	// Hooks has programs of other businesses, such as gateways of payment, post to the module's own pages below
	// /m/ID/hooks/: see [Pages].
	Hooks bool `json:"hooks,omitempty"`

	// GrantsClients lets the module say which user sees which client.
	GrantsClients bool `json:"grants_clients,omitempty"`
	// OwnsClients lets it make clients. One module of a portal does.
	OwnsClients bool `json:"owns_clients,omitempty"`
	// MovesClients says that the module itself moves its rows of a client that was merged into another, when it hears of
	// cabinet.kernel.v1.ClientsMerged: because more is to be done than to name the other client in each row. Otherwise the
	// kernel moves the rows of every table that kernel.protect names; where a table has one row for each client, the
	// survivor's stays.
	MovesClients bool `json:"moves_clients,omitempty"`

	// Migrations are goose SQL files, applied by the host. Locales are en.yaml, uk.yaml and ru.yaml.
	Migrations fs.FS `json:"-"`
	Locales    fs.FS `json:"-"`
}

// Check compares what a module bound, services by full name and what it hears, with what it promised.
func (m Manifest) Check(bound []string, heard []event.Subscription) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("it "+format, args...)) }
	for _, s := range m.Provides {
		if !slices.Contains(bound, s) {
			wrong("promises %s in its manifest and does not register it", s)
		}
	}
	for _, s := range bound {
		if !slices.Contains(m.Provides, s) {
			wrong("registers %s, which its manifest does not promise: add it to Provides", s)
		}
	}
	for _, s := range heard {
		if s.Module != m.ID || !strings.HasPrefix(s.Subscriber, m.ID+".") {
			wrong("hears events as %s of module %s: a subscriber's name begins with its own module's", s.Subscriber, s.Module)
		}
	}
	merged := (&kernelv1.ClientsMerged{}).ProtoReflect().Descriptor().FullName()
	if m.MovesClients && !m.OwnsClients && !slices.ContainsFunc(heard, func(s event.Subscription) bool { return slices.Contains(s.Types, merged) }) {
		wrong("says in its manifest that it moves rows of merged clients, and does not hear %s", merged)
	}
	return errors.Join(errs...)
}
