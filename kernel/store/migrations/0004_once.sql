-- +goose Up
create table kernel.once (
  module     text not null,
  method     text not null,
  signer     text not null,
  request_id text not null,
  digest     bytea not null,
  answer     bytea,
  at         timestamptz not null default now(),
  primary key (module, method, signer, request_id)
);
create index once_by_time on kernel.once (at);

-- once_claim says 'new' to the one that shall do it, and 'done' with the answer, or 'other' when the content differs, to
-- all others. The insert waits for a claim under way to commit or roll back.
-- +goose StatementBegin
create function kernel.once_claim(method text, request_id text, digest bytea, out state text, out answer bytea)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  me  text := kernel.caller();
  who text := kernel.signer();
  had kernel.once;
begin
  insert into kernel.once (module, method, signer, request_id, digest)
  values (me, once_claim.method, who, once_claim.request_id, once_claim.digest) on conflict do nothing;
  if found then
    state := 'new';
    return;
  end if;
  select * into had from kernel.once o
  where o.module = me and o.method = once_claim.method and o.signer = who and o.request_id = once_claim.request_id;
  if had.digest is distinct from once_claim.digest or had.answer is null then
    state := 'other';
  else
    state := 'done';
    answer := had.answer;
  end if;
end $$;

create function kernel.once_keep(method text, request_id text, answer bytea) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update kernel.once o set answer = once_keep.answer
  where o.module = kernel.caller() and o.signer = kernel.signer()
    and o.method = once_keep.method and o.request_id = once_keep.request_id and o.answer is null;
$$;

do $$
begin
  perform kernel.allow_modules('kernel.once_claim(text,text,bytea)');
  perform kernel.allow_modules('kernel.once_keep(text,text,bytea)');
end $$;
-- +goose StatementEnd

-- What is applied of each module, to notice when a file was changed afterwards. Written by the host alone.
create table kernel.migration (
  module     text not null,
  version    bigint not null,
  file       text not null,
  sha256     bytea not null,
  applied_at timestamptz not null default now(),
  primary key (module, version)
);
