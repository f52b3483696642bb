package event

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Migrations are the goose files of what events need in the schema kernel, numbered from 0100, in the folder "migrations".
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Installation is what the host tells the database about modules.
type Installation struct {
	// Roles maps each runtime role of a module to the module's id. Roles must exist; they get the right to publish
	// and apply.
	Roles map[string]string
	// Types maps each event that some module publishes to that module's id.
	Types map[protoreflect.FullName]string
	// Subscriptions are those of all modules.
	Subscriptions []Subscription
	// Zone is the portal's time zone, in which schedules are read. Default: UTC.
	Zone *time.Location
	// Now is the clock from which the first run of a schedule is counted. Default: the database's.
	Now func() time.Time
}

// Beginner starts transactions: a connection or a pool, acting as the owner of schema kernel.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Install makes the database's list of roles, types and subscriptions equal to in. It changes nothing when they are,
// so every node may call it at every start. A subscriber that is new gets the events published from now on; to be exact it
// waits for publishers under way. A subscriber that is gone gets no more; what waited for it stays until it is back or swept.
// A schedule that is new, or whose time was changed, is first due at its next time from now. One that is gone is no more
// due; back within [Retention], it catches up as with any downtime.
func Install(ctx context.Context, db Beginner, in Installation) error {
	for _, s := range in.Subscriptions {
		if err := s.validate(); err != nil {
			return err
		}
	}
	for t := range in.Types {
		// What is not linked here, of a plugin, is checked where it is published.
		m, err := protoregistry.GlobalTypes.FindMessageByName(t)
		if err != nil {
			continue
		}
		if err := Check(m.Descriptor()); err != nil {
			return fmt.Errorf("install events: %w", err)
		}
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Nodes that start together take turns.
		if _, err := tx.Exec(ctx, `lock table kernel.event_role in exclusive mode`); err != nil {
			return err
		}
		if err := installRoles(ctx, tx, in.Roles); err != nil {
			return err
		}
		if err := installTypes(ctx, tx, in.Types); err != nil {
			return err
		}
		if err := installSubscriptions(ctx, tx, in.Subscriptions); err != nil {
			return err
		}
		return installSchedules(ctx, tx, in)
	})
	if err != nil {
		return fmt.Errorf("install events: %w", err)
	}
	return nil
}

func installRoles(ctx context.Context, tx pgx.Tx, roles map[string]string) error {
	names := slices.Sorted(maps.Keys(roles))
	modules := make([]string, len(names))
	for i, r := range names {
		modules[i] = roles[r]
	}
	if _, err := tx.Exec(ctx, `delete from kernel.event_role where role <> all($1::name[])`, names); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		insert into kernel.event_role as r (role, module) select * from unnest($1::name[], $2::text[])
		on conflict (role) do update set module = excluded.module where r.module <> excluded.module
		returning role::text`, names, modules)
	if err != nil {
		return err
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, r := range fresh {
		role := pgx.Identifier{r}.Sanitize()
		if _, err := tx.Exec(ctx, `grant usage on schema kernel to `+role); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `grant execute on function kernel.publish(uuid[], text[], text[], bytea[]),
			kernel.plan(uuid[], text[], text[], bytea[], timestamptz[], text[], text[]), kernel.apply(text, uuid) to `+role); err != nil {
			return err
		}
	}
	return nil
}

func installTypes(ctx context.Context, tx pgx.Tx, types map[protoreflect.FullName]string) error {
	names, modules := []string{}, []string{}
	for t, m := range types {
		names, modules = append(names, string(t)), append(modules, m)
	}
	if _, err := tx.Exec(ctx, `delete from kernel.event_type where type <> all($1::text[])`, names); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into kernel.event_type as t (type, module) select * from unnest($1::text[], $2::text[])
		on conflict (type) do update set module = excluded.module where t.module <> excluded.module`, names, modules)
	return err
}

func installSubscriptions(ctx context.Context, tx pgx.Tx, subs []Subscription) error {
	names, types, modules := []string{}, []string{}, []string{}
	for _, s := range subs {
		for _, t := range s.Types {
			names, types, modules = append(names, s.Subscriber), append(types, string(t)), append(modules, s.Module)
		}
	}
	var same bool
	err := tx.QueryRow(ctx, `
		with want as (select * from unnest($1::text[], $2::text[], $3::text[]) w(subscriber, type, module)),
		     have as (select subscriber, type, module from kernel.subscription)
		select not exists (table want except table have) and not exists (table have except table want)`,
		names, types, modules).Scan(&same)
	if err != nil || same {
		return err
	}
	// Publishers under way do not know the new ones: wait for them, then take the number that parts old from new.
	if _, err := tx.Exec(ctx, `lock table kernel.subscription in exclusive mode`); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		delete from kernel.subscription s where not exists (
			select from unnest($1::text[], $2::text[]) w(subscriber, type) where w.subscriber = s.subscriber and w.type = s.type)`,
		names, types)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into kernel.subscription as s (subscriber, type, module, since)
		select subscriber, type, module, nextval('kernel.event_seq') from unnest($1::text[], $2::text[], $3::text[]) w(subscriber, type, module)
		on conflict (type, subscriber) do update set module = excluded.module where s.module <> excluded.module`,
		names, types, modules)
	return err
}
