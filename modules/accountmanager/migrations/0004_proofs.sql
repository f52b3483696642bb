-- +goose Up

-- When the user last showed in this session that it is them.
alter table accountmanager.sessions add column proof_time timestamptz;
update accountmanager.sessions set proof_time = create_time;
alter table accountmanager.sessions alter column proof_time set not null;

-- +goose Down
alter table accountmanager.sessions drop column proof_time;
