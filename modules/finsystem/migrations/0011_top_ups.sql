-- +goose Up

-- Bills for paying ahead.
alter table finsystem.documents drop constraint documents_kind_check,
    add constraint documents_kind_check check (kind in ('invoice', 'act', 'delivery_note', 'credit_note', 'annex', 'top_up'));
create index documents_top_ups on finsystem.documents (client_id) where kind = 'top_up' and status = 'issued' and paid = 0;
drop index finsystem.documents_by_number_key;
create index documents_by_number_key on finsystem.documents (finsystem.number_key(number)) where kind in ('invoice', 'top_up') and status = 'issued';

-- +goose StatementBegin

-- allocated keeps the sums of payments and documents what their allocations come to. What is paid towards a bill for paying ahead is not used up by
-- it: it stays free for what is owed, and the bill is paid all the same.
create or replace function finsystem.allocated() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        update finsystem.documents d set paid = d.paid - old.amount where d.id = old.document_id;
        update finsystem.payments p set allocated = p.allocated - old.amount
        where p.id = old.payment_id and not exists (select from finsystem.documents d where d.id = old.document_id and d.kind = 'top_up');
    end if;
    if tg_op <> 'DELETE' then
        update finsystem.documents d set paid = d.paid + new.amount where d.id = new.document_id;
        update finsystem.payments p set allocated = p.allocated + new.amount
        where p.id = new.payment_id and not exists (select from finsystem.documents d where d.id = new.document_id and d.kind = 'top_up');
    end if;
    return null;
end $$;
-- +goose StatementEnd

-- +goose Down
drop index finsystem.documents_by_number_key;
create index documents_by_number_key on finsystem.documents (finsystem.number_key(number)) where kind = 'invoice' and status = 'issued';
drop index finsystem.documents_top_ups;
