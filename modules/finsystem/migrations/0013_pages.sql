-- +goose Up
-- +goose StatementBegin

-- unsummed_entries are those of some accounts that the sums do not have yet. How far the sums are is looked up first, so that the planner knows how few those are.
create function finsystem.unsummed_entries(accounts bigint[]) returns setof finsystem.entries language plpgsql stable rows 10 as $$
declare
    summed bigint := (select through from finsystem.summed);
begin
    return query select e.* from unnest(accounts) a cross join lateral (select * from finsystem.entries x where x.account_id = a and x.posting_id > summed) e;
end $$;
-- +goose StatementEnd

-- As of entries: what is asked for by a client goes by that client in any case, and the planner does not take its rows for few.
alter policy cabinet_own on finsystem.client_days using (coalesce(client_id = any ((select access.clients())::uuid[]), false));
alter policy cabinet_own on finsystem.holds using (coalesce(client_id = any ((select access.clients())::uuid[]), false));

-- Open invoices are few among all documents.
create index documents_open_newest on finsystem.documents (id desc) where status = 'issued' and kind = 'invoice' and paid < total;

-- +goose Down
drop index finsystem.documents_open_newest;
alter policy cabinet_own on finsystem.holds using (client_id = any ((select access.clients())::uuid[]));
alter policy cabinet_own on finsystem.client_days using (client_id = any ((select access.clients())::uuid[]));
drop function finsystem.unsummed_entries;
