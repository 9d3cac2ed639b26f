-- A person's own account: the devices that they were seen with, and what an export and a closed account have to find.

-- Where a person signed in from, as a hash of browser, system and network, so that a new one is told (R-OPS-3).
create table known_devices (
    user_id text not null references users (id),
    device_hash {bytes} not null,
    first_seen_at bigint not null,
    last_seen_at bigint not null,
    primary key (user_id, device_hash)
){without_rowid};
create index known_devices_seen on known_devices (last_seen_at);

create index challenges_user on challenges (user_id) where user_id is not null;
create index audit_events_actor on audit_events (actor, id);
