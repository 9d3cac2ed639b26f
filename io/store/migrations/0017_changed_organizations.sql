-- Which change of an organization was its last, by the count of instance.organization_changes: a node forgets what was changed since
-- it last looked, and not every organization at each change (R-API-2). Only triggers write it. The number is the one that the count
-- is about to have, or one more where the count was raised before: never one that is too small.
create table changed_organizations (
    organization_id text primary key,
    number bigint not null
);
create index changed_organizations_number on changed_organizations (number);
