-- +goose Up

-- What the bank says. A statement is a file that was brought in, with the bank accounts it tells of, and the entries of it that were not
-- known before.
create table finsystem.statements (
    id          uuid primary key,
    file_name   text not null,
    format      text not null,
    from_date   date,
    to_date     date,
    -- In the file.
    entries     integer not null,
    not_booked  integer not null,
    mismatches  text[] not null,
    -- What the portal is doing with it, or nothing.
    task        text not null default '' check (task in ('', 'match', 'post', 'undo')),
    undone      boolean not null default false,
    undo_reason text not null default '',
    actor_id    uuid,
    create_time timestamptz not null
);
select kernel.protect_all('finsystem.statements');
select kernel.live('finsystem.statements', 'cabinet.finsystem.v1.Statement');

-- A bank account in a file. Balances may be in another currency than the account: that is how some banks write them.
create table finsystem.statement_accounts (
    statement_id     uuid not null references finsystem.statements (id),
    position         integer not null,
    account          text not null,
    currency_code    text not null,
    opening          bigint,
    opening_currency text not null,
    closing          bigint,
    closing_currency text not null,
    closing_date     date,
    money_in         bigint not null,
    money_out        bigint not null,
    entries          integer not null,
    new_entries      integer not null,
    -- How its last statement begins and is called, to tell whether a later one follows it.
    last_opening     bigint,
    last_opening_date date,
    last_name        text not null,
    last_number      text not null,
    -- Of its entries: the same again is the same statement.
    digest           bytea not null,
    primary key (statement_id, position)
);
create index statement_accounts_by_account on finsystem.statement_accounts (account, currency_code, closing_date desc, statement_id desc);
select kernel.protect_all('finsystem.statement_accounts');

create table finsystem.statement_entries (
    id                   uuid primary key,
    statement_id         uuid not null references finsystem.statements (id),
    -- What the bank repeats whenever it tells of the entry again, and the how-manieth with the same it is.
    fingerprint          text not null,
    occurrence           integer not null default 1 check (occurrence > 0),
    account              text not null,
    currency_code        text not null,
    amount               bigint not null,
    booking_date         date not null,
    value_date           date,
    counterparty_name    text not null,
    counterparty_account text not null,
    counterparty_tax_id  text not null,
    purpose              text not null,
    bank_reference       text not null,
    document_number      text not null,
    -- What else may name an invoice.
    other_references     text not null,
    reversal             boolean not null,
    state                text not null default 'waiting' check (state in ('waiting', 'matched', 'posted', 'ignored', 'undone')),
    -- Looked at by the portal.
    examined             boolean not null,
    -- Whose it is or may be.
    client_id            uuid references kernel.client (id),
    document_ids         uuid[] not null default '{}',
    strength             text not null default 'unspecified',
    match_reason         text not null default 'unspecified',
    -- What it was posted as. Of money that went out: what it gives back.
    payment_id           uuid references finsystem.payments (id),
    -- What an entry that is no client's was posted by.
    posting_id           bigint,
    book_as              text not null default 'unspecified',
    item                 text not null default '',
    note                 text not null default '',
    -- How often what it was posted as was taken back: part of the key of the next posting.
    round                integer not null default 0,
    actor_id             uuid
);
-- What was undone can be brought in again.
create unique index statement_entries_once on finsystem.statement_entries (fingerprint, occurrence) where state <> 'undone';
create index statement_entries_by_statement on finsystem.statement_entries (statement_id, state, id desc);
create index statement_entries_by_state on finsystem.statement_entries (state, id desc);
create index statement_entries_by_client on finsystem.statement_entries (client_id, id desc) where client_id is not null;
create index statement_entries_by_payer on finsystem.statement_entries (counterparty_account, client_id)
    where state = 'posted' and amount > 0 and counterparty_account <> '';
create index statement_entries_to_examine on finsystem.statement_entries (statement_id, id) where not examined and state = 'waiting';
select kernel.protect('finsystem.statement_entries', 'client_id');
select kernel.live('finsystem.statement_entries', 'cabinet.finsystem.v1.StatementEntry');

-- What was learned from hands: who pays so is this client.
create table finsystem.match_rules (
    id          uuid primary key,
    kind        text not null default 'name' check (kind in ('tax_id', 'account', 'name')),
    value       text not null,
    client_id   uuid not null references kernel.client (id),
    ambiguous   boolean not null default false,
    create_time timestamptz not null,
    constraint match_rules_once unique (kind, value)
);
create index match_rules_by_client on finsystem.match_rules (client_id, id desc);
select kernel.protect('finsystem.match_rules', 'client_id');

-- +goose StatementBegin
-- number_key is an invoice's number as it is looked for in what payers write: its letters and digits in capitals, letters of the Cyrillic
-- alphabet that look like Latin ones made those. Package finsystem's numberRuns does the same.
create function finsystem.number_key(number text) returns text language sql immutable as $$
    select regexp_replace(translate(upper(number), 'АВЕКМНОРСТУХІЇЁ', 'ABEKMHOPCTYXIIE'), '[^A-ZА-ЯҐЄ0-9]', '', 'g');
$$;
-- +goose StatementEnd
create index documents_by_number_key on finsystem.documents (finsystem.number_key(number)) where kind = 'invoice' and status = 'issued';
create index documents_by_due on finsystem.documents (currency_code, (total - credited - paid)) where status = 'issued' and kind = 'invoice' and paid < total - credited;

-- +goose Down
drop index finsystem.documents_by_due, finsystem.documents_by_number_key;
drop table finsystem.match_rules, finsystem.statement_entries, finsystem.statement_accounts, finsystem.statements;
drop function finsystem.number_key;
