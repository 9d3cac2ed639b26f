-- How often rows of sessions were changed, on SQLite: triggers raise it in the transaction of each change, whoever makes it. A check takes
-- a session from memory only under the number that it reads (R-API-2). On PostgreSQL nothing raises it: there every session would wait
-- for one row, and nothing is taken from memory.
alter table instance add column session_changes bigint not null default 0;
