-- +goose Up
select kernel.live('booking.resources', 'cabinet.booking.v1.Resource', 'cabinet.booking.v1.Slot');
select kernel.live('booking.bookings', 'cabinet.booking.v1.Booking');
-- Who booked is told to nobody else; that some time is taken, or free again, to whoever looks for a time.
select kernel.live_for('booking.bookings', 'shared', '{}', 'cabinet.booking.v1.Slot');

-- +goose Down
select kernel.live_off('booking.bookings');
select kernel.live_off('booking.resources');
