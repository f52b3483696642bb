-- +goose Up
-- Who may make clients and say who sees them: modules whose manifest says so get these by name.

-- +goose StatementBegin
create function kernel.add_client(id uuid) returns void language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  insert into kernel.client (id, module) values (add_client.id, kernel.caller());
$$;

create function kernel.grant_clients(user_id uuid, client_ids uuid[]) returns void language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  insert into kernel.client_grant (user_id, client_id, module)
  select grant_clients.user_id, c, kernel.caller() from (select distinct c from unnest(client_ids) c order by c) wanted
  on conflict do nothing;
$$;

-- revoke_clients takes back what the calling module granted; grants of other modules stay.
create function kernel.revoke_clients(user_id uuid, client_ids uuid[]) returns void language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  delete from kernel.client_grant g
  where g.user_id = revoke_clients.user_id and g.client_id = any (client_ids) and g.module = kernel.caller();
$$;
-- +goose StatementEnd
