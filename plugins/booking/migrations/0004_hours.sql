-- +goose Up

-- When the business is open in a week, and a resource where that differs. Their number is the resource's; 0 is the
-- business's own.
create table booking.hours (
    resource_no integer primary key,
    -- Seven texts, Monday first: "09:00–13:00, 14:00–18:00"; empty for closed.
    days        text[] not null check (cardinality(days) = 7),
    revision    bigint not null
);

create table booking.hour_exceptions (
    id          uuid primary key,
    resource_no integer not null,
    day         date not null,
    until_day   date not null,
    hours       text not null,
    reason      text not null check (reason <> ''),
    create_time timestamptz not null,
    revision    bigint not null,
    check (day <= until_day),
    -- One day has one exception.
    constraint hour_exceptions_no_double exclude using gist (
        int4range(resource_no, resource_no, '[]') with &&, daterange(day, until_day, '[]') with &&
    )
);
create index hour_exceptions_by_day on booking.hour_exceptions (day, id);
create index hour_exceptions_by_end on booking.hour_exceptions (until_day);

select kernel.share('booking.hours');
select kernel.share('booking.hour_exceptions');
select kernel.live('booking.hours', 'cabinet.booking.v1.Hours', 'cabinet.booking.v1.Slot', 'cabinet.booking.v1.ClosedTime');
select kernel.live('booking.hour_exceptions', 'cabinet.booking.v1.HourException', 'cabinet.booking.v1.Slot', 'cabinet.booking.v1.ClosedTime');

-- +goose Down
select kernel.live_off('booking.hour_exceptions');
select kernel.live_off('booking.hours');
drop table booking.hour_exceptions, booking.hours;
