-- +goose Up

-- A client's statement for any days goes by the days that postings count for, and so do figures of the business's own accounts where
-- those are an entry's first account.
create index entries_by_day on finsystem.entries (account_id, effective_date, posting_id) include (amount, contra_id);

-- What the last reading of all books found, one row.
create table finsystem.book_checks (
    only_one   boolean primary key default true check (only_one),
    check_time timestamptz not null,
    problems   integer not null,
    -- The first of them.
    found      text[] not null
);
select kernel.share('finsystem.book_checks');

-- +goose StatementBegin

-- own_accounts are the business's own of some kinds. Their rows only who sees all reaches; which they are, and what an item of income is called, is no secret
-- from whoever sees entries of them.
create function finsystem.own_accounts(currency text, kinds text[]) returns table (id bigint, kind text, code text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.kind, a.code from finsystem.accounts a
    where a.client_id is null and a.kind = any (kinds) and a.currency_code = currency;
$$;
-- +goose StatementEnd

-- +goose Down
drop function finsystem.own_accounts;
drop table finsystem.book_checks;
drop index finsystem.entries_by_day;
