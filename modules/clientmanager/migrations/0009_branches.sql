-- +goose Up

-- Branches, and who works there. They are the business's own: everybody on its side may know them, heads change them.
create table clientmanager.branches (
    id          uuid primary key,
    name        text not null check (name <> ''),
    place       text not null,
    phone       text not null,
    position    integer not null check (position >= 0),
    state       text not null check (state in ('open', 'closed')),
    create_time timestamptz not null,
    revision    bigint not null,
    -- Alike for what differs in case or form alone.
    name_fold   text collate "C" not null
);
create unique index branches_name_unique on clientmanager.branches (name_fold);
create index branches_by_position on clientmanager.branches (position, id);

create table clientmanager.branch_people (
    id          uuid primary key,
    branch_id   uuid not null references clientmanager.branches (id),
    staff_id    uuid not null,
    name        text not null,
    -- They see all clients of the branch: they are let into its portfolio, whose id is the branch's.
    leads       boolean not null,
    create_time timestamptz not null
);
create unique index branch_people_once on clientmanager.branch_people (branch_id, staff_id);
create index branch_people_by_branch on clientmanager.branch_people (branch_id, leads desc, id);
create index branch_people_by_staff on clientmanager.branch_people (staff_id);

alter table clientmanager.clients add column branch_id uuid references clientmanager.branches (id);
create index clients_by_branch on clientmanager.clients (branch_id, name_key, id);

-- Who serves a client beside its main manager, whom no row here names.
create table clientmanager.further_managers (
    client_id   uuid not null references clientmanager.clients (id),
    user_id     uuid not null,
    name        text not null,
    create_time timestamptz not null,
    primary key (client_id, user_id)
);
create index further_managers_by_user on clientmanager.further_managers (user_id, client_id);

-- Who gets new clients. A condition that is empty lets all pass.
create table clientmanager.rules (
    id               uuid primary key,
    position         integer not null,
    name             text not null check (name <> ''),
    state            text not null check (state in ('on', 'off')),
    kind             text not null check (kind in ('', 'company', 'person')),
    place            text not null,
    tag              text not null,
    branch_id        uuid references clientmanager.branches (id),
    source           text not null check (source in ('', 'by_hand', 'import', 'registration')),
    target           text not null check (target in ('manager', 'branch', 'in_turn', 'least')),
    manager_id       uuid,
    target_branch_id uuid references clientmanager.branches (id),
    people           uuid[] not null,
    create_time      timestamptz not null,
    revision         bigint not null
);
create index rules_by_position on clientmanager.rules (position, id);

-- Whose turn it is, counted on for ever. Whoever takes one holds the row until they commit, so that none is given twice.
create table clientmanager.rule_turns (
    rule_id uuid primary key references clientmanager.rules (id) on delete cascade,
    turn    bigint not null default 0
);

create table clientmanager.handovers (
    id           uuid primary key,
    from_id      uuid not null,
    from_name    text not null,
    to_id        uuid,
    to_name      text not null,
    state        text not null check (state in ('running', 'done')),
    client_count integer not null,
    create_time  timestamptz not null
);

select kernel.share('clientmanager.branches');
select kernel.share('clientmanager.branch_people');
select kernel.share('clientmanager.rules');
select kernel.protect('clientmanager.further_managers', 'client_id');
select kernel.protect_all('clientmanager.rule_turns');
select kernel.protect_all('clientmanager.handovers');

select kernel.live('clientmanager.branches', 'cabinet.clientmanager.v1.Branch');
select kernel.live('clientmanager.branch_people', 'cabinet.clientmanager.v1.BranchPerson', 'cabinet.clientmanager.v1.Branch',
    'cabinet.clientmanager.v1.GetBranchSummaryResponse');
select kernel.live('clientmanager.rules', 'cabinet.clientmanager.v1.AssignmentRule');
select kernel.live('clientmanager.handovers', 'cabinet.clientmanager.v1.Handover');
select kernel.live('clientmanager.further_managers', 'cabinet.clientmanager.v1.ClientManager');
select kernel.live('clientmanager.clients', 'cabinet.clientmanager.v1.Client', 'cabinet.clientmanager.v1.GetOverviewResponse',
    'cabinet.clientmanager.v1.GetManagerCardResponse', 'cabinet.clientmanager.v1.ClientManager', 'cabinet.clientmanager.v1.GetBranchSummaryResponse');

-- What who sees only some rows may not look at or write by themselves, and what making a client needs all the same.

-- Whether a branch takes clients; null when there is none of the id. It stays so until the transaction ends.
-- +goose StatementBegin
create function clientmanager.branch_open(branch uuid) returns boolean language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
    select b.state = 'open' from clientmanager.branches b where b.id = branch for share
$$;

-- The first of so many turns; null when the rule is no more.
create function clientmanager.take_turns(rule uuid, many integer) returns bigint language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
    update clientmanager.rule_turns t set turn = t.turn + many where t.rule_id = rule returning t.turn - many
$$;

-- How many clients each serves as their main manager, whoever asks.
create function clientmanager.loads(users uuid[]) returns table (user_id uuid, clients bigint) language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
    select u, (select count(*) from clientmanager.clients c where c.manager_id = u) from unnest(users) u
$$;

-- The clients that these help to serve; null when there are more than most.
create function clientmanager.clients_helped_by(users uuid[], most integer) returns uuid[] language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
    found uuid[];
begin
    found := array(select client_id from clientmanager.further_managers f where f.user_id = any (users) limit most + 1);
    return case when cardinality(found) <= most then found end;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function clientmanager.clients_helped_by, clientmanager.loads, clientmanager.take_turns, clientmanager.branch_open;
drop table clientmanager.handovers, clientmanager.rule_turns, clientmanager.rules, clientmanager.further_managers;
drop index clientmanager.clients_by_branch;
alter table clientmanager.clients drop column branch_id;
drop table clientmanager.branch_people, clientmanager.branches;
select kernel.live('clientmanager.clients', 'cabinet.clientmanager.v1.Client', 'cabinet.clientmanager.v1.GetOverviewResponse',
    'cabinet.clientmanager.v1.GetManagerCardResponse');
