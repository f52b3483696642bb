-- +goose Up
-- What changed, told to those who look at it. A note says whose rows changed and which messages of contracts are made
-- of them; never what they hold.

-- Emptied by a crash of the server; then nodes lose their connections, and everybody is told to ask again.
create unlogged table kernel.live_note (
  xid    xid8   not null default pg_current_xact_id(),
  module text   not null,
  topics text[] not null,
  fence  text   not null,
  ids    uuid[] not null
);
create index live_note_by_xid on kernel.live_note (xid);
comment on column kernel.live_note.xid is 'the transaction: what was committed between two snapshots is visible in the one and not in the other';
comment on column kernel.live_note.fence is 'client or user: of those in ids; all: of who reaches all rows; shared: of everybody';

-- Nodes that want to be notified.
create unlogged table kernel.live_asleep (
  node  uuid        primary key,
  until timestamptz not null
);

-- live_rows notes what a statement changed. Its arguments: the fence, the column that names whose rows they are, columns
-- whose change is none, and the topics. The module is the one whose schema the table is in, so that none speaks for
-- another, whichever role or process writes.
-- +goose StatementBegin
create function kernel.live_rows() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  whose   text := case when tg_argv[1] = '' then 'null::uuid' else format('%I', tg_argv[1]) end;
  unless  text[] := tg_argv[2];
  rows    text;
  ids     uuid[];
  changed boolean;
begin
  rows := case tg_op
    when 'INSERT' then format('select %s from new_rows', whose)
    when 'DELETE' then format('select %s from old_rows', whose)
    else case when unless = '{}' then format('select %1$s from new_rows union all select %1$s from old_rows', whose)
      else format('select w from ('
        '(select %1$s as w, to_jsonb(n) - $1 from new_rows n except select %1$s, to_jsonb(o) - $1 from old_rows o) union all '
        '(select %1$s as w, to_jsonb(o) - $1 from old_rows o except select %1$s, to_jsonb(n) - $1 from new_rows n)) d', whose)
    end
  end;
  execute 'select array_agg(distinct w) filter (where w is not null), count(*) > 0 from (' || rows || ') c(w)'
    into ids, changed using unless;
  if not changed then
    return null;
  end if;
  insert into kernel.live_note (module, topics, fence, ids)
  values (tg_table_schema, tg_argv[3:], tg_argv[0], coalesce(ids, '{}'));
  -- A node lies down, then waits for whoever was writing at that time: either it is seen here or this is seen there.
  if exists (select from kernel.live_asleep where until > clock_timestamp()) then
    perform pg_notify('cabinet_live', '');
  end if;
  return null;
end $$;

-- live_for is kernel.live for rows that others hear of than those who may read the table. rule is what it says of a
-- table that is protected: 'client COLUMN', 'user COLUMN', 'all' or 'shared'. A change of the columns in unless alone is
-- none. The same rule again replaces what was said before.
create function kernel.live_for(t regclass, rule text, unless name[], variadic topics text[]) returns void language plpgsql as $$
declare
  fence text := split_part(rule, ' ', 1);
  col   text := split_part(rule, ' ', 2);
  args  text;
  op    text;
begin
  if fence not in ('client', 'user', 'all', 'shared') or (fence in ('client', 'user')) <> (col <> '') then
    raise exception 'live updates of %: % is no rule: write ''client COLUMN'', ''user COLUMN'', ''all'' or ''shared''', t, quote_literal(rule);
  end if;
  perform 1 from pg_catalog.pg_attribute where attrelid = t and attname = col and atttypid = 'uuid'::regtype and not attisdropped;
  if col <> '' and not found then
    raise exception 'live updates of %: it has no column % of type uuid', t, col;
  end if;
  select string_agg(quote_literal(a), ', ' order by n) into args
  from unnest(array[fence, col, unless::text] || topics) with ordinality w(a, n);
  foreach op in array array['insert', 'update', 'delete'] loop
    execute format('create or replace trigger %I after %s on %s %s for each statement execute function kernel.live_rows(%s)',
      'cabinet_live_' || fence || '_' || op, op, t,
      case op when 'insert' then 'referencing new table as new_rows' when 'delete' then 'referencing old table as old_rows'
        else 'referencing old table as old_rows new table as new_rows' end,
      args);
  end loop;
end $$;

-- live says in a module's migration which messages of its contracts, by full name, are made of a table's rows:
-- whoever looks at such a message, and may read the rows, is told when they change.
create function kernel.live(t regclass, variadic topics text[]) returns void language plpgsql as $$
declare
  rule text := (select obj_description(p.oid, 'pg_policy') from pg_catalog.pg_policy p where p.polrelid = t and p.polname = 'cabinet_all');
begin
  if rule is null then
    raise exception 'live updates of %: say first with kernel.protect, protect_own, protect_all or share who may read it', t;
  end if;
  perform kernel.live_for(t, rule, '{}', variadic topics);
end $$;

-- live_off takes back what live and live_for said of a table.
create function kernel.live_off(t regclass) returns void language plpgsql as $$
declare
  name name;
begin
  for name in select tgname from pg_catalog.pg_trigger where tgrelid = t and tgname like 'cabinet\_live\_%' loop
    execute format('drop trigger %I on %s', name, t);
  end loop;
end $$;

do $$
begin
  perform kernel.allow_modules('kernel.live_rows()');
  perform kernel.allow_modules('kernel.live_for(regclass,text,name[],text[])');
  perform kernel.allow_modules('kernel.live(regclass,text[])');
  perform kernel.allow_modules('kernel.live_off(regclass)');
end $$;
-- +goose StatementEnd

-- Who sees which client is part of who somebody is. Of kernel.portfolio_client nothing is noted: nothing writes it yet.
select kernel.live_for('kernel.client_grant', 'user user_id', '{}', 'cabinet.kernel.v1.Identity');
select kernel.live_for('kernel.portfolio_user', 'user user_id', '{}', 'cabinet.kernel.v1.Identity');

-- +goose Down
select kernel.live_off('kernel.client_grant');
select kernel.live_off('kernel.portfolio_user');
drop function kernel.live_off, kernel.live, kernel.live_for, kernel.live_rows;
drop table kernel.live_asleep, kernel.live_note;
