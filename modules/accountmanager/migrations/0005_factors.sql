-- +goose Up

-- The seed of an application that shows codes, sealed. It counts once it is confirmed.
create table accountmanager.totp (
    user_id      uuid primary key references accountmanager.users on delete cascade,
    seed         bytea not null,
    confirm_time timestamptz,
    -- The step of the last code that was taken: none is taken twice.
    last_step    bigint not null default 0,
    create_time  timestamptz not null
);

-- Codes for who has lost the application; only hashes.
create table accountmanager.recovery_codes (
    code_hash bytea primary key,
    user_id   uuid not null references accountmanager.users on delete cascade,
    use_time  timestamptz
);
create index recovery_codes_by_user on accountmanager.recovery_codes (user_id);

-- Sign-ins that wait for their second factor.
create table accountmanager.challenges (
    token_hash  bytea primary key,
    user_id     uuid not null references accountmanager.users on delete cascade,
    client_id   uuid,
    kept        boolean not null,
    -- When the password was chosen that was shown.
    proved      timestamptz not null,
    expire_time timestamptz not null
);
create index challenges_by_expiry on accountmanager.challenges (expire_time);

select kernel.protect_all('accountmanager.totp');
select kernel.protect_all('accountmanager.recovery_codes');
select kernel.protect_all('accountmanager.challenges');

-- +goose Down
drop table accountmanager.challenges, accountmanager.recovery_codes, accountmanager.totp;
