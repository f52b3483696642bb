-- +goose Up
-- +goose StatementBegin

-- post_one is post for one posting with an entry or two that reverses nothing, as most are: in as few steps as there can be, each
-- account locked before the posting gets its id, the lower one first. What does not go this way post_many looks at, and says what is wrong with it.
create function finsystem.post_one(
    p_key text, p_digest bytea, p_kind text, p_client uuid, p_amount bigint, p_currency text, p_date date,
    p_about uuid, p_memo text, p_branch uuid, p_manager uuid, p_actor uuid,
    account_1 bigint, contra_1 bigint, amount_1 bigint, account_2 bigint, contra_2 bigint, amount_2 bigint
) returns table (id bigint, fresh boolean) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    two         boolean := account_2 is not null;
    turned      boolean := two and account_2 < account_1;
    free        boolean := p_kind in ('refund', 'chargeback', 'reversal', 'opening');
    low         bigint := case when turned then account_2 else account_1 end;
    low_amount  bigint := case when turned then amount_2 else amount_1 end;
    low_client  uuid;
    low_after   bigint;
    high        bigint := case when turned then account_1 else account_2 end;
    high_amount bigint := case when turned then amount_1 else amount_2 end;
    high_client uuid;
    high_after  bigint;
    lines       int;
    made        bigint;
begin
    if not two or low < high then
        update finsystem.balances b set balance = b.balance + low_amount
        where b.account_id = low and b.currency_code = p_currency
          and (free or low_amount > 0 or b.credit_limit is null or b.balance + low_amount - b.held >= -b.credit_limit)
        returning b.client_id, b.balance into low_client, low_after;
        if two and low_client is not null then
            update finsystem.balances b set balance = b.balance + high_amount
            where b.account_id = high and b.currency_code = p_currency
              and (free or high_amount > 0 or b.credit_limit is null or b.balance + high_amount - b.held >= -b.credit_limit)
            returning b.client_id, b.balance into high_client, high_after;
        end if;
        if low_client is not null and (high_client is not null or not two) then
            with posted as (
                insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, about_id,
                    memo, actor_id, branch_id, manager_id)
                select nextval('finsystem.posting_ids'), p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, clock_timestamp(),
                    p_about, p_memo, p_actor, p_branch, p_manager
                from finsystem.books b
                where b.closed_until < p_date
                  and (b.all_role = current_setting('role') or (low_client = any (access.clients()) and (high_client = any (access.clients()) or not two)))
                on conflict (key) do nothing returning id
            ), written as (
                insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
                select p.id, e.line, e.account, c.id, e.client, e.amount, e.balance, p_date
                from posted p cross join (values
                    (1, account_1, contra_1, amount_1, case when turned then high_client else low_client end, case when turned then high_after else low_after end),
                    (2, account_2, contra_2, amount_2, case when turned then low_client else high_client end, case when turned then low_after else high_after end)
                ) e(line, account, contra, amount, client, balance)
                join finsystem.accounts c on c.id = e.contra and c.client_id is null and c.currency_code = p_currency
                returning posting_id
            )
            select min(posting_id), count(*) into made, lines from written;
        end if;
        if made is not null then
            if lines <> 1 + two::int then
                raise exception 'a contra account is one of the business''s own, of the posting''s currency' using errcode = 'FS002';
            end if;
            id := made;
            fresh := true;
            return next;
            return;
        end if;
        if low_client is not null then
            update finsystem.balances b set balance = b.balance - low_amount where b.account_id = low;
        end if;
        if high_client is not null then
            update finsystem.balances b set balance = b.balance - high_amount where b.account_id = high;
        end if;
    end if;
    return query select * from finsystem.post_many(array[p_key], array[p_digest], array[p_kind], array[p_client], array[p_amount], array[p_currency],
        array[p_date], array[null::bigint], array[p_about], array[p_memo], array[p_branch], array[p_manager], array[p_actor],
        array_fill(1, array[1 + two::int]), array[account_1] || case when two then array[account_2] end,
        array[contra_1] || case when two then array[contra_2] end, array[amount_1] || case when two then array[amount_2] end);
end $$;

-- post posts all or none, in a fixed number of statements.
create or replace function finsystem.post(
    p_key text[], p_digest bytea[], p_kind text[], p_client uuid[], p_amount bigint[], p_currency text[], p_date date[], p_reverses bigint[],
    p_about uuid[], p_memo text[], p_branch uuid[], p_manager uuid[], p_actor uuid[],
    e_posting int[], e_account bigint[], e_contra bigint[], e_amount bigint[]
) returns table (id bigint, fresh boolean) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan as $$
begin
    if cardinality(array_remove(p_reverses, null)) > 0 then
        perform finsystem.reversible(p_key, p_client, p_currency, p_amount, p_reverses);
    end if;
    return query select * from finsystem.post_many(p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, p_reverses,
        p_about, p_memo, p_branch, p_manager, p_actor, e_posting, e_account, e_contra, e_amount);
end $$;
-- +goose StatementEnd

-- +goose Down
drop function finsystem.post_one;
