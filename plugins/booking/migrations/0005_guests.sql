-- +goose Up

-- Visitors who book without an account: who they say they are, until their booking is a client's.
create table booking.guests (
    booking_id      uuid primary key references booking.bookings (id) on delete cascade,
    -- Of the visitor's link, hashed.
    token           bytea not null unique,
    -- Whether they have said who they are, and then that the e-mail is theirs.
    step            text not null check (step in ('started', 'sent', 'waiting')),
    name            text not null default '',
    email           text not null default '',
    phone           text not null default '',
    note            text not null default '',
    -- The request to become a client: the id it was asked for with, and its own.
    request_id      uuid unique,
    registration_id uuid unique,
    sent            integer not null default 0,
    create_time     timestamptz not null
);
create index guests_by_time on booking.guests (create_time, booking_id);

select kernel.protect_all('booking.guests');
select kernel.live('booking.guests', 'cabinet.booking.v1.GuestBooking');

-- +goose Down
select kernel.live_off('booking.guests');
drop table booking.guests;
