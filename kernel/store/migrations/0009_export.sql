-- +goose Up
-- Rows that people took away as files, for what they may take in a day. A row is written before anything is read, with as
-- many rows as may be, and says afterwards how many were: of an export that was killed in between, all that was reserved
-- counts until its day is over.
create table kernel.export (
  id      uuid        primary key,
  user_id uuid        not null,
  time    timestamptz not null,
  -- "module.screen"
  screen  text        not null,
  rows    integer     not null check (rows >= 0)
);
create index export_by_user on kernel.export (user_id, time);
create index export_by_time on kernel.export (time);

-- +goose StatementBegin
-- audit_more adds to the entry of the call under way what only its end tells.
create function kernel.audit_more(said text, changes jsonb) returns void language plpgsql volatile as $$
declare
  c jsonb := kernel.change(said);
begin
  insert into kernel.audit_detail (entry_id, number, client_id, changes)
  select e.id, (select coalesce(max(d.number) + 1, 0) from kernel.audit_detail d where d.entry_id = e.id), e.client_id, changes
    from kernel.audit_entry e where e.id = (c ->> 'id')::uuid;
  if not found then
    raise exception 'the call has no entry yet' using errcode = '22023';
  end if;
end $$;
-- +goose StatementEnd
revoke execute on function kernel.audit_more(text, jsonb) from public;

-- How many rows about clients members of staff were shown, by the minute, as each node tells now and then.
create table kernel.reading (
  user_id uuid        not null,
  minute  timestamptz not null,
  rows    integer     not null,
  primary key (user_id, minute)
);
create index reading_by_minute on kernel.reading (minute);

-- That somebody was shown more than is usual: once for a person and an hour.
create table kernel.reading_alert (
  id      uuid        primary key,
  user_id uuid        not null,
  time    timestamptz not null,
  rows    integer     not null,
  -- Those who listen to events were told.
  told    boolean     not null default false
);
create index reading_alert_by_user on kernel.reading_alert (user_id, time);
create index reading_alert_untold on kernel.reading_alert (id) where not told;
