-- +goose Up
-- Tables that are written by their module's own definer functions alone: what keeps books true is then in the database, and no
-- statement of the module's can go round it.
-- +goose StatementBegin

-- protect_journal: rows are read as those that protect names, and nobody who runs with the portal writes them. Who writes, a definer
-- function, asks kernel.is_merged of each client first, once where the trigger of other tables would for every row.
create function kernel.protect_journal(t regclass, client_column name) returns void language plpgsql as $$
declare
  kind text := 'client ' || client_column || ' journal';
  m    kernel.module := kernel.lock_table(t, kind);
begin
  execute format('revoke insert, update, delete on %s from %I', t, m.all_role);
  perform kernel.make_policy(t, 'cabinet_own', m.own_role,
    format('%I = any ((select access.clients())::uuid[])', client_column), kind);
  perform kernel.make_policy(t, 'cabinet_many', m.many_role,
    format('(select true from access.my_clients mine where mine.client_id = %s.%I limit 1)', t, client_column), kind);
  execute format('grant select on %s to %I, %I', t, m.own_role, m.many_role);
end $$;

-- guard_clients as before, leaving journals to the functions that write them.
create or replace function kernel.guard_clients() returns void language plpgsql as $$
declare
  m kernel.module := kernel.my_roles();
  t record;
begin
  for t in
    select c.oid::regclass as name, split_part(obj_description(p.oid, 'pg_policy'), ' ', 2) as col
    from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
    where c.relnamespace = m.id::regnamespace and not c.relispartition and p.polname = 'cabinet_all' and obj_description(p.oid, 'pg_policy') like 'client %'
      and obj_description(p.oid, 'pg_policy') not like '% journal'
      and not exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and g.tgname = 'cabinet_merged_update')
  loop
    execute format('create trigger cabinet_merged_insert before insert on %s for each row
      when (kernel.is_merged(new.%I)) execute function kernel.refuse_merged()', t.name, t.col);
    execute format('create trigger cabinet_merged_update before update on %1$s for each row
      when (case when new.%2$I is distinct from old.%2$I then kernel.is_merged(new.%2$I) else kernel.survivor(new.%2$I) is not null end)
      execute function kernel.refuse_merged()', t.name, t.col);
  end loop;
end $$;

revoke execute on function kernel.protect_journal(regclass, name) from public;
select kernel.allow_modules('kernel.protect_journal(regclass, name)'::regprocedure);
-- +goose StatementEnd
