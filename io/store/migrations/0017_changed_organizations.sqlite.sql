
create trigger changed_organizations_inserted after insert on organizations
begin
    insert into changed_organizations (organization_id, number) select new.id, organization_changes + 1 from instance where id = 1
        on conflict (organization_id) do update set number = excluded.number;
end;
create trigger changed_organizations_updated after update on organizations
begin
    insert into changed_organizations (organization_id, number) select new.id, organization_changes + 1 from instance where id = 1
        on conflict (organization_id) do update set number = excluded.number;
end;
create trigger changed_organizations_deleted after delete on organizations
begin
    delete from changed_organizations where organization_id = old.id;
end;
