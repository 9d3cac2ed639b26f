//! Owns the one reading of a person's places: active memberships with what policy has to know of each organization.
//! The session check and every use case that makes a session read the same columns.

use orgate_core::id::{ConnectionId, UserId};
use orgate_core::policy::{Enforcement, Past, Place};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// A person's place in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPlace {
    /// The organization's slug.
    pub slug: String,
    /// The organization's name.
    pub name: String,
    /// What policy knows of it.
    pub place: Place,
    /// When the organization's requested deletion takes effect.
    pub deletes_at: Option<Timestamp>,
}

/// The columns of a place, in the order in which [`UserPlace::read_at`] takes them.
macro_rules! place_columns {
    () => {
        "m.organization_id, m.role, m.proofs_not_before_at, o.slug, o.name, o.enforced, o.owner_exemption, \
         o.owner_second_factor, o.mfa_required, o.active_connection_id, o.connection_since_at, o.past_terms, \
         o.swept_epoch, o.forgotten_epoch, o.deletes_at"
    };
}
pub(crate) use place_columns;

impl UserPlace {
    /// Reads a place from the columns that begin at `first`. By position: this is on the hot path.
    pub(crate) fn read_at(row: &Row<'_>, first: usize) -> Result<Self, StoreError> {
        let active: Option<ConnectionId> = row.at(first + 9)?;
        let since: Timestamp = row.at(first + 10)?;
        Ok(Self {
            slug: row.at(first + 3)?,
            name: row.at(first + 4)?,
            place: Place {
                organization_id: row.at(first)?,
                role: row.at(first + 1)?,
                enforcement: Enforcement {
                    enforced: row.at(first + 5)?,
                    owner_exemption: row.at(first + 6)?,
                    owner_second_factor: row.at(first + 7)?,
                    connection: active.map(|connection_id| (connection_id, since)),
                },
                past: Past::new(row.at(first + 11)?, row.at(first + 12)?, row.at(first + 13)?),
                mfa_required: row.at(first + 8)?,
                proofs_not_before: row.at(first + 2)?,
            },
            deletes_at: row.at(first + 14)?,
        })
    }
}

impl InstanceTx<'_> {
    /// Where a person is a member. It spans organizations because enforcement and reach do (R-ENF-1, R-LNK-6).
    pub async fn list_places(&mut self, user_id: &UserId) -> Result<Vec<UserPlace>, StoreError> {
        let sql = concat!(
            "select ",
            place_columns!(),
            " from memberships m join organizations o on o.id = m.organization_id
            where m.user_id = $1 and m.state = 'active' order by m.organization_id"
        );
        self.query(sql, &[user_id.into()], |row| UserPlace::read_at(row, 0)).await
    }
}
