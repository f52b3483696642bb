package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
)

// Identity is the topic of who somebody is: the message that IdentityService answers with. Nobody hears it; what is told
// of it has streams ask again whose they are.
const Identity = "cabinet.kernel.v1.Identity"

// Source is a method that shows a message: a topic, and who may hear of it.
type Source struct {
	// Module provides the method.
	Module string
	// Topic is the full name of the message that the method shows.
	Topic string
	Rules access.Rules
}

// Topics are all that can be heard of in a portal.
type Topics struct {
	policy *access.Policy

	mu     sync.Mutex
	topics map[string]*topic  // replaced, never changed
	memo   map[string]reaches // by kind and roles, as the policy was after so many changes
	upTo   uint64
}

type topic struct {
	rules []access.Rules
	// modules that show the message, each of its own rows.
	modules map[string]bool
}

// reaches says for each topic whose rows a reader hears of.
type reaches map[string]access.Reach

// NewTopics makes the topics of what methods show.
func NewTopics(policy *access.Policy, sources []Source) *Topics {
	t := &Topics{policy: policy, topics: map[string]*topic{}, memo: map[string]reaches{}}
	for _, s := range sources {
		one := t.topics[s.Topic]
		if one == nil {
			one = &topic{modules: map[string]bool{}}
			t.topics[s.Topic] = one
		}
		one.rules = append(one.rules, s.Rules)
		one.modules[s.Module] = true
	}
	return t
}

// Adopt puts other topics into the place of these, when the portal's methods are others.
func (t *Topics) Adopt(other *Topics) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.topics = other.topics
	clear(t.memo)
}

// of tells whether a module may speak of a topic.
func (t *Topics) of(module, topic string) bool {
	t.mu.Lock()
	one := t.topics[topic]
	t.mu.Unlock()
	return one != nil && one.modules[module]
}

// kept bounds the memory of what readers with the same roles hear.
const kept = 1000

// reach is what a reader hears of: the furthest that any method showing the topic lets them see.
func (t *Topics) reach(who access.Principal) reaches {
	if !who.IsUser() {
		return nil
	}
	key := strings.Join(append([]string{string(who.Kind), fmt.Sprint(who.ActingFor != "")}, who.Roles...), "\x00")
	t.mu.Lock()
	defer t.mu.Unlock()
	// Counted before it is decided by: what is changed meanwhile is found out the next time.
	if changes := t.policy.Changes(); changes != t.upTo {
		clear(t.memo)
		t.upTo = changes
	}
	if r, ok := t.memo[key]; ok {
		return r
	}
	r := reaches{}
	for name, one := range t.topics {
		for _, rules := range one.rules {
			switch d := t.policy.Decide(who, rules); {
			case !d.Allowed || d.Reach == access.None:
			case d.Reach == access.All:
				r[name] = access.All
			case r[name] == access.None:
				r[name] = d.Reach
			}
		}
	}
	if len(t.memo) >= kept {
		clear(t.memo)
	}
	t.memo[key] = r
	return r
}

// Check compares the topics with what modules' migrations say. A topic that its module shows nowhere is an error that
// names the table and the nearest topic.
func (t *Topics) Check(ctx context.Context, db *pgxpool.Pool, modules []string) error {
	type said struct {
		Module, Table string
		Topics        []string
	}
	rows, err := db.Query(ctx, `
		select n.nspname::text, c.oid::regclass::text, (string_to_array(encode(g.tgargs, 'escape'), '\000'))[4:g.tgnargs]
		from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where g.tgname like 'cabinet\_live\_%\_insert' and n.nspname = any ($1) order by 1, 2, 3`, modules)
	if err != nil {
		return fmt.Errorf("live: read what is told: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[said])
	if err != nil {
		return fmt.Errorf("live: read what is told: %w", err)
	}
	var errs []error
	for _, s := range list {
		for _, name := range s.Topics {
			if t.of(s.Module, name) {
				continue
			}
			hint := ""
			own := slices.DeleteFunc(slices.Sorted(maps.Keys(t.topics)), func(other string) bool { return !t.of(s.Module, other) })
			if near := config.Suggest(name, own); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			errs = append(errs, fmt.Errorf("module %s: live updates of %s name %q, which is no message that a method of its contracts shows%s",
				s.Module, s.Table, name, hint))
		}
	}
	return errors.Join(errs...)
}
