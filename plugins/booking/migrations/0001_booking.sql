-- +goose Up

-- What can be booked. It belongs to the business: whoever reaches the module reads it.
create table booking.resources (
    id           uuid primary key,
    -- What stands for a resource in the constraint below, which without an extension compares no ids.
    no           integer not null generated always as identity unique,
    name         text not null check (name <> ''),
    description  text not null,
    -- Minutes of its day in the portal's time zone.
    opens        integer not null check (opens between 0 and 1439),
    closes       integer not null check (closes between 1 and 1440),
    slot_minutes integer not null check (slot_minutes between 1 and 1440),
    state        text not null check (state in ('active', 'archived')),
    create_time  timestamptz not null,
    revision     bigint not null,
    check (opens < closes),
    unique (id, no)
);
-- In the order in which they were added.
create index resources_by_state on booking.resources (state, no);

-- The clients that ever booked. Who books holds their row: so a client that is suspended meanwhile has no booking left.
create table booking.clients (
    client_id uuid primary key references kernel.client (id),
    suspended boolean not null
);

create table booking.bookings (
    id            uuid primary key,
    client_id     uuid not null references kernel.client (id),
    resource_id   uuid not null,
    resource_no   integer not null,
    start_time    timestamptz not null,
    end_time      timestamptz not null,
    state         text not null check (state in ('booked', 'cancelled')),
    note          text not null,
    cancel_reason text not null,
    create_time   timestamptz not null,
    cancel_time   timestamptz,
    foreign key (resource_id, resource_no) references booking.resources (id, no),
    -- A day at most, by the clock of instants: what is busy now began since yesterday.
    check (start_time < end_time and end_time <= start_time + interval '24 hours'),
    -- The promise of this module: a resource is nobody's twice. Ranges of numbers need no extension, which an owner
    -- who is no superuser could not make.
    constraint bookings_no_double exclude using gist (
        int4range(resource_no, resource_no, '[]') with &&, tstzrange(start_time, end_time) with &&
    ) where (state = 'booked')
);
create index bookings_by_start on booking.bookings (start_time, id);
create index bookings_by_client on booking.bookings (client_id, start_time, id);
create index bookings_by_resource on booking.bookings (resource_id, start_time, id);
create index bookings_standing on booking.bookings (resource_no, start_time) where state = 'booked';

select kernel.share('booking.resources');
select kernel.protect('booking.clients', 'client_id');
select kernel.protect('booking.bookings', 'client_id');

-- When resources are taken, whoever has them: that a time is taken is no secret, who took it is, and not told.
-- +goose StatementBegin
create function booking.busy(nos integer[], since timestamptz, until timestamptz)
returns table (no integer, start_time timestamptz, end_time timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select b.resource_no, b.start_time, b.end_time from booking.bookings b
    where b.state = 'booked' and b.resource_no = any (nos)
        and b.start_time > since - interval '24 hours' and b.start_time < until and b.end_time > since
$$;
-- +goose StatementEnd

-- +goose Down
drop function booking.busy;
drop table booking.bookings, booking.clients, booking.resources;
