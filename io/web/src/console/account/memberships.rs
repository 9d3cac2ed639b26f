//! Owns `/account/organizations`: where a person belongs, and leaving it.

use orgate_app::organization;

use crate::console::frame;
use crate::console::settings::LAST_OWNER;
use crate::page::{PageResult, Visit};
use crate::pages::account::{AccountOrganizationsPage, OwnOrganization};
use crate::pages::{Moment, Section};

/// The list.
pub async fn index(visit: Visit) -> PageResult {
    let frame = frame(&visit, Section::AccountOrganizations).await?;
    let own = organization::list(visit.app(), &visit.visitor).await?;
    let now = visit.now();
    let items = own.into_iter().map(|own| OwnOrganization {
        role: own.place.role.label().to_owned(),
        joined: Moment::new(own.joined_at, now),
        leave_refused: own.is_last_owner.then(|| LAST_OWNER.to_owned()),
        name: own.place.name,
        slug: own.place.slug,
    });
    visit.page(&AccountOrganizationsPage { frame, items: items.collect() })
}
