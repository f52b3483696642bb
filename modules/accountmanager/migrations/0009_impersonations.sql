-- +goose Up

-- Times in which a member of staff sees the portal as a contact does, through a session of their own. Those that are over
-- are kept: they say who looked at what.
create table accountmanager.impersonations (
    id               uuid primary key,
    staff_id         uuid not null references accountmanager.users,
    -- The session of the member of staff. It may be gone.
    session_id       uuid not null,
    user_id          uuid not null references accountmanager.users,
    -- The client that it began with, and the one acted for now.
    client_id        uuid not null references accountmanager.client_copies,
    acting_client_id uuid not null references accountmanager.client_copies,
    membership_id    uuid not null,
    reason           text not null,
    may_write        boolean not null,
    act_reason       text not null default '',
    state            smallint not null default 1,
    start_time       timestamptz not null,
    expire_time      timestamptz not null,
    end_time         timestamptz,
    constraint impersonations_end check ((state = 1) = (end_time is null)),
    constraint impersonations_of_another check (staff_id <> user_id),
    constraint impersonations_say_why check (reason <> '' and may_write = (act_reason <> ''))
);
-- One at a time in a session.
create unique index impersonations_open on accountmanager.impersonations (session_id) where end_time is null;
create index impersonations_by_client on accountmanager.impersonations (client_id, id desc);
create index impersonations_by_staff on accountmanager.impersonations (staff_id, id desc);
create index impersonations_by_user on accountmanager.impersonations (user_id, id desc);

select kernel.protect('accountmanager.impersonations', 'client_id');
select kernel.live('accountmanager.impersonations', 'cabinet.accountmanager.v1.Impersonation');
-- The session of the member of staff is another's as long as it lasts.
select kernel.live_for('accountmanager.impersonations', 'user staff_id', '{}', 'cabinet.kernel.v1.Identity');

-- +goose Down
select kernel.live_off('accountmanager.impersonations');
drop table accountmanager.impersonations;
