//! Owns the rows of domains: who claims which, who holds which, who held it last. What a look at the record comes to is
//! decided in the core. Whatever changes what an organization holds also renews its own row, which policy reads.

use orgate_core::domain::{CheckResult, DomainName, DomainState, Looks, ProvenDomains};
use orgate_core::id::{DomainId, InvitationId, OrganizationId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// One organization's claim of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Which claim.
    pub id: DomainId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Of which domain.
    pub name: DomainName,
    /// What the record has to hold.
    pub token: String,
    /// How it stands.
    pub state: DomainState,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: UserId,
    /// Since when it is held, or was.
    pub verified_at: Option<Timestamp>,
    /// When name servers last said that the record is there.
    pub checked_at: Option<Timestamp>,
    /// When they were last asked.
    pub tried_at: Option<Timestamp>,
    /// Since when they do not answer.
    pub unanswered_since: Option<Timestamp>,
    /// When it lapsed.
    pub lapsed_at: Option<Timestamp>,
    /// What came of the last look.
    pub last_result: Option<CheckResult>,
}

impl Domain {
    /// When it was looked at, while it is held.
    pub fn looks(&self) -> Option<Looks> {
        let (checked_at, tried_at) = (self.checked_at?, self.tried_at?);
        let looks = Looks { checked_at, tried_at, unanswered_since: self.unanswered_since };
        (self.state == DomainState::Verified).then_some(looks)
    }
}

macro_rules! columns {
    () => {
        "id, organization_id, name, token, state, created_at, created_by, verified_at, checked_at, tried_at, \
         unanswered_since_at, lapsed_at, last_result"
    };
}

fn read(row: &Row<'_>) -> Result<Domain, StoreError> {
    Ok(Domain {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        name: row.get("name")?,
        token: row.get("token")?,
        state: row.get("state")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        verified_at: row.get("verified_at")?,
        checked_at: row.get("checked_at")?,
        tried_at: row.get("tried_at")?,
        unanswered_since: row.get("unanswered_since_at")?,
        lapsed_at: row.get("lapsed_at")?,
        last_result: row.get("last_result")?,
    })
}

/// What was mailed into a domain and waits for an answer.
const VOID: [&str; 4] = [
    "delete from challenges where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1",
    "delete from password_resets
        where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1",
    "delete from departures where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1",
    "delete from sign_ups where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1",
];

impl InstanceTx<'_> {
    /// The claim by which a domain is held now. It spans organizations, because there is one holder among all of them.
    pub async fn find_domain_holder(&mut self, name: &DomainName) -> Result<Option<Domain>, StoreError> {
        let sql = concat!("select ", columns!(), " from domains where name = $1 and state = 'verified'");
        self.query_optional(sql, &[name.into()], read).await
    }

    /// The organization that held a domain last, whether or not it is still there.
    pub async fn find_last_domain_holder(&mut self, name: &DomainName) -> Result<Option<OrganizationId>, StoreError> {
        let sql = "select organization_id from domain_holders where name = $1";
        self.query_optional(sql, &[name.into()], |row| row.get("organization_id")).await
    }

    /// Since when the organization holds a domain, or held it, that did so last: what was proven by mail before is proven no
    /// more (R-LNK-7).
    pub async fn find_domain_held_since(&mut self, name: &DomainName) -> Result<Option<Timestamp>, StoreError> {
        let sql = "select since_at from domain_holders where name = $1";
        self.query_optional(sql, &[name.into()], |row| row.get("since_at")).await
    }

    /// Held domains that are to be looked at, the longest due first. The job belongs to no organization.
    pub async fn list_due_domains(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Domain>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from domains where state = 'verified' and due_at <= $1 order by due_at, id limit $2"
        );
        self.query(sql, &[now.into(), limit.into()], read).await
    }

    /// Held domains whose name servers do not answer, the longest first. The operator's look belongs to no organization.
    pub async fn list_unanswered_domains(&mut self, limit: u32) -> Result<Vec<Domain>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from domains where state = 'verified' and unanswered_since_at is not null
            order by unanswered_since_at, id limit $1"
        );
        self.query(sql, &[limit.into()], read).await
    }

    /// The Owners, of whichever organization, whose proven address is in a domain: what loses them their address can take
    /// the last way back into an organization away (R-ENF-14).
    pub async fn list_owners_of_domain(&mut self, name: &DomainName) -> Result<Vec<UserId>, StoreError> {
        let sql = "select u.id from users u
            where substr(u.email_key, length(rtrim(u.email_key, replace(u.email_key, '@', ''))) + 1) = $1
                and u.email_proven_at is not null and u.closed_at is null
                and exists (select 1 from memberships m
                    where m.user_id = u.id and m.role = 'owner' and m.state = 'active')
            order by u.id";
        self.query(sql, &[name.into()], |row| row.get("id")).await
    }

    /// Pending invitations, of whichever organization, to addresses in a domain.
    pub async fn list_invitations_into_domain(&mut self, name: &DomainName) -> Result<Vec<InvitationId>, StoreError> {
        let sql = "select id from invitations
            where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1
                and accepted_at is null and revoked_at is null order by id";
        self.query(sql, &[name.into()], |row| row.get("id")).await
    }

    /// Gives the mailed link of a pending invitation another token, which nobody knows: the link that was mailed opens nothing,
    /// until the invitation is sent again. The copied one, which proves no address, stays.
    pub async fn void_mailed_link(&mut self, id: &InvitationId, unknown: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "update invitations set mailed_token_hash = $2
            where id = $1 and accepted_at is null and revoked_at is null";
        self.changed(sql, &[id.into(), unknown.into()]).await
    }

    /// Makes every proven address in a domain unproven: it passed from one organization to another (R-LNK-7). Codes and
    /// links that were mailed there before prove nothing any more; of invitations, which go on, whoever calls voids the links.
    /// What a code proved for an attempt before is judged by [`Self::find_domain_held_since`]. Answers how many addresses. The
    /// people may be members anywhere.
    pub async fn unprove_addresses(&mut self, name: &DomainName) -> Result<u64, StoreError> {
        for void in VOID {
            self.execute(void, &[name.into()]).await?;
        }
        let sql = "update users set email_proven_at = null
            where substr(email_key, length(rtrim(email_key, replace(email_key, '@', ''))) + 1) = $1
                and email_proven_at is not null and closed_at is null";
        self.execute(sql, &[name.into()]).await
    }
}

impl OrgTx<'_> {
    /// Adds a claim. It reserves nothing.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `DomainName` when the organization has one of this domain.
    pub async fn insert_domain(
        &mut self,
        id: &DomainId,
        name: &DomainName,
        token: &str,
        created_by: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "insert into domains (organization_id, id, name, token, state, created_by, created_at)
            values ($1, $2, $3, $4, 'pending', $5, $6)";
        let values = [id.into(), name.into(), token.into(), created_by.into(), now.into()];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A claim by id.
    pub async fn find_domain(&mut self, id: &DomainId) -> Result<Option<Domain>, StoreError> {
        let sql = concat!("select ", columns!(), " from domains where organization_id = $1 and id = $2");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// A claim by id.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_domain(&mut self, id: &DomainId) -> Result<Domain, StoreError> {
        self.find_domain(id).await?.ok_or(StoreError::NotFound { noun: "domain" })
    }

    /// All claims, by name.
    pub async fn list_domains(&mut self) -> Result<Vec<Domain>, StoreError> {
        let sql = concat!("select ", columns!(), " from domains where organization_id = $1 order by name");
        self.query(sql, &[], read).await
    }

    /// How many members have an address in a domain, proven or not.
    pub async fn count_members_in_domain(&mut self, name: &DomainName) -> Result<u64, StoreError> {
        let sql = "select count(*) from memberships m join users u on u.id = m.user_id
            where m.organization_id = $1 and m.state = 'active' and u.closed_at is null
                and substr(u.email_key, length(rtrim(u.email_key, replace(u.email_key, '@', ''))) + 1) = $2";
        self.count(sql, &[name.into()]).await
    }

    /// Makes the organization the holder of a domain, or says that it still is. Another holder has to lapse before.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `DomainHolder`.
    pub async fn hold_domain(&mut self, domain: &Domain, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update domains set verified_at = case when state = 'verified' then verified_at else $3 end,
                state = 'verified', checked_at = $3, tried_at = $3, unanswered_since_at = null, due_at = $4,
                lapsed_at = null, last_result = $5
            where organization_id = $1 and id = $2";
        let due = Looks { checked_at: at, tried_at: at, unanswered_since: None }.due_at();
        let held = self.changed(sql, &[(&domain.id).into(), at.into(), due.into(), CheckResult::Found.into()]).await?;
        let remember = "insert into domain_holders (name, organization_id, since_at) values ($2, $1, $3)
            on conflict (name) do update set organization_id = excluded.organization_id, since_at = excluded.since_at
            where domain_holders.organization_id <> excluded.organization_id";
        if held {
            self.execute(remember, &[(&domain.name).into(), at.into()]).await?;
            self.renew_proven_domains().await?;
        }
        Ok(held)
    }

    /// Writes down a look at a held domain that had no answer.
    pub async fn note_unanswered_domain(
        &mut self,
        id: &DomainId,
        since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update domains set tried_at = $3, unanswered_since_at = $4, due_at = $5, last_result = $6
            where organization_id = $1 and id = $2 and state = 'verified'";
        let due = Looks { checked_at: at, tried_at: at, unanswered_since: Some(since) }.due_at();
        let result = CheckResult::NoAnswer;
        self.changed(sql, &[id.into(), at.into(), since.into(), due.into(), result.into()]).await
    }

    /// Writes down a look at a domain that is not held.
    pub async fn note_domain_check(
        &mut self,
        id: &DomainId,
        result: CheckResult,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update domains set tried_at = $3, last_result = $4
            where organization_id = $1 and id = $2 and state <> 'verified'";
        self.changed(sql, &[id.into(), at.into(), result.into()]).await
    }

    /// Makes a held domain lapse. `false` when it was not held.
    pub async fn lapse_domain(
        &mut self,
        id: &DomainId,
        result: CheckResult,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update domains set state = 'lapsed', lapsed_at = $3, tried_at = $3, unanswered_since_at = null,
                due_at = null, last_result = $4
            where organization_id = $1 and id = $2 and state = 'verified'";
        let lapsed = self.changed(sql, &[id.into(), at.into(), result.into()]).await?;
        if lapsed {
            self.renew_proven_domains().await?;
        }
        Ok(lapsed)
    }

    /// Removes a claim, held or not. Who held the domain last is remembered.
    pub async fn delete_domain(&mut self, id: &DomainId) -> Result<bool, StoreError> {
        let deleted = self.changed("delete from domains where organization_id = $1 and id = $2", &[id.into()]).await?;
        if deleted {
            self.renew_proven_domains().await?;
        }
        Ok(deleted)
    }

    /// What the check of a session reads follows what is held, in the same transaction.
    async fn renew_proven_domains(&mut self) -> Result<(), StoreError> {
        let sql = "select name from domains where organization_id = $1 and state = 'verified' order by name";
        let names: Vec<DomainName> = self.query(sql, &[], |row| row.get("name")).await?;
        let held = ProvenDomains::of(names.iter());
        // On PostgreSQL a statement counts as a change of organizations even when it changes none, and every write of them meets
        // in that count: it is asked before.
        let others = "select count(*) from organizations where id = $1 and proven_domains <> $2";
        if self.count(others, &[held.encode().into()]).await? > 0 {
            let renew = "update organizations set proven_domains = $2 where id = $1 and proven_domains <> $2";
            self.execute(renew, &[held.encode().into()]).await?;
        }
        Ok(())
    }
}
