//! Owns what the logs say of a stopped sign-in, and the number by which a person and an Owner speak of it.

use aws_lc_rs::digest;
use orgate_core::actor::Actor;
use orgate_core::id::{OrganizationId, Reference};
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::RequiringOrganization;
use orgate_store::{Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::limit;
use crate::visitor::Visitor;

/// Whose proof was right, and what it was.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    /// Who.
    pub user: &'a User,
    /// By what.
    pub method: AuthenticationMethod,
}

/// Writes it down in every log that it belongs to: the instance's, and that of each organization that binds. A person is
/// written down once a minute, network and log, so a storm fills no disk (R-OPS-3).
pub(super) async fn first(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    whose: Whose<'_>,
    required: &[RequiringOrganization],
) -> Result<Reference, Error> {
    let reference = reference(app, visitor, whose.user);
    for log in std::iter::once(None).chain(required.iter().map(|one| Some(&one.id))) {
        if limit::is_first_block(tx, app, visitor, &whose.user.id, log).await? {
            write(tx, app, visitor, whose, log, &reference).await?;
        }
    }
    Ok(reference)
}

/// Writes it down in one log, under the number that the person has already.
pub(super) async fn write(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    Whose { user, method }: Whose<'_>,
    log: Option<&OrganizationId>,
    reference: &Reference,
) -> Result<(), Error> {
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event = Event::refused("session.blocked", "sso-required")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "method": method.as_str(), "reference": reference.as_str() }));
    audit::record(tx, app, Some(visitor), log, &author, event).await
}

/// The same for a person, network and minute, for which there is one event: a number drawn anew for a page that wrote
/// none would be found by nobody.
fn reference(app: &App, visitor: &Visitor, user: &User) -> Reference {
    let minute = limit::this_minute(app).as_millis();
    let text = format!("blocked {} {} {minute}", user.id, visitor.network());
    let mut short = [0; 5];
    for (target, source) in short.iter_mut().zip(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()) {
        *target = *source;
    }
    Reference::new(short)
}
