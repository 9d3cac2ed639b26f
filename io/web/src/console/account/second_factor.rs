//! Owns what stands before a second factor: the page that names the organization that requires one, and
//! `/account/enrolment-codes`, the mailed code before the first (R-IN-4).

use orgate_app::app::App;
use orgate_app::error::Error;
use orgate_app::second_factor::totp::{self, Enrolled};
use orgate_app::second_factor::{self, SecondFactors, Standing, enrolment_code};
use orgate_app::session::{self, Access, Current};
use orgate_app::sign_in::lookup;
use orgate_app::token::TokenPurpose;
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::security::URL;
use crate::cookies;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Query, Visit, done, mailed_again, see_other};
use crate::pages::factors::{Before, RequiredFactorPage, SecondFactorCard};
use crate::pages::sign_in::{CodePage, CodePurpose};
use crate::pages::{Field, Moment, Person};

const CODES: &str = "/account/enrolment-codes";

/// What all these addresses may carry along.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Purpose {
    /// The short name of the organization that asks for the factor.
    pub organization: Option<String>,
    /// What is set up after a mailed code: `passkey`, otherwise an authenticator app.
    pub next: Option<String>,
}

impl Purpose {
    /// The address with this purpose.
    pub fn address(&self, page: &str) -> String {
        let fields = [("organization", &self.organization), ("next", &self.next)];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        // What is no plain text is left out: these addresses go into redirects.
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let query: Vec<String> =
            given.filter(|(_, value)| is_plain(value)).map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { page.to_owned() } else { format!("{page}?{}", query.join("&")) }
    }

    /// Where the person goes on to at the end, and what that is called: into the organization that asked, as far as they
    /// wanted.
    pub fn onward(&self, visit: &Visit) -> (String, &'static str) {
        let Some(organization) = &self.organization else { return (URL.to_owned(), "Continue") };
        let root = format!("/organizations/{organization}");
        let wanted = visit.return_to.as_ref().map(ReturnTo::as_str);
        let inside = wanted.filter(|path| *path == root || path.starts_with(&format!("{root}/")));
        let onward = inside.map_or(root.clone(), str::to_owned);
        ReturnTo::parse(&onward).map_or((URL.to_owned(), "Continue"), |path| (path.as_str().to_owned(), "Continue"))
    }
}

/// Names the organization, and the ways to a second factor.
pub async fn require(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    let current = session::current(visit.app(), &visit.visitor).await?;
    let slug = purpose.organization.as_deref().ok_or(Refusal::NotFound)?;
    let place = current.organizations.iter().find(|place| place.slug == slug || place.id.as_str() == slug);
    let place = place.ok_or(Refusal::NotFound)?;
    if place.access != Access::NeedsSecondFactor || current.has_second_factor {
        return Ok(see_other(&format!("/organizations/{}", place.slug)));
    }
    let has_sso = has_sso(visit.app(), &place.slug).await?;
    let purpose = Purpose { organization: Some(place.slug.clone()), next: None };
    visit.page(&RequiredFactorPage {
        site: visit.site.clone(),
        person: Person::new(current.user_id.as_str(), &current.name, &current.email),
        organization_name: place.name.clone(),
        totp_url: purpose.address("/account/totp/new"),
        passkey_url: orgate_app::passkey::is_offered(visit.app()).then(|| purpose.address("/account/passkeys/new")),
        sso_url: has_sso.then(|| format!("/sign-in/{}", place.slug)),
    })
}

async fn has_sso(app: &App, slug: &str) -> Result<bool, Error> {
    match lookup::login_page(app, slug).await {
        Ok(page) => Ok(page.has_sso),
        Err(Error::Refused(_)) => Ok(false),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

/// What stands before a second factor.
pub(super) async fn before(visit: &Visit) -> Result<Before, Error> {
    Ok(match second_factor::standing(visit.app(), &visit.visitor).await? {
        Standing::Ready => Before::Nothing,
        Standing::NeedsMailedCode(address) => Before::MailedCode { address },
        Standing::NeedsAddressProof => Before::AddressProof,
    })
}

/// The answer to a factor that was set up, under the session's new token.
pub(super) async fn enrolled_page(
    visit: &Visit,
    purpose: &Purpose,
    Enrolled { issued, recovery_codes }: &Enrolled,
    sentence: &str,
) -> PageResult {
    let (onward, label) = purpose.onward(visit);
    let mut response = if recovery_codes.is_empty() {
        done(&onward, sentence)
    } else {
        super::recovery_codes::page(visit, issued, recovery_codes, (sentence, false), (onward, label)).await?
    };
    cookies::set(response.headers_mut(), cookies::session(issued, visit.now()));
    if purpose.organization.is_some() && visit.return_to.is_some() {
        cookies::set(response.headers_mut(), cookies::forget_return_to());
        cookies::set(response.headers_mut(), cookies::forget_unsent());
    }
    Ok(response)
}

/// Mails the code.
pub async fn create_code(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    enrolment_code::mail(visit.app(), &visit.visitor).await?;
    Ok(see_other(&purpose.address(CODES)))
}

/// Mails another.
pub async fn resend_code(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    enrolment_code::mail(visit.app(), &visit.visitor).await?;
    Ok(mailed_again(&purpose.address(CODES)))
}

/// Asks for it.
pub async fn show_code(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    visit.page(&code_page(&visit, &purpose, Field::empty()).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    code: String,
}

/// Takes it, and goes on with what it was mailed for.
pub async fn verify_code(visit: Visit, Query(purpose): Query<Purpose>, Form(typed): Form<Typed>) -> PageResult {
    let issued = match enrolment_code::confirm(visit.app(), &visit.visitor, &typed.code).await {
        Ok(issued) => issued,
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            return visit.again(&code_page(&visit, &purpose, mistakes.field("code", "")).await?);
        }
    };
    if purpose.next.as_deref() == Some("passkey") {
        return Ok(visit.renewed(&issued, &purpose.address("/account/passkeys/new")));
    }
    let mut visitor = visit.visitor.clone();
    visitor.session = Some(issued.token.hash(TokenPurpose::Session));
    let page = match totp::begin(visit.app(), &visitor).await {
        Ok(_) => "/account/totp",
        // The session is a new one, whatever became of the secret.
        Err(Error::Refused(_)) => URL,
        Err(fault @ Error::Fault(_)) => return Err(fault.into()),
    };
    Ok(visit.renewed(&issued, &purpose.address(page)))
}

async fn code_page(visit: &Visit, purpose: &Purpose, code: Field) -> Result<CodePage, Failure> {
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::SecondFactor,
        address: session::current(visit.app(), &visit.visitor).await?.email,
        code,
        sent_again: visit.sent_again(),
        action: purpose.address("/account/enrolment-codes/verification"),
        again_action: purpose.address("/account/enrolment-codes/again"),
        cancel_url: URL.to_owned(),
    })
}

/// The card of `/account/security`.
pub(super) async fn card(visit: &Visit, current: &Current, now: Timestamp) -> Result<SecondFactorCard, Failure> {
    let SecondFactors { has_one, totp_since, passkeys: _, recovery_codes_left, required_by } =
        second_factor::list(visit.app(), &visit.visitor).await?;
    let names = current.organizations.iter().filter(|place| required_by.contains(&place.id));
    Ok(SecondFactorCard {
        on: has_one,
        authenticator_since: totp_since.map(|since| Moment::new(since, now)),
        recovery_codes_left,
        required_by: names.map(|place| place.name.clone()).collect(),
    })
}
