-- +goose Up

-- Clients of the same group are legal entities of one customer. It opens nothing: each row is seen by whom it is granted to.
alter table clientmanager.clients add column group_id uuid;
create index clients_by_group on clientmanager.clients (group_id, name_key, id) where group_id is not null;

-- +goose Down
drop index clientmanager.clients_by_group;
alter table clientmanager.clients drop column group_id;
