-- +goose Up

-- Somebody who can sign in. E-mails are lower case, phones E.164: comparing them needs no function.
create table accountmanager.users (
    user_id        uuid primary key,
    email          text not null,
    phone          text,
    name           text not null check (name <> ''),
    position       text not null default '',
    staff          boolean not null,
    roles          text[] not null default '{}',
    language       text not null default '',
    theme          smallint not null default 0,
    last_client_id uuid,
    block_time     timestamptz,
    last_seen_time timestamptz,
    create_time    timestamptz not null,
    revision       bigint not null default 1,
    search         text not null generated always as (lower(name || ' ' || email)) stored,
    constraint users_email_unique unique (email),
    constraint users_phone_unique unique (phone),
    constraint users_email_normal check (email = lower(email) and email <> ''),
    constraint users_contact_has_no_roles check (staff or cardinality(roles) = 0)
);
create index users_by_name on accountmanager.users (name, user_id);
create index users_by_last_seen on accountmanager.users (coalesce(last_seen_time, '-infinity') desc, user_id desc);
create index users_staff_by_name on accountmanager.users (name, user_id) where staff;

-- Apart from users, so that nothing that shows people can show a hash.
create table accountmanager.credentials (
    user_id       uuid primary key references accountmanager.users on delete cascade,
    password_hash text not null,
    change_time   timestamptz not null
);

-- Wrong passwords in a row. The key is a user's id or stands for a login that nobody has: both lock out alike, so
-- that a lock-out does not tell who has an account.
create table accountmanager.tries (
    key         text primary key,
    user_id     uuid references accountmanager.users on delete cascade,
    wrong       integer not null default 0,
    lock_outs   integer not null default 0,
    lock_until  timestamptz,
    update_time timestamptz not null
);
create index tries_by_age on accountmanager.tries (update_time);
create unique index tries_by_user on accountmanager.tries (user_id) where user_id is not null;

-- What this module knows of clients: the name is asked for again when it is old, the suspension is heard of.
create table accountmanager.client_copies (
    client_id uuid primary key references kernel.client (id),
    name      text not null default '',
    name_time timestamptz not null,
    suspended boolean not null default false
);

create table accountmanager.memberships (
    id          uuid primary key,
    client_id   uuid not null references accountmanager.client_copies,
    user_id     uuid not null references accountmanager.users,
    role        text not null,
    create_time timestamptz not null,
    constraint memberships_once unique (user_id, client_id)
);
create index memberships_by_client on accountmanager.memberships (client_id, id);

create table accountmanager.sessions (
    id             uuid primary key,
    user_id        uuid not null references accountmanager.users on delete cascade,
    token_hash     bytea not null unique,
    client_id      uuid,
    kept           boolean not null,
    device         text not null default '',
    remote_address text not null default '',
    create_time    timestamptz not null,
    last_seen_time timestamptz not null,
    -- Ends by itself then; moves on with use, up to end_time.
    expire_time    timestamptz not null,
    end_time       timestamptz not null
);
create index sessions_by_user on accountmanager.sessions (user_id, id);
create index sessions_by_client on accountmanager.sessions (client_id) where client_id is not null;
create index sessions_by_expiry on accountmanager.sessions (expire_time);

create table accountmanager.invitations (
    id              uuid primary key,
    -- Null when a member of staff is invited.
    client_id       uuid references kernel.client (id),
    staff           boolean not null,
    first_head      boolean not null default false,
    name            text not null default '',
    email           text not null default '',
    role            text not null,
    token_hash      bytea not null unique,
    invited_by      uuid,
    invited_by_name text not null default '',
    create_time     timestamptz not null,
    expire_time     timestamptz not null,
    accept_time     timestamptz,
    accepted_by     uuid,
    revoke_time     timestamptz,
    check (staff = (client_id is null)),
    check (accept_time is null or revoke_time is null)
);
create index invitations_by_client on accountmanager.invitations (client_id, id desc);
create index invitations_waiting on accountmanager.invitations (email) where accept_time is null and revoke_time is null;

select kernel.protect_own('accountmanager.users', 'user_id');
select kernel.protect_own('accountmanager.sessions', 'user_id');
select kernel.protect_all('accountmanager.credentials');
select kernel.protect_all('accountmanager.tries');
select kernel.protect_all('accountmanager.client_copies');
select kernel.protect('accountmanager.memberships', 'client_id');
select kernel.protect('accountmanager.invitations', 'client_id');

-- +goose Down
drop table accountmanager.invitations, accountmanager.sessions, accountmanager.memberships, accountmanager.client_copies,
    accountmanager.tries, accountmanager.credentials, accountmanager.users;
