-- How often any organization was changed: what a node remembers of organizations holds for the number it was read under,
-- and for no other (R-API-2). Only the triggers raise it, so no statement can forget to.

alter table instance add column organization_changes bigint not null default 0;
