-- +goose Up
-- Grants of a set: a portfolio is clients that are granted together, as a branch's are. Who is let into one sees what is in
-- it, also what comes later, so that moving a client, or taking somebody on, is one row however many clients there are.

-- Whose a portfolio is: only the module that made it changes it.
create table kernel.portfolio (
  id     uuid primary key,
  module text not null
);

-- Who is in a portfolio, for telling them that a client came or went.
create index portfolio_user_by_portfolio on kernel.portfolio_user (portfolio_id);

-- +goose StatementBegin
create function kernel.own_portfolio(portfolio uuid) returns void language plpgsql volatile as $$
begin
  insert into kernel.portfolio (id, module) values (portfolio, kernel.caller()) on conflict (id) do nothing;
  if not exists (select from kernel.portfolio p where p.id = portfolio and p.module = kernel.caller()) then
    raise exception 'portfolio % is another module''s', portfolio using errcode = '42501';
  end if;
end $$;

create function kernel.fill_portfolio(portfolio uuid, client_ids uuid[]) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform kernel.own_portfolio(portfolio);
  insert into kernel.portfolio_client (portfolio_id, client_id)
  select portfolio, c from (select distinct c from unnest(client_ids) c order by c) wanted on conflict do nothing;
end $$;

create function kernel.empty_portfolio(portfolio uuid, client_ids uuid[]) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform kernel.own_portfolio(portfolio);
  delete from kernel.portfolio_client where portfolio_id = portfolio and client_id = any (client_ids);
end $$;

create function kernel.grant_portfolio(user_id uuid, portfolio uuid) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform kernel.own_portfolio(portfolio);
  insert into kernel.portfolio_user (user_id, portfolio_id) values (grant_portfolio.user_id, portfolio) on conflict do nothing;
end $$;

create function kernel.revoke_portfolio(user_id uuid, portfolio uuid) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform kernel.own_portfolio(portfolio);
  delete from kernel.portfolio_user u where u.user_id = revoke_portfolio.user_id and u.portfolio_id = portfolio;
end $$;
-- +goose StatementEnd

revoke execute on function kernel.own_portfolio(uuid), kernel.fill_portfolio(uuid, uuid[]), kernel.empty_portfolio(uuid, uuid[]),
  kernel.grant_portfolio(uuid, uuid), kernel.revoke_portfolio(uuid, uuid) from public;
