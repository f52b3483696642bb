-- +goose Up
-- What people changed about roles in the portal, over what modules propose and portal.yaml says.
create table kernel.role_change (
    id      text    primary key,
    staff   boolean not null,
    -- The role is of the portal's own making, and gone without this row.
    made    boolean not null default false,
    titles  jsonb   not null default '{}' check (jsonb_typeof(titles) = 'object'),
    -- permission → reach, "" for none.
    changes jsonb   not null default '{}' check (jsonb_typeof(changes) = 'object')
);

-- +goose StatementBegin
create function kernel.role_changed() returns trigger
language plpgsql as $$
begin
    perform pg_notify('cabinet_roles', '');
    return null;
end $$;
-- +goose StatementEnd

-- Every node hears of it.
create trigger role_changed after insert or update or delete on kernel.role_change
    for each statement execute function kernel.role_changed();
