-- The secret key can be replaced: which keys are in use, and by which one each code was made (T-SEC-1).

create table secret_keys (
    -- The key's public id, as every sealed value names it.
    id {bytes} primary key,
    -- A known text, sealed with the key: a node that does not hold every key in use does not start.
    key_check {bytes} not null,
    since_at bigint not null
){without_rowid};
insert into secret_keys (id, key_check, since_at) select substr(key_check, 2, 4), key_check, created_at from instance;

-- As in a sealed value, the key's id comes before the MAC.
update challenges set code_mac = cast((select id from secret_keys) || code_mac as {bytes});
update sign_ups set code_mac = cast((select id from secret_keys) || code_mac as {bytes});

alter table instance drop column key_check;

-- Erasures that were marked with a former key are looked for.
create index audit_events_erased on audit_events (id) where erasure is not null;
