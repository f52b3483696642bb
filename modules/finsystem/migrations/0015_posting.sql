-- +goose Up

-- Keys are compared as bytes, which costs least. That an entry moves something the functions see to that write it: what a constraint says is read anew for each statement.
-- Balances are found by accounts.
alter table finsystem.postings alter column key type text collate "C";
alter table finsystem.entries drop constraint entries_amount_check;
drop index finsystem.balances_by_client;

-- +goose StatementBegin

-- post_one as before, in steps that cost less: with many connections, what a step looks at has left the processor's caches until its turn comes again, and a plan of
-- many parts costs more than what it does. It returns the posting's id, and below zero that of one that was there before. What takes two contra accounts post_many looks at.
drop function finsystem.post_one;
create function finsystem.post_one(
    p_key text, p_digest bytea, p_kind text, p_client uuid, p_amount bigint, p_currency text, p_date date,
    p_about uuid, p_memo text, p_branch uuid, p_manager uuid, p_actor uuid,
    account_1 bigint, contra_1 bigint, amount_1 bigint, account_2 bigint, contra_2 bigint, amount_2 bigint
) returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
    two         boolean := account_2 is not null;
    turned      boolean := two and account_2 < account_1;
    free        boolean := p_kind in ('refund', 'chargeback', 'reversal', 'opening');
    low         bigint := least(account_1, account_2);
    low_amount  bigint := case when turned then amount_2 else amount_1 end;
    low_client  uuid;
    low_after   bigint;
    high        bigint := greatest(account_1, account_2);
    high_amount bigint := case when turned then amount_1 else amount_2 end;
    high_client uuid;
    high_after  bigint;
    made        bigint;
begin
    if amount_1 <> 0 and (not two or (amount_2 <> 0 and low < high and contra_1 = contra_2)) then
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
    end if;
    if low_client is not null and (high_client is not null or not two) then
        made := nextval('finsystem.posting_ids');
        insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, about_id,
            memo, actor_id, branch_id, manager_id)
        select made, p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, clock_timestamp(),
            p_about, p_memo, p_actor, p_branch, p_manager
        from finsystem.books b join finsystem.accounts c on c.id = contra_1
        where b.closed_until < p_date and c.client_id is null and c.currency_code = p_currency
          and (b.all_role = current_setting('role') or (low_client = any (access.clients()) and (high_client = any (access.clients()) or not two)))
        on conflict (key) do nothing;
        if found then
            if two then
                insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
                values (made, 1 + turned::int, low, contra_1, low_client, low_amount, low_after, p_date), (made, 2 - turned::int, high, contra_1, high_client, high_amount, high_after, p_date);
            else
                insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
                values (made, 1, low, contra_1, low_client, low_amount, low_after, p_date);
            end if;
            return made;
        end if;
    end if;
    if low_client is not null then
        update finsystem.balances b set balance = b.balance - low_amount where b.account_id = low;
    end if;
    if high_client is not null then
        update finsystem.balances b set balance = b.balance - high_amount where b.account_id = high;
    end if;
    return (select case when m.fresh then m.id else -m.id end from finsystem.post_many(array[p_key], array[p_digest], array[p_kind], array[p_client], array[p_amount], array[p_currency],
        array[p_date], array[null::bigint], array[p_about], array[p_memo], array[p_branch], array[p_manager], array[p_actor],
        array_fill(1, array[1 + two::int]), array[account_1] || case when two then array[account_2] end,
        array[contra_1] || case when two then array[contra_2] end, array[amount_1] || case when two then array[amount_2] end) m);
end $$;

-- post_new posts what is not known to have been posted before, and returns the ids of all; a key that was posted all the same breaks it off (unique_violation).
--
-- Balances change first, in the order of ids, and are locked so until the transaction ends; ids are taken then. What was changed is looked up by
-- place: accounts are in order, and texts, which have no places of their own length, are looked at once for all.
create function finsystem.post_new(
    p_key text[], p_digest bytea[], p_kind text[], p_client uuid[], p_amount bigint[], p_currency text[], p_date date[], p_reverses bigint[],
    p_about uuid[], p_memo text[], p_branch uuid[], p_manager uuid[], p_actor uuid[],
    e_posting int[], e_account bigint[], e_contra bigint[], e_amount bigint[], known bigint[]
) returns bigint[] language plpgsql volatile
-- One plan, by keys, however few rows the tables had when a connection first posted.
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
    everyone boolean;
    closed   date;
    currency text := (select case when min(c) = max(c) then min(c) end from unnest(p_currency) c);
    free     boolean[] := array(select k in ('refund', 'chargeback', 'reversal', 'opening') from unnest(p_kind) with ordinality u(k, n) order by n);
    accounts bigint[];
    clients  uuid[];
    afters   bigint[];
    foreigns bigint;
    over     bigint;
    short    bigint;
    ids      bigint[];
begin
    with moved as (
        update finsystem.balances b set balance = b.balance + d.amount
        from (
            select e.account, sum(e.amount)::bigint as amount, sum(e.amount) filter (where not free[e.posting]) < 0 as bound
            from unnest(e_posting, e_account, e_amount) e(posting, account, amount) where known is null or known[e.posting] is null group by e.account order by e.account) d
        where b.account_id = d.account
        returning b.account_id, b.client_id, b.balance, b.currency_code is distinct from currency as foreign, case when d.bound then b.held - b.balance - b.credit_limit end as short
    )
    select array_agg(m.account_id), array_agg(m.client_id), array_agg(m.balance), count(*) filter (where m.foreign),
        (array_agg(m.account_id) filter (where m.short > 0))[1], (array_agg(m.short) filter (where m.short > 0))[1]
    into accounts, clients, afters, foreigns, over, short
    from (select * from moved order by account_id) m;

    select b.closed_until, b.all_role = current_setting('role') into closed, everyone from finsystem.books b;
    if not everyone and (clients <@ access.clients() and not exists (
        select from finsystem.accounts a where a.id = any (e_account) and a.client_id is null)) is not true then
        raise exception 'an account is not of a client who acts' using errcode = '42501';
    elsif closed >= any (p_date) then
        raise exception 'the day is closed' using errcode = 'FS004';
    elsif 0 = any (e_amount) then
        raise exception 'an entry moves something' using errcode = 'FS008';
    elsif exists (
        select from (select e.contra, coalesce(currency, p_currency[e.posting]) as currency from unnest(e_posting, e_contra) e(posting, contra) group by 1, 2) e
        left join finsystem.accounts c on c.id = e.contra and c.client_id is null
        where c.currency_code is distinct from e.currency)
        -- Accounts were looked at above, where all are of clients and all postings in one currency.
        or (foreigns > 0 or accounts is null or exists (select from unnest(e_account) a where accounts[width_bucket(a, accounts)] is distinct from a)) and exists (
        select from unnest(e_posting, e_account, e_contra) e(posting, account, contra) left join finsystem.accounts a on a.id = e.account
        where (a.currency_code = p_currency[e.posting] and a.id <> e.contra) is not true) then
        raise exception 'an entry is between an account and one of the business''s own, of the posting''s currency' using errcode = 'FS002';
    end if;

    ids := array(select coalesce(known[n], nextval('finsystem.posting_ids')) from generate_series(1, cardinality(p_key)) n);
    insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, reverses, about_id,
        memo, actor_id, branch_id, manager_id)
    select ids[n], w.key, digest, kind, client, amount, w.currency, day, clock_timestamp(), reverses, about, memo, actor, branch, manager
    from unnest(p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, p_reverses, p_about, p_memo, p_actor, p_branch, p_manager)
        with ordinality w(key, digest, kind, client, amount, currency, day, reverses, about, memo, actor, branch, manager, n)
    where known is null or known[n] is null;
    if short > 0 then
        raise exception 'more would be owed on account % than was agreed', over
            using errcode = 'FS005', detail = over::text, hint = short::text;
    end if;
    -- The balance after an entry is the account's after all, less what comes to it after that entry.
    insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
    select ids[posting], row_number() over (partition by posting order by n), account, contra, clients[place],
        amount, afters[place] - sum(amount) over (partition by account order by n desc) + amount, p_date[posting]
    from (
        select e.*, case when accounts[width_bucket(account, accounts)] = account then width_bucket(account, accounts) end as place
        from unnest(e_posting, e_account, e_contra, e_amount) with ordinality e(posting, account, contra, amount, n)
        where known is null or known[posting] is null) e;
    return ids;
end $$;

-- post_many is post for any number of postings and entries, in a fixed number of statements where none was posted before.
create or replace function finsystem.post_many(
    p_key text[], p_digest bytea[], p_kind text[], p_client uuid[], p_amount bigint[], p_currency text[], p_date date[], p_reverses bigint[],
    p_about uuid[], p_memo text[], p_branch uuid[], p_manager uuid[], p_actor uuid[],
    e_posting int[], e_account bigint[], e_contra bigint[], e_amount bigint[]
) returns table (id bigint, fresh boolean) language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
#variable_conflict use_column
declare
    ids    bigint[];
    known  bigint[]; -- null where nothing is
    before bigint[];
    other  text;
    which  text;
begin
    loop
        begin
            ids := finsystem.post_new(p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, p_reverses, p_about, p_memo, p_branch, p_manager, p_actor,
                e_posting, e_account, e_contra, e_amount, known);
            exit;
        exception when unique_violation then
            get stacked diagnostics which = constraint_name;
        end;
        -- Some were posted before, and what post_new did is undone. Who posts the same holds the same accounts: none of those is under way once they are held.
        perform from (select from finsystem.balances b where b.account_id = any (e_account) order by b.account_id for no key update) b;
        before := known;
        select array_agg(p.id order by w.n), min(w.key) filter (where p.digest <> w.digest) into known, other
        from unnest(p_key, p_digest) with ordinality w(key, digest, n) left join finsystem.postings p on p.key = w.key;
        if other is not null then
            raise exception 'the key % was posted with other content', other using errcode = 'FS003';
        elsif which <> 'postings_once' or cardinality(array_remove(known, null)) = coalesce(cardinality(array_remove(before, null)), 0) then
            raise exception 'a key stands twice among what is posted at once' using errcode = 'FS003';
        end if;
        ids := known;
        exit when array_position(known, null) is null;
    end loop;
    return query select i, known is null or known[n] is null from unnest(ids) with ordinality x(i, n);
end $$;
-- +goose StatementEnd

-- +goose Down
create index balances_by_client on finsystem.balances (client_id);
alter table finsystem.entries add constraint entries_amount_check check (amount <> 0);
drop function finsystem.post_new;
