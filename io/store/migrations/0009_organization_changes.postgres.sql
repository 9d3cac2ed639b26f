
create function count_organization_change() returns trigger language plpgsql as $body$
begin
    update instance set organization_changes = organization_changes + 1;
    return null;
end
$body$;
create trigger organizations_changed after insert or update or delete on organizations
    for each statement execute function count_organization_change();
