
create trigger audit_events_unchanged before update on audit_events
when not (
    new.id is old.id and new.organization_id is old.organization_id and new.at is old.at and new.action is old.action
    and new.actor is old.actor and new.target is old.target and new.outcome is old.outcome and new.mark is old.mark
    and (new.actor_name is old.actor_name or new.actor_name is null)
    and (new.target_name is old.target_name or new.target_name is null)
    and (new.ip is old.ip or new.ip is null)
    and (new.user_agent is old.user_agent or new.user_agent is null)
    -- The empty object.
    and (new.data is old.data or length(new.data) = 2)
    and (old.openings is null or new.openings is old.openings or new.erasure is not null)
    and (old.chain_position is null or (new.chain_position is old.chain_position and new.chain_link is old.chain_link
        and new.vouched is old.vouched))
)
begin select raise(abort, 'audit events are not changed'); end;

create trigger audit_events_kept before delete on audit_events
when not exists (select 1 from audit_heads h
        where h.chain = coalesce(old.organization_id, 'instance') and old.chain_position <= h.removed_to)
    and not exists (select 1 from organizations o where o.id = old.organization_id and o.deletes_at is not null)
begin select raise(abort, 'audit events are not removed'); end;

create trigger audit_heads_forward before update on audit_heads
when new.chain is not old.chain or new.head_position < old.head_position or new.removed_to < old.removed_to
begin select raise(abort, 'the head of an audit chain does not go back'); end;
