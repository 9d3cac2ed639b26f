-- What jobs look for each minute, what a person's or an organization's end takes with it, and what a foreign key asks about when its
-- parent goes: found by an index, for tables of millions of rows were read whole while nobody could write.
create index mails_finished on mails (created_at) where sent_at is not null or failed_at is not null;
create index mails_failed on mails (failed_at) where failed_at is not null;
create index password_resets_expires on password_resets (expires_at);
create index organizations_deletes on organizations (deletes_at) where deletes_at is not null;
create index organizations_creator on organizations (created_by);
create index project_grants_person on project_grants (user_id);
create index departures_person on departures (user_id);
create index sign_ins_organization on sign_ins (organization_id) where organization_id is not null;
create index connection_tests_organization on connection_tests (organization_id);
create index connection_tests_revision on connection_tests (revision_id);
create index connection_revisions_organization on connection_revisions (organization_id);
create index invitation_projects_organization on invitation_projects (organization_id);
create index log_outs_connection on log_outs (connection_id);
