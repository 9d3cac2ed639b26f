//! Owns the rows of sessions and the statements that check one. Whether a session is over, and what it opens, is decided
//! in the core from what is read here. A session's row says all of its user that a check asks about, for triggers write it
//! there in the transaction that changes user or membership; what is remembered of the organizations holds for the
//! snapshot that was read, or is read too (R-API-2).

use std::sync::Arc;

use orgate_core::id::{OrganizationId, SessionId, UserId};
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::proof::Proofs;
use orgate_core::session::SessionLife;
use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::organization_cache::Remembered;
use crate::packed_rows::token_key;
use crate::packed_session;
use crate::place::{Seat, Seats, UserPlace, place_columns};
use crate::value::{Row, Value};

/// A person's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which one; no secret.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// When it began. A renewed token keeps the beginning.
    pub created_at: Timestamp,
    /// The last use that was written down.
    pub last_used_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// What was shown.
    pub proofs: Proofs,
    /// How many changes of anybody's terms there had been when it began (R-ENF-7).
    pub policy_epoch: PolicyEpoch,
    /// Ended before its time.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// The address that it was begun from.
    pub ip: String,
    /// The browser that it was begun with.
    pub user_agent: String,
}

/// All that a decision about a request takes: the session, its person, and the person's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCheck {
    /// Which session.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Whose address it is.
    pub address: AddressState,
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
    /// What says whether the session is over; `not_before` counts the person's and the deployment's (T-SEC-5).
    pub life: SessionLife,
    /// Why it was ended before its time, if it was.
    pub end_reason: Option<String>,
    /// What was shown.
    pub proofs: Proofs,
    /// How many changes of anybody's terms there had been when it began.
    pub began: PolicyEpoch,
    /// Up to where all sessions of the person were judged.
    pub settled: PolicyEpoch,
    /// Where the person is a member.
    pub places: Vec<UserPlace>,
}

impl SessionCheck {
    /// From where on changes of terms decide about the session: its beginning, or the person's last change of role or
    /// membership, before which it was judged (R-ENF-7).
    pub fn judged(&self) -> PolicyEpoch {
        self.began.max(self.settled)
    }
}

/// Where [`CHECK_OWN`] has the seats, behind what [`read_check`] reads, and then the deployment's columns.
const SEATS_COLUMN: usize = 16;
const OWN_DEPLOYMENT_COLUMN: usize = SEATS_COLUMN + 1;
/// Where [`CHECK_WHOLE`] has these: it reads the seats one by one, behind everything else.
const WHOLE_DEPLOYMENT_COLUMN: usize = SEATS_COLUMN;
const FIRST_PLACE_COLUMN: usize = WHOLE_DEPLOYMENT_COLUMN + 3;

/// A session with what its own row says of its user (`0010_session_users.sql`).
pub(crate) const CHECK_OWN: &str = "select s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.ended_at,
        s.proofs, s.user_name, s.user_email, s.user_email_proven_at, s.user_home_organization_id, s.user_not_before_at,
        s.user_settled_epoch, s.user_has_second_factor, s.policy_epoch, s.end_reason, s.user_seats,
        i.epoch_at, i.organization_changes, i.session_changes
    from sessions s join instance i on i.id = 1
    where s.token_key = $1 and s.token_hash = $2 and s.user_closed_at is null";

/// The same from the user's and the organizations' own rows.
pub(crate) const CHECK_WHOLE: &str = concat!(
    "select s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.ended_at,
        s.proofs, u.name, u.email, u.email_proven_at, u.home_organization_id, u.sessions_not_before_at,
        u.settled_epoch, u.has_second_factor, s.policy_epoch, s.end_reason,
        i.epoch_at, i.organization_changes, i.session_changes, ",
    place_columns!(),
    " from sessions s join users u on u.id = s.user_id join instance i on i.id = 1
    left join memberships m on m.user_id = s.user_id and m.state = 'active'
    left join organizations o on o.id = m.organization_id
    where s.token_key = $1 and s.token_hash = $2 and u.closed_at is null order by m.organization_id"
);

/// What a check still reads of a session that is remembered.
const DEPLOYMENT: &str = "select epoch_at, organization_changes, session_changes from instance where id = 1";

/// What a check takes from the deployment's row.
struct Deployment {
    epoch_at: Timestamp,
    organization_changes: i64,
    session_changes: i64,
}

impl Deployment {
    fn read_at(row: &Row<'_>, first: usize) -> Result<Self, StoreError> {
        Ok(Self {
            epoch_at: row.at(first)?,
            organization_changes: row.at(first + 1)?,
            session_changes: row.at(first + 2)?,
        })
    }

    /// Sessions from before the deployment's own moment are over, too (T-SEC-5).
    fn apply_to(&self, check: &mut SessionCheck) {
        check.life.not_before = check.life.not_before.max(self.epoch_at);
    }
}

/// The organizations that were changed after a number of changes, beside the number at the same moment (0017).
const CHANGED_SINCE: &str = "select i.organization_changes, c.organization_id from instance i
    left join changed_organizations c on c.number > $1 where i.id = 1";

/// After more changes everything is read anew. *Units*: changes.
const MOST_CHANGES: i64 = 1_000;

impl Store {
    /// The session of a token with everything that decides what it opens, as of one moment; `None` when there is no
    /// such session or the account is closed.
    ///
    /// *Errors*: [`StoreError::Unavailable`], to be answered by a refusal (R-IN-2). *Source*: R-API-2, R-ENF-7.
    pub async fn check_session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionCheck>, StoreError> {
        match self.remembered_session(token_hash)? {
            Some((check, true)) => Ok(Some(check)),
            // Apart from the future of each request, which it would make several times as large.
            Some((_, false)) => Box::pin(self.check_whole_session(token_hash)).await,
            None => Box::pin(self.read_session(token_hash)).await,
        }
    }

    /// A session whose row is remembered, if nothing has changed it since.
    fn remembered_session(&self, token_hash: &[u8; 32]) -> Result<Option<Own>, StoreError> {
        let Some(before) = self.sessions().holding() else { return Ok(None) };
        self.sessions().fetch(token_hash);
        let mut own = None;
        self.one_shot_now(DEPLOYMENT, &[], |row| {
            let deployment = Deployment::read_at(row, 0)?;
            self.sessions().notice_return(before, deployment.session_changes);
            let unpack = |packed: &[u8]| self.unpack(packed, &deployment);
            own = self.sessions().read(deployment.session_changes, token_hash, unpack);
            Ok(())
        })?;
        Ok(own)
    }

    /// The same as it was packed, with its places if their organizations are remembered, too.
    fn unpack(&self, packed: &[u8], deployment: &Deployment) -> Option<Own> {
        let organizations = self.organizations().at(deployment.organization_changes);
        let mut is_whole = organizations.is_some();
        let mut check = packed_session::unpack(packed, |check, seat| {
            is_whole &= take_seat(check, seat, organizations.as_deref());
        })?;
        deployment.apply_to(&mut check);
        Some((check, is_whole))
    }

    async fn read_session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionCheck>, StoreError> {
        match self.own_session(token_hash).await? {
            None => Ok(None),
            Some((check, true)) => Ok(Some(check)),
            Some((_, false)) => self.check_whole_session(token_hash).await,
        }
    }

    async fn own_session(&self, token_hash: &[u8; 32]) -> Result<Option<Own>, StoreError> {
        let (mut own, values) = (None, token_values(token_hash));
        let read = self.one_shot(CHECK_OWN, &values, |row| {
            let deployment = Deployment::read_at(row, OWN_DEPLOYMENT_COLUMN)?;
            let mut check = read_check(row)?;
            let Seats(seats) = row.at(SEATS_COLUMN)?;
            let pack = |into: &mut Vec<u8>| packed_session::pack(&check, &seats, into);
            self.sessions().keep(deployment.session_changes, token_hash, pack);
            deployment.apply_to(&mut check);
            let is_whole = self.seat(&mut check, seats, deployment.organization_changes);
            own = Some((check, is_whole));
            Ok(())
        });
        read.await?;
        Ok(own)
    }

    /// Gives a session its places by what is remembered of their organizations; `false` when that is not all of them.
    fn seat(&self, check: &mut SessionCheck, seats: Vec<Seat>, changes: i64) -> bool {
        let Some(organizations) = self.organizations().at(changes) else { return false };
        check.places.reserve_exact(seats.len());
        seats.into_iter().all(|seat| take_seat(check, seat, Some(&*organizations)))
    }

    async fn check_whole_session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionCheck>, StoreError> {
        let (mut whole, values) = (None, token_values(token_hash));
        self.one_shot(CHECK_WHOLE, &values, |row| add_row(&mut whole, row)).await?;
        let Some((check, changes)) = whole else { return Ok(None) };
        self.catch_up(changes).await?;
        let read = check.places.iter().map(|place| (place.organization_id.clone(), Arc::clone(&place.organization)));
        self.organizations().keep(changes, read);
        Ok(Some(check))
    }

    /// Forgets the organizations that were changed since those that are remembered were read; all of them, by the next that is
    /// remembered, when that was too often. A restore counts on from so far above that it is always too often.
    async fn catch_up(&self, changes: i64) -> Result<(), StoreError> {
        let Some(from) = self.organizations().behind(changes) else { return Ok(()) };
        if changes - from > MOST_CHANGES {
            return Ok(());
        }
        let (values, mut to, mut changed) = ([from.into()], None, Vec::new());
        let read = self.one_shot(CHANGED_SINCE, &values, |row| {
            to = Some(row.at(0)?);
            changed.extend(row.at::<Option<OrganizationId>>(1)?);
            Ok(())
        });
        read.await?;
        if let Some(to) = to {
            self.organizations().catch_up(from, to, &changed);
        }
        Ok(())
    }
}

/// By what the session of a token is asked for.
fn token_values(token_hash: &[u8; 32]) -> [Value<'_>; 2] {
    [token_key(token_hash).into(), token_hash.into()]
}

/// A session and whether it has its places.
type Own = (SessionCheck, bool);

/// A session and how many changes of organizations there had been when it was read.
type Read = (SessionCheck, i64);

/// Gives a session the place of one of its seats, if the organization is remembered.
fn take_seat(check: &mut SessionCheck, seat: Seat, organizations: Option<&Remembered>) -> bool {
    let organization = organizations.and_then(|remembered| remembered.get(&seat.organization_id));
    let Some(organization) = organization else { return false };
    check.places.push(UserPlace::new(seat, Arc::clone(organization), &check.address, &check.email));
    true
}

fn add_row(whole: &mut Option<Read>, row: &Row<'_>) -> Result<(), StoreError> {
    let (check, _) = if let Some(read) = whole {
        read
    } else {
        let deployment = Deployment::read_at(row, WHOLE_DEPLOYMENT_COLUMN)?;
        let mut check = read_check(row)?;
        deployment.apply_to(&mut check);
        whole.insert((check, deployment.organization_changes))
    };
    check.places.extend(UserPlace::read_at(row, FIRST_PLACE_COLUMN, &check.address, &check.email)?);
    Ok(())
}

/// What a row says of session and user, before the deployment comes into it.
fn read_check(row: &Row<'_>) -> Result<SessionCheck, StoreError> {
    let address = match row.at::<Option<Timestamp>>(9)? {
        Some(_) => AddressState::Proven,
        None => row.at::<Option<OrganizationId>>(10)?.map_or(AddressState::Unproven, AddressState::LocalTo),
    };
    let life = SessionLife {
        created_at: row.at(2)?,
        last_used_at: row.at(3)?,
        expires_at: row.at(4)?,
        ended_at: row.at(5)?,
        not_before: row.at(11)?,
    };
    Ok(SessionCheck {
        session_id: row.at(0)?,
        user_id: row.at(1)?,
        name: row.at(7)?,
        email: row.at(8)?,
        address,
        has_second_factor: row.at(13)?,
        end_reason: if life.ended_at.is_some() { row.at(15)? } else { None },
        life,
        proofs: row.at(6)?,
        began: row.at(14)?,
        settled: row.at(12)?,
        places: Vec::new(),
    })
}

macro_rules! columns {
    () => {
        "id, user_id, created_at, last_used_at, expires_at, proofs, policy_epoch, ended_at, end_reason, ip, user_agent"
    };
}

fn read(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        expires_at: row.get("expires_at")?,
        proofs: row.get("proofs")?,
        policy_epoch: row.get("policy_epoch")?,
        ended_at: row.get("ended_at")?,
        end_reason: row.get("end_reason")?,
        ip: row.get("ip")?,
        user_agent: row.get("user_agent")?,
    })
}

impl InstanceTx<'_> {
    /// As [`Store::check_session`], in the transaction that acts on the answer (T-ORG-3): nothing remembered serves here,
    /// and nothing read here is remembered, for the transaction may have changed it and be undone.
    pub async fn check_session(&mut self, token_hash: &[u8; 32]) -> Result<Option<SessionCheck>, StoreError> {
        let (mut check, values) = (None, token_values(token_hash));
        self.query(CHECK_WHOLE, &values, |row| add_row(&mut check, row)).await?;
        Ok(check.map(|(check, _)| check))
    }

    /// Adds a session. Only the one maker of sessions calls this (R-IN-2).
    pub async fn insert_session(&mut self, session: &Session, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let sql = concat!(
            "insert into sessions (token_key, token_hash, ",
            columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        let proofs = session.proofs.encode();
        let values = [
            token_key(token_hash).into(),
            token_hash.into(),
            (&session.id).into(),
            (&session.user_id).into(),
            session.created_at.into(),
            session.last_used_at.into(),
            session.expires_at.into(),
            (&proofs).into(),
            session.policy_epoch.into(),
            session.ended_at.into(),
            session.end_reason.as_ref().into(),
            (&session.ip).into(),
            (&session.user_agent).into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// The session of a token, over or not.
    pub async fn find_session_by_token(&mut self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let sql = concat!("select ", columns!(), " from sessions where token_key = $1 and token_hash = $2");
        self.query_optional(sql, &token_values(token_hash), read).await
    }

    /// A session by id, over or not.
    pub async fn find_session(&mut self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let sql = concat!("select ", columns!(), " from sessions where id = $1");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// Leaves a session that is not ended with these proofs, fewer than it had: its token stays, for it opens no more
    /// than before.
    pub async fn reduce_session(&mut self, id: &SessionId, proofs: &Proofs) -> Result<bool, StoreError> {
        let sql = "update sessions set proofs = $2 where id = $1 and ended_at is null";
        let proofs = proofs.encode();
        self.changed(sql, &[id.into(), (&proofs).into()]).await
    }

    /// A person's sessions that were neither ended nor have expired, newest first. Whether an epoch ended one is for
    /// the caller to decide.
    pub async fn list_sessions_of_user(
        &mut self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from sessions where user_id = $1 and ended_at is null and expires_at > $2 order by id desc"
        );
        self.query(sql, &[user_id.into(), now.into()], read).await
    }

    /// Ends one of a person's sessions. `false` when it is not theirs or over.
    pub async fn end_session(
        &mut self,
        user_id: &UserId,
        id: &SessionId,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update sessions set ended_at = $4, end_reason = $3
            where id = $2 and user_id = $1 and ended_at is null";
        self.changed(sql, &[user_id.into(), id.into(), reason.into(), at.into()]).await
    }

    /// Ends a person's sessions, all or all but one.
    pub async fn end_sessions_of_user(
        &mut self,
        user_id: &UserId,
        but: Option<&SessionId>,
        reason: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "update sessions set ended_at = $4, end_reason = $3
            where user_id = $1 and id <> coalesce(cast($2 as text), '') and ended_at is null";
        self.execute(sql, &[user_id.into(), but.into(), reason.into(), at.into()]).await
    }

    /// Gives a session a new token and new proofs, if it still has the old token and is not ended: every change of
    /// strength does this (R-IN-7).
    pub async fn renew_session(
        &mut self,
        old_hash: &[u8; 32],
        new_hash: &[u8; 32],
        proofs: &Proofs,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update sessions set token_key = $3, token_hash = $4, proofs = $5, last_used_at = $6
            where token_key = $1 and token_hash = $2 and ended_at is null";
        let proofs = proofs.encode();
        let values = [
            token_key(old_hash).into(),
            old_hash.into(),
            token_key(new_hash).into(),
            new_hash.into(),
            (&proofs).into(),
            at.into(),
        ];
        self.changed(sql, &values).await
    }

    /// Writes a use down; never goes back.
    pub async fn touch_session(&mut self, token_hash: &[u8; 32], at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update sessions set last_used_at = $3
            where token_key = $1 and token_hash = $2 and last_used_at < $3";
        self.changed(sql, &[token_key(token_hash).into(), token_hash.into(), at.into()]).await
    }
}
