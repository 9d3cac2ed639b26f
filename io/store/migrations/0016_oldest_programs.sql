-- Each step names the oldest version whose programs can still run over it (U1); none is the step's own version.
alter table schema_migrations add column oldest bigint;
