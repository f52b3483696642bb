-- +goose Up
alter table paysystem.methods add column receipts boolean not null default false;

-- What a cash register registers, one for each payment and each refund that is to have one.
create table paysystem.receipts (
    id                  uuid primary key,
    payment_id          uuid not null references paysystem.payments (id),
    client_id           uuid not null references kernel.client (id),
    refund_id           uuid references paysystem.refunds (id),
    kind                text not null default 'sale' check (kind in ('sale', 'refund')),
    provider            text not null,
    amount              bigint not null check (amount >= 0),
    state               text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
    provider_receipt_id text not null,
    number              text not null,
    url                 text not null,
    failure             text not null,
    attempts            integer not null,
    retries             integer not null default 0,
    create_time         timestamptz not null,
    done_time           timestamptz
);
create unique index receipts_of_payment on paysystem.receipts (payment_id) where refund_id is null;
create unique index receipts_of_refund on paysystem.receipts (refund_id) where refund_id is not null;
create index receipts_by_payment on paysystem.receipts (payment_id, id desc);
create index receipts_by_client on paysystem.receipts (client_id, id desc);
create index receipts_by_state on paysystem.receipts (state, id desc);
select kernel.protect('paysystem.receipts', 'client_id');
select kernel.live('paysystem.receipts', 'cabinet.paysystem.v1.Receipt');

-- +goose Down
select kernel.live_off('paysystem.receipts');
drop table paysystem.receipts;
alter table paysystem.methods drop column receipts;
