-- +goose Up
-- borrower is the module whose transaction this is, when somebody acts for it; it is what a function that a module lends to
-- others asks first. Within a definer function the role that the session took is still that of who called.
-- +goose StatementBegin
create function access.borrower() returns text language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  acting name := coalesce(nullif(current_setting('role'), 'none'), session_user);
  f text[] := kernel.principal();
  borrower text;
begin
  select m.id into borrower from kernel.module m where acting in (m.own_role, m.many_role, m.all_role);
  if borrower is null then
    raise exception 'role % belongs to no module', acting using errcode = '42501';
  elsif f is null or f[4] <> borrower then
    raise exception 'nobody acts for module %', borrower using errcode = 'CB001';
  end if;
  return borrower;
end $$;
-- +goose StatementEnd

revoke execute on function access.borrower() from public;
select kernel.allow_modules('access.borrower()');
