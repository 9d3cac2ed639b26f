
-- A session that begins is changed by sessions_inserted, so this counts it, too.
create trigger session_changes_updated after update on sessions
begin update instance set session_changes = session_changes + 1; end;
create trigger session_changes_deleted after delete on sessions
begin update instance set session_changes = session_changes + 1; end;
