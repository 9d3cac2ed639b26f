//! Owns what a deployment that was put back from a backup does not let serve again: whatever could have been used up, ended
//! or taken back after the backup was made is void, for nothing says any more whether it was (T-SEC-5).
//!
//! The tests name every table of the schema with what becomes of it.

use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Value;

/// How many rows one statement changes where there can be very many: each has its time on PostgreSQL.
const TOGETHER: u32 = 20_000;
/// What stands with a mail that was given up so.
pub(crate) const REASON: &str = "restored from a backup: it may have been sent";

/// How much became void.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Voided {
    /// Sessions that neither had ended nor expired.
    pub sessions: u64,
    /// What browsers and programs had begun: sign-ins, questions to authenticators, sign-outs and tests at an identity
    /// provider, authenticator apps without a first code.
    pub attempts: u64,
    /// Mailed codes.
    pub codes: u64,
    /// Mailed links that set a password or leave an organization.
    pub links: u64,
    /// Links of invitations. Those invited stay invited, and are sent new ones.
    pub invitations: u64,
    /// Recovery codes.
    pub recovery_codes: u64,
    /// Mails that waited.
    pub mails: u64,
}

impl InstanceTx<'_> {
    /// Begins the deployment's life anew at `at`: sessions from before are over, whatever a node remembers of organizations
    /// is of no use, and it is no copy any more.
    ///
    /// The moment is this clock's, even if an earlier one was later: sessions from after `at` are taken away by
    /// [`InstanceTx::void_one_time_secrets`], so that none is left to end, and nobody who signs in now is kept out.
    pub async fn begin_anew(&mut self, at: Timestamp) -> Result<bool, StoreError> {
        // Milliseconds of today are far above any count of changes, so no number comes twice.
        let sql = "update instance set epoch_at = $1, backed_up_at = null, organization_changes =
            case when organization_changes < $1 then $1 else organization_changes end + 1";
        self.changed(sql, &[at.into()]).await
    }

    /// Makes void at `at` what serves once, of every organization: it may have served after the backup. Codes of
    /// authenticator apps count again from the one of `first_step` on.
    pub async fn void_one_time_secrets(&mut self, at: Timestamp, first_step: i64) -> Result<Voided, StoreError> {
        let open = "select count(*) from sessions where expires_at > $1 and ended_at is null";
        let sessions = self.count(open, &[at.into()]).await?;
        // They began in the future, by a clock that was wrong: the deployment's moment does not end them.
        self.execute("delete from sessions where expires_at > $1 and created_at >= $1", &[at.into()]).await?;
        let attempts = self
            .sum(&[
                "delete from sign_ins where consumed_at is null",
                "delete from passkey_ceremonies where consumed_at is null",
                "delete from log_outs where consumed_at is null",
                "delete from connection_tests where finished_at is null",
                "delete from totp_credentials where confirmed_at is null",
            ])
            .await?;
        let codes = self
            .sum(&[
                "delete from challenges where consumed_at is null",
                "delete from sign_ups where consumed_at is null",
            ])
            .await?;
        let links =
            self.sum(&["delete from password_resets where consumed_at is null", "delete from departures"]).await?;
        // Not a moment from now: a clock that steps back would make them good again.
        let invitations = self
            .sum(&["update invitations set expires_at = sent_at
                where accepted_at is null and revoked_at is null and expires_at > sent_at"])
            .await?;
        Ok(Voided {
            sessions,
            attempts,
            codes,
            links,
            invitations,
            recovery_codes: self.void_codes_of_factors(first_step).await?,
            mails: self.give_up_waiting_mails(at).await?,
        })
    }

    async fn void_codes_of_factors(&mut self, first_step: i64) -> Result<u64, StoreError> {
        let used = "update totp_credentials set last_step = $1 where user_id in
            (select user_id from totp_credentials where last_step < $1 order by user_id limit $2)";
        self.until_none(used, &[(first_step - 1).into(), TOGETHER.into()]).await?;
        let codes = "delete from recovery_codes where used_at is null and user_id in
            (select user_id from recovery_codes where used_at is null order by user_id limit $1)";
        self.until_none(codes, &[TOGETHER.into()]).await
    }

    async fn give_up_waiting_mails(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let nothing: &[u8] = &[];
        let sql = "update mails set failed_at = $1, last_error = $2, sealed_content = $3
            where sent_at is null and failed_at is null";
        self.execute(sql, &[at.into(), REASON.into(), nothing.into()]).await
    }

    /// Lets every trial of enforcement go on for good: an Owner may have confirmed it (R-ENF-10). It answers which.
    pub async fn keep_trials(&mut self) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "update organizations set trial_ends_at = null where trial_ends_at is not null returning id";
        self.query(sql, &[], |row| row.get("id")).await
    }

    /// Moves every deletion that was asked for to `at`: an Owner may have undone it (R-ORG-5). It answers which.
    pub async fn postpone_deletions(&mut self, at: Timestamp) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "update organizations set deletes_at = $1 where deletes_at is not null returning id";
        self.query(sql, &[at.into()], |row| row.get("id")).await
    }

    /// Has every domain looked at again at once that an organization holds: it may have lost it (R-LNK-7).
    pub async fn recheck_domains(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        self.execute("update domains set due_at = $1 where state = 'verified' and due_at > $1", &[at.into()]).await
    }

    /// When a head of the audit log was signed last: about the state of which moment this database is.
    pub async fn find_last_sealed(&mut self) -> Result<Option<Timestamp>, StoreError> {
        // A moment that is no number is none.
        let sql = "select max(cast(signed_at as bigint)) as last_at from audit_heads";
        Ok(self.query_optional(sql, &[], |row| row.get::<Option<Timestamp>>("last_at")).await?.flatten())
    }

    async fn sum(&mut self, statements: &[&'static str]) -> Result<u64, StoreError> {
        let mut rows = 0;
        for sql in statements {
            rows += self.execute(sql, &[]).await?;
        }
        Ok(rows)
    }

    async fn until_none(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut rows = 0;
        loop {
            match self.execute(sql, values).await? {
                0 => return Ok(rows),
                changed => rows += changed,
            }
        }
    }
}
