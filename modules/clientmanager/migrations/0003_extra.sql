-- +goose Up

-- Fields of the integrator's own: values by field, each of its own type, and a term of each to be found by.
alter table clientmanager.clients
    add column extra jsonb not null default '{}' check (jsonb_typeof(extra) = 'object'),
    add column extra_terms text[] collate "C" not null default '{}';
create index clients_by_extra on clientmanager.clients using gin (extra_terms);

-- As clients_with_tags, for clients that have all these terms.
-- +goose StatementBegin
create function clientmanager.clients_with_terms(wanted text[], most integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found uuid[];
begin
    execute 'select array_agg(id) from (select id from clientmanager.clients where extra_terms @> $1 limit $2) c' into found using wanted, most + 1;
    return case when coalesce(cardinality(found), 0) <= most then coalesce(found, '{}') end;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function clientmanager.clients_with_terms;
drop index clientmanager.clients_by_extra;
alter table clientmanager.clients drop column extra, drop column extra_terms;
