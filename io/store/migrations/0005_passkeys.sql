-- Passkeys: a public key that a person's authenticator holds the secret of; it is the first and the second factor (R-IN-1,
-- R-IN-4). A ceremony is one challenge to an authenticator: it serves once, for one purpose, and for whom it is bound to.

create table passkeys (
    id text primary key,
    user_id text not null references users (id),
    credential_id {bytes} not null,
    -- As the authenticator wrote it: a COSE key.
    public_key {bytes} not null,
    name text not null,
    -- Of the last answer; 0 where the authenticator does not count.
    sign_count bigint not null,
    -- Whether it may be, and is, kept by more than one device.
    backup_eligible boolean not null,
    backed_up boolean not null,
    created_at bigint not null,
    last_used_at bigint
){without_rowid};

create unique index passkeys_credential_unique on passkeys (credential_id);
create index passkeys_user on passkeys (user_id, id);

create table passkey_ceremonies (
    id text primary key,
    purpose text not null,
    -- A browser, a program, a session or a sign-in, in words of the program.
    bound_to text not null,
    challenge {bytes} not null,
    created_at bigint not null,
    expires_at bigint not null,
    consumed_at bigint
){without_rowid};

create index passkey_ceremonies_expiry on passkey_ceremonies (expires_at);
