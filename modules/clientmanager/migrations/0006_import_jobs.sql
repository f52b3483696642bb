-- +goose Up
-- An import that runs as a job, for who started it: the job acts as the module and keeps within what they saw.
alter table clientmanager.imports
    add column running    boolean not null default false,
    -- Their name, and whether they reach every client.
    add column actor      text    not null default '',
    add column reach_all  boolean not null default false,
    add column moves      boolean not null default false,
    -- Why nothing was written: the end of a key of the locale files.
    add column problem    text    not null default '';

-- How far a job is. It stands apart because the import's own row is held until the job is done.
create table clientmanager.import_progress (
    import_id uuid    primary key references clientmanager.imports (id) on delete cascade,
    user_id   uuid    not null,
    rows      integer not null
);
select kernel.protect_own('clientmanager.import_progress', 'user_id');

-- Which clients a check found.
create index import_rows_by_client on clientmanager.import_rows (import_id, resource_id) where resource_id is not null;

-- +goose Down
drop index clientmanager.import_rows_by_client;
drop table clientmanager.import_progress;
alter table clientmanager.imports drop column running, drop column actor, drop column reach_all, drop column moves, drop column problem;
