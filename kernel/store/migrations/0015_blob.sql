-- +goose Up
-- A column of this type names content in kernel/blob by its SHA-256. Nothing else says which content is wanted: what no such column
-- of any table holds is swept. Such a column has an index, or the sweep reads its table whole.
create domain kernel.blob as text check (value ~ '^[0-9a-f]{64}$');
