-- +goose Up

-- Services of clients.
create table finsystem.subscriptions (
    id            uuid primary key,
    client_id     uuid not null references kernel.client (id),
    agreement_id  uuid,
    name          text not null,
    item          text not null,
    unit          text not null,
    currency_code text not null,
    price         numeric not null check (price >= 0),
    quantity      numeric not null check (quantity >= 0),
    tax_mode      text not null,
    tax_percent   text not null,
    period        text not null check (period in ('month', 'quarter', 'year', 'one_off', 'usage')),
    billing_day   integer not null check (billing_day between 0 and 31),
    start_date    date not null,
    end_date      date,
    stages        jsonb not null,
    own_account   boolean not null,
    status        text not null check (status in ('draft', 'active')),
    -- The first day of the next period that is to be charged; null when nothing more is charged by itself.
    next_start    date,
    -- Days on which it was not there: from the first one until the first one on which it is there again.
    pauses        jsonb not null,
    paused_from   date,
    -- It is paused because its client is suspended.
    suspended     boolean not null,
    create_time   timestamptz not null,
    update_time   timestamptz not null,
    revision      bigint not null
);
create index subscriptions_by_client on finsystem.subscriptions (client_id, id desc);
create index subscriptions_newest on finsystem.subscriptions (id desc);
create index subscriptions_by_agreement on finsystem.subscriptions (agreement_id, id desc) where agreement_id is not null;
create index subscriptions_to_charge on finsystem.subscriptions (next_start, id) where next_start is not null and status = 'active';
select kernel.protect('finsystem.subscriptions', 'client_id');
select kernel.live('finsystem.subscriptions', 'cabinet.finsystem.v1.Subscription');

-- What a period of a service, or something done, comes to, and what of it is posted. Both are the same but for what is due.
create table finsystem.charges (
    id              uuid primary key,
    subscription_id uuid not null references finsystem.subscriptions (id),
    client_id       uuid not null references kernel.client (id),
    kind            text not null check (kind in ('period', 'usage')),
    -- The period's first and last day.
    from_date       date not null,
    to_date         date not null,
    -- How many of its days are charged, of how many.
    days            integer not null,
    of_days         integer not null check (of_days > 0),
    -- As they were when the period began.
    quantity        numeric not null,
    price           numeric not null,
    tax_mode        text not null,
    tax_percent     text not null,
    item            text not null,
    stage           text not null,
    note            text not null,
    net             bigint not null,
    tax             bigint not null,
    posted_net      bigint not null default 0,
    posted_tax      bigint not null default 0,
    postings        integer not null default 0,
    status          text not null check (status in ('due', 'charged', 'refused', 'cancelled')),
    -- By how much the account was short when it was last tried, and for which run that was.
    short           bigint not null default 0,
    try_time        timestamptz,
    charge_time     timestamptz,
    create_time     timestamptz not null,
    constraint charges_days check (days between 0 and of_days),
    constraint charges_settled check (status in ('due', 'refused') or net = posted_net and tax = posted_tax)
);
-- A period is charged once.
create unique index charges_period on finsystem.charges (subscription_id, from_date) where kind = 'period';
create index charges_by_subscription on finsystem.charges (subscription_id, id desc);
create index charges_by_client on finsystem.charges (client_id, id desc);
create index charges_newest on finsystem.charges (id desc);
create index charges_to_post on finsystem.charges (id) where status in ('due', 'refused');
select kernel.protect('finsystem.charges', 'client_id');
select kernel.live('finsystem.charges', 'cabinet.finsystem.v1.Charge');

-- +goose Down
drop table finsystem.charges, finsystem.subscriptions;
