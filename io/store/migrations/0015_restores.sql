-- A deployment can be put back from a backup, and what the backup has lost does not serve again (T-SEC-5).

-- The moment of which `orgate backup` wrote this copy, in the copy alone: no program serves it until it was restored.
alter table instance add column backed_up_at bigint;
