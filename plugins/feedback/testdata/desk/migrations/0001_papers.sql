-- +goose Up
create table desk.paper (number text primary key);
select kernel.protect_all('desk.paper');
