-- What slows guessing down, from where each account was entered before, and how many refused tries an audit event stands for.

-- Tries at a secret of an account. They are counted before they are compared; whoever was right empties the bucket.
create table throttles (
    bucket text primary key,
    began_at bigint not null,
    tries bigint not null,
    -- Those that turned out wrong: they decide how long the next one waits.
    wrong bigint not null,
    open_at bigint not null
){without_rowid};
create index throttles_began on throttles (began_at);

-- Browsers and networks, as hashes, from which the person came in: strangers use up nobody's tries there.
create table known_origins (
    user_id text not null references users (id),
    origin_hash {bytes} not null,
    last_seen_at bigint not null,
    primary key (user_id, origin_hash)
){without_rowid};
create index known_origins_origin on known_origins (origin_hash);
create index known_origins_seen on known_origins (last_seen_at);

-- One event an account, network and minute, and how many tries it stands for (R-OPS-3). The event itself never changes.
create table refused_tries (
    bucket text primary key,
    event_id text not null,
    tries bigint not null
){without_rowid};
create unique index refused_tries_event on refused_tries (event_id);
