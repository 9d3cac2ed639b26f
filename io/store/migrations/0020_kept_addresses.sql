-- The address that a person had when an Owner removed them: whoever comes with it is refused, whatever became of the account since
-- (R-LNK-1). Null where a program of before removed them: then the account's own address counts.
alter table memberships add column removed_email_key text;
update memberships set removed_email_key = (select email_key from users where users.id = memberships.user_id)
    where state = 'removed';
create index memberships_removed_email on memberships (organization_id, removed_email_key) where state = 'removed';

-- What a domain that passes from one organization to another makes void (R-LNK-7).
create index invitations_email_domain on invitations (substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1))
    where accepted_at is null and revoked_at is null;
