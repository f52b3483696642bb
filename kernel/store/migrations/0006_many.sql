-- +goose Up
-- Who has too many clients for an array has each row looked up. As a bare exists the planner turns the look-up into a
-- hash of all their clients, made anew for each list; a subquery with a limit it leaves as it is: the first page of a
-- list of 300,000 took 185 ms the one way and 12 ms the other.
-- +goose StatementBegin
create or replace function kernel.protect(t regclass, client_column name) returns void language plpgsql as $$
declare
  kind text := 'client ' || client_column;
  m    kernel.module := kernel.lock_table(t, kind);
begin
  perform kernel.make_policy(t, 'cabinet_own', m.own_role,
    format('%I = any ((select access.clients())::uuid[])', client_column), kind);
  perform kernel.make_policy(t, 'cabinet_many', m.many_role,
    format('(select true from access.my_clients mine where mine.client_id = %s.%I limit 1)', t, client_column), kind);
  execute format('grant select, insert, update, delete on %s to %I, %I', t, m.own_role, m.many_role);
end $$;
-- +goose StatementEnd
