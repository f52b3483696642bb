-- +goose Up

-- Clients that are others now, as they were: whoever sees the client that goes on sees them too, and no list of clients has
-- them. Their codes and tax ids are free.
create table clientmanager.merged_clients (
    id         uuid primary key references kernel.client (id),
    -- The one that goes on.
    client_id  uuid not null references clientmanager.clients (id),
    was        jsonb not null check (jsonb_typeof(was) = 'object'),
    merge_time timestamptz not null
);
create index merged_clients_by_client on clientmanager.merged_clients (client_id, id);
select kernel.protect('clientmanager.merged_clients', 'client_id');

-- What stands for a client's phone, e-mail, website and name when clients that are there twice are looked for, and whether
-- that is still to be done: of what was written before, too.
alter table clientmanager.clients
    add column match_keys bigint[],
    add column match_due boolean not null default true;
create index clients_by_match on clientmanager.clients using gin (match_keys);
create index clients_match_due on clientmanager.clients (id) where match_due;

-- Pairs that are likely the same, the older client first. A pair that was dismissed stays.
create table clientmanager.duplicates (
    id           uuid primary key,
    client_id    uuid not null references clientmanager.clients (id) on delete cascade,
    other_id     uuid not null references clientmanager.clients (id) on delete cascade,
    reasons      text[] not null,
    -- How likely: the greater the likelier.
    strength     smallint not null,
    find_time    timestamptz not null,
    dismiss_time timestamptz,
    check (client_id < other_id),
    constraint duplicates_once unique (client_id, other_id)
);
create index duplicates_open on clientmanager.duplicates (strength desc, id desc) where dismiss_time is null;
create index duplicates_by_other on clientmanager.duplicates (other_id);
select kernel.protect('clientmanager.duplicates', 'client_id');

-- What was dismissed of one client is dismissed of the other, whoever merges them: a pair's other client may be nobody's they see.
-- +goose StatementBegin
create function clientmanager.keep_dismissals(from_id uuid, into_id uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into clientmanager.duplicates as d (id, client_id, other_id, reasons, strength, find_time, dismiss_time)
    select gen_random_uuid(), least(into_id, x.third), greatest(into_id, x.third), x.reasons, x.strength, x.find_time, x.dismiss_time
    from (select case when p.client_id = from_id then p.other_id else p.client_id end as third, p.*
        from clientmanager.duplicates p where from_id in (p.client_id, p.other_id) and p.dismiss_time is not null) x
    where x.third <> into_id
    on conflict (client_id, other_id) do update set dismiss_time = coalesce(d.dismiss_time, excluded.dismiss_time);
$$;
-- +goose StatementEnd

-- What other modules say happened, as the kernel hands it over: ids, amounts and states. Its text is made when it is shown.
alter table clientmanager.history
    add column module text not null default 'clientmanager',
    add column happened jsonb,
    add column for_contacts boolean not null default true;
update clientmanager.history set for_contacts = false where what in ('agreement_added', 'agreement_removed', 'updated_by_import');
create index history_by_module on clientmanager.history (client_id, module, id desc) where module <> 'clientmanager';
create index history_for_contacts on clientmanager.history (client_id, id desc) where for_contacts;

-- The modules that ever said something, to choose from.
create table clientmanager.timeline_modules (id text primary key);
insert into clientmanager.timeline_modules values ('clientmanager');
select kernel.share('clientmanager.timeline_modules');

-- That a client's keys were looked at is nothing to refresh a page for.
select kernel.live_off('clientmanager.clients');
select kernel.live_for('clientmanager.clients', 'client id', '{match_keys, match_due}', 'cabinet.clientmanager.v1.Client',
    'cabinet.clientmanager.v1.GetOverviewResponse', 'cabinet.clientmanager.v1.GetManagerCardResponse');
select kernel.live_off('clientmanager.history');
select kernel.live('clientmanager.history', 'cabinet.clientmanager.v1.HistoryEntry', 'cabinet.clientmanager.v1.TimelineEntry');
select kernel.live('clientmanager.duplicates', 'cabinet.clientmanager.v1.Duplicate');

-- +goose Down
select kernel.live_off('clientmanager.duplicates');
select kernel.live_off('clientmanager.history');
select kernel.live('clientmanager.history', 'cabinet.clientmanager.v1.HistoryEntry');
select kernel.live_off('clientmanager.clients');
select kernel.live('clientmanager.clients', 'cabinet.clientmanager.v1.Client', 'cabinet.clientmanager.v1.GetOverviewResponse',
    'cabinet.clientmanager.v1.GetManagerCardResponse');
drop table clientmanager.timeline_modules;
drop index clientmanager.history_for_contacts, clientmanager.history_by_module;
alter table clientmanager.history drop column module, drop column happened, drop column for_contacts;
drop function clientmanager.keep_dismissals;
drop table clientmanager.duplicates;
alter table clientmanager.clients drop column match_keys, drop column match_due;
drop table clientmanager.merged_clients;
