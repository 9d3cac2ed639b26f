
create function forget_provider_session() returns trigger language plpgsql as $body$
begin
    delete from provider_sessions where session_id = old.id;
    return null;
end
$body$;
create trigger sessions_ended after update of ended_at on sessions
    for each row when (new.ended_at is not null) execute function forget_provider_session();
create trigger sessions_deleted after delete on sessions
    for each row execute function forget_provider_session();
