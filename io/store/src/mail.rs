//! Owns the rows of the outbox. A mail is added in the transaction of what it tells; the sender claims it for a while,
//! so that two nodes do not both send it.

use orgate_core::id::MailId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::restore;
use crate::value::Row;

/// One mail that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Which one.
    pub id: MailId,
    /// Recipient, subject and body, sealed.
    pub sealed_content: Vec<u8>,
    /// What it tells, for metrics; no personal data.
    pub template: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often sending was tried.
    pub tries: i64,
}

fn read(row: &Row<'_>) -> Result<Mail, StoreError> {
    Ok(Mail {
        id: row.get("id")?,
        sealed_content: row.get("sealed_content")?,
        template: row.get("template")?,
        created_at: row.get("created_at")?,
        tries: row.get("tries")?,
    })
}

impl InstanceTx<'_> {
    /// Adds a mail, due at once.
    pub async fn insert_mail(&mut self, mail: &Mail) -> Result<(), StoreError> {
        let sql = "insert into mails (id, sealed_content, template, created_at, next_try_at, tries)
            values ($1, $2, $3, $4, $4, $5)";
        let values = [
            (&mail.id).into(),
            (&mail.sealed_content).into(),
            (&mail.template).into(),
            mail.created_at.into(),
            mail.tries.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Whether a mail is due, which only a write can take.
    pub async fn has_due_mails(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "select id from mails where sent_at is null and failed_at is null and next_try_at <= $1 limit 1";
        Ok(!self.query(sql, &[now.into()], |_| Ok(())).await?.is_empty())
    }

    /// Takes the mails that are due, oldest first, and counts the try. Nobody else gets them before `until`; if this
    /// node dies, they are due again then.
    pub async fn claim_due_mails(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
        let sql = "update mails set next_try_at = $2, tries = tries + 1
            where id in (select d.id from mails d where d.sent_at is null and d.failed_at is null and d.next_try_at <= $1
                order by d.next_try_at, d.id limit $3)
            returning id, sealed_content, template, created_at, tries";
        let mut mails = self.query(sql, &[now.into(), until.into(), limit.into()], read).await?;
        mails.sort_by(|one, two| one.id.cmp(&two.id));
        Ok(mails)
    }

    /// Writes down that a mail went out; its content is forgotten.
    pub async fn set_mail_sent(&mut self, id: &MailId, at: Timestamp) -> Result<bool, StoreError> {
        let nothing: &[u8] = &[];
        let sql =
            "update mails set sent_at = $2, sealed_content = $3, last_error = null where id = $1 and sent_at is null";
        self.changed(sql, &[id.into(), at.into(), nothing.into()]).await
    }

    /// Writes down that sending failed, and when it is tried again.
    pub async fn set_mail_delayed(
        &mut self,
        id: &MailId,
        error: &str,
        next_try_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update mails set next_try_at = $3, last_error = $2 where id = $1 and sent_at is null";
        self.changed(sql, &[id.into(), error.into(), next_try_at.into()]).await
    }

    /// Writes down that a mail is given up; its content is forgotten.
    pub async fn set_mail_failed(&mut self, id: &MailId, error: &str, at: Timestamp) -> Result<bool, StoreError> {
        let nothing: &[u8] = &[];
        let sql = "update mails set failed_at = $3, last_error = $2, sealed_content = $4
            where id = $1 and sent_at is null and failed_at is null";
        self.changed(sql, &[id.into(), error.into(), at.into(), nothing.into()]).await
    }

    /// How many mails wait.
    pub async fn count_waiting_mails(&mut self) -> Result<u64, StoreError> {
        self.count("select count(*) from mails where sent_at is null and failed_at is null", &[]).await
    }

    /// When the mail was written that waits the longest.
    pub async fn find_oldest_waiting_mail(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let sql =
            "select created_at from mails where sent_at is null and failed_at is null order by created_at limit 1";
        self.query_optional(sql, &[], |row| row.at(0)).await
    }

    /// How many mails wait that were written before `moment`.
    pub async fn count_mails_waiting_since(&mut self, moment: Timestamp) -> Result<u64, StoreError> {
        let sql = "select count(*) from mails where sent_at is null and failed_at is null and created_at < $1";
        self.count(sql, &[moment.into()]).await
    }

    /// How many mails were given up after `moment`, without those that a restore made void.
    pub async fn count_mails_failed_since(&mut self, moment: Timestamp) -> Result<u64, StoreError> {
        let sql = "select count(*) from mails where failed_at >= $1 and (last_error is null or last_error <> $2)";
        self.count(sql, &[moment.into(), restore::REASON.into()]).await
    }
}
