-- +goose Up

-- What waits to be brought to somebody: a link or a code that works once, of which only the hash is here, or a notice.
create table accountmanager.letters (
    id          uuid primary key,
    user_id     uuid not null references accountmanager.users on delete cascade,
    kind        smallint not null,
    -- Where it goes: one of the two.
    email       text not null,
    phone       text not null default '',
    token_hash  bytea unique,
    create_time timestamptz not null,
    expire_time timestamptz not null,
    use_time    timestamptz,
    constraint letters_go_somewhere check ((email = '') <> (phone = ''))
);
create index letters_by_user on accountmanager.letters (user_id, kind, create_time);
create index letters_by_expiry on accountmanager.letters (expire_time);

select kernel.protect_all('accountmanager.letters');

-- +goose Down
drop table accountmanager.letters;
