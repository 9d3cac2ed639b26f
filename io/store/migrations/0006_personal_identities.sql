-- Accounts at Google and GitHub that people linked to theirs (R-LNK-9).

create table personal_identities (
    id text primary key,
    -- google or github.
    provider text not null,
    -- The provider's name for the person, which never changes hands. With the provider it is the only key (T-LNK-11).
    subject text not null,
    user_id text not null references users (id),
    -- The address that the provider named last. It is shown to the person, and nobody is found by it.
    email text,
    created_at bigint not null,
    last_sign_in_at bigint
);
create unique index personal_identities_subject_unique on personal_identities (provider, subject);
create unique index personal_identities_user_unique on personal_identities (user_id, provider);
