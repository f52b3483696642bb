-- +goose Up

-- Bills that were paid from what was paid ahead or with bonuses, or put off, as paysystem asked for it: one for each of its payments.
create table finsystem.spendings (
    -- paysystem's.
    payment_id    uuid primary key,
    client_id     uuid not null references kernel.client (id),
    kind          text not null default 'prepayment' check (kind in ('prepayment', 'bonus', 'deferral')),
    document_id   uuid not null references finsystem.documents (id),
    currency_code text not null,
    -- What was asked for, and what was paid of it.
    asked         bigint not null check (asked > 0),
    amount        bigint not null check (amount > 0),
    returned      bigint not null default 0 check (returned between 0 and amount),
    due_date      date,
    create_time   timestamptz not null
);
create index spendings_by_client on finsystem.spendings (client_id, kind);
create index spendings_by_document on finsystem.spendings (document_id);
select kernel.protect('finsystem.spendings', 'client_id');

-- What of them went back.
create table finsystem.spendings_back (
    refund_id  uuid primary key,
    payment_id uuid not null references finsystem.spendings (payment_id),
    client_id  uuid not null references kernel.client (id),
    amount     bigint not null check (amount > 0)
);
create index spendings_back_by_payment on finsystem.spendings_back (payment_id);
select kernel.protect('finsystem.spendings_back', 'client_id');

-- What bonuses pay is a payment whose money never came; settles is the payment of paysystem's that a transfer was made for.
alter table finsystem.payments drop constraint payments_source_check, add constraint payments_source_check check (source in ('gateway', 'bank', 'cash', 'bonus')),
    add column settles uuid;
create unique index payments_settling on finsystem.payments (settles) where settles is not null;

-- +goose StatementBegin

-- only_later tells whether nothing of an issued document changes but that it may be paid later.
create function finsystem.only_later(was finsystem.documents, made finsystem.documents) returns boolean language plpgsql immutable as $$
begin
    if was.status <> 'issued' or made.due_date is null or made.due_date <= was.due_date then
        return false;
    end if;
    made.due_date := was.due_date;
    made.revision := was.revision;
    return made is not distinct from was;
end $$;
-- +goose StatementEnd
drop trigger documents_stay on finsystem.documents;
create trigger documents_stay before update on finsystem.documents for each row when (not finsystem.only_later(old, new)) execute function finsystem.issued_stays();
create trigger documents_stay_there before delete on finsystem.documents for each row execute function finsystem.issued_stays();

-- +goose Down
drop trigger documents_stay_there on finsystem.documents;
drop trigger documents_stay on finsystem.documents;
create trigger documents_stay before update or delete on finsystem.documents for each row execute function finsystem.issued_stays();
drop function finsystem.only_later;
alter table finsystem.payments drop column settles, drop constraint payments_source_check,
    add constraint payments_source_check check (source in ('gateway', 'bank', 'cash')) not valid;
drop table finsystem.spendings_back, finsystem.spendings;
