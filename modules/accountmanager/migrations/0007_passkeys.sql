-- +goose Up

-- Public keys of what people's devices keep. Nothing here opens anything by itself.
create table accountmanager.passkeys (
    id            uuid primary key,
    user_id       uuid not null references accountmanager.users on delete cascade,
    -- Whose key it is to the device: the portal's host name when it was made. It works at no other.
    party         text not null,
    credential_id bytea not null,
    public_key    bytea not null,
    -- Devices that count do so upwards; zero is one that does not.
    sign_count    bigint not null default 0,
    -- Whether the device may copy it to others, which never changes, and whether it has.
    may_sync      boolean not null,
    synced        boolean not null,
    transports    text[] not null default '{}',
    name          text not null check (name <> ''),
    device        text not null default '',
    create_time   timestamptz not null,
    last_use_time timestamptz,
    constraint passkeys_once unique (credential_id)
);
create index passkeys_by_user on accountmanager.passkeys (user_id, id);

-- What was answered to, so that no answer is taken twice. What is asked is not kept: it comes back sealed.
create table accountmanager.used_ceremonies (
    challenge_hash bytea primary key,
    expire_time    timestamptz not null
);
create index used_ceremonies_by_expiry on accountmanager.used_ceremonies (expire_time);

select kernel.protect_own('accountmanager.passkeys', 'user_id');
select kernel.protect_all('accountmanager.used_ceremonies');
select kernel.live_for('accountmanager.passkeys', 'user user_id', '{sign_count}',
    'cabinet.kernel.v1.Passkey', 'cabinet.kernel.v1.Identity');

-- +goose Down
select kernel.live_off('accountmanager.passkeys');
drop table accountmanager.used_ceremonies, accountmanager.passkeys;
