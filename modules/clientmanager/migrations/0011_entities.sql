-- +goose Up

-- Clients of the same group are legal entities of one customer. It opens nothing: each row is seen by whom it is granted to.
alter table clientmanager.clients add column group_id uuid;
create index clients_by_group on clientmanager.clients (group_id, name_key, id) where group_id is not null;

-- Moves a group into another, whoever asks: who joins two clients need not see all that belong to them. The ids of those
-- that moved.
-- +goose StatementBegin
create function clientmanager.regroup(former uuid, wanted uuid) returns setof uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update clientmanager.clients set group_id = wanted, revision = revision + 1 where group_id = former returning id
$$;
-- +goose StatementEnd

-- +goose Down
drop function clientmanager.regroup;
drop index clientmanager.clients_by_group;
alter table clientmanager.clients drop column group_id;
