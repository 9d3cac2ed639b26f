-- Log-out with the identity provider (T-LO-1, T-LO-2). What it takes stands beside the sessions, never in their rows, which
-- every check reads.

-- By what name, and as whom, the identity provider knows a session here.
create table provider_sessions (
    session_id text not null,
    connection_id text not null references connections (id),
    organization_id text not null references organizations (id),
    subject text not null,
    sid text,
    -- Where and with which hint to sign out there, sealed; gone with the session.
    sealed_way_out {bytes} not null,
    expires_at bigint not null,
    primary key (session_id, connection_id)
);
create index provider_sessions_subject on provider_sessions (connection_id, subject);
create index provider_sessions_sid on provider_sessions (connection_id, sid) where sid is not null;
create index provider_sessions_organization on provider_sessions (organization_id);
create index provider_sessions_expires on provider_sessions (expires_at);

-- A browser that was sent to sign out there; its return is known by the hash of `state`.
create table log_outs (
    state_hash {bytes} primary key,
    browser_hash {bytes} not null,
    connection_id text not null references connections (id),
    organization_id text not null references organizations (id),
    expires_at bigint not null,
    consumed_at bigint
);
create index log_outs_organization on log_outs (organization_id);
create index log_outs_expires on log_outs (expires_at);

-- Log-out tokens that took effect: each counts once, and a sign-in that was under way meanwhile does not finish.
create table log_out_tokens (
    connection_id text not null references connections (id),
    id_hash {bytes} not null,
    organization_id text not null references organizations (id),
    subject text,
    sid text,
    received_at bigint not null,
    expires_at bigint not null,
    primary key (connection_id, id_hash)
);
create index log_out_tokens_organization on log_out_tokens (organization_id);
create index log_out_tokens_received on log_out_tokens (connection_id, received_at);
create index log_out_tokens_expires on log_out_tokens (expires_at);
