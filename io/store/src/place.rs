//! Owns the one reading of a person's places: active memberships with what policy has to know of each organization.
//! The session check and every use case that makes a session read the same columns.

use std::sync::Arc;

use orgate_core::domain::ProvenDomains;
use orgate_core::id::{ConnectionId, Identifier as _, OrganizationId, UserId};
use orgate_core::policy::{AddressState, Enforcement, Past, Place};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::{FromValue, Row, Value};

/// A person's place in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPlace {
    /// Which organization.
    pub organization_id: OrganizationId,
    /// As what.
    pub role: OrganizationRole,
    /// The person's proofs from before this moment do not open it (R-IN-7).
    pub proofs_not_before: Timestamp,
    /// The organization answers for the person's address (R-LNK-6).
    pub vouches: bool,
    /// The organization's part of it. Places that are made of the same remembered organization share it.
    pub organization: Arc<PlaceOrganization>,
}

/// What a place takes from its organization.
#[derive(Debug, PartialEq, Eq)]
pub struct PlaceOrganization {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The terms on which it lets its members in.
    pub enforcement: Enforcement,
    /// What the terms were before.
    pub past: Past,
    /// Members need a second factor (R-IN-4).
    pub mfa_required: bool,
    /// When its requested deletion takes effect.
    pub deletes_at: Option<Timestamp>,
    /// The domains that it holds.
    pub domains: ProvenDomains,
}

/// What a place takes from the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) organization_id: OrganizationId,
    pub(crate) role: OrganizationRole,
    pub(crate) proofs_not_before: Timestamp,
}

/// The seats that a session's row lists (`0010_session_users.sql`).
pub(crate) struct Seats(pub(crate) Vec<Seat>);

impl FromValue for Seats {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text("") => Some(Self(Vec::new())),
            Value::Text(text) => text.split(';').map(Seat::decode).collect::<Option<_>>().map(Self),
            Value::Null | Value::Integer(_) | Value::Boolean(_) | Value::Bytes(_) => None,
        }
    }
}

/// The columns of a place, in the order in which [`UserPlace::read_at`] takes them.
macro_rules! place_columns {
    () => {
        "m.organization_id, m.role, m.proofs_not_before_at, o.slug, o.name, o.enforced, o.owner_exemption, \
         o.owner_second_factor, o.mfa_required, o.active_connection_id, o.connection_since_at, o.past_terms, \
         o.swept_epoch, o.forgotten_epoch, o.deletes_at, o.proven_domains"
    };
}
pub(crate) use place_columns;

const SEAT_COLUMNS: usize = 3;
/// Where [`InstanceTx::list_places`] has the person's own columns, after those of a place.
const PERSON_COLUMN: usize = 16;

impl Seat {
    fn decode(text: &str) -> Option<Self> {
        let (organization_id, rest) = text.split_once(',')?;
        let (role, proofs_not_before) = rest.split_once(',')?;
        Some(Self {
            organization_id: OrganizationId::parse(organization_id)?,
            role: OrganizationRole::parse(role)?,
            proofs_not_before: Timestamp::from_millis(proofs_not_before.parse().ok()?),
        })
    }

    /// Reads the member's part from the columns that begin at `first`; `None` where a left join found no membership.
    fn read_at(row: &Row<'_>, first: usize) -> Result<Option<Self>, StoreError> {
        let Some(organization_id) = row.at(first)? else { return Ok(None) };
        Ok(Some(Self { organization_id, role: row.at(first + 1)?, proofs_not_before: row.at(first + 2)? }))
    }
}

impl PlaceOrganization {
    /// Reads the organization's part from the columns that begin at `first`.
    fn read_at(row: &Row<'_>, first: usize) -> Result<Self, StoreError> {
        let active: Option<ConnectionId> = row.at(first + 6)?;
        let since: Timestamp = row.at(first + 7)?;
        Ok(Self {
            slug: row.at(first)?,
            name: row.at(first + 1)?,
            enforcement: Enforcement {
                enforced: row.at(first + 2)?,
                owner_exemption: row.at(first + 3)?,
                owner_second_factor: row.at(first + 4)?,
                connection: active.map(|connection_id| (connection_id, since)),
            },
            mfa_required: row.at(first + 5)?,
            past: Past::new(row.at(first + 8)?, row.at(first + 9)?, row.at(first + 10)?),
            deletes_at: row.at(first + 11)?,
            domains: row.at(first + 12)?,
        })
    }
}

impl UserPlace {
    /// Reads a place from the columns that begin at `first`; `None` where a left join found no membership. By position:
    /// this is on the hot path. The address is the person's, as of the same snapshot.
    pub(crate) fn read_at(
        row: &Row<'_>,
        first: usize,
        address: &AddressState,
        email: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(seat) = Seat::read_at(row, first)? else { return Ok(None) };
        let organization = PlaceOrganization::read_at(row, first + SEAT_COLUMNS)?;
        Ok(Some(Self::new(seat, Arc::new(organization), address, email)))
    }

    /// The seat of the person with this address in this organization.
    pub(crate) fn new(seat: Seat, organization: Arc<PlaceOrganization>, address: &AddressState, email: &str) -> Self {
        let Seat { organization_id, role, proofs_not_before } = seat;
        let vouches = organization.domains.vouch_for(address, email);
        Self { organization_id, role, proofs_not_before, vouches, organization }
    }

    /// What policy knows of it.
    pub fn policy_place(&self) -> Place {
        Place {
            organization_id: self.organization_id.clone(),
            role: self.role,
            enforcement: self.organization.enforcement.clone(),
            past: self.organization.past.clone(),
            mfa_required: self.organization.mfa_required,
            proofs_not_before: self.proofs_not_before,
            vouches: self.vouches,
        }
    }
}

impl InstanceTx<'_> {
    /// Where a person is a member. It spans organizations because enforcement and reach do (R-ENF-1, R-LNK-6).
    pub async fn list_places(&mut self, user_id: &UserId) -> Result<Vec<UserPlace>, StoreError> {
        let sql = concat!(
            "select ",
            place_columns!(),
            ", u.email, u.email_proven_at, u.home_organization_id from memberships m
            join organizations o on o.id = m.organization_id join users u on u.id = m.user_id
            where m.user_id = $1 and m.state = 'active' order by m.organization_id"
        );
        let read = |row: &Row<'_>| {
            let email: String = row.at(PERSON_COLUMN)?;
            let home: Option<OrganizationId> = row.at(PERSON_COLUMN + 2)?;
            let address = match row.at::<Option<Timestamp>>(PERSON_COLUMN + 1)? {
                Some(_) => AddressState::Proven,
                None => home.map_or(AddressState::Unproven, AddressState::LocalTo),
            };
            UserPlace::read_at(row, 0, &address, &email)
        };
        let places = self.query(sql, &[user_id.into()], read).await?;
        Ok(places.into_iter().flatten().collect())
    }
}
