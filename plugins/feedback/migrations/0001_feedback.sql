-- +goose Up

-- The clients that ever said something. Who writes holds their row: so a client that is suspended meanwhile has nothing
-- that waits.
create table feedback.clients (
    client_id uuid primary key references kernel.client (id),
    suspended boolean not null
);

create table feedback.feedback (
    id          uuid primary key,
    client_id   uuid not null references kernel.client (id),
    subject     text not null check (subject <> ''),
    rating      integer not null check (rating between 1 and 5),
    text        text not null check (text <> ''),
    state       text not null check (state in ('new', 'answered', 'closed')),
    answer      text not null,
    create_time timestamptz not null,
    answer_time timestamptz,
    close_time  timestamptz
);
create index feedback_by_time on feedback.feedback (create_time, id);
create index feedback_by_client on feedback.feedback (client_id, create_time, id);
create index feedback_by_state on feedback.feedback (state, create_time, id);
-- Of few rows of many: what waits, and what went badly.
create index feedback_waiting on feedback.feedback (client_id) where state = 'new';
create index feedback_bad on feedback.feedback (create_time, id) where rating <= 2;

select kernel.protect('feedback.clients', 'client_id');
select kernel.protect('feedback.feedback', 'client_id');
select kernel.live('feedback.feedback', 'cabinet.feedback.v1.Feedback');

-- +goose Down
select kernel.live_off('feedback.feedback');
drop table feedback.feedback, feedback.clients;
