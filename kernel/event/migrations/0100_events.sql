-- +goose Up

-- Who publishes what. Filled by the host at start.
create table kernel.event_role (
  role   name primary key,
  module text not null
);
comment on table kernel.event_role is 'the module that acts when a session has this role';

create table kernel.event_type (
  type   text primary key,
  module text not null
);
comment on table kernel.event_type is 'the module that a message type belongs to: no other publishes it';

-- Publishers hold this table in row share mode until they commit. So a host that adds a subscriber, and a dispatcher
-- that wants to sleep, can tell whether a publisher is under way that does not know of it yet.
create table kernel.subscription (
  subscriber text   not null,
  type       text   not null,
  module     text   not null,
  since      bigint not null,
  primary key (type, subscriber)
);
create index on kernel.subscription (subscriber);
comment on column kernel.subscription.since is 'events up to this number are none of the subscriber''s';

create sequence kernel.event_seq as bigint;

create table kernel.outbox (
  seq     bigint      primary key default nextval('kernel.event_seq'),
  id      uuid        not null unique,
  source  text        not null,
  type    text        not null,
  key     text        not null,
  time    timestamptz not null default clock_timestamp(),
  payload bytea       not null
);
create index on kernel.outbox (key, seq);
create index on kernel.outbox (time);
comment on column kernel.outbox.seq is 'the order of events in a lane. Across lanes it is not the order of commits';

create table kernel.lane (
  subscriber   text        not null,
  key          text        not null,
  done         bigint      not null,
  last         bigint      not null,
  due          timestamptz not null default clock_timestamp(),
  lease        uuid,
  leased_until timestamptz,
  attempts     int         not null default 0,
  parked_at    timestamptz,
  error        text,
  primary key (subscriber, key)
) with (fillfactor = 70);
create index lane_due on kernel.lane (due) where done < last and parked_at is null;
create index lane_parked on kernel.lane (parked_at) where parked_at is not null;
comment on table kernel.lane is 'the events of one key for one subscriber: handled one after the other. done < last when some wait';
comment on column kernel.lane.done is 'number of the last event that was handled';
comment on column kernel.lane.last is 'taken before the number of the newest event, so at most that';
comment on column kernel.lane.attempts is 'failures of the event that is next';

create table kernel.inbox (
  subscriber text        not null,
  event_id   uuid        not null,
  time       timestamptz not null default clock_timestamp(),
  primary key (event_id, subscriber)
);
comment on table kernel.inbox is 'effects that were committed: the event is not applied again';

-- Dispatchers that want to be notified. Nothing is lost when a crash of the server empties it.
create unlogged table kernel.asleep (
  dispatcher uuid        primary key,
  until      timestamptz not null
);

-- +goose StatementBegin
-- The module that the session acts for: that of the role which was set, else of the login. A definer's rights change
-- current_user, not the setting.
create function kernel.event_module() returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  acting name := coalesce(nullif(current_setting('role', true), 'none'), session_user::text);
  found_module text;
begin
  select r.module into found_module from kernel.event_role r where r.role = acting;
  if found_module is null then
    raise insufficient_privilege using message = format('role %s acts for no module, so it has no events', acting),
      hint = 'publish and apply with the runtime role of a module';
  end if;
  return found_module;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Writes one transaction's events, sorted by key, and makes their lanes due. It is to be the transaction's last
-- statement: the lanes stay locked until it commits.
create function kernel.publish(ids uuid[], types text[], keys text[], payloads bytea[]) returns void
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

-- +goose StatementBegin
-- Records, in the transaction of the effect, that a subscriber applied an event. False when it was applied before.
create function kernel.apply(subscriber text, event_id uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  acting text := kernel.event_module();
begin
  if not exists (select from kernel.subscription s where s.subscriber = $1 and s.module = acting) then
    raise insufficient_privilege using message = format('%s is no subscriber of module %s', $1, acting);
  end if;
  -- A handler that slept for longer than records are kept finds its lane ahead, or gone.
  if not exists (
    select from kernel.outbox o join kernel.lane l on l.key = o.key
    where o.id = $2 and l.subscriber = $1 and l.done < o.seq
  ) then
    return false;
  end if;
  insert into kernel.inbox (subscriber, event_id) values ($1, $2) on conflict do nothing;
  return found;
end $$;
-- +goose StatementEnd

revoke all on function kernel.event_module(), kernel.publish(uuid[], text[], text[], bytea[]), kernel.apply(text, uuid) from public;

-- +goose Down
drop function kernel.apply(text, uuid);
drop function kernel.publish(uuid[], text[], text[], bytea[]);
drop function kernel.event_module();
drop table kernel.asleep, kernel.inbox, kernel.lane, kernel.outbox, kernel.subscription, kernel.event_type, kernel.event_role;
drop sequence kernel.event_seq;
