-- +goose Up

-- What a resource asks of those who book it; null is what the portal's settings say.
alter table booking.resources
    add column before_minutes integer not null default 0 check (before_minutes between 0 and 720),
    add column after_minutes  integer not null default 0 check (after_minutes between 0 and 720),
    add column public         boolean not null default false,
    add column notice_minutes integer check (notice_minutes between 0 and 525600),
    add column change_hours   integer check (change_hours between 0 and 8760),
    add column days_ahead     integer check (days_ahead between 1 and 3650);
create index resources_public on booking.resources (no) where public and state = 'active';

-- A hold is a booking that nobody has confirmed: it becomes one, or is over. So one constraint keeps both apart. Of a
-- visitor who is no client yet it has no client.
alter table booking.bookings
    alter column client_id drop not null,
    -- From when until when nobody else can have the resource: the buffers that held when it was made are in it.
    add column busy_from  timestamptz,
    add column busy_until timestamptz,
    add column hold_until timestamptz,
    -- Who holds it: holds count against a limit.
    add column holder     text not null default '',
    add column revision   bigint not null default 1,
    drop constraint bookings_no_double,
    drop constraint bookings_state_check;
update booking.bookings set busy_from = start_time, busy_until = end_time;
alter table booking.bookings
    alter column busy_from set not null,
    alter column busy_until set not null,
    add constraint bookings_state_check check (state in ('held', 'over', 'booked', 'cancelled')),
    add constraint bookings_hold_ends check (state <> 'held' or hold_until is not null),
    add constraint bookings_of_somebody check (client_id is not null or state in ('held', 'over')),
    add constraint bookings_busy check (
        busy_from between start_time - interval '12 hours' and start_time and busy_until between end_time and end_time + interval '12 hours'
    ),
    -- The promise of this module, as before, of all the time in which a resource is not free.
    add constraint bookings_no_double exclude using gist (
        int4range(resource_no, resource_no, '[]') with &&, tstzrange(busy_from, busy_until) with &&
    ) where (state in ('held', 'booked'));
drop index booking.bookings_standing;
create index bookings_standing on booking.bookings (resource_no, busy_from) where state in ('held', 'booked');
create index bookings_held on booking.bookings (holder) where state = 'held';
create index bookings_over on booking.bookings (hold_until) where state = 'over';

-- What a booking had before it was moved.
create table booking.moves (
    booking_id  uuid not null references booking.bookings (id),
    -- Of the booking: counts its moves.
    revision    bigint not null,
    client_id   uuid not null references kernel.client (id),
    resource_id uuid not null references booking.resources (id),
    start_time  timestamptz not null,
    end_time    timestamptz not null,
    move_time   timestamptz not null,
    primary key (booking_id, revision)
);
select kernel.protect('booking.moves', 'client_id');

-- When resources are taken at an instant, whoever has them: that a time is taken is no secret, who took it is, and not told.
-- 48 hours are a day and the longest buffers. A hold whose time is up takes nothing, also before that was noted.
-- +goose StatementBegin
drop function booking.busy;
create function booking.busy(nos integer[], since timestamptz, until timestamptz, at timestamptz)
returns table (no integer, busy_from timestamptz, busy_until timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select b.resource_no, b.busy_from, b.busy_until from booking.bookings b
    where b.state in ('held', 'booked') and b.resource_no = any (nos)
        and b.busy_from > since - interval '48 hours' and b.busy_from < until and b.busy_until > since
        and (b.state = 'booked' or b.hold_until > at)
$$;

-- Ends the holds of a resource whose time is up and that are in the way between two instants: whoever wants the time need
-- not see whose they were. Those that are not up stay, whoever asks.
create function booking.clear(resource integer, since timestamptz, until timestamptz, at timestamptz)
returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update booking.bookings b set state = 'over'
    where b.state = 'held' and b.resource_no = resource and b.hold_until <= at
        and b.busy_from > since - interval '48 hours' and b.busy_from < until and b.busy_until > since
$$;

-- How much somebody holds, for whichever client.
create function booking.held_by(who text, at timestamptz) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*)::integer from booking.bookings b where b.state = 'held' and b.holder = who and b.hold_until > at
$$;
-- +goose StatementEnd

-- +goose Down
drop function booking.held_by;
drop function booking.clear;
drop function booking.busy;
drop table booking.moves;
delete from booking.bookings where state in ('held', 'over');
drop index booking.bookings_over;
drop index booking.bookings_held;
drop index booking.bookings_standing;
alter table booking.bookings
    drop constraint bookings_no_double, drop constraint bookings_busy, drop constraint bookings_of_somebody,
    drop constraint bookings_hold_ends, drop constraint bookings_state_check,
    drop column revision, drop column holder, drop column hold_until, drop column busy_until, drop column busy_from,
    alter column client_id set not null,
    add constraint bookings_state_check check (state in ('booked', 'cancelled')),
    add constraint bookings_no_double exclude using gist (
        int4range(resource_no, resource_no, '[]') with &&, tstzrange(start_time, end_time) with &&
    ) where (state = 'booked');
create index bookings_standing on booking.bookings (resource_no, start_time) where state = 'booked';
drop index booking.resources_public;
alter table booking.resources
    drop column days_ahead, drop column change_hours, drop column notice_minutes, drop column public, drop column after_minutes,
    drop column before_minutes;
-- +goose StatementBegin
create function booking.busy(nos integer[], since timestamptz, until timestamptz)
returns table (no integer, start_time timestamptz, end_time timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select b.resource_no, b.start_time, b.end_time from booking.bookings b
    where b.state = 'booked' and b.resource_no = any (nos)
        and b.start_time > since - interval '24 hours' and b.start_time < until and b.end_time > since
$$;
-- +goose StatementEnd
