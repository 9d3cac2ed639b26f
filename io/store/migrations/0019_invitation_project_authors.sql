-- Who had an invitation carry a role in a project: the role ends with that person's right to give it, whoever sent the invitation
-- (R-ORG-6). Without a name it is who sent it. No reference: to make one keeps everybody waiting who writes to users, of whom none is
-- ever deleted.
alter table invitation_projects add column added_by text;
create index invitation_projects_adder on invitation_projects (added_by) where added_by is not null;
