
create trigger organizations_inserted after insert on organizations
begin update instance set organization_changes = organization_changes + 1; end;
create trigger organizations_updated after update on organizations
begin update instance set organization_changes = organization_changes + 1; end;
create trigger organizations_deleted after delete on organizations
begin update instance set organization_changes = organization_changes + 1; end;
