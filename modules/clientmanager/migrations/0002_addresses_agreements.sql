-- +goose Up

-- Where clients are, and where what they get and pay for goes.
create table clientmanager.addresses (
    id           uuid primary key,
    client_id    uuid not null references clientmanager.clients (id),
    kind         text not null check (kind in ('legal', 'postal', 'delivery', 'billing')),
    recipient    text not null,
    street       text not null check (street <> ''),
    place        text not null,
    region       text not null,
    postal_code  text not null,
    country_code text not null,
    directions   text not null,
    main         boolean not null,
    create_time  timestamptz not null,
    revision     bigint not null
);
-- The main ones first, then as they were added.
create index addresses_by_client on clientmanager.addresses (client_id, main desc, id);
create unique index addresses_one_main on clientmanager.addresses (client_id, kind) where main;

-- Numbers of a client's agreements, so that an index can tell whether two are the same while their days overlap.
create type clientmanager.number_range as range (subtype = text, collation = "C");

create table clientmanager.agreements (
    id            uuid primary key,
    client_id     uuid not null references clientmanager.clients (id),
    number        text not null check (number <> ''),
    kind          text not null check (kind in ('service', 'supply', 'lease', 'framework', 'other')),
    subject       text not null,
    start_date    date not null,
    end_date      date check (end_date >= start_date),
    currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
    payment_days  integer not null check (payment_days >= 0),
    credit_limit  numeric check (credit_limit >= 0),
    note          text not null,
    status        text not null check (status in ('draft', 'active', 'suspended', 'ended')),
    create_time   timestamptz not null,
    update_time   timestamptz not null,
    revision      bigint not null,
    -- Alike for what differs in case or form alone.
    number_fold   text collate "C" not null,
    -- The same number may be given again once the former agreement is over.
    constraint agreements_no_overlap exclude using gist (
        clientmanager.number_range(client_id::text || ' ' || number_fold, client_id::text || ' ' || number_fold, '[]') with &&,
        daterange(start_date, end_date, '[]') with &&
    )
);
create index agreements_by_client on clientmanager.agreements (client_id, id desc);

select kernel.protect('clientmanager.addresses', 'client_id');
select kernel.protect('clientmanager.agreements', 'client_id');

-- What of a client's something happened to, where it is a thing of its own: an agreement.
alter table clientmanager.history add column about_id uuid;
create index history_by_about on clientmanager.history (client_id, about_id, id desc) where about_id is not null;

-- +goose Down
drop index clientmanager.history_by_about;
alter table clientmanager.history drop column about_id;
drop table clientmanager.agreements, clientmanager.addresses;
drop type clientmanager.number_range;
