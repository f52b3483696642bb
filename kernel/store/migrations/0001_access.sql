-- +goose Up
-- Runs as the kernel's own role, which owns everything here. cabinet.group is the role that all roles of modules are in.

create schema access;

create table kernel.module (
  id         text primary key,
  owner_role name not null unique,
  own_role   name not null unique,
  many_role  name not null unique,
  all_role   name not null unique
);

-- One row: the two padded keys of an HMAC-SHA256, so that no extension is needed to compute one.
create table kernel.principal_key (
  only_one  boolean primary key default true check (only_one),
  inner_pad bytea not null check (length(inner_pad) = 64),
  outer_pad bytea not null check (length(outer_pad) = 64)
);

create table kernel.client (
  id       uuid primary key,
  module   text not null,
  added_at timestamptz not null default now()
);

create table kernel.client_grant (
  user_id    uuid not null,
  client_id  uuid not null references kernel.client (id) on delete cascade,
  module     text not null,
  granted_at timestamptz not null default now(),
  primary key (user_id, client_id, module)
);
create index client_grant_by_client on kernel.client_grant (client_id);

create table kernel.portfolio_client (
  portfolio_id uuid not null,
  client_id    uuid not null references kernel.client (id) on delete cascade,
  primary key (portfolio_id, client_id)
);
create index portfolio_client_by_client on kernel.portfolio_client (client_id);

create table kernel.portfolio_user (
  user_id      uuid not null,
  portfolio_id uuid not null,
  primary key (user_id, portfolio_id)
);

-- principal returns {kind, who, acting for, module} of the signed setting, null when nobody is said to act. It is called
-- from definer functions alone, which pin the search path. An expiry is compared with the clock of this server.
-- +goose StatementBegin
create function kernel.principal() returns text[] language plpgsql stable as $$
declare
  said text := current_setting('cabinet.principal', true);
  part text[];
  key  kernel.principal_key;
  f    text[];
begin
  if said is null or said = '' then
    return null;
  end if;
  part := string_to_array(said, '.');
  select * into key from kernel.principal_key;
  if array_length(part, 1) is distinct from 3 or part[1] <> 'v1' or key.inner_pad is null
     or encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to('v1.' || part[2], 'UTF8'))), 'hex') <> part[3] then
    raise exception 'the principal is not signed by this portal' using errcode = 'CB001';
  end if;
  f := string_to_array(part[2], '|');
  if to_timestamp(f[5]::bigint) < clock_timestamp() then
    raise exception 'the principal has expired' using errcode = 'CB002';
  end if;
  return f;
end $$;
-- +goose StatementEnd

-- caller returns the module whose role is set now. The setting "role" keeps what the session set also inside a definer function.
-- +goose StatementBegin
create function kernel.caller() returns text language plpgsql stable as $$
declare
  r name := coalesce(nullif(current_setting('role'), 'none'), session_user);
  m text;
begin
  select id into m from kernel.module where r in (own_role, many_role, all_role);
  if m is null then
    raise exception 'role % belongs to no module', r using errcode = '42501';
  end if;
  return m;
end $$;
-- +goose StatementEnd

-- signer is who acts, for the rows of the calling module: "contact|user|client".
-- +goose StatementBegin
create function kernel.signer() returns text language plpgsql stable as $$
declare
  f text[] := kernel.principal();
begin
  if f is null or f[4] <> kernel.caller() then
    raise exception 'nobody acts for module %', kernel.caller() using errcode = 'CB001';
  end if;
  return f[1] || '|' || f[2] || '|' || f[3];
end $$;
-- +goose StatementEnd

-- clients are those that who acts may see: for a contact the one acted for, if it is granted; for staff all granted.
-- +goose StatementBegin
create function access.clients() returns uuid[] language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  f text[] := kernel.principal();
begin
  if f[1] = 'contact' and f[3] <> '' then
    return array(select client_id from kernel.client_grant
                 where user_id = f[2]::uuid and client_id = f[3]::uuid limit 1);
  elsif f[1] = 'staff' then
    return array(
      select client_id from kernel.client_grant where user_id = f[2]::uuid
      union all
      select c.client_id from kernel.portfolio_user u join kernel.portfolio_client c using (portfolio_id)
      where u.user_id = f[2]::uuid);
  end if;
  return '{}';
end $$;

create function access.user_id() returns uuid language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  f text[] := kernel.principal();
begin
  if f[1] in ('contact', 'staff') then
    return f[2]::uuid;
  end if;
  return null;
end $$;

-- staff_id is the user's id when a member of staff acts.
create function access.staff_id() returns uuid language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  f text[] := kernel.principal();
begin
  if f[1] = 'staff' then
    return f[2]::uuid;
  end if;
  return null;
end $$;

create function access.acting_for() returns uuid language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  f text[] := kernel.principal();
begin
  if f[1] = 'contact' then
    return nullif(f[3], '')::uuid;
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- my_clients is the same for a member of staff with too many clients for an array. A contact is never one, and sees none here.
create view access.my_clients as
  select client_id from kernel.client_grant where user_id = (select access.staff_id())
  union all
  select c.client_id from kernel.portfolio_user u join kernel.portfolio_client c using (portfolio_id)
  where u.user_id = (select access.staff_id());

-- Functions of the kernel are nobody's until they are given.
revoke execute on all functions in schema kernel, access from public;
alter default privileges revoke execute on functions from public;

-- +goose StatementBegin
do $$
declare
  modules name := current_setting('cabinet.group');
  login   name := current_setting('cabinet.login');
begin
  execute format('grant usage on schema kernel, access to %I, %I', modules, login);
  execute format('grant execute on all functions in schema access to %I', modules);
  execute format('grant select on access.my_clients to %I', modules);
  execute format('grant select on kernel.module to %I', modules);
  execute format('grant references (id) on kernel.client to %I', modules);
end $$;

-- allow_modules lets every role of every module execute a function of the kernel.
create function kernel.allow_modules(what regprocedure) returns void language plpgsql as $$
begin
  execute format('grant execute on function %s to %I', what, current_setting('cabinet.group'));
end $$;
-- +goose StatementEnd
