
create trigger sessions_ended after update of ended_at on sessions when new.ended_at is not null
begin delete from provider_sessions where session_id = new.id; end;
create trigger sessions_deleted after delete on sessions
begin delete from provider_sessions where session_id = old.id; end;
