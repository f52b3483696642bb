//go:build unix

package plugin

import (
	"context"
	"encoding/json"
	"time"

	"go.yaml.in/yaml/v3"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Lend is what a module is opened with, anew for each process.
type Lend struct {
	// Request is what every process gets; its socket and token are filled in.
	Request *kernelv1.OpenRequest
	// Rows are the module's own; nil for a module that keeps nothing.
	Rows *store.Store
}

// Lending is what a portal has for a module. All of it is required but Settings.
type Lending struct {
	// DB is the portal's database, Rows the module's part of it.
	DB   *store.DB
	Rows *store.Store
	// Policy is the portal's roles and what they may do.
	Policy *access.Policy
	// Key is what the module's secrets are derived from.
	Key []byte
	// OlderKeys open what was sealed before the master key was rotated; may be empty.
	OlderKeys [][]byte
	Zone      *time.Location
	// Settings of the module, as YAML: see [SettingsOf].
	Settings []byte
}

// NewLend makes a module a login of its own, and writes down what its process is given.
func NewLend(ctx context.Context, id string, l Lending) (Lend, error) {
	policy, err := json.Marshal(l.Policy)
	if err != nil {
		return Lend{}, err
	}
	dsn, err := l.DB.ModuleDSN(ctx, id)
	if err != nil {
		return Lend{}, err
	}
	roles := l.DB.RuntimeRoles(id)
	return Lend{Rows: l.Rows, Request: &kernelv1.OpenRequest{
		Settings: l.Settings, Database: dsn, Key: l.Key, OlderKeys: l.OlderKeys, PageKey: l.Rows.PageKey(),
		TimeZone: l.Zone.String(), Policy: policy, Role: roles[len(roles)-1],
	}}, nil
}

// SettingsOf are a module's settings as they are sent to its process; nil for a module without.
func SettingsOf(m module.Module) ([]byte, error) {
	c, ok := m.(module.Configurable)
	if !ok {
		return nil, nil
	}
	return yaml.Marshal(c.Settings())
}
