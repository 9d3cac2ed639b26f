
create function note_changed_organization() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' then
        delete from changed_organizations where organization_id = old.id;
    else
        insert into changed_organizations (organization_id, number)
            select new.id, organization_changes + 1 from instance where id = 1
            on conflict (organization_id) do update set number = excluded.number;
    end if;
    return null;
end
$body$;
create trigger changed_organizations_noted after insert or update or delete on organizations
    for each row execute function note_changed_organization();
