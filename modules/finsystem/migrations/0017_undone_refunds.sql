-- +goose Up
-- +goose StatementBegin

-- reversible as before; but a refund and a charge-back are taken back too, when they turn out not to have been, and what they took is there again then.
create or replace function finsystem.reversible(p_key text[], p_client uuid[], p_currency text[], p_amount bigint[], p_reverses bigint[]) returns void language plpgsql as $$
begin
    perform from finsystem.postings p where p.id = any (p_reverses) order by p.id for update;
    if exists (
        select from (
            select w.reverses, min(p.id) as known,
                bool_and(p.client_id is not distinct from w.client and p.currency_code = w.currency and (p.reverses is null or p.kind in ('refund', 'chargeback'))) as fit,
                min(p.amount) as amount, sum(w.amount) as wanted
            from unnest(p_key, p_client, p_currency, p_amount, p_reverses) w(key, client, currency, amount, reverses)
            left join finsystem.postings p on p.id = w.reverses
            where w.reverses is not null and not exists (select from finsystem.postings before where before.key = w.key)
            group by w.reverses) w
        where known is null or not fit
           or wanted + (select coalesce(sum(r.amount - (select coalesce(sum(b.amount), 0) from finsystem.postings b where b.reverses = r.id)), 0)
                from finsystem.postings r where r.reverses = w.reverses) > w.amount) then
        raise exception 'more would be taken back than there was' using errcode = 'FS006';
    end if;
end $$;

-- wrong_books as before, and so too.
create or replace function finsystem.wrong_books() returns table (account_id bigint, posting_id bigint, problem text) language sql stable as $$
    select b.account_id, null::bigint, 'its balance is not what its entries come to' from finsystem.balances b
    where b.balance <> (select coalesce(sum(e.amount), 0) from finsystem.entries e where e.account_id = b.account_id)
    union all
    select b.account_id, null, 'what is held is not what its holds come to' from finsystem.balances b
    where b.held <> (select coalesce(sum(h.amount), 0) from finsystem.holds h where h.account_id = b.account_id and h.status = 'held')
    union all
    select e.account_id, e.posting_id, 'the balance after it does not follow from the one before'
    from (select e.*, sum(e.amount) over (partition by e.account_id order by e.posting_id, e.line) as so_far from finsystem.entries e where e.balance is not null) e
    where e.so_far <> e.balance
    union all
    select null, p.id, 'it has no entries, or others than its amount' from finsystem.postings p
    where p.reverses is null and p.amount <> (select coalesce(greatest(sum(greatest(e.amount, 0)), -sum(least(e.amount, 0))), 0) from finsystem.entries e where e.posting_id = p.id)
    union all
    select null, p.id, 'more was taken back than there was' from finsystem.postings p
    where p.amount < (select sum(r.amount - (select coalesce(sum(b.amount), 0) from finsystem.postings b where b.reverses = r.id)) from finsystem.postings r where r.reverses = p.id);
$$;
-- +goose StatementEnd

-- +goose Down
select 1;
