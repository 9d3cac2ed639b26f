//! Owns `/account/proof`: a person confirms that it is them, by a way that serves for where they were going (R-IN-8,
//! R-IN-9, R-LNK-6).

use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::session::{self, Access, Current, CurrentPlace};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, again, passkey};
use orgate_app::sign_in::sso::begin::{NewSignIn, begin};
use orgate_app::sign_in::{lookup, password, step_up};
use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use orgate_core::sign_in::Started;
use serde::Deserialize;

use super::passkey::{Typed as Answer, challenge_of, problem};
use super::password::HOME;
use super::second_factor::{Beside, Choice, asks_for_factor};
use super::wish::Wish;
use super::{address_claim, personal, provider, second_factor};
use crate::page::{Form, Mistakes, PageResult, Query, Visit, mailed_again, see_other};
use crate::pages::passkeys::PasskeyForm;
use crate::pages::second_factor::{FactorField, SecondFactorPage};
use crate::pages::sign_in::{CodePage, CodePurpose, FreshProofPage, SsoProof};
use crate::pages::{Field, Hidden, Person};

/// The page.
const PROOF: &str = "/account/proof";

/// The page that asks for a mailed code.
const CODE: &str = "/account/proof/code";

/// What may follow `?`, and goes along with every form.
#[derive(Default, Deserialize)]
pub struct Purpose {
    organization: Option<String>,
    with: Option<String>,
}

/// The ways that serve. It takes a wish to come back.
pub async fn show(visit: Visit, Query(purpose): Query<Purpose>, Query(wish): Query<Wish>) -> PageResult {
    let organization = purpose.organization.as_deref();
    let choice = Choice { with: purpose.with };
    let page = match factor_page(&visit, organization, &choice, Field::empty()).await? {
        Some(page) => visit.on_the_way(&page)?,
        None => visit.on_the_way(&page(&visit, organization, None).await?)?,
    };
    Ok(wish.remembered_by(page))
}

/// The second factor, when it is what is missing.
async fn factor_page(
    visit: &Visit,
    organization: Option<&str>,
    choice: &Choice,
    code: Field,
) -> Result<Option<SecondFactorPage>, Error> {
    let ways = step_up::ways(visit.app(), &visit.visitor, organization).await?;
    let Some(methods) = ways.factor else { return Ok(None) };
    let with = choice.among(&methods);
    let here = organization.map_or_else(|| PROOF.to_owned(), |slug| format!("{PROOF}?organization={slug}"));
    Ok(Some(SecondFactorPage {
        site: visit.site.clone(),
        reason: "What you are about to open asks for your second factor.".to_owned(),
        unsaved: visit.unsaved(),
        with: match second_factor::field(with, PROOF) {
            FactorField::Passkey(form) => FactorField::Passkey(form.carrying(purpose_of(organization))),
            typed => typed,
        },
        code,
        others: second_factor::others(with, &methods, Some(&here)),
        action: PROOF.to_owned(),
        hidden: purpose_of(organization),
        cancel_url: HOME.to_owned(),
    }))
}

fn purpose_of(organization: Option<&str>) -> Vec<Hidden> {
    organization.map(|slug| Hidden { name: "purpose".to_owned(), value: slug.to_owned() }).into_iter().collect()
}

async fn page(visit: &Visit, organization: Option<&str>, problem: Option<String>) -> Result<FreshProofPage, Error> {
    let current = session::current(visit.app(), &visit.visitor).await?;
    let ways = step_up::ways(visit.app(), &visit.visitor, organization).await?;
    let serves = |slug: &str| organization.is_none_or(|organization| organization == slug);
    let mut sso: Vec<SsoProof> = ways
        .sso
        .into_iter()
        .filter(|(slug, _)| serves(slug))
        .map(|(slug, organization_name)| SsoProof { organization_name, slug })
        .collect();
    if let (true, Some(slug)) = (sso.is_empty(), organization) {
        sso.extend(login_address(visit, slug).await?);
    }
    Ok(FreshProofPage {
        site: visit.site.clone(),
        person: Person::new(current.user_id.as_str(), &current.name, &current.email),
        reason: reason(&current, organization, ways.told),
        unsaved: visit.unsaved(),
        password: ways.password.then(Field::empty),
        passkey: ways.passkey.then(|| PasskeyForm::at("/account/proof/passkey").carrying(purpose_of(organization))),
        sso,
        providers: ways.personal.into_iter().map(personal::view_of).collect(),
        code_address: ways.mailed_code,
        problem,
        action: "/account/proof".to_owned(),
        hidden: purpose_of(organization),
        cancel_url: HOME.to_owned(),
    })
}

/// Why the proof is asked for: an organization may want one that is newer than the person's membership (R-IN-7).
fn reason(current: &Current, organization: Option<&str>, is_told: bool) -> String {
    if organization.is_some() && !is_told {
        return "Single sign-on of one organization opens no other. Show that it is you to go on.".to_owned();
    }
    let named =
        |place: &&CurrentPlace| organization == Some(place.slug.as_str()) || organization == Some(place.id.as_str());
    match current.organizations.iter().find(named) {
        Some(place) if place.access == Access::NeedsProof => {
            format!("{} asks you to show once more that it is you.", place.name)
        }
        Some(_) | None => {
            "What you are about to open reaches far, so it needs a proof from the last 15 minutes that it is you."
                .to_owned()
        }
    }
}

/// The SSO of the organization that the person was going to. Whether they are a member is not said here: its login address is
/// there for everybody (R-IN-6, R-IN-9).
async fn login_address(visit: &Visit, slug: &str) -> Result<Option<SsoProof>, Error> {
    match lookup::login_page(visit.app(), slug).await {
        Ok(page) => Ok(page.has_sso.then_some(SsoProof { organization_name: page.name, slug: page.slug })),
        Err(Error::Refused(_)) => Ok(None),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

/// What the forms send.
#[derive(Deserialize)]
pub struct Shown {
    method: String,
    password: Option<String>,
    code: Option<String>,
    organization: Option<String>,
    purpose: Option<String>,
}

/// Takes a password, or goes on to the provider or to the mailed code.
pub async fn create(visit: Visit, Form(shown): Form<Shown>) -> PageResult {
    if let Some(provider) = PersonalProvider::parse(&shown.method) {
        return personal::start(&visit, provider).await;
    }
    match shown.method.as_str() {
        "password" => with_password(visit, shown).await,
        "sso" => with_provider(visit, shown.organization).await,
        "code" => {
            step_up::mail_code(visit.app(), &visit.visitor).await?;
            Ok(see_other(CODE))
        }
        other => match second_factor::method(other) {
            Some(method) => with_factor(visit, shown, method).await,
            None => Err(Refusal::NotFound.into()),
        },
    }
}

async fn with_factor(visit: Visit, shown: Shown, method: TypedMethod) -> PageResult {
    let typed = TypedFactor { method, code: shown.code.unwrap_or_default() };
    match again::confirm(visit.app(), &visit.visitor, typed).await {
        Ok(issued) => Ok(visit.signed_in(&issued, HOME)),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            let choice = Choice { with: Some(shown.method) };
            let field = second_factor::wrong(&mistakes);
            match factor_page(&visit, shown.purpose.as_deref(), &choice, field).await? {
                Some(page) => visit.again(&page),
                None => Ok(see_other(PROOF)),
            }
        }
    }
}

async fn with_password(visit: Visit, shown: Shown) -> PageResult {
    let typed = Password::from_typed(shown.password.as_deref().unwrap_or_default());
    match password::confirm(visit.app(), &visit.visitor, typed).await {
        Ok(issued) => Ok(visit.signed_in(&issued, HOME)),
        Err(Error::Refused(Refusal::InvalidCredentials)) => {
            let problem = "That is not your password. Try again, or use another way.".to_owned();
            let page = page(&visit, shown.purpose.as_deref(), Some(problem)).await?;
            visit.again(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// The provider is asked to authenticate the person anew: only then does its word count as recent (R-IN-8).
async fn with_provider(visit: Visit, organization: Option<String>) -> PageResult {
    let organization = organization.ok_or(Refusal::NotFound)?;
    let current = session::current(visit.app(), &visit.visitor).await?;
    let name = current.organizations.iter().find(|place| place.slug == organization).map(|place| place.name.clone());
    let new = NewSignIn {
        organization: organization.clone(),
        started: Started::Here,
        fresh: true,
        // Only an organization that may be named already hears the address.
        login_hint: name.is_some().then_some(current.email),
        return_to: visit.return_to.as_ref().map(|path| ReturnTo::as_str(path).to_owned()),
    };
    let begun = begin(visit.app(), &visit.visitor, new).await?;
    provider::leave(&visit, begun, name.as_deref().unwrap_or(&organization))
}

/// Draws a challenge for one of the person's passkeys.
pub async fn challenge(visit: Visit) -> PageResult {
    Ok(challenge_of(passkey::begin_again(visit.app(), &visit.visitor).await?))
}

/// Takes a passkey's answer.
pub async fn verify_passkey(visit: Visit, Form(typed): Form<Answer>) -> PageResult {
    let organization = typed.purpose.clone();
    let said = match passkey::confirm(visit.app(), &visit.visitor, &typed.into()).await {
        Ok(issued) => return Ok(visit.signed_in(&issued, HOME)),
        Err(error) => problem(error)?,
    };
    match factor_page(&visit, organization.as_deref(), &Choice::default(), Field::empty().refused(&said)).await? {
        Some(page) => visit.again(&page),
        None => visit.again(&page(&visit, organization.as_deref(), Some(said)).await?),
    }
}

/// The page that asks for the code.
pub async fn show_code(visit: Visit) -> PageResult {
    let page = code_page(&visit, Field::empty()).await?;
    visit.page(&page)
}

/// Takes the code; and the second factor of another account that has the address, if there is one.
pub async fn verify(visit: Visit, Form(typed): Form<Beside>) -> PageResult {
    let code = typed.mailed_code();
    let error = match step_up::confirm_with(visit.app(), &visit.visitor, &code, typed.factor()).await {
        Ok(issued) => return Ok(visit.signed_in(&issued, HOME)),
        Err(error) => error,
    };
    match asks_for_factor(error) {
        Ok(wrong) => address_claim::ask(&visit, &typed, wrong, (CODE, HOME)).await,
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            let page = code_page(&visit, mistakes.field("code", "")).await?;
            visit.again(&page)
        }
    }
}

/// Mails another code.
pub async fn resend(visit: Visit) -> PageResult {
    step_up::mail_code(visit.app(), &visit.visitor).await?;
    Ok(mailed_again(CODE))
}

async fn code_page(visit: &Visit, code: Field) -> Result<CodePage, Error> {
    let ways = step_up::ways(visit.app(), &visit.visitor, None).await?;
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::StepUp,
        address: ways.mailed_code.ok_or(Refusal::NeedsProof)?,
        code,
        sent_again: visit.sent_again(),
        action: CODE.to_owned(),
        again_action: "/account/proof/code/again".to_owned(),
        cancel_url: HOME.to_owned(),
    })
}
