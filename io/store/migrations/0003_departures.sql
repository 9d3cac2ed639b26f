-- Mailed links by which a person leaves an organization whose single sign-on they are asked for (R-ENF-13).

create table departures (
    id text primary key,
    token_hash {bytes} not null,
    user_id text not null references users (id),
    organization_id text not null references organizations (id),
    -- The address the link was mailed to: following it proves this one and no other.
    email_key text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create unique index departures_token_unique on departures (token_hash);
create index departures_user on departures (organization_id, user_id);
create index departures_expires on departures (expires_at);
