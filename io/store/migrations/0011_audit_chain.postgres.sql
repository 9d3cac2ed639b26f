
create function refuse_audit_change() returns trigger language plpgsql as $body$
begin
    raise exception 'audit events are not changed or removed, and heads do not go back';
end
$body$;
create trigger audit_events_unchanged before update on audit_events for each row when (not (
    new.id is not distinct from old.id and new.organization_id is not distinct from old.organization_id
    and new.at is not distinct from old.at and new.action is not distinct from old.action
    and new.actor is not distinct from old.actor and new.target is not distinct from old.target
    and new.outcome is not distinct from old.outcome and new.mark is not distinct from old.mark
    and (new.actor_name is not distinct from old.actor_name or new.actor_name is null)
    and (new.target_name is not distinct from old.target_name or new.target_name is null)
    and (new.ip is not distinct from old.ip or new.ip is null)
    and (new.user_agent is not distinct from old.user_agent or new.user_agent is null)
    -- The empty object.
    and (new.data is not distinct from old.data or length(new.data) = 2)
    and (old.openings is null or new.openings is not distinct from old.openings or new.erasure is not null)
    and (old.chain_position is null or (new.chain_position is not distinct from old.chain_position
        and new.chain_link is not distinct from old.chain_link and new.vouched is not distinct from old.vouched))
)) execute function refuse_audit_change();

create function keep_audit_event() returns trigger language plpgsql as $body$
begin
    if exists (select 1 from audit_heads h
            where h.chain = coalesce(old.organization_id, 'instance') and old.chain_position <= h.removed_to)
        or exists (select 1 from organizations o where o.id = old.organization_id and o.deletes_at is not null)
    then
        return old;
    end if;
    raise exception 'audit events are not removed';
end
$body$;
create trigger audit_events_kept before delete on audit_events for each row execute function keep_audit_event();
create trigger audit_events_not_emptied before truncate on audit_events
    for each statement execute function refuse_audit_change();
create trigger audit_heads_forward before update on audit_heads for each row
    when (new.chain is distinct from old.chain or new.head_position < old.head_position or new.removed_to < old.removed_to)
    execute function refuse_audit_change();
