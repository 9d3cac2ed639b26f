//! Owns "Continue with SSO" on the common page: a person types an organization's short name or their own address.
//! *Source*: R-IN-6. An address of a domain that an organization has proven leads to that organization's SSO, whoever's it
//! is; any other address gets one answer for all, and a mail if it is known.

use orgate_core::domain::DomainName;
use orgate_core::email::EmailAddress;
use orgate_core::name::Slug;
use orgate_core::refusal::Refusal;
use orgate_store::UserPlace;

use crate::app::App;
use crate::error::Error;
use crate::limit;
use crate::mail::templates::{MailTemplate, SignInAddress};
use crate::visitor::Visitor;

/// Where to go from what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The organization's own login address.
    Organization {
        /// Its short name.
        slug: String,
    },
    /// It was an address: the same words for all.
    MailedIfKnown,
}

/// An organization as its login address shows it.
#[derive(Debug, Clone)]
pub struct LoginPage {
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it has an active connection.
    pub has_sso: bool,
}

/// The organization behind `/sign-in/<slug>`.
///
/// *Errors*: [`Refusal::NotFound`].
pub async fn login_page(app: &App, slug: &str) -> Result<LoginPage, Error> {
    app.store
        .read(slug.to_owned(), |tx, slug| {
            Box::pin(async move {
                let organization = tx.instance().find_organization_by_slug(slug).await?.ok_or(Refusal::NotFound)?;
                Ok(LoginPage {
                    slug: organization.slug,
                    name: organization.name,
                    has_sso: organization.enforcement.connection.is_some(),
                })
            })
        })
        .await
}

/// Finds where to go, by the domain and never by the account (T-WEB-11); mails the login addresses of a known person's organizations.
///
/// *Errors*: [`Refusal::NotFound`] for a short name that names nothing, [`Refusal::TooManyRequests`].
pub async fn find(app: &App, visitor: &Visitor, typed: &str) -> Result<Found, Error> {
    let typed = typed.trim();
    if !typed.contains('@') {
        let slug = Slug::parse(&typed.to_ascii_lowercase()).map_err(|_| Refusal::NotFound)?;
        let page = login_page(app, slug.as_str()).await?;
        return Ok(Found::Organization { slug: page.slug });
    }
    let email = EmailAddress::parse(typed)
        .map_err(|_| crate::error::invalid("name", "Type an e-mail address, such as dana@example.com."))?;
    limit::mail_to(app, visitor, email.key()).await?;
    if let Some(slug) = organization_of(app, &email).await? {
        return Ok(Found::Organization { slug });
    }
    app.store
        .write((app.clone(), email), |tx, (app, email)| {
            Box::pin(async move {
                let users = tx.instance().list_users_by_email(email).await?;
                for user in users {
                    let addresses = addresses(app, &tx.instance().list_places(&user.id).await?);
                    if !addresses.is_empty() {
                        let template = MailTemplate::SignInAddresses { addresses };
                        app.outbox.put(tx, &user.email, template).await?;
                    }
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    app.outbox.wake();
    Ok(Found::MailedIfKnown)
}

/// The login addresses of the organizations that a person is in.
pub(crate) fn addresses(app: &App, places: &[UserPlace]) -> Vec<SignInAddress> {
    let address = |place: &UserPlace| SignInAddress {
        organization: place.organization.name.clone(),
        url: app.settings.public_url.link(&format!("/sign-in/{}", place.organization.slug)),
    };
    places.iter().map(address).collect()
}

/// The organization that has proven the domain, if people sign in through its SSO.
async fn organization_of(app: &App, email: &EmailAddress) -> Result<Option<String>, Error> {
    let Some(name) = DomainName::parse(email.domain()) else { return Ok(None) };
    app.store
        .read(name, |tx, name| {
            Box::pin(async move {
                let Some(holder) = tx.instance().find_domain_holder(name).await? else { return Ok(None) };
                let organization = tx.organization(&holder.organization_id).load_organization().await?;
                Ok::<_, Error>(organization.enforcement.connection.is_some().then_some(organization.slug))
            })
        })
        .await
}
