-- +goose Up
-- +goose StatementBegin

-- open_accounts as before; but whoever is merged into another is refused where the accounts are there too, and held against it until the transaction ends: what is
-- posted while accounts are moved would stay on those that were left behind.
create or replace function finsystem.open_accounts(a_client uuid[], a_kind text[], a_code text[], a_currency text[], a_limit bigint) returns setof bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    ids bigint[];
begin
    perform finsystem.may_clients(array(select distinct c from unnest(a_client) c where c is not null));
    for attempt in 1 .. 2 loop
        select array_agg(a.id order by w.n) into ids
        from unnest(a_client, a_kind, a_code, a_currency) with ordinality w(client, kind, code, currency, n)
        left join lateral (
            select a.id from finsystem.accounts a
            where a.client_id = w.client and a.kind = w.kind and a.code = w.code and a.currency_code = w.currency
            union all
            select a.id from finsystem.accounts a
            where w.client is null and a.client_id is null and a.kind = w.kind and a.code = w.code and a.currency_code = w.currency) a on true;
        exit when array_position(ids, null) is null;
        with made as (
            insert into finsystem.accounts (client_id, kind, code, currency_code)
            select distinct client, kind, code, currency from unnest(a_client, a_kind, a_code, a_currency) w(client, kind, code, currency) order by 1, 2, 3, 4
            on conflict on constraint accounts_one do nothing returning id, client_id, currency_code
        )
        insert into finsystem.balances (account_id, client_id, currency_code, balance, held, credit_limit)
        select m.id, m.client_id, m.currency_code, 0, 0, a_limit from made m where m.client_id is not null;
    end loop;
    return query select unnest(ids);
end $$;

-- close_books as before; but first it waits for everybody who is posting, who may have looked already at what is closed, and who comes meanwhile looks afterwards.
create or replace function finsystem.close_books(until date) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who closes books reaches all of them' using errcode = '42501';
    end if;
    lock table finsystem.balances in share mode;
    update finsystem.books b set closed_until = greatest(b.closed_until, until);
end $$;

-- lock_money as before, by the accounts: balances have no order by clients any more.
create or replace function finsystem.lock_money(client uuid, currency text) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select from finsystem.balances b
    where b.account_id in (select a.id from finsystem.accounts a where a.client_id = client and a.currency_code = currency) order by b.account_id for no key update;
$$;

-- hold_paid as before; but what a credit note took off an act or a delivery note was not delivered.
create or replace function finsystem.hold_paid(document uuid, about_to_charge bigint) returns void language plpgsql volatile security definer
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
            select coalesce(sum(a.total - a.credited), 0) from finsystem.documents a
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
-- +goose StatementEnd

-- +goose Down
select 1;
