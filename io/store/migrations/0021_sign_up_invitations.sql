-- The invitation that opened a closed sign-up, which has to be open still when the code comes, and when the sign-up was begun, however
-- often its code was mailed again (R-ORG-2). Rows from before say neither. No reference: it would be asked about when an organization
-- goes with its invitations, and a sign-up lives for minutes.
alter table sign_ups add column invitation_id text;
alter table sign_ups add column begun_at bigint;
