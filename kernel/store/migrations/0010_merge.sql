-- +goose Up
-- Two clients made one. The merged one stays known for good: what is only added to, the audit log, names it, and nothing may be
-- written for it any more, whichever module tries.
alter table kernel.client
  add column merged_into uuid references kernel.client (id) check (merged_into <> id),
  add column merged_at   timestamptz;
-- Chains are made short when they are made: merged_into is always a client that goes on.
create index client_merged on kernel.client (merged_into) where merged_into is not null;

-- Which modules' rows of a merged client were moved. What is missing here is caught up with when the portal starts.
create table kernel.client_moved (
  merged_id uuid not null references kernel.client (id),
  module    text not null,
  moved_at  timestamptz not null default now(),
  primary key (merged_id, module)
);

-- +goose StatementBegin
-- is_merged tells whether a client was merged into another. It holds the client until the transaction ends: who merges it waits
-- for who writes for it, and who writes for it waits for who merges it, and then is refused.
create function kernel.is_merged(client uuid) returns boolean language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  gone boolean;
begin
  select c.merged_into is not null into gone from kernel.client c where c.id = client for key share;
  return coalesce(gone, false);
end $$;

-- survivor is the client that one was merged into; null for one that goes on.
create function kernel.survivor(client uuid) returns uuid language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select c.merged_into from kernel.client c where c.id = client;
$$;

create function kernel.refuse_merged() returns trigger language plpgsql as $$
begin
  raise exception 'the client of this row of % was merged into another', tg_table_name using errcode = 'CB003';
end $$;

-- guard_clients puts, before each table of the calling module that holds rows of clients, what refuses to write rows of a client
-- that was merged. Moving them to another client is no such writing. An update that leaves the client as it is holds nothing:
-- its row is locked, and moved after it.
create function kernel.guard_clients() returns void language plpgsql as $$
declare
  m kernel.module := kernel.my_roles();
  t record;
begin
  for t in
    select c.oid::regclass as name, split_part(obj_description(p.oid, 'pg_policy'), ' ', 2) as col
    from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
    where c.relnamespace = m.id::regnamespace and not c.relispartition and p.polname = 'cabinet_all' and obj_description(p.oid, 'pg_policy') like 'client %'
      and not exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and g.tgname = 'cabinet_merged_update')
  loop
    execute format('create trigger cabinet_merged_insert before insert on %s for each row
      when (kernel.is_merged(new.%I)) execute function kernel.refuse_merged()', t.name, t.col);
    execute format('create trigger cabinet_merged_update before update on %1$s for each row
      when (case when new.%2$I is distinct from old.%2$I then kernel.is_merged(new.%2$I) else kernel.survivor(new.%2$I) is not null end)
      execute function kernel.refuse_merged()', t.name, t.col);
  end loop;
end $$;

-- merge_clients makes one client part of another: from here on nothing is written for it, and who was granted it is granted the
-- other. It is to be among the last of a transaction, since it keeps everybody else from writing for the merged one. Refused
-- while events about it wait to be handled, as their effect would have nowhere to go; a lane that is parked is no reason.
create function kernel.merge_clients(into_id uuid, from_id uuid) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  c     record;
  waits boolean := false;
begin
  if into_id = from_id then
    raise exception 'a client is not merged into itself' using errcode = '22023';
  end if;
  -- In the order of ids, so that two merges of the same clients do not wait for each other.
  for c in select k.id from kernel.client k where k.id in (into_id, from_id) order by k.id loop
    if c.id = from_id then
      perform from kernel.client k where k.id = c.id for update;
    else
      perform from kernel.client k where k.id = c.id for no key update;
    end if;
  end loop;
  if (select count(*) from kernel.client k where k.id in (into_id, from_id) and k.merged_into is null) <> 2 then
    raise exception 'one of the clients was merged, or is not known' using errcode = 'CB003';
  end if;
  if to_regclass('kernel.lane') is not null then
    select exists (select from (select distinct s.subscriber from kernel.subscription s) s
      join kernel.lane l on l.subscriber = s.subscriber and l.key = from_id::text
      where l.done < l.last and l.parked_at is null) into waits;
  end if;
  if waits then
    raise exception 'events about the client wait to be handled' using errcode = 'CB004';
  end if;
  update kernel.client k set merged_into = into_id, merged_at = now() where k.id = from_id or k.merged_into = from_id;
  insert into kernel.client_grant (user_id, client_id, module, granted_at)
    select g.user_id, into_id, g.module, g.granted_at from kernel.client_grant g where g.client_id = from_id on conflict do nothing;
  delete from kernel.client_grant g where g.client_id = from_id;
  insert into kernel.portfolio_client (portfolio_id, client_id)
    select p.portfolio_id, into_id from kernel.portfolio_client p where p.client_id = from_id on conflict do nothing;
  delete from kernel.portfolio_client p where p.client_id = from_id;
end $$;

-- Nobody is granted a client that is no more.
create trigger merged_insert before insert on kernel.client_grant for each row
  when (kernel.is_merged(new.client_id)) execute function kernel.refuse_merged();
create trigger merged_insert before insert on kernel.portfolio_client for each row
  when (kernel.is_merged(new.client_id)) execute function kernel.refuse_merged();

-- moved notes, with the move, that the calling module's rows of a client are moved.
create function kernel.moved(client uuid) returns void language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  insert into kernel.client_moved (merged_id, module) values (client, kernel.caller()) on conflict do nothing;
$$;

-- with_merged is a client and those that were merged into it: what the audit log has of it.
create function access.with_merged(client uuid) returns uuid[] language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select array[client] || array(select c.id from kernel.client c where c.merged_into = client);
$$;

-- audited_clients are those that access.clients gives, and those that were merged into them.
create function access.audited_clients() returns uuid[] language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select mine.ids || array(select c.id from kernel.client c where c.merged_into = any (mine.ids))
  from (select access.clients() as ids) mine;
$$;

-- The audit log is only added to, so entries of a merged client stay its own: who sees the survivor sees them too. That is looked
-- up for what is not among one's own clients, and so costs the others nothing.
create view access.audited_by_staff as
  select client_id from access.my_clients
  union all
  select c.id from kernel.client c join access.my_clients mine on mine.client_id = c.merged_into;
create or replace view access.seen_clients as
  select client_id from access.my_clients
  union all
  select client_id from kernel.client_grant where user_id = (select access.contact_id()) and client_id = (select access.acting_for())
  union all
  select c.id from kernel.client c join access.my_clients mine on mine.client_id = c.merged_into
  union all
  select c.id from kernel.client c join kernel.client_grant g on g.client_id = c.merged_into
  where g.user_id = (select access.contact_id()) and g.client_id = (select access.acting_for());

-- audit_mine as before, counting entries of merged clients too.
create or replace function kernel.audit_mine(most int) returns int language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if (select count(*) from (select from access.my_clients limit 10001) c) > 10000 then
    return most + 1;
  end if;
  return (select count(*) from (select from kernel.audit_entry where client_id = any (access.audited_clients()) limit most + 1) e);
end $$;

-- audit_open as before, over audited_by_staff.
create or replace function kernel.audit_open(reader text) returns void language plpgsql volatile as $$
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
      '(select true from access.audited_by_staff mine where mine.client_id = %1$s.client_id limit 1))', t, m.many_role);
    execute format('create policy cabinet_all on %s for select to %I using (true)', t, m.all_role);
    execute format('grant select on %s to %I, %I, %I', t, m.own_role, m.many_role, m.all_role);
  end loop;
  execute format('grant execute on function kernel.audit_mine(int) to %I, %I', m.own_role, m.many_role);
  execute format('grant select on access.seen_clients to %I', m.own_role);
  execute format('grant select on access.audited_by_staff to %I', m.many_role);
end $$;

-- A portal that has opened its log does so again when it starts.
do $$
declare
  p record;
begin
  for p in select polname, polrelid::regclass as t from pg_policy where polrelid in ('kernel.audit_entry'::regclass, 'kernel.audit_detail'::regclass) loop
    execute format('drop policy %I on %s', p.polname, p.t);
  end loop;
end $$;

revoke execute on function kernel.is_merged(uuid), kernel.survivor(uuid), kernel.refuse_merged(), kernel.guard_clients(),
  kernel.merge_clients(uuid, uuid), kernel.moved(uuid), access.with_merged(uuid), access.audited_clients(), kernel.audit_mine(int), kernel.audit_open(text) from public;

do $$
declare
  f regprocedure;
begin
  foreach f in array array['kernel.is_merged(uuid)', 'kernel.survivor(uuid)', 'kernel.refuse_merged()', 'kernel.guard_clients()', 'kernel.moved(uuid)',
    'access.with_merged(uuid)', 'access.audited_clients()']::regprocedure[]
  loop
    perform kernel.allow_modules(f);
  end loop;
end $$;
-- +goose StatementEnd
