-- +goose Up

-- Sums of what was posted, by days, so that no statement and no report adds up all that was ever posted. Posting does not touch them: a job brings them on
-- (finsystem.sum_days), and says in finsystem.summed up to which posting they hold. Who reads takes the sums, and adds what was posted after that, in one
-- statement: so that what is read is what the entries come to, however far the job is.

-- What was settled with a client on a day: postings of one kind, by what each comes to on all accounts that are settled (settled_kinds); what moves between
-- them comes to nothing.
create table finsystem.client_days (
    client_id      uuid not null,
    currency_code  text not null,
    effective_date date not null,
    -- Of the postings.
    kind           text not null,
    debits         bigint not null,
    credits        bigint not null,
    -- How many postings come to something.
    lines          bigint not null,
    -- Of entries: what came from where money is kept, and what was earned of the client, as turnover says it.
    paid           bigint not null,
    charged        bigint not null,
    -- The first and the last of the postings, and all of them where they are few: a day's payments are found among any number of charges.
    first_id       bigint not null,
    last_id        bigint not null,
    ids            bigint[],
    primary key (client_id, currency_code, effective_date, kind)
);
select kernel.protect_journal('finsystem.client_days', 'client_id');

-- What came to one of the business's own accounts on a day, below zero what left it.
create table finsystem.own_days (
    account_id     bigint not null,
    effective_date date not null,
    branch_id      uuid,
    manager_id     uuid,
    amount         bigint not null,
    -- How many postings did, and how many of them are counted here and at no other account of the same kind.
    postings       bigint not null,
    firsts         bigint not null,
    constraint own_days_one unique nulls not distinct (account_id, effective_date, branch_id, manager_id)
);
select kernel.protect_all('finsystem.own_days');

-- How far the sums are, one row.
create table finsystem.summed (
    only_one boolean primary key default true check (only_one),
    -- The sums are of the postings up to this id, and of no other.
    through  bigint not null,
    -- No posting comes any more with an id up to this one.
    final    bigint not null,
    -- Ids were given out up to this one when somebody looked last, and these were at it then: once they have ended, it is final.
    given    bigint not null,
    posting  text[] not null
);
insert into finsystem.summed (through, final, given, posting) values (0, 0, 0, '{}');
select kernel.share('finsystem.summed');
-- +goose StatementBegin
do $$ begin
    execute format('revoke insert, update, delete on finsystem.summed, finsystem.own_days from %I', (kernel.my_roles()).all_role);
end $$;

-- settled_kinds are the accounts of a client whose postings are settled with the client, and paid_kinds those of the business's own where money is kept;
-- charged_kinds are what it earns and spends.
create function finsystem.settled_kinds() returns text[] language sql immutable as $$ select '{client, agreement, service}'::text[] $$;
create function finsystem.paid_kinds() returns text[] language sql immutable as $$ select '{bank, cash, gateway, suspense}'::text[] $$;
create function finsystem.charged_kinds() returns text[] language sql immutable as $$ select '{revenue, expense, tax, rounding}'::text[] $$;

-- client_sums are the rows of client_days, of some postings.
create function finsystem.client_sums(after bigint, upto bigint, clients uuid[]) returns setof finsystem.client_days language sql stable as $$
    select client_id, currency_code, effective_date, kind, coalesce(-sum(amount) filter (where amount < 0), 0)::bigint, coalesce(sum(amount) filter (where amount > 0), 0)::bigint,
        count(*) filter (where amount <> 0), sum(paid)::bigint, sum(charged)::bigint, min(posting_id), max(posting_id),
        case when count(*) <= 64 then array_agg(posting_id order by posting_id) end
    from (
        select a.client_id, a.currency_code, e.effective_date, e.posting_id, p.kind, sum(e.amount) as amount,
            coalesce(sum(e.amount) filter (where c.kind = any (finsystem.paid_kinds())), 0) as paid,
            coalesce(-sum(e.amount) filter (where c.kind = any (finsystem.charged_kinds())), 0) as charged
        from finsystem.entries e join finsystem.postings p on p.id = e.posting_id join finsystem.accounts a on a.id = e.account_id join finsystem.accounts c on c.id = e.contra_id
        where e.posting_id > after and e.posting_id <= upto and a.kind = any (finsystem.settled_kinds()) and (clients is null or a.client_id = any (clients))
        group by 1, 2, 3, 4, 5
    ) posting group by 1, 2, 3, 4;
$$;

-- own_sums are the rows of own_days, of some postings.
create function finsystem.own_sums(after bigint, upto bigint) returns setof finsystem.own_days language sql stable as $$
    select account_id, effective_date, branch_id, manager_id, sum(amount)::bigint, count(*), count(*) filter (where nth = 1)
    from (
        select l.account_id, p.effective_date, p.branch_id, p.manager_id, sum(l.amount) as amount,
            row_number() over (partition by p.id, a.kind, a.currency_code order by l.account_id) as nth
        from (
            select e.posting_id, e.contra_id as account_id, -e.amount as amount from finsystem.entries e where e.posting_id > after and e.posting_id <= upto
            union all
            select e.posting_id, e.account_id, e.amount from finsystem.entries e where e.posting_id > after and e.posting_id <= upto and e.client_id is null
        ) l join finsystem.accounts a on a.id = l.account_id join finsystem.postings p on p.id = l.posting_id
        group by l.account_id, a.kind, a.currency_code, p.id
    ) posting group by 1, 2, 3, 4;
$$;

-- sum_days brings the sums on by at most so many ids, and says whether there is more to do at once.
--
-- A posting's id is not the order in which postings come to be seen: who took a lower one may commit later. So an id counts as final once everybody has ended
-- who was posting when it was given out: who posts holds a lock on these tables before an id is taken, and until the transaction ends. Nobody waits
-- for anybody: what is not final yet, the next run takes.
create function finsystem.sum_days(most bigint) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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
        insert into finsystem.own_days as d select * from finsystem.own_sums(s.through, upto)
        on conflict on constraint own_days_one do update set
            amount = d.amount + excluded.amount, postings = d.postings + excluded.postings, firsts = d.firsts + excluded.firsts;
    end if;
    update finsystem.summed set through = greatest(through, upto), final = s.final, given = s.given, posting = s.posting;
    return upto < s.final;
end $$;

-- sum_merged makes the sums of a client anew after another was merged into it: what moved between the two comes to nothing now.
create function finsystem.sum_merged(from_id uuid, into_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s finsystem.summed;
begin
    if not exists (select from finsystem.books b where b.all_role = current_setting('role')) then
        raise exception 'who moves clients reaches all rows' using errcode = '42501';
    end if;
    select * into s from finsystem.summed for update;
    delete from finsystem.client_days d where d.client_id in (from_id, into_id);
    insert into finsystem.client_days select * from finsystem.client_sums(0, s.through, array[into_id]);
end $$;

-- settled_entries are what postings come to on some accounts, by days, after one of them: as far as they are read, each account's entries follow the index, and what
-- comes to nothing is left out. The planner would rather read and sort all entries of those days.
create function finsystem.settled_entries(accounts bigint[], first date, last date, after_day date, after_id bigint, most bigint)
returns table (posting_id bigint, effective_date date, amount bigint) language plpgsql stable rows 50
set enable_sort = off set enable_hashagg = off set enable_bitmapscan = off set enable_seqscan = off set jit = off as $$
declare
    each text := (select string_agg(format('(select e.effective_date, e.posting_id, e.amount from finsystem.entries e
        where e.account_id = %s and e.effective_date between $1 and $2 and (e.effective_date, e.posting_id) > ($3, $4) order by 1, 2)', a), ' union all ') from unnest(accounts) a);
begin
    if each is not null then
        return query execute 'select e.posting_id, e.effective_date, sum(e.amount)::bigint from (' || each || ') e
            group by e.effective_date, e.posting_id having sum(e.amount) <> 0 order by e.effective_date, e.posting_id limit $5'
            using first, last, coalesce(after_day, '-infinity'), coalesce(after_id, 0), most;
    end if;
end $$;

-- wrong_days says where the sums are not what the entries come to. It reads all books.
create function finsystem.wrong_days() returns table (account_id bigint, posting_id bigint, problem text) language sql stable as $$
    select null::bigint, coalesce(d.last_id, e.last_id), 'the sums of a client''s day are not what its entries come to'
    from finsystem.client_days d full join finsystem.client_sums(0, (select through from finsystem.summed), null) e
        on d.client_id = e.client_id and d.currency_code = e.currency_code and d.effective_date = e.effective_date and d.kind = e.kind
    where d is distinct from e
    union all
    select coalesce(d.account_id, e.account_id), null, 'the sums of its day are not what its entries come to'
    from finsystem.own_days d full join finsystem.own_sums(0, (select through from finsystem.summed)) e
        on d.account_id = e.account_id and d.effective_date = e.effective_date
           and coalesce(d.branch_id::text, '') = coalesce(e.branch_id::text, '') and coalesce(d.manager_id::text, '') = coalesce(e.manager_id::text, '')
    where d is distinct from e;
$$;
-- +goose StatementEnd

-- Of an account that somebody sees they see all entries. The planner takes a condition on clients for one that few rows meet, and rather reads and sorts all entries
-- of some days than to follow them in their order until there are enough; it does not so take this one, which is the same.
alter policy cabinet_own on finsystem.entries using (coalesce(client_id = any ((select access.clients())::uuid[]), false));

-- What is set aside is listed by clients.
create index holds_by_client on finsystem.holds (client_id, id desc);

-- No list of postings goes by clients: lists go by accounts.
drop index finsystem.postings_by_client;

-- +goose Down
drop index finsystem.holds_by_client;
alter policy cabinet_own on finsystem.entries using (client_id = any ((select access.clients())::uuid[]));
create index postings_by_client on finsystem.postings (client_id, id desc) where client_id is not null;
drop function finsystem.wrong_days, finsystem.settled_entries, finsystem.sum_merged, finsystem.sum_days, finsystem.own_sums, finsystem.client_sums, finsystem.charged_kinds, finsystem.paid_kinds,
    finsystem.settled_kinds;
drop table finsystem.summed, finsystem.own_days, finsystem.client_days;
