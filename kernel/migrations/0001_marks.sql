-- +goose Up
-- What was done once for the whole portal, such as telling an example's story.
create table kernel.mark (
    name text primary key,
    at   timestamptz not null default now()
);
