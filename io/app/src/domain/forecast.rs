//! Owns what holding a domain, or giving it up, would do and to whom, as the pages say that ask first (R-UI-2). Whether
//! another organization holds it now is not said: only who shows a record in its DNS is told that (R-LNK-7).

use orgate_core::permission::Permission;

use super::{DomainView, load};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::visitor::Visitor;

/// Whom a domain of the organization concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainForecast {
    /// Which domain.
    pub view: DomainView,
    /// How many members have an address in it.
    pub members: u64,
}

/// Counts it.
///
/// *Errors*: [`orgate_core::refusal::Refusal::NotFound`], and those of [`authorise::permitted`].
pub async fn forecast(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<DomainForecast, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::DomainManage).await?;
                let domain = load(tx, &member, id).await?;
                let members = tx.organization(member.organization_id()).count_members_in_domain(&domain.name).await?;
                Ok(DomainForecast { view: DomainView::of(domain), members })
            })
        })
        .await
}
