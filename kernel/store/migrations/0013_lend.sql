-- +goose Up
-- borrower is the module whose transaction this is, when somebody acts for it; it is what a function that a module lends to
-- others asks first. Within a definer function the role that the session took is still that of who called.
-- +goose StatementBegin
create function access.borrower() returns text language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform kernel.signer();
  return kernel.caller();
end $$;
-- +goose StatementEnd

revoke execute on function access.borrower() from public;
select kernel.allow_modules('access.borrower()');
