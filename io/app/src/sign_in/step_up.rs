//! Owns confirming that it is the same person, by a code mailed to their address, in a session that an SSO proof made.
//! The code serves only on top of such a proof (R-LNK-6, R-IN-9); an SSO-born person proves their address by it
//! (R-LNK-4).

use orgate_core::challenge::ChallengePurpose;
use orgate_core::method::AuthenticationMethod;
use orgate_core::personal::PersonalProvider;
use orgate_core::policy::{Decision, Question, Requirement, decide};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{Challenge, Tx, User, UserPlace};

use super::issue::{Issued, Shown, adopt, issue};
use super::second_factor::{TypedFactor, beside};
use super::{personal, second_factor};
use crate::address::{self, Proven};
use crate::app::App;
use crate::authorise::{self, Caller};
use crate::challenge::{self, Ask};
use crate::error::Error;
use crate::limit;
use crate::mail::MailTemplate;
use crate::passkey;
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// The ways in which this session can be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// The person has a password.
    pub password: bool,
    /// The person's own accounts at Google and GitHub.
    pub personal: Vec<PersonalProvider>,
    /// The person has a passkey.
    pub passkey: bool,
    /// A code can be mailed: there is an SSO proof for it to serve on top of. The address, mostly hidden.
    pub mailed_code: Option<String>,
    /// The organizations whose SSO can prove the person anew: slug and name.
    pub sso: Vec<(String, String)>,
    /// The second factors to choose from, when one is what is missing; then nothing else serves.
    pub factor: Option<Vec<AuthenticationMethod>>,
    /// Whether this session is told how it stands with the organization that the person was going to (R-IN-9).
    pub told: bool,
}

/// What the confirmation page can offer to somebody who was going to this organization, or nowhere in particular.
///
/// *Errors*: [`Refusal::NoSession`].
pub async fn ways(app: &App, visitor: &Visitor, organization: Option<&str>) -> Result<Ways, Error> {
    app.store
        .read((app.clone(), visitor.clone(), organization.map(str::to_owned)), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let place = organization.as_deref().and_then(|organization| caller.place(organization));
                // The page does not differ by what the session is not told of.
                let place = place.filter(|place| caller.may_be_told(Some(&place.organization_id)));
                let told = caller.may_be_told(place.map(|place| &place.organization_id));
                let opens = |proof: Proof| place.is_none_or(|place| would_open(&caller, place, proof));
                let at = caller.now;
                let offered = app.settings.sign_in_methods.offers(AuthenticationMethod::Password);
                let has_password = offered && tx.instance().find_password(&user.id).await?.is_some();
                let password = has_password && opens(Proof::Password { at });
                let has_passkey = passkey::is_offered(app) && tx.instance().count_passkeys(&user.id).await? > 0;
                let passkey = has_passkey && opens(Proof::Passkey { at });
                let linked = personal_ways(tx, app, &user, |provider| opens(personal::proof_of(provider, at))).await?;
                let code = has_sso(&caller) && opens(Proof::MailedCode { at });
                let places =
                    caller.check.places.iter().filter(|place| place.organization.enforcement.connection.is_some());
                // R-IN-9: an SSO proof alone shows nothing of the person's other organizations.
                let known: Vec<_> = caller.counting().filter_map(Proof::organization_id).collect();
                let personal = caller.proofs().iter().any(|proof| proof.method().is_personal());
                let sso = places
                    .filter(|place| personal || known.contains(&&place.organization_id))
                    .map(|place| (place.organization.slug.clone(), place.organization.name.clone()))
                    .collect();
                let factor = missing_factor(tx, app, &caller, place, &user).await?;
                Ok(Ways {
                    password,
                    passkey,
                    personal: linked,
                    mailed_code: code.then(|| user.email.masked()),
                    sso,
                    factor,
                    told,
                })
            })
        })
        .await
}

/// The person's factors, if one of them is all that the organization, or the account, still asks for: to be open, or to be
/// open to what reaches far.
async fn missing_factor(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    place: Option<&UserPlace>,
    user: &User,
) -> Result<Option<Vec<AuthenticationMethod>>, Error> {
    let question = place.map_or(Question::Account, |place| Question::Organization(&place.organization_id));
    let missing = Decision::Require(Requirement::SecondFactor);
    if caller.decide(question) != missing && caller.decide_recent(question) != missing {
        return Ok(None);
    }
    let methods = second_factor::methods(tx, app, user).await?;
    Ok((!methods.is_empty()).then_some(methods))
}

/// The providers that the person has an account linked of, that are offered, and whose proof serves.
async fn personal_ways(
    tx: &mut Tx,
    app: &App,
    user: &User,
    serves: impl Fn(PersonalProvider) -> bool + Send,
) -> Result<Vec<PersonalProvider>, Error> {
    let linked = tx.instance().list_personal_identities(&user.id).await?;
    let is_linked = |provider: &PersonalProvider| linked.iter().any(|identity| identity.provider == *provider);
    Ok(personal::offered(app).into_iter().filter(|provider| is_linked(provider) && serves(*provider)).collect())
}

/// Whether this proof would open the organization without its own SSO: where that alone does, nothing else is offered.
fn would_open(caller: &Caller, place: &UserPlace, proof: Proof) -> bool {
    let id = &place.organization_id;
    let proofs = caller.proofs().filter(|proof| proof.organization_id() != Some(id)).with(proof);
    match decide(Question::Organization(id), &caller.world, &proofs) {
        Decision::Allow | Decision::Require(Requirement::SecondFactor) => true,
        Decision::Require(Requirement::Sso | Requirement::Proof) | Decision::Deny(_) => false,
    }
}

fn has_sso(caller: &Caller) -> bool {
    caller.counting().any(|proof| proof.method() == AuthenticationMethod::Sso)
}

/// Mails a code, bound to this session.
///
/// *Errors*: [`Refusal::NeedsProof`] without an SSO proof, [`Refusal::TooManyRequests`], [`Refusal::NoSession`].
pub async fn mail_code(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                if !has_sso(&caller) {
                    return Err(Error::from(Refusal::NeedsProof));
                }
                let user = tx.instance().load_user(caller.user_id()).await?;
                limit::code_in(tx, app, ChallengePurpose::Session, &user).await?;
                let bound_to = caller.session_id().to_string();
                let ask = Ask {
                    purpose: ChallengePurpose::Session,
                    bound_to: &bound_to,
                    user_id: Some(&user.id),
                    email: &user.email,
                };
                let (_, code) = challenge::put(tx, app, ask).await?;
                app.outbox.put(tx, &user.email, MailTemplate::StepUpCode { code }).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Takes the code: a new token, with the code among its proofs.
///
/// *Errors*: [`Refusal::InvalidCode`], [`Refusal::AttemptOver`], [`Refusal::NoSession`]; and what proving a local address
/// can meet (R-LNK-4), after which the code serves on: [`Refusal::NeedsSecondFactor`], [`Refusal::Linking`].
pub async fn confirm(app: &App, visitor: &Visitor, typed: &str) -> Result<Issued, Error> {
    confirm_with(app, visitor, typed, None).await
}

/// The same with the second factor of who has the address proven that is local to this person.
///
/// *Errors*: as [`confirm`], and [`Refusal::InvalidInput`] for a wrong factor, after which the mailed code serves on;
/// [`Refusal::TooManyRequests`].
pub async fn confirm_with(
    app: &App,
    visitor: &Visitor,
    typed: &str,
    factor: Option<TypedFactor>,
) -> Result<Issued, Error> {
    let code = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let bearer = if factor.is_some() { bearer(app, visitor, &code).await? } else { None };
    let counted = match bearer {
        Some(bearer) => beside::count(app, visitor, bearer, factor.as_ref()).await?,
        None => None,
    };
    // What was not counted is not compared.
    let factor = factor.filter(|_| counted.is_some());
    let issued = app
        .store
        .write((app.clone(), visitor.clone(), code, factor), |tx, (app, visitor, code, factor)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                // A wrong try has to be kept, so the refusal travels as a value and the transaction commits.
                match take(tx, app, &caller, code).await? {
                    Err(refusal) => Ok(Err(refusal)),
                    Ok(()) => promote(tx, app, visitor, &caller, factor.as_ref()).await.map(Ok),
                }
            })
        })
        .await
        .and_then(|issued| issued.map_err(|refusal: Refusal| Error::from(refusal)));
    beside::settle(app, visitor, counted, &issued).await?;
    app.outbox.wake();
    issued
}

/// What the form can ask for that follows [`Refusal::NeedsSecondFactor`]: the factors to type of who has the address
/// proven, perhaps none of them. `None` where that one has no second factor, and without the right code (R-IN-5).
///
/// *Errors*: [`Refusal::NoSession`].
pub async fn factors(app: &App, visitor: &Visitor, typed: &str) -> Result<Option<Vec<AuthenticationMethod>>, Error> {
    let Some(code) = SixDigitCode::parse(typed) else { return Ok(None) };
    let Some(bearer) = bearer(app, visitor, &code).await? else { return Ok(None) };
    app.store
        .read(bearer, |tx, bearer| Box::pin(async move { second_factor::typed_methods(tx, bearer).await.map(Some) }))
        .await
}

/// Whose second factor is asked for on top of the right code. Nobody's tries are counted by who does not have that.
async fn bearer(app: &App, visitor: &Visitor, code: &SixDigitCode) -> Result<Option<User>, Error> {
    app.store
        .read((app.clone(), visitor.clone(), code.clone()), |tx, (app, visitor, code)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                match pending(tx, app, &caller).await? {
                    Some(pending) if challenge::fits(app, &pending, code) => {
                        let person = tx.instance().load_user(caller.user_id()).await?;
                        address::bearer(tx, &person).await
                    }
                    Some(_) | None => Ok(None),
                }
            })
        })
        .await
}

async fn pending(tx: &mut Tx, app: &App, caller: &Caller) -> Result<Option<Challenge>, Error> {
    let bound_to = caller.session_id().to_string();
    Ok(tx.instance().find_challenge(ChallengePurpose::Session, &bound_to, app.now()).await?)
}

async fn take(tx: &mut Tx, app: &App, caller: &Caller, code: &SixDigitCode) -> Result<Result<(), Refusal>, Error> {
    let pending = pending(tx, app, caller).await?.ok_or(Refusal::AttemptOver)?;
    challenge::take(tx, app, &pending, code).await
}

async fn promote(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    factor: Option<&TypedFactor>,
) -> Result<Issued, Error> {
    let user = tx.instance().load_user(caller.user_id()).await?;
    let Proven { owner, second } = address::prove(tx, app, visitor, user, factor.into()).await?;
    let shown = Shown { second, ..Shown::one(Proof::MailedCode { at: app.now() }, WayIn::MailedCode) };
    if owner.id == *caller.user_id() {
        issue(tx, app, visitor, &owner.id, shown).await
    } else {
        // Identity and membership moved to the user who has the address: the session's proofs go with them.
        adopt(tx, app, visitor, &owner.id, caller, shown).await
    }
}
