//! Owns the connection of one organization to the provider: created, saved, tested with a real sign-in and activated, as an
//! Owner does it.

use std::net::{IpAddr, Ipv4Addr};

use orgate_app::app::App;
use orgate_app::connection::{self, SettingsForm};
use orgate_app::connection_test;
use orgate_app::sign_in::sso::begin::Begun;
use orgate_app::sign_in::sso::callback::callback;
use orgate_app::token::TokenPurpose;
use orgate_app::visitor::Visitor;

use super::browser::Way;
use super::provider::Provider;
use crate::enforcement::scene;
use crate::server;
use crate::sign_in::scene::people;

/// The organization, by its position: one that was seeded without a connection.
const ORGANIZATION: usize = 1;

/// Connects the organization.
///
/// *Errors*: what an Owner would be told.
pub async fn connect(database_url: &str, mail: &str, provider: &Provider) -> Result<Way, String> {
    let app = server::start_with(database_url, mail, &[("ORGATE_IDP_ALLOW", &provider.place())]).await?;
    let people = people()?;
    let organization = people.organizations.get(ORGANIZATION).ok_or("there is no organization")?;
    let owner = people.users.get(ORGANIZATION).ok_or("there is no Owner")?;
    let token = scene::sign_in(&app, &owner.user.id).await?;
    let visitor = scene::visitor(&token);
    let slug = organization.slug.as_str();
    let created =
        connection::create(&app, &visitor, slug, "okta-oidc", Some("Okta")).await.map_err(|error| error.told())?;
    let client = provider.client(&created.single_sign_on_url)?;
    let id = created.connection.id.as_str();
    let form = SettingsForm {
        address: provider.issuer().to_owned(),
        client_id: client.id,
        client_secret: Some(client.secret.into()),
    };
    connection::save(&app, &visitor, slug, id, form).await.map_err(|error| error.told())?;
    test(&app, provider, &visitor, (slug, id)).await?;
    connection::activate(&app, &visitor, slug, id).await.map_err(|error| error.told())?;
    Ok(Way { slug: slug.to_owned() })
}

async fn test(app: &App, provider: &Provider, owner: &Visitor, (slug, id): (&str, &str)) -> Result<(), String> {
    let test = connection_test::create(app, owner, slug, id).await.map_err(|error| error.told())?;
    let test_id = test.test.id.as_str();
    let begun = connection_test::begin(app, owner, slug, id, test_id).await.map_err(|error| error.told())?;
    if let Begun::Redirect { url, cookie } = begun {
        let browser = cookie.map(|cookie| cookie.hash(TokenPurpose::Browser));
        let visitor = Visitor { browser, ip: IpAddr::V4(Ipv4Addr::LOCALHOST), ..owner.clone() };
        let back = provider.answer(0, &url)?;
        let query = back.split_once('?').map(|(_, query)| query).unwrap_or_default();
        callback(app, &visitor, &test.connection.id, query).await.map_err(|error| error.told())?;
    }
    let over = connection_test::get(app, owner, slug, id, test_id).await.map_err(|error| error.told())?;
    match over.result.and_then(|result| result.failure) {
        Some(failure) => Err(format!("the test sign-in failed: {} {}", failure.happened, failure.mend)),
        None => Ok(()),
    }
}
