-- +goose Up

-- Lists as people look at them, each its maker's own. What colleagues share is read as all rows, and only where it is shared.
create table views.views (
    id          uuid primary key,
    user_id     uuid not null,
    screen      text not null,
    name        text not null check (name <> ''),
    query       text not null,
    shared      boolean not null default false,
    create_time timestamptz not null,
    constraint views_name_unique unique (user_id, screen, name)
);
create index views_shared on views.views (screen, name) where shared;

-- The view that somebody's list opens with: of their own, or one that is shared.
create table views.first (
    user_id uuid not null,
    screen  text not null,
    view_id uuid not null references views.views (id) on delete cascade,
    primary key (user_id, screen)
);
create index first_by_view on views.first (view_id);

select kernel.protect_own('views.views', 'user_id');
select kernel.protect_own('views.first', 'user_id');

-- +goose Down
drop table views.first, views.views;
