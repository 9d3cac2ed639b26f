//! Owns `/account/security`: how a person proves who they are, and where they are signed in.

use std::collections::HashMap;

use orgate_app::account::{self, PasswordChange, Security};
use orgate_app::device;
use orgate_app::session::{self, SessionView};
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proof;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::linked_accounts;
use super::passkeys;
use super::second_factor;
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Visit, done};
use crate::pages::account::{LinkedIdentity, SecurityPage, SessionCard};
use crate::pages::{Moment, Section};

/// The page.
pub(super) const URL: &str = "/account/security";

/// The page.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&page(&visit, &Mistakes::default()).await?)
}

/// What the form of the password sends; who has none sends no current one.
#[derive(Deserialize)]
pub struct Typed {
    current_password: Option<String>,
    new_password: String,
}

/// Sets the first password, or changes it.
pub async fn update_password(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let change = PasswordChange { current: typed.current_password, new: typed.new_password };
    match account::change_password(visit.app(), &visit.visitor, change).await {
        Ok(()) => Ok(done(URL, "Your password is changed, and you are signed out everywhere else.")),
        Err(error) => visit.again(&page(&visit, &Mistakes::of(error)?).await?),
    }
}

async fn page(visit: &Visit, mistakes: &Mistakes) -> Result<SecurityPage, Failure> {
    let frame = frame(visit, Section::Security).await?;
    let current = session::current(visit.app(), &visit.visitor).await?;
    let names = current.organizations.iter().map(|place| (place.id.to_string(), place.name.clone())).collect();
    let security = account::security(visit.app(), &visit.visitor).await?;
    let now = visit.now();
    let settings = &visit.app().settings;
    let password_offered = settings.sign_in_methods.offers(AuthenticationMethod::Password);
    Ok(SecurityPage {
        frame,
        email_proven: security.email_proven,
        has_password: security.has_password,
        may_remove_password: security.has_password && security.ways.is_in_without(AuthenticationMethod::Password),
        current_password: mistakes.secret("current_password"),
        new_password: mistakes.secret("new_password"),
        minimum_password_length: password_offered.then(|| settings.password_policy.minimum()),
        linked_accounts: linked_accounts::cards(visit, now).await?,
        passkeys: passkeys::card(visit, now).await?,
        second_factor: second_factor::card(visit, &current, now).await?,
        identities: identities(&security, now),
        sessions: security.sessions.iter().map(|view| card(view, &names, now)).collect(),
    })
}

fn identities(security: &Security, now: Timestamp) -> Vec<LinkedIdentity> {
    security
        .identities
        .iter()
        .map(|(identity, organization)| LinkedIdentity {
            organization_name: organization.clone(),
            host: identity.issuer.trim_start_matches("https://").trim_end_matches('/').to_owned(),
            linked: Moment::new(identity.created_at, now),
        })
        .collect()
}

fn card(view: &SessionView, names: &HashMap<String, String>, now: Timestamp) -> SessionCard {
    let session = &view.session;
    SessionCard {
        id: session.id.to_string(),
        device: device::words(&session.user_agent),
        ip: session.ip.clone(),
        methods: session.proofs.iter().map(|proof| method(proof, names)).collect(),
        signed_in: Moment::new(session.created_at, now),
        last_used: Moment::new(session.last_used_at, now),
        current: view.current,
    }
}

fn method(proof: &Proof, names: &HashMap<String, String>) -> String {
    let words = proof.method().words();
    match proof.organization_id().and_then(|id| names.get(id.as_str())) {
        Some(name) => format!("{words} of {name}"),
        None => words.to_owned(),
    }
}
