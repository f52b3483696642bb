-- +goose Up

-- Photos of people, as two square pictures that were drawn anew from what came. What names one is a hash of it, so that an
-- address never shows another one.
alter table accountmanager.users add column photo text not null default '';
create table accountmanager.photos (
    user_id     uuid primary key references accountmanager.users on delete cascade,
    hash        text not null,
    large       bytea not null,
    small       bytea not null,
    create_time timestamptz not null
);
create index photos_by_hash on accountmanager.photos (hash);
select kernel.protect_own('accountmanager.photos', 'user_id');

-- +goose Down
drop table accountmanager.photos;
alter table accountmanager.users drop column photo;
