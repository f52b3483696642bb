-- +goose Up
-- granted_clients says which of some clients are granted to a user, by whatever module. It is for modules that grant clients
-- themselves: what somebody sees who acts as another is what both see.
-- +goose StatementBegin
create function kernel.granted_clients(user_id uuid, client_ids uuid[]) returns uuid[] language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select array(
    select g.client_id from kernel.client_grant g
    where g.user_id = granted_clients.user_id and g.client_id = any (client_ids)
    union
    select c.client_id from kernel.portfolio_user u join kernel.portfolio_client c using (portfolio_id)
    where u.user_id = granted_clients.user_id and c.client_id = any (client_ids));
$$;
-- +goose StatementEnd
