-- +goose Up
alter table paysystem.payments
    drop constraint payments_state_check,
    add constraint payments_state_check check (state in ('new', 'pending', 'succeeded', 'failed', 'cancelled', 'expired', 'deferred')),
    -- The amount as it was asked for; null in what was begun before this was kept.
    add column asked bigint,
    -- Of what there is, where that is less than was asked for.
    add column partly boolean not null default false,
    -- Until when the bill may be paid, of one that is put off.
    add column due_date date,
    -- What came, where it was another amount or currency and nobody said what to do with it.
    add column came bigint,
    add column came_currency text,
    -- The payer lets the gateway keep the card; who the payer is there; the kept card that was paid with.
    add column keep_card boolean not null default false,
    add column customer_id uuid,
    add column card_id uuid,
    add constraint payments_came check ((came is null) = (came_currency is null)),
    add constraint payments_due check ((due_date is null) = (state <> 'deferred'));

-- What a client is to a gateway's vendor, sealed. A client has one for each gateway, or more after a merge.
create table paysystem.customers (
    id          uuid primary key,
    client_id   uuid not null references kernel.client (id),
    gateway     text not null,
    token       bytea not null,
    create_time timestamptz not null
);
create index customers_by_client on paysystem.customers (client_id, gateway, id desc);
select kernel.protect('paysystem.customers', 'client_id');

-- Cards that gateways keep. What a gateway calls them is sealed.
create table paysystem.saved_cards (
    id           uuid primary key,
    client_id    uuid not null references kernel.client (id),
    customer_id  uuid not null references paysystem.customers (id),
    gateway      text not null,
    -- The way to pay by which it is paid with.
    method_id    uuid not null references paysystem.methods (id),
    token        bytea not null,
    title        text not null,
    brand        text not null,
    last_four    text not null,
    expire_month integer not null,
    expire_year  integer not null,
    create_time  timestamptz not null
);
create index saved_cards_by_client on paysystem.saved_cards (client_id, id desc);
create index saved_cards_by_customer on paysystem.saved_cards (customer_id);
select kernel.protect('paysystem.saved_cards', 'client_id');
select kernel.live('paysystem.saved_cards', 'cabinet.paysystem.v1.SavedCard');

-- +goose Down
select kernel.live_off('paysystem.saved_cards');
drop table paysystem.saved_cards, paysystem.customers;
alter table paysystem.payments
    drop constraint payments_due, drop constraint payments_came, drop column card_id, drop column customer_id, drop column keep_card,
    drop column came_currency, drop column came, drop column due_date, drop column partly, drop column asked,
    drop constraint payments_state_check,
    add constraint payments_state_check check (state in ('new', 'pending', 'succeeded', 'failed', 'cancelled', 'expired')) not valid;
