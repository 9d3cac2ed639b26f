//! Owns the way out: leaving an organization whose enforced SSO stands before a person who cannot use it, or does not want
//! to. It proves nothing and makes no session. Who asks is shown by a code within a blocked sign-in
//! ([`crate::sign_in::blocked`]) or by a mailed link (`link`). *Source*: R-ENF-13.

mod link;

pub(crate) use link::offer;
pub use link::{LINK_MINUTES, complete, complete_with, open};

use orgate_core::actor::Actor;
use orgate_core::id::OrganizationId;
use orgate_core::membership::MembershipState;
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::{AddressState, Decision, Denial, Question, decide};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_store::{Tx, User};

use crate::app::App;
use crate::audit::{Author, Event};
use crate::authorise;
use crate::error::Error;
use crate::membership;
use crate::notice;
use crate::sign_in::second_factor;
use crate::visitor::Visitor;

/// What a person reads before they leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartureView {
    /// What they would leave.
    pub organization: RequiringOrganization,
    /// Their address, mostly hidden.
    pub masked_email: String,
    /// The second factors to choose from, of which one is asked for; none for who has none.
    pub factors: Vec<AuthenticationMethod>,
    /// Why they cannot leave as things are.
    pub obstacle: Option<Refusal>,
}

/// How the person showed that the address is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownBy {
    /// By a code, on top of their password.
    Code,
    /// By a link in the mail that answered a refused reset.
    MailedLink,
}

impl ShownBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "mailed-code",
            Self::MailedLink => "mailed-link",
        }
    }
}

/// The organizations that stand before a session by this person's password today; none for who is exempt.
pub(crate) async fn binding(tx: &mut Tx, app: &App, user: &User) -> Result<Vec<RequiringOrganization>, Error> {
    let places = tx.instance().list_places(&user.id).await?;
    let world = authorise::world(user.address.clone(), user.has_second_factor, &places);
    let decision = decide(Question::Session, &world, &Proofs::of(Proof::Password { at: app.now() }));
    Ok(match decision {
        Decision::Deny(Denial::SsoRequired(organizations)) => authorise::requiring(&organizations, &places),
        Decision::Allow | Decision::Require(_) | Decision::Deny(Denial::NoProof | Denial::NotAMember) => Vec::new(),
    })
}

/// Whether there is a way out for the person at all: an address that is local to one organization names them there and
/// nowhere else.
pub(crate) fn may_leave(user: &User) -> bool {
    user.closed_at.is_none() && user.address == AddressState::Proven
}

/// What the person reads before they leave; `second` is the second factor that they have shown already.
pub(crate) async fn describe(
    tx: &mut Tx,
    app: &App,
    user: &User,
    organization: RequiringOrganization,
    second: Option<&Proof>,
) -> Result<DepartureView, Error> {
    let factors = second_factor::typed_methods(tx, user).await?;
    let obstacle = if user.has_second_factor && second.is_none() && factors.is_empty() {
        Some(Refusal::NeedsSecondFactor)
    } else {
        obstacle(tx, app, user, &organization.id).await?
    };
    Ok(DepartureView { organization, masked_email: user.email.masked(), factors, obstacle })
}

async fn obstacle(tx: &mut Tx, app: &App, user: &User, id: &OrganizationId) -> Result<Option<Refusal>, Error> {
    match membership::may_end(tx, app, id, &user.id).await {
        Ok(()) => Ok(None),
        Err(Error::Refused(refusal)) => Ok(Some(refusal)),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

/// Ends the membership; tells the organization's log and its Owners.
///
/// *Errors*: [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`], [`Refusal::NeedsSecondFactor`].
pub(crate) async fn perform(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user: &User,
    organization: &RequiringOrganization,
    (by, second): (ShownBy, Option<&Proof>),
) -> Result<(), Error> {
    if user.has_second_factor && second.is_none() {
        return Err(Refusal::NeedsSecondFactor.into());
    }
    let begun = membership::end(tx, app, &organization.id, &user.id, MembershipState::Left).await?;
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event = Event::done("member.left")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "how": "way-out", "by": by.as_str(), "second": second.map(|proof| proof.method().as_str()) }));
    begun.record(tx, app, visitor, &organization.id, &author, event).await?;
    notice::way_out(tx, app, organization, user).await
}
