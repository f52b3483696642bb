-- +goose Up

-- Events that are due later. When its time comes a job leaves this table for the outbox, in one transaction, and is an
-- event like any other from then on.
create table kernel.job (
  id      uuid        primary key,
  source  text        not null,
  type    text        not null,
  key     text        not null,
  due     timestamptz not null,
  place   bigint      generated always as identity,
  payload bytea       not null
);
create index job_due on kernel.job (due, place);
create index job_key on kernel.job (key, due, place);
comment on column kernel.job.place is 'the order of jobs that are due at the same time';

alter table kernel.outbox add column due timestamptz;
comment on column kernel.outbox.due is 'for when a job or a run was meant; null for what was due at once';

create table kernel.schedule (
  name     text        primary key,
  module   text        not null,
  title    text        not null,
  cron     text        not null,
  zone     text        not null,
  catch_up text        not null check (catch_up in ('skip', 'once', 'each')),
  most     int         not null,
  next     timestamptz not null,
  last     timestamptz,
  off_at   timestamptz
);
comment on column kernel.schedule.most is 'how many runs may wait in its lane';
comment on column kernel.schedule.next is 'the planned time of the next run: who moves it on publishes the runs up to it';
comment on column kernel.schedule.off_at is 'since when no module declares it. What it missed counts when it is back';

-- +goose StatementBegin
-- Writes events and makes their lanes due: of every subscriber to their types, or of one alone. The lanes stay locked
-- until the transaction commits. For the kernel's own functions.
create function kernel.emit(ids uuid[], sources text[], types text[], keys text[], payloads bytea[], dues timestamptz[], only_for text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  lanes bigint;
  firsts bigint;
begin
  lock table kernel.subscription in row share mode;
  select count(distinct k) into firsts from unnest(keys) k;

  -- Every publisher locks in the same order, so none waits for another in a circle. A number that is taken before the
  -- lock is held would not be in the order of commits; those of the events are taken below.
  insert into kernel.lane as l (subscriber, key, done, last)
  select w.subscriber, w.key, n.seq - 1, n.seq
  from (
    select distinct s.subscriber, p.key
    from unnest(types, keys) p(type, key) join kernel.subscription s using (type)
    where only_for is null or s.subscriber = only_for
  ) w, lateral (select nextval('kernel.event_seq') + length(w.key) * 0 as seq) n
  order by w.key collate "C", w.subscriber collate "C"
  on conflict (subscriber, key) do update set
    last = nextval('kernel.event_seq'),
    due = case when l.done < l.last then l.due else clock_timestamp() end;
  get diagnostics lanes = row_count;

  insert into kernel.outbox (id, source, type, key, payload, due)
  select p.id, p.source, p.type, p.key, p.payload, p.due
  from unnest(ids, sources, types, keys, payloads, dues) with ordinality p(id, source, type, key, payload, due, place)
  order by p.place;

  -- The number that a lane took before its events' is less than that of the second, which nobody would wait for.
  if lanes > 0 and firsts < cardinality(keys) then
    update kernel.lane l set last = o.seq
    from (select key, max(seq) as seq from kernel.outbox where id = any(ids) group by key having count(*) > 1) o
    where l.key = o.key and l.subscriber in (select subscriber from kernel.subscription where type = any(types)) and (only_for is null or l.subscriber = only_for);
  end if;

  -- This statement's snapshot is younger than the lock: who lies down after it was taken sees that a publisher is
  -- under way, who lay down before is seen here.
  if lanes > 0 and exists (select from kernel.asleep where until > clock_timestamp()) then
    perform pg_notify('cabinet_event', '');
  end if;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- The module that acts, when each of the types is its own to publish.
create function kernel.event_publisher(types text[]) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  acting text := kernel.event_module();
  wrong text;
begin
  select t into wrong from unnest(types) t
  where not exists (select from kernel.event_type e where e.type = t and e.module = acting) limit 1;
  if found then
    raise insufficient_privilege using message = format('module %s may not publish %s', acting, wrong),
      hint = 'a module publishes the events of its own contracts, and names them in its manifest';
  end if;
  return acting;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Writes one transaction's events, sorted by key. It is to be the transaction's last statement.
create or replace function kernel.publish(ids uuid[], types text[], keys text[], payloads bytea[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  acting text := kernel.event_publisher(types);
begin
  perform kernel.emit(ids, array_fill(acting, array[cardinality(ids)]), types, keys, payloads, null, null);
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Takes jobs of the named types and keys back that are not due yet, and then writes new ones.
create function kernel.plan(ids uuid[], types text[], keys text[], payloads bytea[], dues timestamptz[], off_types text[], off_keys text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  acting text := kernel.event_publisher(types || off_types);
begin
  -- A dispatcher that lies down sees by this that somebody is under way whose jobs it does not know yet.
  lock table kernel.subscription in row share mode;
  delete from kernel.job j using unnest(off_types, off_keys) o(type, key)
  where j.type = o.type and j.key = o.key and j.source = acting;
  insert into kernel.job (id, source, type, key, payload, due)
  select p.id, acting, p.type, p.key, p.payload, p.due
  from unnest(ids, types, keys, payloads, dues) with ordinality p(id, type, key, payload, due, place)
  order by p.place;
  -- Who looks again by itself before the first is due need not be woken.
  if exists (select from kernel.asleep where until > clock_timestamp() and until > (select min(d) from unnest(dues) d)) then
    perform pg_notify('cabinet_event', '');
  end if;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Publishes jobs that are due, in the order in which they are within each key, and returns how many. A key that somebody
-- holds is left for the next time with all its jobs, and holds up no other.
create function kernel.promote(at timestamptz, most int) returns int
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
  k text;
  jobs record;
  total int := 0;
begin
  for k in
    select distinct f.key collate "C" from (select j.key from kernel.job j where j.due <= at order by j.due, j.place limit most) f order by 1
  loop
    -- Where another dispatcher is at it there is nothing to wait for.
    continue when not pg_try_advisory_xact_lock(hashtextextended('cabinet job ' || k, 0));
    begin
      with gone as (
        delete from kernel.job where id in (select j.id from kernel.job j where j.key = k and j.due <= at order by j.due, j.place limit most)
        returning *
      )
      select array_agg(id order by due, place) ids, array_agg(source order by due, place) sources, array_agg(type order by due, place) types,
        array_agg(key order by due, place) keys, array_agg(payload order by due, place) payloads, array_agg(due order by due, place) dues
      into jobs from gone;
      if jobs.ids is not null then
        perform kernel.emit(jobs.ids, jobs.sources, jobs.types, jobs.keys, jobs.payloads, jobs.dues, null);
        total := total + cardinality(jobs.ids);
      end if;
    exception when lock_not_available or deadlock_detected then
      null;
    end;
  end loop;
  return total;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Publishes runs of a schedule, when its next one is still the expected: whoever comes second changes nothing and gets
-- null. No more runs than may wait are published, the latest; the number is returned. Without an expected time it is a
-- run by hand, which leaves the plan alone.
create function kernel.run(schedule text, expected timestamptz, following timestamptz, most int, ids uuid[], payloads bytea[], dues timestamptz[]) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  place int; -- how many may still wait
  total int := cardinality(ids);
  first int;
begin
  if expected is null then
    perform from kernel.schedule s where s.name = schedule and s.off_at is null for update;
  else
    update kernel.schedule s set next = following, last = coalesce(dues[total], s.last)
    where s.name = schedule and s.next = expected and s.off_at is null;
  end if;
  if not found then
    return null;
  end if;
  select most - count(*) into place from kernel.lane l join kernel.outbox o on o.key = l.key and o.seq > l.done
  where l.subscriber = schedule and l.key = schedule and l.done < l.last;
  if place <= 0 or total = 0 then
    return 0;
  end if;
  first := greatest(1, total - place + 1);
  perform kernel.emit(ids[first:total], array_fill('kernel'::text, array[total - first + 1]),
    array_fill('cabinet.kernel.v1.ScheduleDue'::text, array[total - first + 1]), array_fill(schedule, array[total - first + 1]),
    payloads[first:total], dues[first:total], schedule);
  return total - first + 1;
end $$;
-- +goose StatementEnd

revoke all on function
  kernel.emit(uuid[], text[], text[], text[], bytea[], timestamptz[], text), kernel.event_publisher(text[]),
  kernel.plan(uuid[], text[], text[], bytea[], timestamptz[], text[], text[]), kernel.promote(timestamptz, int),
  kernel.run(text, timestamptz, timestamptz, int, uuid[], bytea[], timestamptz[]) from public;

-- Events that were published together with another of the same key, and that nobody came to.
update kernel.lane l set last = o.seq
from (
  select s.subscriber, o.key, max(o.seq) as seq from kernel.outbox o join kernel.subscription s using (type)
  where o.seq > s.since group by s.subscriber, o.key
) o
where l.subscriber = o.subscriber and l.key = o.key and o.seq > l.done and o.seq > l.last;

-- Modules that were installed before may plan too.
-- +goose StatementBegin
do $$
declare
  r name;
begin
  for r in select role from kernel.event_role loop
    execute format('grant execute on function kernel.plan(uuid[], text[], text[], bytea[], timestamptz[], text[], text[]) to %I', r);
  end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function kernel.publish(ids uuid[], types text[], keys text[], payloads bytea[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  acting text := kernel.event_module();
  wrong text;
  lanes bigint;
begin
  select t into wrong from unnest(types) t
  where not exists (select from kernel.event_type e where e.type = t and e.module = acting) limit 1;
  if found then
    raise insufficient_privilege using message = format('module %s may not publish %s', acting, wrong),
      hint = 'a module publishes the events of its own contracts, and names them in its manifest';
  end if;

  lock table kernel.subscription in row share mode;

  -- Every publisher locks in the same order, so none waits for another in a circle. A number that is taken before the
  -- lock is held would not be in the order of commits; those of the events are taken below.
  insert into kernel.lane as l (subscriber, key, done, last)
  select w.subscriber, w.key, n.seq - 1, n.seq
  from (
    select distinct s.subscriber, p.key
    from unnest(types, keys) p(type, key) join kernel.subscription s using (type)
  ) w, lateral (select nextval('kernel.event_seq') + length(w.key) * 0 as seq) n
  order by w.key collate "C", w.subscriber collate "C"
  on conflict (subscriber, key) do update set
    last = nextval('kernel.event_seq'),
    due = case when l.done < l.last then l.due else clock_timestamp() end;
  get diagnostics lanes = row_count;

  insert into kernel.outbox (id, source, type, key, payload)
  select p.id, acting, p.type, p.key, p.payload
  from unnest(ids, types, keys, payloads) with ordinality p(id, type, key, payload, place)
  order by p.place;

  -- This statement's snapshot is younger than the lock: who lies down after it was taken sees that a publisher is
  -- under way, who lay down before is seen here.
  if lanes > 0 and exists (select from kernel.asleep where until > clock_timestamp()) then
    perform pg_notify('cabinet_event', '');
  end if;
end $$;
-- +goose StatementEnd
drop function kernel.run(text, timestamptz, timestamptz, int, uuid[], bytea[], timestamptz[]);
drop function kernel.promote(timestamptz, int);
drop function kernel.plan(uuid[], text[], text[], bytea[], timestamptz[], text[], text[]);
drop function kernel.event_publisher(text[]);
drop function kernel.emit(uuid[], text[], text[], text[], bytea[], timestamptz[], text);
drop table kernel.schedule, kernel.job;
alter table kernel.outbox drop column due;
