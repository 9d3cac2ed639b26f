
create view session_users as
    select u.id, u.name, u.email, u.email_proven_at, u.home_organization_id, u.has_second_factor,
        u.sessions_not_before_at, u.settled_epoch, u.closed_at,
        coalesce((select string_agg(m.organization_id || ',' || m.role || ',' || m.proofs_not_before_at, ';'
            order by m.organization_id)
            from memberships m where m.user_id = u.id and m.state = 'active'), '') as seats
    from users u;

update sessions set (user_name, user_email, user_email_proven_at, user_home_organization_id, user_has_second_factor,
        user_not_before_at, user_settled_epoch, user_closed_at, user_seats) =
    (select name, email, email_proven_at, home_organization_id, has_second_factor, sessions_not_before_at,
        settled_epoch, closed_at, seats from session_users u where u.id = sessions.user_id);

create function session_inserted() returns trigger language plpgsql as $body$
begin
    select name, email, email_proven_at, home_organization_id, has_second_factor, sessions_not_before_at,
            settled_epoch, closed_at, seats
        into new.user_name, new.user_email, new.user_email_proven_at, new.user_home_organization_id,
            new.user_has_second_factor, new.user_not_before_at, new.user_settled_epoch, new.user_closed_at, new.user_seats
        from session_users u where u.id = new.user_id;
    return new;
end
$body$;
create function session_user_updated() returns trigger language plpgsql as $body$
begin
    update sessions set user_name = new.name, user_email = new.email, user_email_proven_at = new.email_proven_at,
        user_home_organization_id = new.home_organization_id, user_has_second_factor = new.has_second_factor,
        user_not_before_at = new.sessions_not_before_at, user_settled_epoch = new.settled_epoch,
        user_closed_at = new.closed_at
        where user_id = new.id;
    return null;
end
$body$;
create function session_membership_changed() returns trigger language plpgsql as $body$
declare changed text := case when tg_op = 'DELETE' then old.user_id else new.user_id end;
begin
    update sessions set user_seats = (select seats from session_users u where u.id = changed) where user_id = changed;
    return null;
end
$body$;
create trigger sessions_inserted before insert on sessions for each row execute function session_inserted();
create trigger sessions_users_updated after update on users for each row execute function session_user_updated();
create trigger sessions_memberships_changed
    after insert or delete or update of role, state, proofs_not_before_at on memberships
    for each row execute function session_membership_changed();
