//! Owns the second factors that a person sets up and takes away (R-IN-4): who may, and what follows from it. Asking for
//! one at a sign-in is in [`crate::sign_in`].

pub mod authenticator;
pub mod enrolment_code;
pub mod passkey;
pub mod recovery_code;
pub mod recovery_codes;
mod removal;
pub mod totp;

pub use removal::RemovalForecast;

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::{AddressState, RECENT, World, is_exempt};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Passkey, Tx, UserPlace};

use crate::app::App;
use crate::authorise::{self, Caller};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::session;
use crate::visitor::Visitor;

/// The second factors that a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactors {
    /// Whether they have one at all: an authenticator app or a passkey.
    pub has_one: bool,
    /// Since when there is an authenticator app.
    pub totp_since: Option<Timestamp>,
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
    /// The organizations that require a second factor.
    pub required_by: Vec<OrganizationId>,
}

/// How a person can set one up now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// At once.
    Ready,
    /// After a code that is mailed to this address, mostly hidden.
    NeedsMailedCode(String),
    /// After the address is proven.
    NeedsAddressProof,
}

/// What the person has.
///
/// *Errors*: those of [`authorise::account`].
pub async fn list(app: &App, visitor: &Visitor) -> Result<SecondFactors, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let user_id = caller.user_id();
                let totp = tx.instance().find_totp(user_id).await?;
                Ok(SecondFactors {
                    has_one: caller.check.has_second_factor,
                    totp_since: totp.and_then(|totp| totp.confirmed_at),
                    passkeys: tx.instance().list_passkeys(user_id).await?,
                    recovery_codes_left: tx.instance().count_unused_recovery_codes(user_id).await?,
                    required_by: requiring(&caller).map(|place| place.organization_id.clone()).collect(),
                })
            })
        })
        .await
}

/// Whether the person could set one up now, for the page that offers it.
///
/// *Errors*: those of [`authorise::account_recently`].
pub async fn standing(app: &App, visitor: &Visitor) -> Result<Standing, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                match may(&caller) {
                    Ok(()) => Ok(Standing::Ready),
                    Err(Refusal::NeedsMailedCode) => {
                        let user = tx.instance().load_user(caller.user_id()).await?;
                        Ok(Standing::NeedsMailedCode(user.email.masked()))
                    }
                    Err(_) => Ok(Standing::NeedsAddressProof),
                }
            })
        })
        .await
}

/// Somebody who may set a second factor up: their account is open by proofs of the last 15 minutes, the factor they have
/// among them; for the first one a code mailed to their proven address stands in its place, whichever way they came in.
///
/// *Errors*: [`Refusal::NeedsMailedCode`], [`Refusal::NeedsProof`] while the address is not proven, and those of
/// [`authorise::account_recently`]. *Source*: R-IN-4.
pub(crate) async fn may_enrol(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let caller = authorise::account_recently(tx, app, visitor).await?;
    may(&caller)?;
    Ok(caller)
}

fn may(caller: &Caller) -> Result<(), Refusal> {
    if caller.check.address != AddressState::Proven {
        return Err(Refusal::NeedsProof);
    }
    let is_recent = |at: Timestamp| caller.now.since(at) <= RECENT;
    let by_mail =
        caller.proofs().iter().any(|proof| proof.method() == AuthenticationMethod::MailedCode && is_recent(proof.at()));
    if caller.check.has_second_factor || by_mail { Ok(()) } else { Err(Refusal::NeedsMailedCode) }
}

/// Follows a factor that was set up or taken away, in its transaction: sessions are judged by how it was before, then what
/// is stored about the person becomes true, their other sessions end, and who has lost a way back in is told. With the
/// last factor its recovery codes go. Says whether there is a factor now.
///
/// *Source*: R-ENF-7 (what was dead stays dead), R-ENF-14, T-MFA-5.
pub(crate) async fn refresh(tx: &mut Tx, app: &App, caller: &Caller) -> Result<bool, Error> {
    let user_id = caller.user_id();
    session::settle(tx, app, user_id).await?;
    let has_one = has_one(tx, user_id).await?;
    tx.instance().set_has_second_factor(user_id, has_one).await?;
    if !has_one {
        tx.instance().delete_recovery_codes(user_id).await?;
    }
    let reason = "second-factor-changed";
    tx.instance().end_sessions_of_user(user_id, Some(caller.session_id()), reason, app.now()).await?;
    way_back::review_of_user(tx, app, user_id).await?;
    Ok(has_one)
}

/// Recovery codes alone are no factor.
async fn has_one(tx: &mut Tx, user_id: &UserId) -> Result<bool, Error> {
    let totp = tx.instance().find_totp(user_id).await?;
    Ok(totp.is_some_and(|totp| totp.confirmed_at.is_some()) || has_another(tx, user_id).await?)
}

/// Whether there is a factor beside the authenticator app.
async fn has_another(tx: &mut Tx, user_id: &UserId) -> Result<bool, Error> {
    Ok(tx.instance().count_passkeys(user_id).await? > 0)
}

/// Refuses to take the person's last factor away where that would end the last way back into an organization.
///
/// *Errors*: [`Refusal::NoWayBackIn`]. *Source*: R-ENF-8, R-ENF-14.
pub(crate) async fn keep_way_back_without(tx: &mut Tx, app: &App, caller: &Caller) -> Result<(), Error> {
    if is_exempt_by_factor(&caller.world) { way_back::keep_all(tx, app, caller).await } else { Ok(()) }
}

/// Whether the person is let in without SSO only for having a second factor (R-ENF-8).
pub(crate) fn is_exempt_by_factor(world: &World) -> bool {
    is_exempt(world) && !is_exempt(&World { has_second_factor: false, ..world.clone() })
}

/// The places of this person that require a second factor.
pub(crate) fn requiring(caller: &Caller) -> impl Iterator<Item = &UserPlace> {
    caller.check.places.iter().filter(|place| place.organization.mfa_required)
}
