-- +goose Up
-- What a module's migration says of each of its tables, in one line. The functions run as the module's owner.
-- A table that none of them names is out of reach when the portal runs.

-- +goose StatementBegin
create function kernel.my_roles() returns kernel.module language plpgsql stable as $$
declare
  m kernel.module;
begin
  select * into m from kernel.module where owner_role = current_user;
  if m.id is null then
    raise exception '% owns no module: call this from a module''s migration', current_user using errcode = '42501';
  end if;
  return m;
end $$;

-- make_policy makes one policy for one role, and writes down what kind of protection it is part of.
create function kernel.make_policy(t regclass, policy_name name, to_role name, rule text, kind text) returns void language plpgsql as $$
begin
  execute format('create policy %I on %s for all to %I using (%s) with check (%s)', policy_name, t, to_role, rule, rule);
  execute format('comment on policy %I on %s is %L', policy_name, t, kind);
end $$;

create function kernel.lock_table(t regclass, kind text) returns kernel.module language plpgsql as $$
declare
  m kernel.module := kernel.my_roles();
begin
  execute format('alter table %s enable row level security', t);
  execute format('alter table %s force row level security', t);
  perform kernel.make_policy(t, 'cabinet_owner', m.owner_role, 'true', kind);
  perform kernel.make_policy(t, 'cabinet_all', m.all_role, 'true', kind);
  execute format('grant select, insert, update, delete on %s to %I', t, m.all_role);
  return m;
end $$;

-- protect: rows belong to the client that a column names.
create function kernel.protect(t regclass, client_column name) returns void language plpgsql as $$
declare
  kind text := 'client ' || client_column;
  m    kernel.module := kernel.lock_table(t, kind);
begin
  perform kernel.make_policy(t, 'cabinet_own', m.own_role,
    format('%I = any ((select access.clients())::uuid[])', client_column), kind);
  perform kernel.make_policy(t, 'cabinet_many', m.many_role,
    format('exists (select 1 from access.my_clients mine where mine.client_id = %s.%I)', t, client_column), kind);
  execute format('grant select, insert, update, delete on %s to %I, %I', t, m.own_role, m.many_role);
end $$;

-- protect_own: rows belong to the user that a column names.
create function kernel.protect_own(t regclass, user_column name) returns void language plpgsql as $$
declare
  kind text := 'user ' || user_column;
  rule text := format('%I = (select access.user_id())', user_column);
  m    kernel.module := kernel.lock_table(t, kind);
begin
  perform kernel.make_policy(t, 'cabinet_own', m.own_role, rule, kind);
  perform kernel.make_policy(t, 'cabinet_many', m.many_role, rule, kind);
  execute format('grant select, insert, update, delete on %s to %I, %I', t, m.own_role, m.many_role);
end $$;

-- protect_all: only who reaches all rows, staff with such a role and the module itself, reads or writes.
create function kernel.protect_all(t regclass) returns void language plpgsql as $$
begin
  perform kernel.lock_table(t, 'all');
end $$;

-- share: everybody who reaches the module reads, and who reaches all rows writes. For a view, which must be
-- security_invoker: everybody reads.
create function kernel.share(t regclass) returns void language plpgsql as $$
declare
  m    kernel.module := kernel.my_roles();
  kind "char" := (select relkind from pg_catalog.pg_class where oid = t);
begin
  if kind in ('r', 'p') then
    perform kernel.lock_table(t, 'shared');
    perform kernel.make_policy(t, 'cabinet_own', m.own_role, 'true', 'shared');
    perform kernel.make_policy(t, 'cabinet_many', m.many_role, 'true', 'shared');
  end if;
  execute format('grant select on %s to %I, %I, %I', t, m.own_role, m.many_role, m.all_role);
end $$;

do $$
declare
  modules name := current_setting('cabinet.group');
  f regprocedure;
begin
  foreach f in array array['kernel.my_roles()', 'kernel.make_policy(regclass,name,name,text,text)', 'kernel.lock_table(regclass,text)',
    'kernel.protect(regclass,name)', 'kernel.protect_own(regclass,name)', 'kernel.protect_all(regclass)', 'kernel.share(regclass)']::regprocedure[]
  loop
    perform kernel.allow_modules(f);
  end loop;
end $$;
-- +goose StatementEnd
