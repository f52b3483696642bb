-- +goose Up

-- Which revision of its client a change made, so that who comes too late is told what changed, and by whom. What was
-- written before has none.
alter table clientmanager.history add column revision bigint;
create index history_by_revision on clientmanager.history (client_id, revision) where revision is not null;

-- +goose Down
drop index clientmanager.history_by_revision;
alter table clientmanager.history drop column revision;
