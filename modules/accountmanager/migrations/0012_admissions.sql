-- +goose Up

-- Letters to people who have no account: who they are stands here.
alter table accountmanager.letters
    alter column user_id drop not null,
    add column name text not null default '',
    add column language text not null default '',
    -- Where the link of a letter leads that another module asked for, sealed; and what people of the business wrote.
    add column path bytea,
    add column text text not null default '',
    -- The invitation whose link it is.
    add column invitation_id uuid references accountmanager.invitations on delete cascade;
create index letters_by_email on accountmanager.letters (email, create_time) where user_id is null;

-- What clients are, and to whom they belong, for the switch of clients. All are asked for again.
alter table accountmanager.client_copies
    add column kind text not null default '',
    add column detail text not null default '',
    add column group_id uuid;
update accountmanager.client_copies set name_time = '-infinity';

-- +goose Down
alter table accountmanager.client_copies drop column group_id, drop column detail, drop column kind;
drop index accountmanager.letters_by_email;
delete from accountmanager.letters where user_id is null;
alter table accountmanager.letters
    drop column invitation_id, drop column text, drop column path, drop column language, drop column name,
    alter column user_id set not null;
