-- +goose Up

-- Entries by the days that they count for, each once for either of its two accounts. Posting does not touch them, since to keep entries in one more order costs more than
-- what it does besides; the job that brings on the sums of days brings them on too, and who reads adds what was posted after that.
create table finsystem.day_lines (
    account_id     bigint not null,
    effective_date date not null,
    posting_id     bigint not null,
    -- Of the entry.
    line           integer not null,
    -- Between which and the account it is, and of which client.
    other_id       bigint not null,
    client_id      uuid,
    -- What comes to the account; and the account's after it, when it is a client's.
    amount         bigint not null,
    balance        bigint,
    primary key (account_id, effective_date, posting_id, line) include (other_id, amount)
);
select kernel.protect_journal('finsystem.day_lines', 'client_id');
alter policy cabinet_own on finsystem.day_lines using (coalesce(client_id = any ((select access.clients())::uuid[]), false));
-- +goose StatementBegin
do $$ begin
    -- Sums are brought on by nobody meanwhile.
    perform from finsystem.summed for update;
end $$;

-- lines_of_entries are the rows of day_lines, of some postings.
create function finsystem.lines_of_entries(after bigint, upto bigint) returns setof finsystem.day_lines language sql stable as $$
    select e.account_id, e.effective_date, e.posting_id, e.line, e.contra_id, e.client_id, e.amount, e.balance
    from finsystem.entries e where e.posting_id > after and e.posting_id <= upto
    union all
    select e.contra_id, e.effective_date, e.posting_id, e.line, e.account_id, e.client_id, -e.amount, null
    from finsystem.entries e where e.posting_id > after and e.posting_id <= upto;
$$;

-- unsummed_lines are those that day_lines does not have yet. How far that is is looked up first, so that the planner knows how few those are.
create function finsystem.unsummed_lines() returns setof finsystem.day_lines language plpgsql stable rows 100 as $$
declare
    summed bigint := (select through from finsystem.summed);
begin
    return query select * from finsystem.lines_of_entries(summed, 9223372036854775807);
end $$;

create or replace function finsystem.sum_days(most bigint) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s    finsystem.summed;
    upto bigint;
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who sums days reaches all rows' using errcode = '42501';
    elsif current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'sums are made of what is there when a statement begins: use read committed';
    end if;
    select * into s from finsystem.summed for update;
    if s.given > s.final and not exists (select from pg_catalog.pg_locks l where l.virtualtransaction = any (s.posting)) then
        s.final := s.given;
    end if;
    if s.given = s.final then
        -- Each in a statement of its own, in this order: who is not among those who post, and took an id, has ended.
        select case when q.is_called then q.last_value else 0 end into s.given from finsystem.posting_ids q;
        select coalesce(array_agg(distinct l.virtualtransaction), '{}') into s.posting from pg_catalog.pg_locks l
        where l.locktype = 'relation' and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
          and l.relation in ('finsystem.balances'::regclass, 'finsystem.postings'::regclass, 'finsystem.entries'::regclass)
          and l.mode in ('RowShareLock', 'RowExclusiveLock') and l.granted and l.pid <> pg_backend_pid();
        if s.posting = '{}' then
            s.final := s.given;
        end if;
    end if;
    upto := least(s.final, s.through + most);
    if upto > s.through then
        insert into finsystem.client_days as d select * from finsystem.client_sums(s.through, upto, null)
        on conflict (client_id, currency_code, effective_date, kind) do update set
            debits = d.debits + excluded.debits, credits = d.credits + excluded.credits, lines = d.lines + excluded.lines, paid = d.paid + excluded.paid,
            charged = d.charged + excluded.charged, first_id = least(d.first_id, excluded.first_id), last_id = greatest(d.last_id, excluded.last_id),
            ids = case when cardinality(d.ids) + cardinality(excluded.ids) <= 64 then d.ids || excluded.ids end;
        insert into finsystem.day_lines select * from finsystem.lines_of_entries(s.through, upto) order by account_id, effective_date, posting_id;
        insert into finsystem.own_days as d select * from finsystem.own_sums(s.through, upto)
        on conflict on constraint own_days_one do update set
            amount = d.amount + excluded.amount, postings = d.postings + excluded.postings, firsts = d.firsts + excluded.firsts;
    end if;
    update finsystem.summed set through = greatest(through, upto), final = s.final, given = s.given, posting = s.posting;
    return upto < s.final;
end $$;

create or replace function finsystem.sum_merged(from_id uuid, into_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s finsystem.summed;
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who moves clients reaches all rows' using errcode = '42501';
    end if;
    select * into s from finsystem.summed for update;
    delete from finsystem.client_days d where d.client_id in (from_id, into_id);
    update finsystem.day_lines o set client_id = into_id
    from finsystem.accounts a join finsystem.day_lines l on l.account_id = a.id
    where a.client_id = into_id and l.client_id = from_id and o.account_id = l.other_id and o.effective_date = l.effective_date
      and o.posting_id = l.posting_id and o.line = l.line;
    update finsystem.day_lines l set client_id = into_id from finsystem.accounts a where a.client_id = into_id and l.account_id = a.id and l.client_id = from_id;
    insert into finsystem.client_days select * from finsystem.client_sums(0, s.through, array[into_id]);
end $$;

-- settled_entries are what postings come to on some accounts, by days, after one of them: as far as they are read, each account's lines follow the index, what is not
-- among them yet is put between, and what comes to nothing is left out. The planner would rather read and sort all lines of those days.
create or replace function finsystem.settled_entries(accounts bigint[], first date, last date, after_day date, after_id bigint, most bigint)
returns table (posting_id bigint, effective_date date, amount bigint) language plpgsql stable rows 50
set enable_sort = off set enable_hashagg = off set enable_bitmapscan = off set enable_seqscan = off set jit = off as $$
declare
    each text := (select string_agg(format('(select e.effective_date, e.posting_id, e.amount from finsystem.day_lines e
        where e.account_id = %s and (e.effective_date, e.posting_id) > ($2, $3) and e.effective_date <= $1 order by 1, 2)', a), ' union all ') from unnest(accounts) a);
begin
    if each is not null then
        return query execute 'select e.posting_id, e.effective_date, sum(e.amount)::bigint from (' || each || '
            union all (select e.effective_date, e.posting_id, e.amount from finsystem.unsummed_entries($5) e
                where (e.effective_date, e.posting_id) > ($2, $3) and e.effective_date <= $1 order by 1, 2)) e
            group by e.effective_date, e.posting_id having sum(e.amount) <> 0 order by e.effective_date, e.posting_id limit $4'
            using last, coalesce(after_day, first), coalesce(after_id, 0), most, accounts;
    end if;
end $$;

create or replace function finsystem.wrong_days() returns table (account_id bigint, posting_id bigint, problem text) language sql stable as $$
    select null::bigint, coalesce(d.last_id, e.last_id), 'the sums of a client''s day are not what its entries come to'
    from finsystem.client_days d full join finsystem.client_sums(0, (select through from finsystem.summed), null) e
        on d.client_id = e.client_id and d.currency_code = e.currency_code and d.effective_date = e.effective_date and d.kind = e.kind
    where d is distinct from e
    union all
    select coalesce(d.account_id, e.account_id), null, 'the sums of its day are not what its entries come to'
    from finsystem.own_days d full join finsystem.own_sums(0, (select through from finsystem.summed)) e
        on d.account_id = e.account_id and d.effective_date = e.effective_date
           and coalesce(d.branch_id::text, '') = coalesce(e.branch_id::text, '') and coalesce(d.manager_id::text, '') = coalesce(e.manager_id::text, '')
    where d is distinct from e
    union all
    select coalesce(l.account_id, e.account_id), coalesce(l.posting_id, e.posting_id), 'a line of its day is not what its entry says'
    from finsystem.day_lines l full join finsystem.lines_of_entries(0, (select through from finsystem.summed)) e
        on l.account_id = e.account_id and l.effective_date = e.effective_date and l.posting_id = e.posting_id and l.line = e.line
    where l is distinct from e;
$$;
-- +goose StatementEnd

insert into finsystem.day_lines select l.* from finsystem.summed s cross join lateral finsystem.lines_of_entries(0, s.through) l order by account_id, effective_date, posting_id;
drop index finsystem.entries_by_contra, finsystem.entries_by_day;

-- +goose Down
create index entries_by_day on finsystem.entries (account_id, effective_date, posting_id) include (amount, contra_id);
create index entries_by_contra on finsystem.entries (contra_id, effective_date, posting_id) include (amount);
