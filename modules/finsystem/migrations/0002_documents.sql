-- +goose Up

-- Invoices, acts, delivery notes, credit notes and annexes. A draft changes; what was issued stays as it is, but for what was paid
-- towards it, its file, and being voided.
create table finsystem.documents (
    id               uuid primary key,
    client_id        uuid not null references kernel.client (id),
    kind             text not null check (kind in ('invoice', 'act', 'delivery_note', 'credit_note', 'annex')),
    status           text not null check (status in ('draft', 'issued', 'void')),
    number           text not null,
    subject          text not null,
    currency_code    text not null,
    issue_date       date,
    payment_days     integer not null check (payment_days >= 0),
    due_date         date,
    agreement_id     uuid,
    based_on_id      uuid references finsystem.documents (id),
    lines            jsonb not null,
    taxes            jsonb not null,
    net              bigint not null,
    tax              bigint not null,
    total            bigint not null,
    -- Whether issuing it charged the client.
    charged          boolean not null default false,
    posting_id       bigint,
    -- What was paid towards it, and what credit notes took off it.
    paid             bigint not null default 0,
    credited         bigint not null default 0,
    note             text not null,
    original_by_hand boolean not null,
    -- Stands in its QR code.
    check_code       text not null constraint documents_check_code unique,
    -- Who the client was on the day, as it is printed.
    buyer            jsonb,
    file_hash        kernel.blob,
    file_size        bigint,
    void_reason      text not null default '',
    create_time      timestamptz not null,
    issue_time       timestamptz,
    revision         bigint not null,
    constraint documents_paid check (paid between 0 and total - credited),
    constraint documents_total check (total >= 0 and credited >= 0),
    constraint documents_numbered check ((status = 'draft') = (number = '')),
    constraint documents_once unique nulls not distinct (kind, number, id)
);
create index documents_by_client on finsystem.documents (client_id, id desc);
create index documents_newest on finsystem.documents (id desc);
create index documents_by_number on finsystem.documents (number text_pattern_ops) where number <> '';
create index documents_open on finsystem.documents (client_id, due_date, id) where status = 'issued' and kind = 'invoice' and paid < total;
create index documents_by_file on finsystem.documents (file_hash) where file_hash is not null;
create index documents_by_base on finsystem.documents (based_on_id) where based_on_id is not null;
select kernel.protect('finsystem.documents', 'client_id');
select kernel.live('finsystem.documents', 'cabinet.finsystem.v1.Document');

-- Money that came, and what of it went towards which document.
create table finsystem.payments (
    id            uuid primary key,
    -- The same source is the same payment: a gateway's payment, a line of a statement, a request.
    source_key    text not null constraint payments_once unique,
    client_id     uuid not null references kernel.client (id),
    source        text not null check (source in ('gateway', 'bank', 'cash')),
    currency_code text not null,
    amount        bigint not null check (amount > 0),
    reversed      bigint not null default 0,
    allocated     bigint not null default 0,
    pay_date      date not null,
    title         text not null,
    reference     text not null,
    posting_id    bigint not null,
    create_time   timestamptz not null,
    constraint payments_within check (reversed between 0 and amount and allocated between 0 and amount - reversed)
);
create index payments_by_client on finsystem.payments (client_id, id desc);
create index payments_newest on finsystem.payments (id desc);
select kernel.protect('finsystem.payments', 'client_id');
select kernel.live('finsystem.payments', 'cabinet.finsystem.v1.Payment');

create table finsystem.allocations (
    payment_id  uuid not null references finsystem.payments (id),
    document_id uuid not null references finsystem.documents (id),
    client_id   uuid not null,
    amount      bigint not null check (amount > 0),
    primary key (payment_id, document_id)
);
create index allocations_by_document on finsystem.allocations (document_id);
select kernel.protect('finsystem.allocations', 'client_id');

-- +goose StatementBegin

-- issued_stays refuses to change an issued document in what was issued.
create function finsystem.issued_stays() returns trigger language plpgsql as $$
declare
    kept finsystem.documents := new;
begin
    if tg_op = 'DELETE' then
        if old.status <> 'draft' then
            raise exception 'what was issued stays: void it' using errcode = 'FS001';
        end if;
        return old;
    elsif old.status = 'draft' then
        return new;
    end if;
    kept.client_id := old.client_id;
    kept.paid := old.paid;
    kept.credited := old.credited;
    kept.revision := old.revision;
    if old.status = 'issued' and new.status = 'void' then
        kept.status := old.status;
        kept.void_reason := old.void_reason;
    end if;
    if old.file_hash is null then
        kept.file_hash := null;
        kept.file_size := null;
    end if;
    if kept is distinct from old then
        raise exception 'what was issued stays: void it' using errcode = 'FS001';
    end if;
    return new;
end $$;

-- allocated keeps the sums of payments and documents what their allocations come to.
create function finsystem.allocated() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        update finsystem.payments p set allocated = p.allocated - old.amount where p.id = old.payment_id;
        update finsystem.documents d set paid = d.paid - old.amount where d.id = old.document_id;
    end if;
    if tg_op <> 'DELETE' then
        update finsystem.payments p set allocated = p.allocated + new.amount where p.id = new.payment_id;
        update finsystem.documents d set paid = d.paid + new.amount where d.id = new.document_id;
    end if;
    return null;
end $$;

-- posting_entries are a posting's entries with what kind the other account is. That is one of the business's own, whose rows only who sees all
-- reaches; which kind it is, who sees the entry may know.
create function finsystem.posting_entries(posting bigint) returns table (account_id bigint, kind text, code text, amount bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select e.account_id, a.kind, a.code, e.amount
    from finsystem.entries e join finsystem.accounts a on a.id = e.contra_id
    where e.posting_id = posting and (exists (select from finsystem.books b where b.all_role = current_setting('role')) or e.client_id = any (access.clients()))
    order by e.line;
$$;

-- move_client makes what is a merged client's the other's. Where both have an account of a kind, what the merged one's comes to is brought to the
-- other's by two postings that say so, and what was held on it is held there.
create function finsystem.move_client(from_id uuid, into_id uuid, day date) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
    a record;
    over bigint;
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who moves clients reaches all rows' using errcode = '42501';
    end if;
    for a in
        select f.id, i.id as into_account, f.kind, f.currency_code
        from finsystem.accounts f join finsystem.accounts i on i.client_id = into_id and i.kind = f.kind and i.code = f.code and i.currency_code = f.currency_code
        where f.client_id = from_id order by f.id
    loop
        perform from finsystem.balances b where b.account_id in (a.id, a.into_account) order by b.account_id for no key update;
        select * into over from finsystem.open_accounts(array[null::uuid], array['transfer'], array[''], array[a.currency_code], null);
        perform finsystem.post(array['merge:' || a.id], array['\x00'::bytea], array['opening'], array[into_id], array[abs(b.balance)], array[a.currency_code],
            array[greatest(day, k.closed_until + 1)], array[null::bigint], array[null::uuid], array[''], array[null::uuid], array[null::uuid], array[null::uuid],
            array[1, 1], array[least(a.id, a.into_account), greatest(a.id, a.into_account)], array[over, over],
            case when a.id < a.into_account then array[-b.balance, b.balance] else array[b.balance, -b.balance] end)
        from finsystem.balances b, finsystem.books k where b.account_id = a.id and b.balance <> 0;
        update finsystem.holds h set account_id = a.into_account where h.account_id = a.id;
        update finsystem.balances b set held = b.held + m.held from finsystem.balances m where b.account_id = a.into_account and m.account_id = a.id;
        update finsystem.balances b set held = 0 where b.account_id = a.id;
        update finsystem.accounts x set code = x.code || '~' || from_id where x.id = a.id;
    end loop;
    update finsystem.accounts x set client_id = into_id where x.client_id = from_id;
    update finsystem.balances x set client_id = into_id where x.client_id = from_id;
    update finsystem.postings x set client_id = into_id where x.client_id = from_id;
    update finsystem.entries x set client_id = into_id where x.client_id = from_id;
    update finsystem.holds x set client_id = into_id where x.client_id = from_id;
    update finsystem.documents x set client_id = into_id where x.client_id = from_id;
    update finsystem.payments x set client_id = into_id where x.client_id = from_id;
    update finsystem.allocations x set client_id = into_id where x.client_id = from_id;
end $$;

-- check_document is what anybody may know of a document whose code they hold.
create function finsystem.check_document(code text) returns table (kind text, status text, number text, issue_date date, currency_code text, total bigint,
    file_hash text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.kind, d.status, d.number, d.issue_date, d.currency_code, d.total, d.file_hash::text
    from finsystem.documents d where d.check_code = code and d.status <> 'draft';
$$;
-- +goose StatementEnd

create trigger documents_stay before update or delete on finsystem.documents for each row execute function finsystem.issued_stays();
create trigger allocations_count after insert or update or delete on finsystem.allocations for each row execute function finsystem.allocated();

-- +goose Down
drop table finsystem.allocations, finsystem.payments, finsystem.documents;
drop function finsystem.issued_stays, finsystem.allocated, finsystem.posting_entries, finsystem.move_client, finsystem.check_document;
