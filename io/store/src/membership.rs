//! Owns the rows of memberships. The guard of the last Owner is the caller's: it counts and acts in one transaction,
//! which both engines keep apart from others.

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::personal::PersonalProvider;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::user::User;
use crate::value::Row;

/// A person's place in this organization, held or once held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub organization_id: OrganizationId,
    /// As what.
    pub role: OrganizationRole,
    /// Whether it is held.
    pub state: MembershipState,
    /// How the person came.
    pub origin: MembershipOrigin,
    /// When they came, the last time.
    pub joined_at: Timestamp,
    /// When they went.
    pub ended_at: Option<Timestamp>,
    /// When they last entered.
    pub last_sign_in_at: Option<Timestamp>,
    /// When they last entered through SSO.
    pub last_sso_sign_in_at: Option<Timestamp>,
    /// Older proofs do not open the organization (R-IN-7).
    pub proofs_not_before_at: Timestamp,
}

/// A member as the members page shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: EmailAddress,
    /// Whether the address is proven.
    pub email_proven: bool,
    /// Whether they have a password of their own.
    pub has_password: bool,
    /// Whether they have a passkey.
    pub has_passkey: bool,
    /// Where they have an account of their own that is linked.
    pub providers: Vec<PersonalProvider>,
    /// How many identities at this organization's connections they are linked to.
    pub identities: u64,
}

/// Which members to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberFilter {
    /// All of them.
    All,
    /// Owners.
    Owners,
    /// Those who never signed in through SSO.
    NeverUsedSso,
    /// Without a second factor.
    NoSecondFactor,
}

impl MemberFilter {
    /// The switches of `passes!`: Owners alone, who never used SSO alone, who has no second factor alone.
    fn switches(self) -> [bool; 3] {
        [Self::Owners, Self::NeverUsedSso, Self::NoSecondFactor].map(|only| self == only)
    }
}

macro_rules! columns {
    () => {
        "m.user_id, m.organization_id, m.role, m.state, m.origin, m.joined_at, m.ended_at, m.last_sign_in_at, \
         m.last_sso_sign_in_at, m.proofs_not_before_at"
    };
}

/// What `read_member` reads, and from where.
macro_rules! member {
    () => {
        concat!(
            columns!(),
            ", u.name, u.email, u.email_proven_at,
                (select count(*) from password_credentials c where c.user_id = m.user_id) as passwords,
                (select count(*) from passkeys k where k.user_id = m.user_id) as passkeys,
                (select count(*) from personal_identities p where p.user_id = m.user_id and p.provider = 'google')
                    as google,
                (select count(*) from personal_identities p where p.user_id = m.user_id and p.provider = 'github')
                    as github,
                (select count(*) from identities i where i.user_id = m.user_id and i.organization_id = $1) as identities
            from memberships m join users u on u.id = m.user_id"
        )
    };
}

/// Which members a filter lists, after the one in `$2`; its switches are `$3` to `$5`.
macro_rules! passes {
    () => {
        "m.organization_id = $1 and m.user_id > coalesce(cast($2 as text), '') and m.state = 'active'
            and (m.role = 'owner' or not $3) and (m.last_sso_sign_in_at is null or not $4)
            and (not u.has_second_factor or not $5)"
    };
}

fn read(row: &Row<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        user_id: row.get("user_id")?,
        organization_id: row.get("organization_id")?,
        role: row.get("role")?,
        state: row.get("state")?,
        origin: row.get("origin")?,
        joined_at: row.get("joined_at")?,
        ended_at: row.get("ended_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
        last_sso_sign_in_at: row.get("last_sso_sign_in_at")?,
        proofs_not_before_at: row.get("proofs_not_before_at")?,
    })
}

fn read_member(row: &Row<'_>) -> Result<Member, StoreError> {
    Ok(Member {
        membership: read(row)?,
        name: row.get("name")?,
        email: row.get("email")?,
        email_proven: row.get::<Option<Timestamp>>("email_proven_at")?.is_some(),
        has_password: row.get::<i64>("passwords")? > 0,
        has_passkey: row.get::<i64>("passkeys")? > 0,
        providers: providers(row)?,
        identities: row.get("identities")?,
    })
}

fn providers(row: &Row<'_>) -> Result<Vec<PersonalProvider>, StoreError> {
    let mut linked = Vec::new();
    for provider in PersonalProvider::ALL {
        if row.get::<i64>(provider.as_str())? > 0 {
            linked.push(provider);
        }
    }
    Ok(linked)
}

/// The pattern of whatever holds this text.
fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

impl OrgTx<'_> {
    /// Makes the person a member, new or again. `false` when they are one already: their role is never overwritten
    /// (R-LNK-5). Proofs from before the end of the membership stay without effect after a return, and no later ones (I7).
    pub async fn join(
        &mut self,
        user_id: &UserId,
        role: OrganizationRole,
        origin: MembershipOrigin,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "insert into memberships (user_id, organization_id, role, state, origin, joined_at)
            values ($2, $1, $3, 'active', $4, $5)
            on conflict (user_id, organization_id) do update set role = excluded.role, state = 'active',
                origin = excluded.origin, joined_at = excluded.joined_at, ended_at = null, removed_email_key = null,
                proofs_not_before_at = case when memberships.ended_at > memberships.proofs_not_before_at
                    then memberships.ended_at else memberships.proofs_not_before_at end
            where memberships.state <> 'active'";
        self.changed(sql, &[user_id.into(), role.into(), origin.into(), at.into()]).await
    }

    /// The person's membership, held or once held.
    pub async fn find_membership(&mut self, user_id: &UserId) -> Result<Option<Membership>, StoreError> {
        let sql = concat!("select ", columns!(), " from memberships m where m.organization_id = $1 and m.user_id = $2");
        self.query_optional(sql, &[user_id.into()], read).await
    }

    /// The person's membership, if it is held.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_active_membership(&mut self, user_id: &UserId) -> Result<Membership, StoreError> {
        let found = self.find_membership(user_id).await?;
        let active = found.filter(|membership| membership.state == MembershipState::Active);
        active.ok_or(StoreError::NotFound { noun: "member" })
    }

    /// One member, or who was removed, as the members page shows them.
    pub async fn find_member(&mut self, user_id: &UserId) -> Result<Option<Member>, StoreError> {
        let sql = concat!(
            "select ",
            member!(),
            " where m.organization_id = $1 and m.user_id = $2 and m.state in ('active', 'removed')"
        );
        self.query_optional(sql, &[user_id.into()], read_member).await
    }

    /// Members, oldest account first, after the one that the last page ended with.
    pub async fn list_members(
        &mut self,
        filter: MemberFilter,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Page<Member>, StoreError> {
        let sql = concat!("select ", member!(), " where ", passes!(), " order by m.user_id limit $6");
        let [owners, never_used_sso, no_second_factor] = filter.switches().map(Into::into);
        let values = [after.into(), owners, never_used_sso, no_second_factor, asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, read_member).await?, limit))
    }

    /// The ids of members, oldest account first, after the one that the last page ended with.
    pub async fn list_member_ids(&mut self, after: Option<&UserId>, limit: u32) -> Result<Page<UserId>, StoreError> {
        let sql = "select user_id from memberships
            where organization_id = $1 and user_id > coalesce(cast($2 as text), '') and state = 'active'
            order by user_id limit $3";
        Ok(Page::cut(self.query(sql, &[after.into(), asked(limit).into()], |row| row.get("user_id")).await?, limit))
    }

    /// How many members never signed in through SSO.
    pub async fn count_never_used_sso(&mut self) -> Result<u64, StoreError> {
        let sql = "select count(*) from memberships
            where organization_id = $1 and state = 'active' and last_sso_sign_in_at is null";
        self.count(sql, &[]).await
    }

    /// How many sessions of members were neither ended nor have expired and were used since. Sessions are a person's;
    /// this counts those of the people here.
    pub async fn count_sessions_of_members(
        &mut self,
        now: Timestamp,
        used_since: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "select count(*) from memberships m join sessions s on s.user_id = m.user_id
            where m.organization_id = $1 and m.state = 'active' and s.ended_at is null and s.expires_at > $2
                and s.last_used_at > $3";
        self.count(sql, &[now.into(), used_since.into()]).await
    }

    /// The same, those whose name or address contains `text`, which is in lower case.
    pub async fn search_members(
        &mut self,
        filter: MemberFilter,
        text: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Page<Member>, StoreError> {
        let pattern = containing(text);
        let sql = concat!(
            "select ",
            member!(),
            " where ",
            passes!(),
            " and (lower(u.name) like $6 escape '\\' or u.email_key like $6 escape '\\')
            order by m.user_id limit $7"
        );
        let [owners, never_used_sso, no_second_factor] = filter.switches().map(Into::into);
        let values = [after.into(), owners, never_used_sso, no_second_factor, (&pattern).into(), asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, read_member).await?, limit))
    }

    /// People whom an Owner removed and whose name or address, or the one they had then, contains `text`, which is in lower
    /// case: latest first, after the one that the last page ended with. Who has come back since then begins the list anew.
    pub async fn list_removed(
        &mut self,
        text: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Page<Member>, StoreError> {
        let pattern = containing(text);
        let sql = concat!(
            "select ",
            member!(),
            " where m.organization_id = $1 and m.state = 'removed'
                and (cast($2 as text) is null or (m.ended_at, m.user_id) <
                    (select coalesce(l.ended_at, l.joined_at), l.user_id from memberships l
                        where l.organization_id = $1 and l.user_id = $2))
                and (lower(u.name) like $3 escape '\\' or u.email_key like $3 escape '\\'
                    or m.removed_email_key like $3 escape '\\')
            order by m.ended_at desc, m.user_id desc limit $4"
        );
        let values = [after.into(), (&pattern).into(), asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, read_member).await?, limit))
    }

    /// Every Owner, for the mails that all of them get.
    pub async fn list_owners(&mut self) -> Result<Vec<User>, StoreError> {
        let sql = "select u.id, u.name, u.email, u.email_proven_at, u.home_organization_id, u.created_at, u.closed_at,
                u.sessions_not_before_at, u.settled_epoch, u.has_second_factor
            from memberships m join users u on u.id = m.user_id
            where m.organization_id = $1 and m.state = 'active' and m.role = 'owner' order by u.id";
        self.query(sql, &[], User::read).await
    }

    /// How many members have no second factor.
    pub async fn count_without_second_factor(&mut self) -> Result<u64, StoreError> {
        let sql = "select count(*) from memberships m join users u on u.id = m.user_id
            where m.organization_id = $1 and m.state = 'active' and not u.has_second_factor";
        self.count(sql, &[]).await
    }

    /// How many members there are (R-LNK-8).
    pub async fn count_members(&mut self) -> Result<u64, StoreError> {
        self.count("select count(*) from memberships where organization_id = $1 and state = 'active'", &[]).await
    }

    /// How many Owners there are, for the guard of the last one (R-ORG-5): use it in the write that takes one away.
    pub async fn count_owners(&mut self) -> Result<u64, StoreError> {
        let sql = "select count(*) from memberships
            where organization_id = $1 and state = 'active' and role = 'owner'";
        self.count(sql, &[]).await
    }

    /// Gives a member another role. `false` when they are no member or have it already.
    pub async fn set_role(&mut self, user_id: &UserId, role: OrganizationRole) -> Result<bool, StoreError> {
        let sql = "update memberships set role = $3
            where organization_id = $1 and user_id = $2 and state = 'active' and role <> $3";
        self.changed(sql, &[user_id.into(), role.into()]).await
    }

    /// Ends a membership as `state` says: removed or left. Of who is removed the address of now is kept, for it goes on to be
    /// refused when the account has another (R-LNK-1). `false` when it is not held.
    pub async fn end_membership(
        &mut self,
        user_id: &UserId,
        state: MembershipState,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update memberships set state = $3, ended_at = $4, removed_email_key =
                case when cast($3 as text) = 'removed' then (select email_key from users where users.id = $2) end
            where organization_id = $1 and user_id = $2 and state = 'active'";
        self.changed(sql, &[user_id.into(), state.into(), at.into()]).await
    }

    /// Lifts the refusal of a removed person; grants nothing (R-LNK-1).
    pub async fn readmit(&mut self, user_id: &UserId) -> Result<bool, StoreError> {
        let sql = "update memberships set state = 'readmitted', removed_email_key = null
            where organization_id = $1 and user_id = $2 and state = 'removed'";
        self.changed(sql, &[user_id.into()]).await
    }

    /// Makes a member's older proofs no longer open this organization (R-IN-7). Never goes back.
    pub async fn set_proofs_not_before(&mut self, user_id: &UserId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update memberships set proofs_not_before_at = $3
            where organization_id = $1 and user_id = $2 and state = 'active' and proofs_not_before_at < $3";
        self.changed(sql, &[user_id.into(), at.into()]).await
    }

    /// Writes down that a member entered, and whether through SSO.
    pub async fn touch_member_sign_in(
        &mut self,
        user_id: &UserId,
        sso: bool,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update memberships set last_sign_in_at = $3,
                last_sso_sign_in_at = case when $4 then $3 else last_sso_sign_in_at end
            where organization_id = $1 and user_id = $2 and state = 'active'";
        self.changed(sql, &[user_id.into(), at.into(), sso.into()]).await
    }
}
