-- +goose Up
-- A client that comes into a portfolio, or leaves it, changes what those see who were let into it.
-- +goose StatementBegin
create function kernel.live_portfolio() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  users uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct u.user_id) into users from kernel.portfolio_user u
    where u.portfolio_id in (select portfolio_id from new_rows);
  else
    select array_agg(distinct u.user_id) into users from kernel.portfolio_user u
    where u.portfolio_id in (select portfolio_id from old_rows);
  end if;
  if users is null then
    return null;
  end if;
  insert into kernel.live_note (module, topics, fence, ids) values ('kernel', '{cabinet.kernel.v1.Identity}', 'user', users);
  if exists (select from kernel.live_asleep where until > clock_timestamp()) then
    perform pg_notify('cabinet_live', '');
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger cabinet_live_portfolio_insert after insert on kernel.portfolio_client
  referencing new table as new_rows for each statement execute function kernel.live_portfolio();
create trigger cabinet_live_portfolio_delete after delete on kernel.portfolio_client
  referencing old table as old_rows for each statement execute function kernel.live_portfolio();

-- +goose Down
drop trigger cabinet_live_portfolio_insert on kernel.portfolio_client;
drop trigger cabinet_live_portfolio_delete on kernel.portfolio_client;
drop function kernel.live_portfolio;
