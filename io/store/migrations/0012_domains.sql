-- Domains that organizations prove to be theirs (R-LNK-7).

create table domains (
    id text primary key,
    organization_id text not null references organizations (id),
    -- Exact, in ASCII and lower case.
    name text not null,
    -- What the record has to hold; of this organization and this domain, and no secret once it is published.
    token text not null,
    state text not null check (state in ('pending', 'verified', 'lapsed')),
    created_at bigint not null,
    created_by text not null references users (id),
    -- Since when it is held, or was.
    verified_at bigint,
    -- When name servers last said that the record is there, when they were last asked, since when they do not answer.
    checked_at bigint,
    tried_at bigint,
    unanswered_since_at bigint,
    -- When to look again, while it is held.
    due_at bigint,
    lapsed_at bigint,
    -- What came of the last look; core::domain owns the words.
    last_result text
);
create unique index domains_name_unique on domains (organization_id, name);
-- One holder at any time. A pending claim reserves nothing.
create unique index domains_holder_unique on domains (name) where state = 'verified';
create index domains_due on domains (due_at) where state = 'verified';

-- Who held a domain last. It outlives the claim and the organization: when another one comes to hold the domain, its
-- addresses are unproven again.
create table domain_holders (
    name text primary key,
    organization_id text not null,
    since_at bigint not null
){without_rowid};

-- The names that the organization holds, for the check of a session. Here, so that a change of them is counted with every
-- other change of an organization.
alter table organizations add column proven_domains text not null default '';

-- People by the domain of a proven address: what follows the last @, in words that both engines know.
create index users_email_domain on users (substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1))
    where email_proven_at is not null;
