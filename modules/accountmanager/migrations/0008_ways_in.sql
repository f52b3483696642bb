-- +goose Up

-- When somebody showed that they hold their phone: only by such a one can they sign in with a code.
alter table accountmanager.users add column phone_confirm_time timestamptz;

-- Another number is not confirmed, whoever writes it and whatever they forget to say.
-- +goose StatementBegin
create function accountmanager.forget_confirmed_phone() returns trigger language plpgsql as $$
begin
    if new.phone is distinct from old.phone and new.phone_confirm_time is not distinct from old.phone_confirm_time then
        new.phone_confirm_time := null;
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger forget_confirmed_phone before update of phone on accountmanager.users
    for each row execute function accountmanager.forget_confirmed_phone();

-- How many codes one number was sent, whoever asked.
create index letters_by_phone on accountmanager.letters (phone, create_time) where phone <> '';

-- Accounts of outside providers by which staff sign in. One that was unlinked stays: it lets nobody in, and no other one of
-- the provider is linked in its place.
create table accountmanager.external_accounts (
    id                uuid primary key,
    user_id           uuid not null references accountmanager.users on delete cascade,
    issuer            text not null,
    subject           text not null,
    email             text not null,
    link_time         timestamptz not null,
    last_sign_in_time timestamptz not null,
    unlink_time       timestamptz,
    constraint external_accounts_once unique (issuer, subject),
    constraint external_accounts_one_of_each unique (user_id, issuer)
);

-- Sign-ins at a provider that came back: none does twice.
create table accountmanager.external_uses (
    flow_id     uuid primary key,
    expire_time timestamptz not null
);
create index external_uses_by_expiry on accountmanager.external_uses (expire_time);

-- Whether a second factor was shown to a provider that the portal trusts with it.
alter table accountmanager.sessions add column outside_factor boolean not null default false;

select kernel.protect_own('accountmanager.external_accounts', 'user_id');
select kernel.protect_all('accountmanager.external_uses');
select kernel.live_for('accountmanager.external_accounts', 'user user_id', '{last_sign_in_time}', 'cabinet.accountmanager.v1.ExternalAccount');

-- +goose Down
select kernel.live_off('accountmanager.external_accounts');
alter table accountmanager.sessions drop column outside_factor;
drop table accountmanager.external_uses, accountmanager.external_accounts;
drop index accountmanager.letters_by_phone;
drop trigger forget_confirmed_phone on accountmanager.users;
drop function accountmanager.forget_confirmed_phone();
alter table accountmanager.users drop column phone_confirm_time;
