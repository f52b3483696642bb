-- +goose Up
-- Who did what to what. An entry says who, what and when in ids alone, and is never changed. What outlives no erasure, what
-- fields held and where somebody acted from, lies beside it and can go before it does.
create table kernel.audit_entry (
  id            uuid        primary key,
  time          timestamptz not null default clock_timestamp(),
  actor_kind    text        not null check (actor_kind in ('', 'contact', 'staff', 'module', 'kernel')),
  -- A user; null for a module, the kernel and nobody.
  actor_id      uuid,
  -- The member of staff who acted as the user.
  acted_by      uuid,
  session_id    uuid,
  -- The modules that the call came through before, outermost first.
  via           text[]      not null default '{}',
  module        text        not null,
  -- "/package.Service/Method", or the name of a handler of events.
  method        text        not null,
  resource_type text        not null default '',
  resource_id   uuid,
  client_id     uuid,
  outcome       text        not null check (outcome in ('done', 'refused')),
  -- Why it was refused, in one word.
  reason        text        not null default '' check (reason ~ '^[a-z0-9_]{0,64}$'),
  -- Names of the fields that changed.
  fields        text[]      not null default '{}'
);
create index audit_by_time on kernel.audit_entry (time, id);
create index audit_by_client on kernel.audit_entry (client_id, time, id) where client_id is not null;
create index audit_by_actor on kernel.audit_entry (actor_id, time, id) where actor_id is not null;
create index audit_by_resource on kernel.audit_entry (resource_id, time, id) where resource_id is not null;
create index audit_by_method on kernel.audit_entry (method, time, id);
create index audit_by_module on kernel.audit_entry (module, time, id);
create index audit_refused on kernel.audit_entry (time, id) where outcome = 'refused';

create table kernel.audit_detail (
  entry_id  uuid        not null,
  -- What an entry's transactions wrote one after the other.
  number    smallint    not null,
  time      timestamptz not null default clock_timestamp(),
  -- As the entry's, for row security.
  client_id uuid,
  address   text        not null default '',
  device    text        not null default '',
  -- [{"field": …, "before": …, "after": …, "staff": true for what is for staff alone}]
  changes   jsonb       not null default '[]',
  primary key (entry_id, number)
);
create index audit_detail_by_time on kernel.audit_detail (time);

-- Nobody changes what was written, the owner neither: only audit_sweep and audit_erase take away. This stops mistakes of the
-- kernel's; whoever can sign in as the owner can drop the trigger.
-- +goose StatementBegin
create function kernel.audit_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('cabinet.audit_takes', true) = 'yes' then
    return null;
  end if;
  raise exception 'the audit log is only added to: % of % is refused', lower(tg_op), tg_table_name using errcode = '42501';
end $$;
-- +goose StatementEnd
create trigger audit_guard before update or delete or truncate on kernel.audit_entry for each statement execute function kernel.audit_guard();
create trigger audit_guard before update or delete or truncate on kernel.audit_detail for each statement execute function kernel.audit_guard();

-- change is what the portal signed about the call under way: see signer.signChange in package store.
-- +goose StatementBegin
create function kernel.change(said text) returns jsonb language plpgsql stable as $$
declare
  mac    text := split_part(said, '.', 2);
  body   text := substr(said, 5 + length(mac));
  signed boolean;
  c      jsonb;
begin
  select said = 'c1.' || mac || '.' || body and mac =
           encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to('c1.' || body, 'UTF8'))), 'hex')
    into signed from kernel.principal_key k;
  if signed is not true then
    raise exception 'the call is not signed by this portal' using errcode = 'CB001';
  end if;
  c := body::jsonb;
  if to_timestamp((c ->> 'until')::bigint) < clock_timestamp() then
    raise exception 'the call has expired' using errcode = 'CB002';
  end if;
  return c;
end $$;

-- audit writes entries of the calling module. Who did it, when, by which method and from where is not the module's to say:
-- it is what the portal signed about the call, or, without a call, the module itself. The module says what it was about,
-- where the request did not, and what changed:
--   subjects  [{"resource", "resource_id", "client_id", "outcome", "reason", "changes", "actor_id", "actor_kind"}]
-- The first is the call's own entry, also when several transactions write it; the others are entries of their own.
create function kernel.audit(said text, handler text, subjects jsonb) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  me      text := kernel.caller();
  f       text[] := kernel.principal();
  c       jsonb;
  s       jsonb;
  n       int := 0;
  entry   uuid;
  client  uuid;
  kind    text;
  actor   uuid;
  about   text;
  thing   uuid;
begin
  if f is null or f[4] <> me then
    raise exception 'nobody acts for module %', me using errcode = 'CB001';
  end if;
  if said <> '' then
    c := kernel.change(said);
    if c ->> 'module' <> me then
      raise exception 'module % may not write what module % did', me, c ->> 'module' using errcode = '42501';
    end if;
    if f[1] in ('contact', 'staff') and (f[1] <> c ->> 'kind' or f[2] <> c ->> 'user') then
      raise exception 'the call is another principal''s' using errcode = '42501';
    end if;
  elsif f[1] <> 'module' or f[2] <> me then
    raise exception 'no call that changes anything is under way' using errcode = '42501';
  elsif handler is null or handler !~ '^[a-z0-9][a-zA-Z0-9._-]{0,99}$' then
    raise exception 'a module that acts by itself names its handler' using errcode = '22023';
  end if;
  if (c ->> 'resource_id')::uuid <> (subjects -> 0 ->> 'resource_id')::uuid then
    subjects := '[{}]' || subjects; -- what the request names is the call's own entry, whatever came of it
  end if;
  for s in select jsonb_array_elements(subjects) loop
    kind := coalesce(c ->> 'kind', 'module');
    actor := (c ->> 'user')::uuid;
    -- Who signs in is known to nobody but the module that knows users, which the kernel itself believes.
    if c ->> 'kind' = 'kernel' and c ->> 'method' like '/cabinet.kernel.v1.IdentityService/%' and s ? 'actor_id' then
      kind := s ->> 'actor_kind';
      actor := (s ->> 'actor_id')::uuid;
      if kind not in ('contact', 'staff') then
        raise exception 'somebody who signs in is a contact or staff, not %', kind using errcode = '22023';
      end if;
    end if;
    about := coalesce(c ->> 'resource', '');
    thing := (c ->> 'resource_id')::uuid;
    client := (c ->> 'client')::uuid;
    if thing is null or n > 0 then
      about := coalesce(nullif(s ->> 'resource', ''), about);
      thing := (s ->> 'resource_id')::uuid;
      client := coalesce((s ->> 'client_id')::uuid, client);
    else
      client := coalesce(client, (s ->> 'client_id')::uuid);
    end if;
    if c ->> 'kind' = 'contact' and client is not null and client is distinct from (c ->> 'acting_for')::uuid then
      raise exception 'the contact acts for another client' using errcode = '42501';
    end if;
    entry := coalesce(case when n = 0 then (c ->> 'id')::uuid end, kernel.uuid7());
    insert into kernel.audit_entry (id, actor_kind, actor_id, acted_by, session_id, via, module, method, resource_type, resource_id,
      client_id, outcome, reason, fields)
    values (entry, kind, actor, (c ->> 'acted_by')::uuid, (c ->> 'session')::uuid,
      coalesce((select array_agg(v) from jsonb_array_elements_text(c -> 'via') v), '{}'), me, coalesce(c ->> 'method', handler),
      left(about, 200), thing, client, coalesce(s ->> 'outcome', 'done'), coalesce(s ->> 'reason', ''),
      coalesce((select array_agg(left(x ->> 'field', 100)) from jsonb_array_elements(s -> 'changes') x), '{}'))
    on conflict (id) do nothing;
    if found and c ->> 'address' <> '' or s -> 'changes' is not null then
      insert into kernel.audit_detail (entry_id, number, client_id, address, device, changes)
      select entry, (select coalesce(max(d.number) + 1, 0) from kernel.audit_detail d where d.entry_id = entry), client,
        left(coalesce(c ->> 'address', ''), 64), left(coalesce(c ->> 'device', ''), 64), coalesce(s -> 'changes', '[]');
    end if;
    n := n + 1;
  end loop;
end $$;

-- uuid7 makes an id that grows with time.
create function kernel.uuid7() returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid;
$$;

-- audit_call writes the entry of a call as the kernel knows it, and says whether it is written: not where the call has one.
create function kernel.audit_call(said text, outcome text, reason text, changes jsonb) returns boolean language plpgsql volatile as $$
declare
  c jsonb := kernel.change(said);
begin
  insert into kernel.audit_entry (id, actor_kind, actor_id, acted_by, session_id, via, module, method, resource_type, resource_id,
    client_id, outcome, reason, fields)
  values ((c ->> 'id')::uuid, c ->> 'kind', (c ->> 'user')::uuid, (c ->> 'acted_by')::uuid, (c ->> 'session')::uuid,
    coalesce((select array_agg(v) from jsonb_array_elements_text(c -> 'via') v), '{}'), c ->> 'module', c ->> 'method',
    coalesce(c ->> 'resource', ''), (c ->> 'resource_id')::uuid, (c ->> 'client')::uuid, outcome, reason,
    coalesce((select array_agg(left(x ->> 'field', 100)) from jsonb_array_elements(changes) x), '{}'))
  on conflict (id) do nothing;
  if not found then
    return false;
  end if;
  if c ->> 'address' <> '' or changes is not null then
    insert into kernel.audit_detail (entry_id, number, client_id, address, device, changes)
    values ((c ->> 'id')::uuid, 0, (c ->> 'client')::uuid, left(coalesce(c ->> 'address', ''), 64), left(coalesce(c ->> 'device', ''), 64),
      coalesce(changes, '[]'));
  end if;
  return true;
end $$;

-- audit_refused writes that the kernel refused a call before any module saw it, or that a module did and wrote nothing itself.
create function kernel.audit_refused(said text, reason text) returns void language sql volatile as $$
  select kernel.audit_call(said, 'refused', reason, null);
$$;

-- audit_own writes what the kernel itself did for a call, and which fields it changed.
create function kernel.audit_own(said text, changes jsonb) returns void language plpgsql volatile as $$
begin
  if not kernel.audit_call(said, 'done', '', changes) then
    raise exception 'the call has its entry already' using errcode = '23505';
  end if;
end $$;

-- audit_sweep takes away what is past its retention, some at a time, and says how many rows that were.
create function kernel.audit_sweep(entries_before timestamptz, details_before timestamptz, most int) returns bigint language plpgsql volatile as $$
declare
  gone  bigint;
  total bigint := 0;
begin
  if entries_before > now() - interval '1 day' or details_before > now() - interval '1 day' then
    raise exception 'the audit log keeps a day at least' using errcode = '22023';
  end if;
  perform set_config('cabinet.audit_takes', 'yes', true);
  delete from kernel.audit_detail where (entry_id, number) in (
    select entry_id, number from kernel.audit_detail where time < greatest(entries_before, details_before) order by time limit most);
  get diagnostics gone = row_count;
  total := total + gone;
  delete from kernel.audit_entry where id in (select id from kernel.audit_entry where time < entries_before order by time limit most);
  get diagnostics gone = row_count;
  perform set_config('cabinet.audit_takes', '', true);
  return total + gone;
end $$;

-- audit_erase takes away what fields held, and from where people acted, of everything that somebody or something is named
-- in: as who did it, as what it was about, as the client. That it was done stays.
create function kernel.audit_erase(named uuid) returns bigint language plpgsql volatile as $$
declare
  gone bigint;
begin
  perform set_config('cabinet.audit_takes', 'yes', true);
  delete from kernel.audit_detail d using (
    select id from kernel.audit_entry where actor_id = named
    union all select id from kernel.audit_entry where resource_id = named
    union all select id from kernel.audit_entry where client_id = named) e
  where d.entry_id = e.id;
  get diagnostics gone = row_count;
  perform set_config('cabinet.audit_takes', '', true);
  return gone;
end $$;

-- contact_id is the user's id when a contact acts.
create function access.contact_id() returns uuid language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  f text[] := kernel.principal();
begin
  if f[1] = 'contact' then
    return f[2]::uuid;
  end if;
  return null;
end $$;

-- audit_mine counts the entries that concern the clients of who acts, no further than most; one more when there are more, or
-- when their clients are too many to tell. It is for choosing how to read, and says nothing of what is in them.
create function kernel.audit_mine(most int) returns int language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if (select count(*) from (select from access.my_clients limit 10001) c) > 10000 then
    return most + 1;
  end if;
  return (select count(*) from (select from kernel.audit_entry where client_id = any (access.clients()) limit most + 1) e);
end $$;

-- audit_open lets the roles of the module that shows the log read it, each the rows of its scope. It changes nothing where
-- that is so already. As in protect, but for reading alone, and clients are looked up one by one for both who see some: one
-- client has many entries, and lists are in the order of time. With an array Postgres takes the index by client, reads all
-- that is theirs and sorts it: 390 ms for the first page of 250,000 entries of 5,000 clients, looked up 3 ms.
create function kernel.audit_open(reader text) returns void language plpgsql volatile as $$
declare
  m kernel.module;
  t regclass;
begin
  perform pg_advisory_xact_lock(hashtextextended('kernel.audit_open', 0));
  select * into strict m from kernel.module where id = reader;
  if exists (select from pg_policy where polrelid = 'kernel.audit_detail'::regclass and polname = 'cabinet_all') then
    return;
  end if;
  foreach t in array array['kernel.audit_entry', 'kernel.audit_detail']::regclass[] loop
    execute format('alter table %s enable row level security', t);
    execute format('create policy cabinet_own on %s for select to %I using ('
      '(select true from access.seen_clients seen where seen.client_id = %1$s.client_id limit 1))', t, m.own_role);
    execute format('create policy cabinet_many on %s for select to %I using ('
      '(select true from access.my_clients mine where mine.client_id = %1$s.client_id limit 1))', t, m.many_role);
    execute format('create policy cabinet_all on %s for select to %I using (true)', t, m.all_role);
    execute format('grant select on %s to %I, %I, %I', t, m.own_role, m.many_role, m.all_role);
  end loop;
  execute format('grant execute on function kernel.audit_mine(int) to %I, %I', m.own_role, m.many_role);
  execute format('grant select on access.seen_clients to %I', m.own_role);
end $$;

-- seen_clients are those that access.clients gives, to look one up.
create view access.seen_clients as
  select client_id from access.my_clients
  union all
  select client_id from kernel.client_grant where user_id = (select access.contact_id()) and client_id = (select access.acting_for());

revoke execute on function kernel.audit_guard(), kernel.change(text), kernel.audit(text, text, jsonb), kernel.uuid7(),
  kernel.audit_call(text, text, text, jsonb), kernel.audit_refused(text, text), kernel.audit_own(text, jsonb), kernel.audit_sweep(timestamptz, timestamptz, int), kernel.audit_erase(uuid), kernel.audit_mine(int), kernel.audit_open(text), access.contact_id() from public;

do $$
begin
  perform kernel.allow_modules('kernel.audit(text,text,jsonb)');
  perform kernel.allow_modules('access.contact_id()');
end $$;
-- +goose StatementEnd
