-- +goose Up

-- Who the business serves. What lists are ordered and searched by is computed by the module and stored: below row
-- security only plain comparisons use an index.
create table clientmanager.clients (
    id           uuid primary key references kernel.client (id),
    kind         text not null check (kind in ('company', 'person')),
    name         text not null check (name <> ''),
    legal_name   text not null,
    code         text not null,
    tax_id       text not null,
    email        text not null,
    phone        text not null,
    website      text not null,
    place        text not null,
    address      text not null,
    country_code text not null,
    status       text not null check (status in ('active', 'suspended')),
    tags         text[] not null,
    manager_id   uuid,
    manager_name text not null,
    note         text not null,
    create_time  timestamptz not null,
    update_time  timestamptz not null,
    revision     bigint not null,
    -- Bytewise comparable: the order of names and places as people write them.
    name_key     bytea not null,
    place_key    bytea not null,
    -- Alike for what differs in case or form alone.
    place_fold   text collate "C" not null,
    code_fold    text collate "C" not null,
    tax_id_fold  text collate "C" not null,
    -- What a client is found by a part of, and the groups of three letters in it.
    search       text not null,
    grams        text[] not null
);
create unique index clients_code_unique on clientmanager.clients (code_fold) where code_fold <> '';
create unique index clients_tax_id_unique on clientmanager.clients (tax_id_fold) where tax_id_fold <> '';
-- Orders. The newest are the greatest ids.
create index clients_by_name on clientmanager.clients (name_key, id);
create index clients_by_place on clientmanager.clients (place_key, id);
create index clients_by_create_time on clientmanager.clients (create_time);
-- Filters, each with the order it is mostly asked in.
create index clients_by_place_fold on clientmanager.clients (place_fold, name_key, id);
create index clients_by_status on clientmanager.clients (status, name_key, id);
create index clients_by_kind on clientmanager.clients (kind, name_key, id);
create index clients_by_manager on clientmanager.clients (manager_id, name_key, id);
create index clients_suspended_newest on clientmanager.clients (id) where status = 'suspended';
create index clients_without_manager on clientmanager.clients (name_key, id) where manager_id is null;
create index clients_by_gram on clientmanager.clients using gin (grams);
create index clients_by_tag on clientmanager.clients using gin (tags);

create table clientmanager.contacts (
    id          uuid primary key,
    client_id   uuid not null references clientmanager.clients (id),
    name        text not null check (name <> ''),
    position    text not null,
    email       text not null,
    phone       text not null,
    role        text not null,
    main        boolean not null,
    create_time timestamptz not null,
    revision    bigint not null,
    name_key    bytea not null
);
-- The main one first, then by name.
create index contacts_by_client on clientmanager.contacts (client_id, main desc, name_key, id);
create unique index contacts_one_main on clientmanager.contacts (client_id) where main;

create table clientmanager.history (
    id        uuid primary key,
    client_id uuid not null references clientmanager.clients (id),
    time      timestamptz not null,
    -- The end of a key of the locale files: "suspended".
    what      text not null,
    actor_id  uuid,
    actor     text not null,
    detail    text not null,
    -- Names of the fields that changed, never what they held.
    fields    text[] not null
);
create index history_by_client on clientmanager.history (client_id, id desc);

-- Files on their way in, each its uploader's own.
create table clientmanager.imports (
    id          uuid primary key,
    user_id     uuid not null,
    file_name   text not null,
    content     bytea not null,
    row_count   integer not null,
    columns     jsonb not null,
    mapping     jsonb not null default '[]',
    report      jsonb,
    done        boolean not null default false,
    create_time timestamptz not null
);
create index imports_by_age on clientmanager.imports (create_time);

create table clientmanager.import_rows (
    import_id   uuid not null references clientmanager.imports (id) on delete cascade,
    user_id     uuid not null,
    -- Those at fault come first.
    rank        smallint not null,
    line        integer not null,
    outcome     smallint not null,
    title       text not null,
    column_name text not null,
    message     text not null,
    message_key text not null,
    resource_id uuid,
    primary key (import_id, rank, line)
);

select kernel.protect('clientmanager.clients', 'id');
select kernel.protect('clientmanager.contacts', 'client_id');
select kernel.protect('clientmanager.history', 'client_id');
select kernel.protect_own('clientmanager.imports', 'user_id');
select kernel.protect_own('clientmanager.import_rows', 'user_id');

-- The ids of clients whose names, codes or tax ids hold all these groups of three letters, whoever asks: row security
-- would keep the index from being used. Null when there are more than most: then it is cheaper to look at rows in
-- their order. The caller reads what it gets under row security. The query is planned anew each time, knowing what is
-- looked for: frequent groups are found soonest without the index, rare ones with it.
-- +goose StatementBegin
create function clientmanager.clients_with_grams(wanted text[], most integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found uuid[];
begin
    execute 'select array_agg(id) from (select id from clientmanager.clients where grams @> $1 limit $2) c' into found using wanted, most + 1;
    return case when coalesce(cardinality(found), 0) <= most then coalesce(found, '{}') end;
end $$;
-- +goose StatementEnd

-- The same for clients that have all these tags.
-- +goose StatementBegin
create function clientmanager.clients_with_tags(wanted text[], most integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found uuid[];
begin
    execute 'select array_agg(id) from (select id from clientmanager.clients where tags @> $1 limit $2) c' into found using wanted, most + 1;
    return case when coalesce(cardinality(found), 0) <= most then coalesce(found, '{}') end;
end $$;
-- +goose StatementEnd

-- Whose these codes and tax ids are, whoever asks: they are unique in the whole portal.
-- +goose StatementBegin
create function clientmanager.owners(codes text[], tax_ids text[]) returns table (id uuid, code text, tax_id text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.id, c.code_fold, c.tax_id_fold from clientmanager.clients c where c.code_fold <> '' and c.code_fold = any (codes)
    union
    select c.id, c.code_fold, c.tax_id_fold from clientmanager.clients c where c.tax_id_fold <> '' and c.tax_id_fold = any (tax_ids)
$$;
-- +goose StatementEnd

-- +goose Down
drop function clientmanager.owners, clientmanager.clients_with_tags, clientmanager.clients_with_grams;
drop table clientmanager.import_rows, clientmanager.imports, clientmanager.history, clientmanager.contacts, clientmanager.clients;
