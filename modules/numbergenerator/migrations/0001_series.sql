-- +goose Up

create table numbergenerator.series (
  id           uuid        primary key,
  key          text        not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
  name         text        not null,
  branch_id    uuid,
  pattern      text        not null,
  prefix       text        not null,
  branch_code  text        not null,
  restart      text        not null check (restart in ('never', 'yearly', 'monthly')),
  first_number bigint      not null check (first_number between 1 and 999999999999),
  update_time  timestamptz not null,
  revision     bigint      not null default 1,
  constraint series_key_branch unique nulls not distinct (key, branch_id)
);
select kernel.share('numbergenerator.series');

-- One row for each period of a series: who takes a number holds it until the transaction ends.
create table numbergenerator.counter (
  series_id uuid   not null references numbergenerator.series (id),
  period    text   not null,
  first     bigint not null,
  last      bigint not null,
  primary key (series_id, period)
) with (fillfactor = 50);
select kernel.protect_all('numbergenerator.counter');
comment on column numbergenerator.counter.last is 'the last that was given or left out; one less than the first when there is none';

-- What was left out where the head had a period go on at another number.
create table numbergenerator.skip (
  series_id uuid        not null,
  period    text        not null,
  since     bigint      not null,
  upto      bigint      not null check (upto >= since),
  time      timestamptz not null,
  primary key (series_id, period, since)
);
select kernel.protect_all('numbergenerator.skip');

create table numbergenerator.number (
  series_id     uuid        not null,
  period        text        not null,
  n             bigint      not null,
  text          text        collate "C" not null constraint number_once unique,
  key           text        not null,
  module        text        not null,
  document_kind text        not null,
  document_id   uuid        not null,
  on_date       date        not null,
  time          timestamptz not null default clock_timestamp(),
  primary key (series_id, period, n),
  constraint number_document unique (document_id, document_kind, key, module)
);
select kernel.protect_all('numbergenerator.number');
-- +goose StatementBegin
-- What was given stands: take_v1 alone writes it, and nobody changes it.
do $$
begin
  execute format('revoke insert, update, delete on numbergenerator.number from %I', (kernel.my_roles()).all_role);
end $$;

create function numbergenerator.stands() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'a number that was given stands' using errcode = '42501';
end $$;
create trigger stands before update or delete or truncate on numbergenerator.number for each statement execute function numbergenerator.stands();

-- period is the one that a day is in.
create function numbergenerator.period(restart text, on_date date) returns text language sql stable as $$
  select case restart when 'yearly' then to_char(on_date, 'YYYY') when 'monthly' then to_char(on_date, 'YYYY-MM') else '' end
$$;

-- shape is a pattern with all but its digits filled in: chr(1) for a digit of a date, chr(2) for the number.
create function numbergenerator.shape(pattern text, prefix text, branch_code text) returns text language sql immutable as $$
  select replace(replace(regexp_replace(replace(replace(replace(pattern, '{yyyy}', repeat(chr(1), 4)), '{yy}', repeat(chr(1), 2)), '{mm}', repeat(chr(1), 2)),
    '\{n(:[0-9]+)?\}', chr(2)), '{prefix}', prefix), '{branch}', branch_code)
$$;

-- digits is how many the number has at least.
create function numbergenerator.digits(pattern text) returns int language sql immutable as $$
  select coalesce(substring(pattern from '\{n:([0-9]+)\}')::int, 1)
$$;

-- spell writes a number as a pattern has it.
create function numbergenerator.spell(pattern text, prefix text, branch_code text, on_date date, n bigint) returns text
language plpgsql stable as $$
declare
  digits text := n::text;
  out text := pattern;
begin
  digits := lpad(digits, greatest(length(digits), numbergenerator.digits(pattern)), '0');
  out := regexp_replace(out, '\{n(:[0-9]+)?\}', digits);
  out := replace(replace(replace(out, '{yyyy}', to_char(on_date, 'YYYY')), '{yy}', to_char(on_date, 'YY')), '{mm}', to_char(on_date, 'MM'));
  return replace(replace(out, '{prefix}', prefix), '{branch}', branch_code);
end $$;

-- meet tells whether two patterns could give the same text. For each length that both can have, one place after the other
-- is compared; the number alone has no fixed length. "^" is a first digit of a number, which is no zero.
create function numbergenerator.meet(a text, a_digits int, b text, b_digits int) returns boolean language sql immutable as $$
  select exists (
    select from generate_series(greatest(length(a) - 1 + a_digits, length(b) - 1 + b_digits), least(length(a), length(b)) - 1 + 12) total
    cross join lateral (select total - length(a) + 1 as an, total - length(b) + 1 as bn) w
    cross join lateral (select
      replace(a, chr(2), case when an > a_digits or a_digits = 1 then chr(3) || repeat(chr(1), an - 1) else repeat(chr(1), an) end) as x,
      replace(b, chr(2), case when bn > b_digits or b_digits = 1 then chr(3) || repeat(chr(1), bn - 1) else repeat(chr(1), bn) end) as y) s
    where not exists (
      select from generate_series(1, total) i cross join lateral (select substr(x, i, 1) as p, substr(y, i, 1) as q) c
      where not (p = q or p in (chr(1), chr(3)) and q in (chr(1), chr(3))
        or p = chr(1) and q ~ '^[0-9]$' or p = chr(3) and q ~ '^[1-9]$' or q = chr(1) and p ~ '^[0-9]$' or q = chr(3) and p ~ '^[1-9]$')))
$$;

-- clash tells of what a pattern could give again: the id of another series, or else a number that was given. Whether a
-- series' own numbers come again is asked by how they would be spelled now; after a change of when it begins anew it counts
-- other periods, and none of them may fit.
create function numbergenerator.clash(series_id uuid, new_pattern text, new_prefix text, new_branch_code text, restarts_otherwise boolean, out other uuid, out given text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  mine text := numbergenerator.shape(new_pattern, new_prefix, new_branch_code);
  fixed text := substring(mine from '^[^' || chr(1) || chr(2) || ']*');
  least_digits int := numbergenerator.digits(new_pattern);
  like_mine text;
begin
  select s.id into other from numbergenerator.series s
  where s.id is distinct from clash.series_id
    and numbergenerator.meet(mine, least_digits, numbergenerator.shape(s.pattern, s.prefix, s.branch_code), numbergenerator.digits(s.pattern))
  order by s.key, s.branch_id nulls first limit 1;
  if other is not null then
    return;
  end if;
  like_mine := regexp_replace(mine, '([^[:alnum:]' || chr(1) || chr(2) || '])', '\\\1', 'g');
  like_mine := '^' || replace(replace(like_mine, chr(1), '[0-9]'), chr(2), format('(?:[0-9]{%s}|[1-9][0-9]{%s,11})', least_digits, least(least_digits, 11))) || '$';
  select n.text into given from numbergenerator.number n
  where n.text >= fixed and n.text < fixed || chr(1114111) and n.text ~ like_mine
    and (n.series_id is distinct from clash.series_id or restarts_otherwise
      or numbergenerator.spell(new_pattern, new_prefix, new_branch_code, n.on_date, n.n) <> n.text)
  order by n.text limit 1;
end $$;

-- begin_series makes the series of a key that has none, so that a portal bills before anybody thought of numbers.
create function numbergenerator.begin_series(series_key text) returns numbergenerator.series language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  made numbergenerator.series;
  start text := upper(replace(series_key, '_', '-'));
  again text := '';
  met record;
begin
  lock table numbergenerator.series in share row exclusive mode;
  select * into made from numbergenerator.series s where s.key = series_key and s.branch_id is null;
  if found then
    return made;
  end if;
  for i in 2..100 loop
    select * into met from numbergenerator.clash(null, '{prefix}{n:5}', start || again || '-', '', false);
    exit when met.other is null and met.given is null;
    again := i::text;
  end loop;
  insert into numbergenerator.series (id, key, name, pattern, prefix, branch_code, restart, first_number, update_time)
  values (gen_random_uuid(), series_key, series_key, '{prefix}{n:5}', start || again || '-', '', 'never', 1, clock_timestamp())
  returning * into made;
  return made;
end $$;

-- take_v1 is lent to other modules: see contracts/numbergenerator/v1/take.go. Who changes a series locks all counters against
-- it, so what is read here after the first lock is how the series stands until this transaction ends.
create function numbergenerator.take_v1(series_key text, branch uuid, on_date date, document_kind text, document_id uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  borrower text := access.borrower();
  s numbergenerator.series;
  in_period text;
  number bigint;
  given text;
begin
  if series_key is null or series_key !~ '^[a-z][a-z0-9_]{0,39}$' then
    raise exception 'a series has a key of lower-case letters, digits and _, such as invoice: not %', coalesce(quote_literal(left(series_key, 60)), 'null') using errcode = '22023';
  elsif document_kind is null or document_kind !~ '^[a-z][a-z0-9_]{0,39}$' or document_id is null then
    raise exception 'a number is of a document: name its kind in lower-case letters, digits and _, and its id' using errcode = '22023';
  elsif on_date is null or not isfinite(on_date) or on_date < '2000-01-01' or on_date > '2099-12-31' then
    raise exception 'a numbered document has a date of the years 2000 to 2099, not %', coalesce(on_date::text, 'none') using errcode = '22008';
  end if;
  select n.text into given from numbergenerator.number n
  where n.document_id = document_id and n.document_kind = document_kind and n.key = series_key and n.module = borrower;
  if found then
    return given;
  end if;

  lock table numbergenerator.counter in row exclusive mode;
  select * into s from numbergenerator.series o where o.key = series_key and (o.branch_id = branch or o.branch_id is null) order by o.branch_id nulls last limit 1;
  if not found then
    s := numbergenerator.begin_series(series_key);
  end if;
  in_period := numbergenerator.period(s.restart, on_date);
  insert into numbergenerator.counter as c (series_id, period, first, last) values (s.id, in_period, s.first_number, s.first_number)
  on conflict on constraint counter_pkey do update set last = c.last + 1 returning c.last into number;
  if number > 999999999999 then
    raise exception 'series % has no numbers left', series_key using errcode = '22003';
  end if;
  given := numbergenerator.spell(s.pattern, s.prefix, s.branch_code, on_date, number);
  insert into numbergenerator.number (series_id, period, n, text, key, module, document_kind, document_id, on_date)
  values (s.id, in_period, number, given, series_key, borrower, document_kind, document_id, on_date)
  on conflict on constraint number_document do nothing;
  if not found then
    -- The same document was numbered while this one waited for the counter: run again, and it is told its number.
    raise exception 'this document is being given its number' using errcode = '40001';
  end if;
  return given;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function numbergenerator.take_v1(text, uuid, date, text, uuid);
drop function numbergenerator.begin_series(text);
drop function numbergenerator.clash(uuid, text, text, text, boolean);
drop function numbergenerator.meet(text, int, text, int);
drop function numbergenerator.spell(text, text, text, date, bigint);
drop function numbergenerator.digits(text);
drop function numbergenerator.shape(text, text, text);
drop function numbergenerator.period(text, date);
drop table numbergenerator.number, numbergenerator.skip, numbergenerator.counter, numbergenerator.series;
drop function numbergenerator.stands();
