-- What a check of a session has to know of its user, in the session's own row: one step down one table answers it. Only the
-- triggers write these columns, in the transaction that changes the user or a membership, so no statement can forget to
-- (R-API-2, R-ENF-7).

alter table sessions add column user_name text not null default '';
alter table sessions add column user_email text not null default '';
alter table sessions add column user_email_proven_at bigint;
alter table sessions add column user_home_organization_id text;
alter table sessions add column user_has_second_factor boolean not null default false;
alter table sessions add column user_not_before_at bigint not null default 0;
alter table sessions add column user_settled_epoch bigint not null default 0;
alter table sessions add column user_closed_at bigint;
-- The active memberships: organization, role and proofs_not_before_at of each, with commas between and semicolons after.
alter table sessions add column user_seats text not null default '';
