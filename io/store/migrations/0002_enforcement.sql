-- Enforced single sign-on. Changes of any organization's terms are counted for the whole deployment; a session keeps the
-- number at which it began, so one that was refused once stays refused, whatever the clock says (R-ENF-6, R-ENF-7).

alter table instance add column policy_epoch bigint not null default 0;

alter table sessions add column policy_epoch bigint not null default 0;
alter table password_resets add column policy_epoch bigint not null default 0;

-- Up to here the person's sessions were judged and the dead ones ended: before a role or membership changes.
alter table users add column settled_epoch bigint not null default 0;
alter table users drop column epoch_at;

-- The number of the last change of the terms here, and up to which every member's sessions were judged by the sweeper.
alter table organizations add column policy_epoch bigint not null default 0;
alter table organizations add column swept_epoch bigint not null default 0;
-- The terms before each change since then, in the compact text of core::policy, and up to where they were forgotten.
alter table organizations add column past_terms text not null default '';
alter table organizations add column forgotten_epoch bigint not null default 0;
alter table organizations drop column epoch_at;
-- The operator's recovery command was accepted as the way back in (R-ENF-5).
alter table organizations add column operator_recovery boolean not null default false;
-- When an unconfirmed trial rolls back (R-ENF-12), and the second-factor rule from before enforcement.
alter table organizations add column trial_ends_at bigint;
alter table organizations add column mfa_before boolean not null default false;
-- Since when no Owner could come back in without the identity provider, and the Owners were told (R-ENF-14).
alter table organizations add column way_back_lost_at bigint;

create index organizations_unswept on organizations (id) where swept_epoch < policy_epoch;
create index organizations_trials on organizations (trial_ends_at) where trial_ends_at is not null;
create index memberships_owners on memberships (organization_id, user_id) where role = 'owner' and state = 'active';
