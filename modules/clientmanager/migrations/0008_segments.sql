-- +goose Up

-- Groups of clients. A rule is a Segment of the contract with its conditions alone, as JSON.
create table clientmanager.segments (
    id          uuid primary key,
    name        text not null check (name <> ''),
    name_fold   text collate "C" not null,
    priority    integer not null,
    note        text not null,
    rule        jsonb not null check (jsonb_typeof(rule) = 'object'),
    update_time timestamptz not null,
    revision    bigint not null,
    constraint segments_name_unique unique (name_fold)
);
create index segments_by_priority on clientmanager.segments (priority, id);

-- Who was put into a segment by hand, or is kept out.
create table clientmanager.segment_clients (
    client_id  uuid not null references clientmanager.clients (id),
    segment_id uuid not null references clientmanager.segments (id) on delete cascade,
    placed_in  boolean not null,
    primary key (client_id, segment_id)
);
create index segment_clients_by_segment on clientmanager.segment_clients (segment_id);

-- How often rules were changed, and up to which of these changes all clients were gone through.
create table clientmanager.segment_state (
    only_one   boolean primary key default true check (only_one),
    generation bigint not null default 0,
    done       bigint not null default 0
);
insert into clientmanager.segment_state default values;

-- The segments that a client is in, by priority.
alter table clientmanager.clients add column segments uuid[] not null default '{}';
create index clients_by_segment on clientmanager.clients using gin (segments);

select kernel.share('clientmanager.segments');
select kernel.share('clientmanager.segment_state');
select kernel.protect('clientmanager.segment_clients', 'client_id');

select kernel.live('clientmanager.segments', 'cabinet.clientmanager.v1.Segment');
select kernel.live('clientmanager.segment_state', 'cabinet.clientmanager.v1.Segment');
select kernel.live('clientmanager.segment_clients', 'cabinet.clientmanager.v1.ClientSegment');

-- As clients_with_tags, for clients that are in any of these segments.
-- +goose StatementBegin
create function clientmanager.clients_with_segments(wanted uuid[], most integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found uuid[];
begin
    execute 'select array_agg(id) from (select id from clientmanager.clients where segments && $1 limit $2) c' into found using wanted, most + 1;
    return case when coalesce(cardinality(found), 0) <= most then coalesce(found, '{}') end;
end $$;
-- +goose StatementEnd

-- The rules, for a transaction that writes clients: none is changed until it ends. Who changes rules takes the same lock
-- for itself alone, so that no client is written by a rule that was changed while it was.
-- +goose StatementBegin
create function clientmanager.hold_segments() returns table (id uuid, name text, priority integer, rule jsonb)
language plpgsql volatile as $$
begin
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('clientmanager.segments', 0));
    return query select s.id, s.name, s.priority, s.rule from clientmanager.segments s order by s.priority, s.id;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function clientmanager.hold_segments, clientmanager.clients_with_segments;
drop index clientmanager.clients_by_segment;
alter table clientmanager.clients drop column segments;
drop table clientmanager.segment_state, clientmanager.segment_clients, clientmanager.segments;
