-- The audit log can be checked: events link to the ones before them, and a signed head says how far each chain goes
-- (T-AUD-1). core::audit_chain owns what the bytes mean.

-- What opens the commitments by which personal fields enter the chain; events from before have none until they are chained.
alter table audit_events add column openings {bytes};
-- Orgate's mark over the event, made in the transaction that writes it.
alter table audit_events add column mark {bytes};
-- Orgate's mark over an erasure of personal fields.
alter table audit_events add column erasure {bytes};
-- The place in the chain; the sealer gives it a moment later.
alter table audit_events add column chain_position bigint;
alter table audit_events add column chain_link {bytes};
-- Whether the mark held then.
alter table audit_events add column vouched boolean;

-- Events that wait for their place, and among them those from before there was a chain: both are empty but for moments.
create index audit_events_waiting on audit_events (id) where chain_position is null;
create index audit_events_waiting_unmarked on audit_events (id) where chain_position is null and mark is null;
-- One event a place. Events of the deployment have no organization, which is distinct from itself: there the head alone,
-- which is replaced in the same transaction, keeps a place from being given twice.
create unique index audit_events_place on audit_events (organization_id, chain_position) where chain_position is not null;

create table audit_heads (
    -- The id of the organization, or 'instance'.
    chain text primary key,
    head_position bigint not null,
    head_link {bytes} not null,
    signed_at bigint not null,
    -- Retention removed the events up to here, and this is the link of the last of them.
    removed_to bigint not null,
    removed_link {bytes} not null,
    signature {bytes} not null
);

-- Below, each engine's triggers: events are added and never changed, but for their place, which is given once, and personal
-- fields, which are emptied; they go with retention below a signed head and with their organization. Whoever owns the
-- database can drop a trigger; the chain is what finds the change.
