-- +goose Up

-- Who signs for the business, one row, and which pictures of signature and seal stand on what is issued now.
create table finsystem.signatory (
    only_one    boolean primary key default true check (only_one),
    name        text not null,
    position    text not null,
    signature   text,
    seal        text,
    -- Kinds of document whose signed original always goes by hand.
    by_hand     text[] not null,
    update_time timestamptz,
    revision    bigint not null
);
insert into finsystem.signatory (name, position, by_hand, revision) values ('', '', '{}', 0);
select kernel.share('finsystem.signatory');

-- Every picture that there ever was: a document that was issued with one may have its file made later.
create table finsystem.pictures (
    hash        kernel.blob primary key,
    create_time timestamptz not null
);
select kernel.share('finsystem.pictures');
alter table finsystem.signatory add foreign key (signature) references finsystem.pictures (hash), add foreign key (seal) references finsystem.pictures (hash);

-- As they were on the day of issue, as the buyer is: who signs and with which pictures, and the agreement's number and day.
alter table finsystem.documents
    add column signed_by text not null default '', add column signature text, add column seal text, add column agreement jsonb;
create index documents_by_agreement on finsystem.documents (agreement_id, id desc) where agreement_id is not null;

-- What was paid towards an invoice that charges nothing until its act is held for it.
alter table finsystem.holds add column document_id uuid unique references finsystem.documents (id);
create index holds_for_documents on finsystem.holds (account_id) where status = 'held' and document_id is not null;

with paid as (
    select d.id, d.client_id, d.currency_code, d.number, d.paid - (
        select coalesce(sum(a.total), 0) from finsystem.documents a
        where a.based_on_id = d.id and a.status = 'issued' and a.charged and a.kind in ('act', 'delivery_note')) as amount
    from finsystem.documents d where d.kind = 'invoice' and d.status = 'issued' and not d.charged and d.paid > 0
), made as (
    insert into finsystem.holds (id, account_id, client_id, amount, what, status, create_time, document_id)
    select p.id, a.id, p.client_id, p.amount, p.number, 'held', clock_timestamp(), p.id
    from paid p join finsystem.accounts a on a.client_id = p.client_id and a.kind = 'client' and a.code = '' and a.currency_code = p.currency_code
    where p.amount > 0 returning account_id, amount
)
update finsystem.balances b set held = b.held + m.amount from (select account_id, sum(amount)::bigint as amount from made group by 1) m where m.account_id = b.account_id;

-- +goose StatementBegin

-- lock_money keeps everybody else from moving a client's money until the transaction ends. Whoever changes documents or payments together with money takes this
-- lock first, and so nobody waits in a circle.
create function finsystem.lock_money(client uuid, currency text) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select from finsystem.balances b where b.client_id = client and b.currency_code = currency order by b.account_id for no key update;
$$;

-- hold_paid has held for an invoice what was paid towards it and is not charged yet, nor by what is about to be: that much less is held then. It asks
-- for no limit: who pays for one thing may owe for another. Its caller has the lock.
create function finsystem.hold_paid(document uuid, about_to_charge bigint) returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
    d      finsystem.documents;
    h      finsystem.holds;
    wanted bigint := 0;
    before bigint := 0;
begin
    select * into d from finsystem.documents x where x.id = document;
    perform finsystem.may_clients(array[d.client_id]);
    if d.kind = 'invoice' and d.status = 'issued' and not d.charged then
        wanted := greatest(0, d.paid - about_to_charge - (
            select coalesce(sum(a.total), 0) from finsystem.documents a
            where a.based_on_id = d.id and a.status = 'issued' and a.charged and a.kind in ('act', 'delivery_note')));
    end if;
    select * into h from finsystem.holds x where x.document_id = document;
    if h.status = 'held' then
        before := h.amount;
    end if;
    if wanted = before then
        return;
    elsif h.id is null then
        insert into finsystem.holds (id, account_id, client_id, amount, what, status, create_time, document_id)
        select document, a.id, d.client_id, wanted, d.number, 'held', clock_timestamp(), document
        from finsystem.accounts a where a.client_id = d.client_id and a.kind = 'client' and a.code = '' and a.currency_code = d.currency_code
        returning * into strict h;
    elsif wanted > 0 then
        update finsystem.holds x set amount = wanted, status = 'held', end_time = null where x.id = h.id;
    else
        update finsystem.holds x set status = case when d.status = 'issued' and d.paid > 0 then 'captured' else 'released' end, end_time = clock_timestamp()
        where x.id = h.id;
    end if;
    update finsystem.balances b set held = b.held + wanted - before where b.account_id = h.account_id;
end $$;

-- other_sides are postings about another client that moved money of one's own too. Whose the other side is they do not say.
create function finsystem.other_sides(postings bigint[]) returns table (id bigint, kind text, currency_code text, effective_date date, post_time timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, p.kind, p.currency_code, p.effective_date, p.post_time
    from finsystem.postings p
    where p.id = any (postings) and exists (select from finsystem.entries e where e.posting_id = p.id and e.client_id = any (access.clients()));
$$;
-- +goose StatementEnd

-- +goose Down
drop function finsystem.other_sides, finsystem.hold_paid, finsystem.lock_money;
update finsystem.balances b set held = b.held - h.amount
from (select account_id, sum(amount)::bigint as amount from finsystem.holds where status = 'held' and document_id is not null group by 1) h where h.account_id = b.account_id;
delete from finsystem.holds where document_id is not null;
alter table finsystem.holds drop column document_id;
drop index finsystem.documents_by_agreement;
alter table finsystem.documents drop column signed_by, drop column signature, drop column seal, drop column agreement;
drop table finsystem.signatory, finsystem.pictures;
