-- People, organizations, sessions and single sign-on.
-- Types: text, bigint (UTC milliseconds), boolean, and {bytes}, which each engine names its own way;
-- {row_key} is a number that a table is kept in the order of, {without_rowid} keeps a table in the order of another key.
-- Times end in _at; a null time means "has not happened". Hashes are SHA-256 unless a comment says otherwise.

create table instance (
    id bigint primary key check (id = 1),
    created_at bigint not null,
    -- Raised when the deployment is restored from a backup: sessions from before stay dead (T-SEC-5).
    epoch_at bigint not null,
    -- A known text, sealed with the secret key: a wrong key is noticed at start.
    key_check {bytes} not null
){without_rowid};

create table users (
    id text primary key,
    name text not null,
    -- As the person wrote it; mail goes to this form (T-LNK-10).
    email text not null,
    -- The form that addresses are compared by.
    email_key text not null,
    email_proven_at bigint,
    -- Set while the address is unproven: the one organization this person belongs to (R-LNK-4).
    home_organization_id text,
    created_at bigint not null,
    closed_at bigint,
    -- Sessions begun before this moment are over (password reset, closing).
    sessions_not_before_at bigint not null default 0,
    -- The person's memberships or roles changed at this moment (R-ENF-7).
    epoch_at bigint not null default 0,
    has_second_factor boolean not null default false
){without_rowid};
create unique index users_proven_email_unique on users (email_key) where email_proven_at is not null and closed_at is null;
create unique index users_local_email_unique on users (home_organization_id, email_key)
    where email_proven_at is null and closed_at is null;
create index users_email_key on users (email_key);

create table password_credentials (
    user_id text primary key references users (id),
    -- Argon2id in PHC form.
    hash text not null,
    set_at bigint not null
);

create table sign_ups (
    id text primary key,
    email text not null,
    email_key text not null,
    name text not null,
    password_hash text not null,
    -- HMAC of the six digits, keyed by the instance.
    code_mac {bytes} not null,
    tries_left bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    consumed_at bigint,
    ip text not null,
    user_agent text not null
);
create index sign_ups_expires on sign_ups (expires_at);

create table password_resets (
    id text primary key,
    token_hash {bytes} not null,
    user_id text not null references users (id),
    -- The address the link was mailed to: following it proves this one and no other.
    email_key text not null,
    created_at bigint not null,
    expires_at bigint not null,
    consumed_at bigint
);
create unique index password_resets_token_unique on password_resets (token_hash);
create index password_resets_user on password_resets (user_id);

create table organizations (
    id text primary key,
    slug text not null,
    name text not null,
    created_at bigint not null,
    created_by text not null references users (id),
    sso_entitled boolean not null default true,
    -- The one active connection (R-SSO-7) and since when: proofs through it that are older do not count.
    active_connection_id text,
    connection_since_at bigint not null default 0,
    -- Enforcement and its switches (section 6).
    enforced boolean not null default false,
    enforced_since_at bigint,
    owner_exemption boolean not null default true,
    owner_second_factor boolean not null default false,
    mfa_required boolean not null default false,
    -- Enforcement or exemption changed at this moment (R-ENF-7).
    epoch_at bigint not null default 0,
    deletion_requested_at bigint,
    -- When a requested deletion takes effect; until then an Owner can undo it (R-ORG-5).
    deletes_at bigint,
    check (not enforced or active_connection_id is not null)
){without_rowid};
create unique index organizations_slug_unique on organizations (slug);

create table memberships (
    user_id text not null references users (id),
    organization_id text not null references organizations (id),
    role text not null check (role in ('owner', 'member')),
    -- active, removed (by an Owner), left (by own act), readmitted (removal lifted, nothing granted).
    state text not null check (state in ('active', 'removed', 'left', 'readmitted')),
    -- How the person came: created, invitation, sso.
    origin text not null check (origin in ('created', 'invitation', 'sso')),
    joined_at bigint not null,
    ended_at bigint,
    last_sign_in_at bigint,
    last_sso_sign_in_at bigint,
    -- Proofs older than this do not open the organization (R-IN-7).
    proofs_not_before_at bigint not null default 0,
    primary key (user_id, organization_id)
){without_rowid};
create index memberships_organization on memberships (organization_id, user_id);

create table projects (
    id text primary key,
    organization_id text not null references organizations (id),
    slug text not null,
    name text not null,
    created_at bigint not null,
    created_by text not null references users (id)
);
create unique index projects_slug_unique on projects (organization_id, slug);

create table project_grants (
    project_id text not null references projects (id),
    user_id text not null references users (id),
    organization_id text not null references organizations (id),
    role text not null check (role in ('admin', 'read_write', 'read_only')),
    created_at bigint not null,
    created_by text not null references users (id),
    primary key (project_id, user_id)
);
create index project_grants_user on project_grants (organization_id, user_id);

create table invitations (
    id text primary key,
    organization_id text not null references organizations (id),
    email text not null,
    email_key text not null,
    role text not null check (role in ('owner', 'member')),
    invited_by text not null references users (id),
    created_at bigint not null,
    sent_at bigint not null,
    expires_at bigint not null,
    -- Two tokens: only the mailed one proves the address (R-INV-2).
    mailed_token_hash {bytes} not null,
    copied_token_hash {bytes} not null,
    accepted_at bigint,
    accepted_by text references users (id),
    revoked_at bigint
);
create unique index invitations_mailed_token_unique on invitations (mailed_token_hash);
create unique index invitations_copied_token_unique on invitations (copied_token_hash);
create unique index invitations_pending_unique on invitations (organization_id, email_key)
    where accepted_at is null and revoked_at is null;
create index invitations_email on invitations (email_key);
create index invitations_organization on invitations (organization_id, id);
create index invitations_inviter on invitations (invited_by);

create table invitation_projects (
    invitation_id text not null references invitations (id),
    project_id text not null references projects (id),
    organization_id text not null references organizations (id),
    role text not null check (role in ('admin', 'read_write', 'read_only')),
    primary key (invitation_id, project_id)
);
create index invitation_projects_project on invitation_projects (project_id);

create table connections (
    id text primary key,
    organization_id text not null references organizations (id),
    kind text not null,
    name text not null,
    state text not null check (state in ('draft', 'active', 'disabled')),
    active_revision_id text,
    created_at bigint not null,
    created_by text not null references users (id),
    activated_at bigint,
    last_sign_in_at bigint,
    removed_at bigint
);
create index connections_organization on connections (organization_id);
create unique index connections_one_active on connections (organization_id) where state = 'active' and removed_at is null;

create table connection_revisions (
    id text primary key,
    connection_id text not null references connections (id),
    organization_id text not null references organizations (id),
    number bigint not null,
    state text not null check (state in ('draft', 'active', 'retired')),
    issuer text not null,
    client_id text not null,
    -- What a person reads back: the settings without the secret, JSON tagged by kind.
    public_settings text not null,
    -- The whole settings document, sealed.
    sealed_settings {bytes} not null,
    -- The named checks of the last save, JSON.
    checks text not null,
    created_at bigint not null,
    created_by text not null references users (id),
    validated_at bigint,
    validated_by text references users (id)
);
create unique index connection_revisions_number_unique on connection_revisions (connection_id, number);
create unique index connection_revisions_one_of_state on connection_revisions (connection_id, state) where state <> 'retired';

create table identities (
    id text primary key,
    organization_id text not null references organizations (id),
    connection_id text not null references connections (id),
    issuer text not null,
    client_id text not null,
    subject text not null,
    user_id text not null references users (id),
    created_at bigint not null,
    last_sign_in_at bigint
);
create unique index identities_subject_unique on identities (connection_id, issuer, client_id, subject);
create unique index identities_user_unique on identities (connection_id, issuer, client_id, user_id);
create index identities_user on identities (user_id);
create index identities_organization on identities (organization_id, id);

-- One attempt to sign in; the browser holds only a secret whose hash is here.
create table sign_ins (
    id text primary key,
    browser_hash {bytes} not null,
    -- For attempts that wait for the IdP: the hash of `state`.
    state_hash {bytes},
    organization_id text references organizations (id),
    connection_id text references connections (id),
    -- What stage the attempt is in; core::sign_in owns the words.
    stage text not null,
    -- Everything else of the attempt, sealed: verifier, nonce hash, assertion, proofs gathered, return address.
    sealed_document {bytes} not null,
    created_at bigint not null,
    expires_at bigint not null,
    consumed_at bigint
);
create unique index sign_ins_state_unique on sign_ins (state_hash) where state_hash is not null;
create index sign_ins_expires on sign_ins (expires_at);
create index sign_ins_connection on sign_ins (connection_id);

-- One pending proof of an address by mailed code, bound to one attempt, session or invitation.
create table challenges (
    id text primary key,
    -- What it proves for: sign-in, session, invitation; with bound_to it is part of the key (T-WEB-7).
    purpose text not null,
    bound_to text not null,
    user_id text references users (id),
    email text not null,
    email_key text not null,
    code_mac {bytes} not null,
    tries_left bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    consumed_at bigint
);
create index challenges_bound on challenges (purpose, bound_to);
create index challenges_expires on challenges (expires_at);

create table sessions (
    -- The first eight bytes of token_hash as a number: the check of a session is one step down a table kept in the
    -- order of this key, not two through an index.
    token_key {row_key} primary key,
    token_hash {bytes} not null,
    id text not null,
    user_id text not null references users (id),
    created_at bigint not null,
    last_used_at bigint not null,
    expires_at bigint not null,
    -- The proofs, in the compact text of core::proof.
    proofs text not null,
    ended_at bigint,
    end_reason text,
    ip text not null,
    user_agent text not null
);
create unique index sessions_id_unique on sessions (id);
create index sessions_user on sessions (user_id);
create index sessions_expires on sessions (expires_at);

create table connection_tests (
    id text primary key,
    organization_id text not null references organizations (id),
    connection_id text not null references connections (id),
    revision_id text not null references connection_revisions (id),
    started_by text not null references users (id),
    created_at bigint not null,
    expires_at bigint not null,
    finished_at bigint,
    -- succeeded or refused, with the page's content as sealed JSON: claims are personal.
    outcome text,
    sealed_result {bytes}
);
create index connection_tests_connection on connection_tests (connection_id);
create index connection_tests_expires on connection_tests (expires_at);

-- Recent attempts through a connection, found by the reference a refused person reads out (R-SSO-9).
create table sso_attempts (
    reference text primary key,
    organization_id text not null references organizations (id),
    connection_id text not null references connections (id),
    at bigint not null,
    purpose text not null,
    outcome text not null,
    code text not null,
    expected text,
    received text,
    -- Who it was about, when known: the asserted address.
    person text,
    user_id text references users (id)
);
create index sso_attempts_connection on sso_attempts (connection_id, at, reference);
create index sso_attempts_organization on sso_attempts (organization_id);

create table audit_events (
    id text primary key,
    -- Null: the event belongs to the instance (R-OPS-3).
    organization_id text references organizations (id),
    at bigint not null,
    action text not null,
    -- user:<id>, operator, system, anonymous.
    actor text not null,
    actor_name text,
    target text,
    target_name text,
    outcome text not null,
    ip text,
    user_agent text,
    data text not null
);
create index audit_events_organization on audit_events (organization_id, id);

create table mails (
    id text primary key,
    -- Recipient, subject and body, sealed: codes and links are in it. Emptied once sent.
    sealed_content {bytes} not null,
    -- A template name for metrics and retries; no personal data.
    template text not null,
    created_at bigint not null,
    next_try_at bigint not null,
    tries bigint not null default 0,
    sent_at bigint,
    failed_at bigint,
    last_error text
);
create index mails_due on mails (next_try_at) where sent_at is null and failed_at is null;

-- Counters of attempts, in windows, for limits that hold on every node.
create table rate_counters (
    bucket text not null,
    window_start_at bigint not null,
    hits bigint not null,
    primary key (bucket, window_start_at)
){without_rowid};
create index rate_counters_window on rate_counters (window_start_at);
