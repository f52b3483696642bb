//go:build unix

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
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

// Lending is what a portal has for a module. All of it is required but URL, Settings and Blobs.
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
	// URL is where browsers reach the portal.
	URL string
	// Settings of the module, as YAML: see [SettingsOf]. Secrets stand in them as they are: they are never logged.
	Settings []byte
	// Blobs is where blobs are, as the portal's program reads it; nil for a module that has none. Not logged either.
	Blobs []byte
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
		Blobs: l.Blobs, TimeZone: l.Zone.String(), Policy: policy, Role: roles[len(roles)-1], GrantedRole: roles[len(roles)-2], Url: l.URL,
	}}, nil
}

// SettingsOf are a module's settings as they are sent to its process, secrets among them; nil for a module without.
func SettingsOf(m module.Module) ([]byte, error) {
	c, ok := m.(module.Configurable)
	if !ok {
		return nil, nil
	}
	return config.Encode(c.Settings())
}

// with is the same with another policy.
func (l *Lend) with(policy []byte) *Lend {
	request := proto.CloneOf(l.Request)
	request.Policy = policy
	return &Lend{Request: request, Rows: l.Rows}
}

// Lent is what the process was opened with; ok is false for one that was not.
func (p *Process) Lent() (lend Lend, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lend == nil {
		return Lend{}, false
	}
	return *p.lend, true
}

// SetPolicy tells the process, and those that come after it, of roles that were changed. One that is away learns of them
// when it is started.
func (p *Process) SetPolicy(ctx context.Context, policy *access.Policy) error {
	text, err := json.Marshal(policy)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.lend != nil {
		p.lend = p.lend.with(text)
	}
	var told []*instance
	if p.status.State.callable() && p.now.inst != nil {
		told = append(told, p.now.inst)
	}
	if p.standby != nil && p.standby.inst != nil { // it may serve again
		told = append(told, p.standby.inst)
	}
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.host.cfg.Timing.Answer)
	defer cancel()
	var errs []error
	for _, inst := range told {
		_, err := inst.api.SetPolicy(ctx, &kernelv1.SetPolicyRequest{Policy: text})
		if status.Code(err) != codes.Unimplemented { // as of an older program
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
