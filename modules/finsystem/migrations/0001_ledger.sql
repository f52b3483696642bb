-- +goose Up

-- The books, in double entry. Amounts are in minor units of the account's currency (cents, kopiykas). What comes to an account is above
-- zero in its entries and what leaves it below: a client's balance is what the client has with the business, and what is below zero is
-- owed. The business's own accounts are the other side of that. Money in the bank, which the business holds for those who paid it, is
-- below zero there, and shown with the sign turned.
--
-- An entry is between two accounts, so that books that do not balance cannot be written: what comes to its account leaves its contra
-- account, which is one of the business's own. Everything is written by finsystem.post and the functions beside it, and by nothing else.

create table finsystem.accounts (
    id            bigint generated always as identity primary key,
    -- Whose it is; null for the business's own.
    client_id     uuid references kernel.client (id),
    kind          text not null check (kind in ('client', 'agreement', 'service', 'bonus',
                      'bank', 'cash', 'gateway', 'transfer', 'revenue', 'expense', 'tax', 'rounding', 'suspense', 'opening')),
    -- Which one of its kind: an agreement's or service's id; an IBAN, a gateway, an item of income, a rate of tax.
    code          text not null,
    currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
    create_time   timestamptz not null default clock_timestamp(),
    constraint accounts_one unique nulls not distinct (client_id, kind, code, currency_code),
    constraint accounts_of check ((client_id is not null) = (kind in ('client', 'agreement', 'service', 'bonus')))
);

-- What clients' accounts come to; a table of its own, so that what changes all the time is narrow and changes in its page. The
-- business's own accounts have no running balance: everybody who posts would wait for it.
create table finsystem.balances (
    account_id    bigint primary key references finsystem.accounts (id),
    client_id     uuid not null,
    currency_code text not null,
    balance       bigint not null,
    held          bigint not null,
    -- How much may be owed on it at once; null for as much as comes. It may be set below what is owed already: then nothing more is.
    credit_limit  bigint
) with (fillfactor = 50);
create index balances_by_client on finsystem.balances (client_id);

create sequence finsystem.posting_ids;

create table finsystem.postings (
    id             bigint primary key,
    -- The same key is the same posting. What it held is told by the digest of its content.
    key            text not null constraint postings_once unique,
    digest         bytea not null,
    kind           text not null,
    client_id      uuid,
    -- What moved in all.
    amount         bigint not null,
    currency_code  text not null,
    -- The day it counts for. When it was posted is never chosen.
    effective_date date not null,
    post_time      timestamptz not null,
    reverses       bigint,
    -- What it was for: a document, a payment.
    about_id       uuid,
    memo           text not null,
    actor_id       uuid,
    -- Whose business it was on that day, for reports.
    branch_id      uuid,
    manager_id     uuid
);
create index postings_by_client on finsystem.postings (client_id, id desc) where client_id is not null;
create index postings_by_about on finsystem.postings (about_id, id) where about_id is not null;
create index postings_by_reversed on finsystem.postings (reverses, id) where reverses is not null;

create table finsystem.entries (
    posting_id     bigint not null,
    line           integer not null,
    account_id     bigint not null,
    contra_id      bigint not null,
    client_id      uuid,
    -- What comes to the account, and leaves the contra account.
    amount         bigint not null check (amount <> 0),
    -- The account's after it, when it is a client's.
    balance        bigint,
    effective_date date not null,
    primary key (posting_id, line)
);
create index entries_by_account on finsystem.entries (account_id, posting_id desc, line desc);
-- What the business's own accounts come to, for any days, is read off the index alone.
create index entries_by_contra on finsystem.entries (contra_id, effective_date, posting_id) include (amount);

-- What is set aside of a client's account, so that it cannot be spent twice.
create table finsystem.holds (
    id          uuid primary key,
    account_id  bigint not null references finsystem.accounts (id),
    client_id   uuid not null references kernel.client (id),
    amount      bigint not null check (amount > 0),
    what        text not null,
    status      text not null check (status in ('held', 'captured', 'released')),
    create_time timestamptz not null,
    expire_time timestamptz,
    end_time    timestamptz
);
create index holds_by_account on finsystem.holds (account_id, id desc);
create index holds_to_expire on finsystem.holds (expire_time) where status = 'held' and expire_time is not null;

-- The state of the books, one row.
create table finsystem.books (
    only_one     boolean primary key default true check (only_one),
    -- The last day that is closed: nothing counts for it or a day before it any more.
    closed_until date not null,
    -- The role that reaches all rows, and so all accounts.
    all_role     name not null
);
insert into finsystem.books (closed_until, all_role) values ('1900-01-01', (kernel.my_roles()).all_role);

select kernel.protect_journal('finsystem.accounts', 'client_id');
select kernel.protect_journal('finsystem.postings', 'client_id');
select kernel.protect_journal('finsystem.entries', 'client_id');
select kernel.protect_journal('finsystem.holds', 'client_id');
select kernel.protect_journal('finsystem.balances', 'client_id');
select kernel.share('finsystem.books');
-- +goose StatementBegin
do $$ begin
    execute format('revoke insert, update, delete on finsystem.books from %I', (kernel.my_roles()).all_role);
end $$;
-- +goose StatementEnd

-- +goose StatementBegin

-- Nothing that was posted changes, whoever asks, the owner of the tables too. A client that was merged into another is named by the
-- other's id, and that is all.
create function finsystem.keep() returns trigger language plpgsql as $$
declare
    kept record := new;
begin
    kept.client_id := old.client_id;
    if kept is distinct from old then
        raise exception 'what was posted stays: post a reversal' using errcode = 'FS001';
    end if;
    return new;
end $$;

create function finsystem.keep_all() returns trigger language plpgsql as $$
begin
    raise exception 'what was posted stays: post a reversal' using errcode = 'FS001';
end $$;

-- may_clients lets through who reaches all rows, and others for their own clients alone. It holds the clients against being merged.
create function finsystem.may_clients(whose uuid[]) returns void language plpgsql as $$
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) and not whose <@ access.clients() then
        raise exception 'an account is not of a client who acts' using errcode = '42501';
    end if;
    if exists (select from unnest(whose) c where kernel.is_merged(c)) then
        raise exception 'the client was merged into another' using errcode = 'CB003';
    end if;
end $$;

-- open_accounts returns the accounts that are meant, in their order, and makes those that are not there.
create function finsystem.open_accounts(a_client uuid[], a_kind text[], a_code text[], a_currency text[], a_limit bigint) returns setof bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    ids bigint[];
begin
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
        perform finsystem.may_clients(array(select distinct c from unnest(a_client) c where c is not null));
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

-- post writes postings, one or many, and returns for each its id and whether it is new: the one function by which money moves.
--
-- p_… are the postings, by position; e_… their entries, each with the position of its posting, in ascending order. Accounts of clients
-- are locked in the order of their ids, and ids taken then, so that within an account they ascend as its balance goes on. A key that was
-- posted before is that posting again; with other content it is refused.
--
--     FS002  an entry is not between an account and one of the business's own, in the posting's currency
--     FS003  the key was posted with other content
--     FS004  the day is closed
--     FS005  more would be owed than was agreed; the detail is the account, the hint what is short
create function finsystem.post(
    p_key text[], p_digest bytea[], p_kind text[], p_client uuid[], p_amount bigint[], p_currency text[], p_date date[], p_reverses bigint[],
    p_about uuid[], p_memo text[], p_branch uuid[], p_manager uuid[], p_actor uuid[],
    e_posting int[], e_account bigint[], e_contra bigint[], e_amount bigint[]
) returns table (id bigint, fresh boolean) language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    free     boolean := p_kind[1] in ('refund', 'chargeback', 'reversal', 'opening');
    clients  uuid[] := '{}';
    balances bigint[] := '{}';
    whose    uuid;
    after    bigint;
    made     bigint;
    i        int;
begin
    if cardinality(array_remove(p_reverses, null)) > 0 then
        perform finsystem.reversible(p_key, p_client, p_currency, p_amount, p_reverses);
    end if;
    -- One posting with an entry or two, as most are, goes in as few steps as there can be; the other function says what is wrong with it.
    if cardinality(p_key) = 1 and cardinality(e_account) <= 2 and e_account[1] < e_account[2] is not false then
        for i in 1 .. cardinality(e_account) loop
            update finsystem.balances b set balance = b.balance + e_amount[i]
            where b.account_id = e_account[i] and b.currency_code = p_currency[1]
              and (free or e_amount[i] > 0 or b.credit_limit is null or b.balance + e_amount[i] - b.held >= -b.credit_limit)
            returning b.client_id, b.balance into whose, after;
            clients[i] := whose;
            balances[i] := after;
            exit when whose is null; -- the other function then locks in order
        end loop;
        insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, reverses, about_id,
            memo, actor_id, branch_id, manager_id)
        select nextval('finsystem.posting_ids'), p_key[1], p_digest[1], p_kind[1], p_client[1], p_amount[1], p_currency[1], p_date[1], clock_timestamp(),
            p_reverses[1], p_about[1], p_memo[1], p_actor[1], p_branch[1], p_manager[1]
        from finsystem.books b
        where b.closed_until < p_date[1] and array_position(clients, null) is null
          and (b.all_role = current_setting('role') or clients <@ access.clients())
        on conflict (key) do nothing returning id into made;
        if made is not null then
            for i in 1 .. cardinality(e_account) loop
                insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
                select made, i, e_account[i], c.id, clients[i], e_amount[i], balances[i], p_date[1]
                from finsystem.accounts c where c.id = e_contra[i] and c.client_id is null and c.currency_code = p_currency[1];
                if not found then
                    raise exception 'a contra account is one of the business''s own, of the posting''s currency' using errcode = 'FS002';
                end if;
            end loop;
            id := made;
            fresh := true;
            return next;
            return;
        end if;
        for i in 1 .. cardinality(e_account) loop
            if clients[i] is not null then
                update finsystem.balances b set balance = b.balance - e_amount[i] where b.account_id = e_account[i];
            end if;
        end loop;
    end if;
    return query select * from finsystem.post_many(p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, p_reverses,
        p_about, p_memo, p_branch, p_manager, p_actor, e_posting, e_account, e_contra, e_amount);
end $$;

-- reversible refuses to take back more of a posting than there was, however many try at once.
create function finsystem.reversible(p_key text[], p_client uuid[], p_currency text[], p_amount bigint[], p_reverses bigint[]) returns void language plpgsql as $$
begin
    perform from finsystem.postings p where p.id = any (p_reverses) order by p.id for update;
    if exists (
        select from (
            select w.reverses, min(p.id) as known, bool_and(p.client_id is not distinct from w.client and p.currency_code = w.currency and p.reverses is null) as fit,
                min(p.amount) as amount, sum(w.amount) as wanted
            from unnest(p_key, p_client, p_currency, p_amount, p_reverses) w(key, client, currency, amount, reverses)
            left join finsystem.postings p on p.id = w.reverses
            where w.reverses is not null and not exists (select from finsystem.postings before where before.key = w.key)
            group by w.reverses) w
        where known is null or not fit
           or wanted + (select coalesce(sum(r.amount), 0) from finsystem.postings r where r.reverses = w.reverses) > w.amount) then
        raise exception 'more would be taken back than there was' using errcode = 'FS006';
    end if;
end $$;

-- hold_posting keeps others from taking back parts of a posting until the transaction ends.
create function finsystem.hold_posting(posting bigint) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select from finsystem.postings p where p.id = posting for update;
$$;

-- hold sets an amount of a client's account aside; the same id again is the same hold.
create function finsystem.hold(hold_id uuid, account bigint, amount bigint, what text, expires timestamptz) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
declare
    b finsystem.balances;
begin
    select * into b from finsystem.balances x where x.account_id = account for no key update;
    perform finsystem.may_clients(array[b.client_id]);
    if exists (select from finsystem.holds h where h.id = hold_id) then
        if not exists (select from finsystem.holds h where h.id = hold_id and h.account_id = account and h.amount = hold.amount) then
            raise exception 'the hold is there with other content' using errcode = 'FS003';
        end if;
        return;
    elsif b.balance - b.held - amount < -b.credit_limit then
        raise exception 'more would be owed on account % than was agreed', account
            using errcode = 'FS005', detail = account::text, hint = (b.held + amount - b.balance - b.credit_limit)::text;
    end if;
    insert into finsystem.holds (id, account_id, client_id, amount, what, status, create_time, expire_time)
    values (hold_id, account, b.client_id, amount, what, 'held', clock_timestamp(), expires);
    update finsystem.balances x set held = x.held + amount where x.account_id = account;
end $$;

-- end_hold gives back what was set aside. Ending it again the same way does nothing; the other way is refused.
create function finsystem.end_hold(hold_id uuid, how text) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
declare
    h finsystem.holds;
begin
    select * into h from finsystem.holds x where x.id = hold_id;
    perform from finsystem.balances b where b.account_id = h.account_id for no key update;
    select * into h from finsystem.holds x where x.id = hold_id for update;
    perform finsystem.may_clients(array[h.client_id]);
    if h.status = how then
        return;
    elsif h.id is null or h.status <> 'held' then
        raise exception 'the hold has ended' using errcode = 'FS007';
    end if;
    update finsystem.holds x set status = how, end_time = clock_timestamp() where x.id = hold_id;
    update finsystem.balances b set held = b.held - h.amount where b.account_id = h.account_id;
end $$;

-- limit_account sets how much may be owed on an account; null for as much as comes.
create function finsystem.limit_account(account bigint, most bigint) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform finsystem.may_clients(array(select b.client_id from finsystem.balances b where b.account_id = account));
    update finsystem.balances b set credit_limit = most where b.account_id = account;
end $$;

-- close_books closes days: they are never opened again.
create function finsystem.close_books(until date) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who closes books reaches all of them' using errcode = '42501';
    end if;
    update finsystem.books b set closed_until = greatest(b.closed_until, until);
end $$;

-- wrong_books says where the books do not hold together. It reads all of them.
create function finsystem.wrong_books() returns table (account_id bigint, posting_id bigint, problem text) language sql stable as $$
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
    where p.amount < (select sum(r.amount) from finsystem.postings r where r.reverses = p.id);
$$;

-- post_many is post for any number of postings and entries, in a fixed number of statements.
create function finsystem.post_many(
    p_key text[], p_digest bytea[], p_kind text[], p_client uuid[], p_amount bigint[], p_currency text[], p_date date[], p_reverses bigint[],
    p_about uuid[], p_memo text[], p_branch uuid[], p_manager uuid[], p_actor uuid[],
    e_posting int[], e_account bigint[], e_contra bigint[], e_amount bigint[]
) returns table (id bigint, fresh boolean) language plpgsql volatile
-- One plan, by keys, however few rows the tables had when a connection first posted.
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
#variable_conflict use_column
declare
    whose uuid[];
    ids   bigint[];
    known bigint[];
    other text;
    over  record;
begin
    select array_agg(distinct b.client_id) into whose
    from (select b.client_id from finsystem.balances b where b.account_id = any (e_account) order by b.account_id for no key update) b;
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) and (whose <@ access.clients() and not exists (
        select from finsystem.accounts a where a.id = any (e_account) and a.client_id is null)) is not true then
        raise exception 'an account is not of a client who acts' using errcode = '42501';
    elsif exists (select from finsystem.books b where b.closed_until >= any (p_date)) then
        raise exception 'the day is closed' using errcode = 'FS004';
    elsif exists (
        select from unnest(e_posting, e_account, e_contra) e(posting, account, contra)
        left join finsystem.accounts a on a.id = e.account left join finsystem.accounts c on c.id = e.contra and c.client_id is null
        where (a.currency_code = p_currency[e.posting] and c.currency_code = p_currency[e.posting] and a.id <> c.id) is not true) then
        raise exception 'an entry is between an account and one of the business''s own, of the posting''s currency' using errcode = 'FS002';
    end if;

    if exists (select from finsystem.postings p where p.key = any (p_key)) then
        select array_agg(p.id order by w.n), min(w.key) filter (where p.digest <> w.digest) into known, other
        from unnest(p_key, p_digest) with ordinality w(key, digest, n) left join finsystem.postings p on p.key = w.key;
        if other is not null then
            raise exception 'the key % was posted with other content', other using errcode = 'FS003';
        end if;
    end if;
    ids := array(select coalesce(known[n], nextval('finsystem.posting_ids')) from generate_series(1, cardinality(p_key)) n);

    insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, reverses, about_id,
        memo, actor_id, branch_id, manager_id)
    select ids[n], w.key, digest, kind, client, amount, currency, day, clock_timestamp(), reverses, about, memo, actor, branch, manager
    from unnest(p_key, p_digest, p_kind, p_client, p_amount, p_currency, p_date, p_reverses, p_about, p_memo, p_actor, p_branch, p_manager)
        with ordinality w(key, digest, kind, client, amount, currency, day, reverses, about, memo, actor, branch, manager, n)
    where known is null or known[n] is null;

    with lines as materialized (
        select e.posting, e.n, e.account, e.contra, e.amount, b.client_id,
            b.balance + sum(e.amount) over (partition by e.account order by e.n) as balance,
            p_kind[e.posting] in ('refund', 'chargeback', 'reversal', 'opening') as free
        from unnest(e_posting, e_account, e_contra, e_amount) with ordinality e(posting, account, contra, amount, n)
        left join finsystem.balances b on b.account_id = e.account
        where known is null or known[e.posting] is null
    ), written as (
        insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
        select ids[posting], n - first_value(n) over (partition by posting order by n) + 1, account, contra, client_id, amount, balance, p_date[posting]
        from lines
    ), moved as (
        update finsystem.balances b set balance = b.balance + d.amount
        from (
            select account, sum(amount)::bigint as amount, sum(amount) filter (where not free) < 0 as bound
            from lines where client_id is not null group by account) d
        where b.account_id = d.account
        returning b.account_id, b.held - b.balance - b.credit_limit as short, d.bound
    )
    select account_id, short into over from moved where bound and short > 0 limit 1;
    if over.short > 0 then
        raise exception 'more would be owed on account % than was agreed', over.account_id
            using errcode = 'FS005', detail = over.account_id::text, hint = over.short::text;
    end if;
    return query select i, known is null or known[n] is null from unnest(ids) with ordinality x(i, n);
end $$;
-- +goose StatementEnd

create trigger postings_stay before update on finsystem.postings for each row execute function finsystem.keep();
create trigger postings_stay_whole before delete or truncate on finsystem.postings execute function finsystem.keep_all();
create trigger entries_stay before update on finsystem.entries for each row execute function finsystem.keep();
create trigger entries_stay_whole before delete or truncate on finsystem.entries execute function finsystem.keep_all();

-- +goose Down
drop table finsystem.holds, finsystem.entries, finsystem.postings, finsystem.balances, finsystem.accounts, finsystem.books;
drop sequence finsystem.posting_ids;
drop function finsystem.wrong_books, finsystem.close_books, finsystem.limit_account, finsystem.end_hold, finsystem.hold, finsystem.reversible, finsystem.hold_posting,
    finsystem.post, finsystem.post_many, finsystem.open_accounts, finsystem.may_clients, finsystem.keep, finsystem.keep_all;
