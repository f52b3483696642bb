-- +goose Up

-- The ways to pay that the business offers.
create table paysystem.methods (
    id            uuid primary key,
    title         text not null check (title <> ''),
    kind          text not null check (kind in ('gateway', 'cash', 'non_cash', 'deferral', 'bonus', 'prepayment')),
    gateway       text not null check ((gateway <> '') = (kind = 'gateway')),
    currency_code text not null check (currency_code ~ '^([A-Z]{3})?$'),
    segment_ids   uuid[] not null,
    least         text not null,
    most          text not null,
    position      integer not null,
    off           boolean not null,
    revision      bigint not null
);
create index methods_in_order on paysystem.methods (position, id);

-- Amounts are minor units of the currency.
create table paysystem.payments (
    id                 uuid primary key,
    client_id          uuid not null references kernel.client (id),
    reference          text not null unique,
    method_id          uuid not null references paysystem.methods (id),
    -- As it was when the payment began.
    method_title       text not null,
    method_kind        text not null,
    gateway            text not null,
    gateway_payment_id text not null,
    -- The gateway says by itself what becomes of the payment.
    reports            boolean not null,
    amount             bigint not null check (amount > 0),
    currency_code      text not null check (currency_code ~ '^[A-Z]{3}$'),
    refunded           bigint not null check (refunded >= 0),
    charged_back       bigint not null check (charged_back >= 0),
    fee                bigint,
    document_id        uuid,
    description        text not null,
    state              text not null check (state in ('new', 'pending', 'succeeded', 'failed', 'cancelled', 'expired')),
    flags              text[] not null,
    failure            text not null,
    checkout_url       text not null,
    instructions       text not null,
    qr_text            text not null,
    create_time        timestamptz not null,
    succeed_time       timestamptz,
    expire_time        timestamptz,
    -- When the gateway was asked last.
    check_time         timestamptz,
    revision           bigint not null,
    -- No more goes back than came.
    constraint payments_not_exceeded check (refunded + charged_back <= amount),
    check ((succeed_time is not null) = (state = 'succeeded')),
    check (state = 'succeeded' or refunded = 0 and charged_back = 0)
);
create index payments_by_client on paysystem.payments (client_id, id desc);
create index payments_by_document on paysystem.payments (document_id, id desc) where document_id is not null;
create index payments_flagged on paysystem.payments (id desc) where flags <> '{}';
create unique index payments_at_gateway on paysystem.payments (gateway, gateway_payment_id) where gateway_payment_id <> '';

create table paysystem.refunds (
    id                uuid primary key,
    payment_id        uuid not null references paysystem.payments (id),
    client_id         uuid not null references kernel.client (id),
    amount            bigint not null check (amount > 0),
    state             text not null check (state in ('pending', 'succeeded', 'failed')),
    gateway_refund_id text not null,
    reason            text not null,
    failure           text not null,
    create_time       timestamptz not null,
    succeed_time      timestamptz
);
create index refunds_by_payment on paysystem.refunds (payment_id, id desc);
create unique index refunds_at_gateway on paysystem.refunds (payment_id, gateway_refund_id) where gateway_refund_id <> '';

create table paysystem.chargebacks (
    id                    uuid primary key,
    payment_id            uuid not null references paysystem.payments (id),
    client_id             uuid not null references kernel.client (id),
    amount                bigint not null check (amount >= 0),
    state                 text not null default 'open' check (state in ('open', 'won', 'lost')),
    gateway_chargeback_id text not null,
    create_time           timestamptz not null,
    end_time              timestamptz
);
create index chargebacks_by_payment on paysystem.chargebacks (payment_id, id desc);
create unique index chargebacks_at_gateway on paysystem.chargebacks (payment_id, gateway_chargeback_id);

-- What gateways told, as it came. It is stored before anything is made of it.
create table paysystem.notices (
    id           uuid primary key,
    gateway      text not null,
    headers      jsonb not null,
    body         bytea not null,
    -- Of the body: the same told again is not stored again.
    digest       bytea not null,
    remote       text not null,
    receive_time timestamptz not null,
    state        text not null default 'new' check (state in ('new', 'applied', 'ignored', 'odd', 'resolved')),
    oddity       text not null,
    title        text not null,
    verified     boolean not null,
    payment_id   uuid,
    client_id    uuid references kernel.client (id),
    unique (gateway, digest)
);
create index notices_by_state on paysystem.notices (state, id desc);

-- Clients that are suspended now.
create table paysystem.suspended (
    client_id uuid primary key references kernel.client (id)
);

select kernel.share('paysystem.methods');
select kernel.protect('paysystem.payments', 'client_id');
select kernel.protect('paysystem.refunds', 'client_id');
select kernel.protect('paysystem.chargebacks', 'client_id');
select kernel.protect('paysystem.notices', 'client_id');
select kernel.protect('paysystem.suspended', 'client_id');

select kernel.live('paysystem.payments', 'cabinet.paysystem.v1.Payment');
select kernel.live('paysystem.refunds', 'cabinet.paysystem.v1.Refund');
select kernel.live('paysystem.notices', 'cabinet.paysystem.v1.Notice');

-- +goose Down
select kernel.live_off('paysystem.notices');
select kernel.live_off('paysystem.refunds');
select kernel.live_off('paysystem.payments');
drop table paysystem.suspended, paysystem.notices, paysystem.chargebacks, paysystem.refunds, paysystem.payments, paysystem.methods;
