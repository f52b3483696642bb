-- +goose Up

-- Who wants to become a client. What they say of themselves is nobody's but staff's, who reach all rows.
create table clientmanager.registrations (
    id               uuid primary key,
    kind             text not null check (kind in ('company', 'person')),
    name             text not null check (name <> ''),
    legal_name       text not null,
    tax_id           text not null,
    birth_date       text not null,
    country_code     text not null,
    email            text not null check (email <> ''),
    phone            text not null,
    place            text not null,
    note             text not null,
    contact_name     text not null,
    contact_position text not null,
    language         text not null,
    state            text not null check (state in ('unconfirmed', 'waiting', 'approved', 'declined', 'withdrawn')),
    -- What the applicant's link holds, hashed; null for one that staff filed.
    token_hash       bytea unique,
    agree_time       timestamptz,
    -- Everybody of the staff who filed or changed it, and who acted as them: they do not decide on it.
    actors           uuid[] not null,
    filed_by         text not null,
    decider_id       uuid,
    decided_by       text not null,
    decide_time      timestamptz,
    reason           text not null,
    client_id        uuid references kernel.client (id),
    -- What the applicant becomes in the client.
    role             text not null,
    access           text not null,
    warning          text not null,
    create_time      timestamptz not null,
    confirm_time     timestamptz,
    revision         bigint not null,
    tax_id_fold      text collate "C" not null,
    name_fold        text collate "C" not null,
    check ((state = 'approved') = (client_id is not null)),
    check ((state in ('approved', 'declined')) = (decide_time is not null))
);
create index registrations_by_state on clientmanager.registrations ((state <> 'waiting'), id desc) where state <> 'unconfirmed';
create index registrations_by_email on clientmanager.registrations (email, create_time);
create index registrations_unconfirmed on clientmanager.registrations (create_time) where state = 'unconfirmed';
-- Of the same applicant one waits.
create unique index registrations_wait_once on clientmanager.registrations (email, kind, tax_id_fold, name_fold) where state = 'waiting';

select kernel.protect_all('clientmanager.registrations');
select kernel.live('clientmanager.registrations', 'cabinet.clientmanager.v1.Registration');

-- By what an applicant is compared with clients: for that alone, so that no list is read by them.
create index clients_by_email on clientmanager.clients using hash (email) where email <> '';
create index clients_by_phone on clientmanager.clients using hash (phone) where phone <> '';
create index contacts_by_email on clientmanager.contacts using hash (email) where email <> '';
create index contacts_by_phone on clientmanager.contacts using hash (phone) where phone <> '';

-- Of a person; a calendar date, or empty.
alter table clientmanager.clients add column birth_date text not null default '' check (birth_date ~ '^(\d{4}-\d\d-\d\d)?$');

-- +goose Down
alter table clientmanager.clients drop column birth_date;
drop index clientmanager.contacts_by_phone, clientmanager.contacts_by_email, clientmanager.clients_by_phone, clientmanager.clients_by_email;
select kernel.live_off('clientmanager.registrations');
drop table clientmanager.registrations;
