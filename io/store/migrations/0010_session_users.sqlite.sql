
create view session_users as
    select u.id, u.name, u.email, u.email_proven_at, u.home_organization_id, u.has_second_factor,
        u.sessions_not_before_at, u.settled_epoch, u.closed_at,
        -- Read in the order of its key. The words are those of a SQLite as old as the one that operators have at hand.
        coalesce((select group_concat(m.organization_id || ',' || m.role || ',' || m.proofs_not_before_at, ';')
            from memberships m where m.user_id = u.id and m.state = 'active'), '') as seats
    from users u;

update sessions set (user_name, user_email, user_email_proven_at, user_home_organization_id, user_has_second_factor,
        user_not_before_at, user_settled_epoch, user_closed_at, user_seats) =
    (select name, email, email_proven_at, home_organization_id, has_second_factor, sessions_not_before_at,
        settled_epoch, closed_at, seats from session_users u where u.id = sessions.user_id);

create trigger sessions_inserted after insert on sessions
begin
    update sessions set (user_name, user_email, user_email_proven_at, user_home_organization_id, user_has_second_factor,
            user_not_before_at, user_settled_epoch, user_closed_at, user_seats) =
        (select name, email, email_proven_at, home_organization_id, has_second_factor, sessions_not_before_at,
            settled_epoch, closed_at, seats from session_users u where u.id = new.user_id)
        where token_key = new.token_key;
end;
create trigger sessions_users_updated after update on users
begin
    update sessions set user_name = new.name, user_email = new.email, user_email_proven_at = new.email_proven_at,
        user_home_organization_id = new.home_organization_id, user_has_second_factor = new.has_second_factor,
        user_not_before_at = new.sessions_not_before_at, user_settled_epoch = new.settled_epoch,
        user_closed_at = new.closed_at
        where user_id = new.id;
end;
create trigger sessions_memberships_inserted after insert on memberships
begin
    update sessions set user_seats = (select seats from session_users u where u.id = new.user_id)
        where user_id = new.user_id;
end;
create trigger sessions_memberships_updated after update of role, state, proofs_not_before_at on memberships
begin
    update sessions set user_seats = (select seats from session_users u where u.id = new.user_id)
        where user_id = new.user_id;
end;
create trigger sessions_memberships_deleted after delete on memberships
begin
    update sessions set user_seats = (select seats from session_users u where u.id = old.user_id)
        where user_id = old.user_id;
end;
