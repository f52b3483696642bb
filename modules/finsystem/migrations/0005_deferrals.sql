-- +goose Up

-- That clients may owe an amount until a day, or ask to.
create table finsystem.deferrals (
    id            uuid primary key,
    client_id     uuid not null references kernel.client (id),
    currency_code text not null,
    amount        bigint not null check (amount > 0),
    days          integer not null check (days > 0),
    why           text not null,
    agreement_id  uuid,
    status        text not null check (status in ('requested', 'granted', 'declined', 'withdrawn', 'expired', 'revoked')),
    granted       bigint,
    until_date    date,
    -- The moment at which it ends.
    until_time    timestamptz,
    -- What the limit falls back to.
    former_limit  bigint,
    rule_id       uuid,
    reason        text not null,
    decided_by    uuid,
    decide_time   timestamptz,
    create_time   timestamptz not null,
    constraint deferrals_granted check (status <> 'granted' or granted is not null and until_date is not null and until_time is not null and former_limit is not null)
);
create index deferrals_by_client on finsystem.deferrals (client_id, id desc);
create index deferrals_newest on finsystem.deferrals (id desc);
create index deferrals_open on finsystem.deferrals (id desc) where status = 'requested';
-- A client asks one thing at a time, and one thing at a time is granted in a currency.
create unique index deferrals_one_request on finsystem.deferrals (client_id) where status = 'requested';
create unique index deferrals_one_grant on finsystem.deferrals (client_id, currency_code) where status = 'granted';
select kernel.protect('finsystem.deferrals', 'client_id');
select kernel.live('finsystem.deferrals', 'cabinet.finsystem.v1.Deferral');

create table finsystem.deferral_rules (
    id                uuid primary key,
    name              text not null,
    currency_code     text not null,
    max_amount        bigint not null check (max_amount > 0),
    max_days          integer not null check (max_days > 0),
    segment_id        uuid,
    months            integer not null check (months > 0),
    min_turnover      bigint not null check (min_turnover >= 0),
    min_paid_invoices integer not null check (min_paid_invoices >= 0),
    no_overdue        boolean not null,
    active            boolean not null,
    update_time       timestamptz not null,
    revision          bigint not null
);
select kernel.protect_all('finsystem.deferral_rules');

-- +goose Down
drop table finsystem.deferral_rules, finsystem.deferrals;
