-- What a person shows besides a first proof: an authenticator app's secret and the codes for the day it is lost (R-IN-4).
-- users.has_second_factor says whether they have a factor; whoever writes here keeps it true.

create table totp_credentials (
    user_id text primary key references users (id),
    sealed_secret {bytes} not null,
    created_at bigint not null,
    -- Null until the first right code: an unconfirmed secret is no factor.
    confirmed_at bigint,
    -- The time step of the last code that was accepted: it and every older one is refused (T-MFA-3).
    last_step bigint not null
){without_rowid};

create table recovery_codes (
    user_id text not null references users (id),
    code_hash {bytes} not null,
    created_at bigint not null,
    used_at bigint,
    primary key (user_id, code_hash)
){without_rowid};
