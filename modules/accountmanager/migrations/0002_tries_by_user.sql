-- +goose Up

-- Not unique: of two first tries at once, "on conflict (key)" lets one wait for the other, but a second unique index
-- refuses it. A user has one key, so a user has one row all the same.
drop index accountmanager.tries_by_user;
create index tries_by_user on accountmanager.tries (user_id) where user_id is not null;

-- +goose Down
drop index accountmanager.tries_by_user;
create unique index tries_by_user on accountmanager.tries (user_id) where user_id is not null;
