//! Owns what the operator does, by command line or token: entitlements, and a look at all organizations. The operator is
//! no member anywhere; whoever calls these has checked the token or sits at the machine.

use orgate_core::id::{Identifier as _, OrganizationId};
use orgate_core::refusal::Refusal;
use orgate_store::{Organization, Tx};
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::paging::{self, Listed};
use crate::token::{TokenPurpose, hash_text, same};
use crate::visitor::Visitor;

/// Whether this is the operator's token; without one in the settings nothing is.
pub fn is_token(app: &App, presented: &str) -> bool {
    app.settings.operator_token.as_ref().is_some_and(|token| {
        let hash = |text: &str| hash_text(TokenPurpose::Operator, text);
        same(&hash(token.expose_secret()), &hash(presented))
    })
}

/// Every organization, oldest first.
///
/// *Errors*: [`Refusal::InvalidInput`] for a strange cursor.
pub async fn organizations(
    app: &App,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<Listed<Organization>, Error> {
    app.store
        .read((cursor, limit), |tx, (cursor, limit)| {
            Box::pin(async move {
                let after = paging::after::<OrganizationId>(cursor.as_deref())?;
                let page = tx.instance().list_organizations(after.as_ref(), paging::limit(*limit)).await?;
                Ok(Listed::of(page, |organization| organization.id.as_str()))
            })
        })
        .await
}

/// Gives an organization the entitlement to SSO or takes it. Taking it refuses only what would begin anew (R-ORG-7).
///
/// *Errors*: [`Refusal::NotFound`].
pub async fn set_sso_entitled(
    app: &App,
    visitor: Option<&Visitor>,
    organization: &str,
    entitled: bool,
) -> Result<Organization, Error> {
    let input = (app.clone(), visitor.cloned(), organization.to_owned(), entitled);
    app.store
        .write(input, |tx, (app, visitor, organization, entitled)| {
            Box::pin(async move {
                let found = find(tx, organization).await?;
                if !tx.organization(&found.id).set_sso_entitled(*entitled).await? {
                    return Ok(found);
                }
                let action = if *entitled { "organization.sso-entitled" } else { "organization.sso-entitlement-lost" };
                let event = Event::done(action).target(&found.id, &found.name);
                audit::record(tx, app, visitor.as_ref(), Some(&found.id), &Author::operator(), event).await?;
                Ok(Organization { sso_entitled: *entitled, ..found })
            })
        })
        .await
}

async fn find(tx: &mut Tx, organization: &str) -> Result<Organization, Error> {
    let found = match OrganizationId::parse(organization) {
        Some(id) => tx.organization(&id).find_organization().await?,
        None => tx.instance().find_organization_by_slug(organization).await?,
    };
    Ok(found.ok_or(Refusal::NotFound)?)
}
