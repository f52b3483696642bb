-- +goose Up
-- That something about a node's modules and their processes changed, for those who watch: never what. Emptied by a crash.
create unlogged table kernel.module_change (
    node text primary key,
    n    bigint not null
);

-- Who may watch modules sees all of them.
select kernel.live_for('kernel.module_change', 'all', '{}', 'cabinet.kernel.v1.Module', 'cabinet.kernel.v1.ModuleChange');

-- +goose Down
select kernel.live_off('kernel.module_change');
drop table kernel.module_change;
