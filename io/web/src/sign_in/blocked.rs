//! Owns `/sign-in/blocked/{id}`: a right proof that enforced SSO stopped (R-ENF-3), and from there out of one of the
//! organizations that ask for their SSO (R-ENF-13).

use axum::response::Response;
use orgate_app::error::Error;
use orgate_app::sign_in::Issued;
use orgate_app::sign_in::blocked::{self, Departed};
use orgate_core::id::{Identifier as _, SignInId};
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::return_to::ReturnTo;

use super::departure::{common, is_obstacle};
use super::password::HOME;
use super::second_factor::{Beside, Wants, asks_for_factor};
use crate::cookies;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done, mailed_again, see_other};
use crate::pages::confirmation::Weight;
use crate::pages::departure::DeparturePage;
use crate::pages::refusal::{BlockedPage, BlockingOrganization};
use crate::pages::sign_in::{CodePage, CodePurpose};
use crate::pages::{Field, Notice, Tone};

/// The page of an attempt.
pub fn page_of(id: &SignInId) -> String {
    format!("/sign-in/blocked/{id}")
}

fn way_out(id: &SignInId, slug: &str) -> String {
    format!("/sign-in/blocked/{id}/departures/{slug}")
}

fn attempt(id: &str) -> Result<SignInId, Refusal> {
    SignInId::parse(id).ok_or(Refusal::AttemptOver)
}

/// Who asks for their SSO, and the reference that they find.
pub async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    let stopped = blocked::show(visit.app(), &visit.visitor, &id).await?;
    let organizations = stopped.organizations.into_iter().map(|one| BlockingOrganization {
        leave_url: stopped.may_leave.then(|| way_out(&id, &one.slug)),
        name: one.name,
        slug: one.slug,
    });
    visit.page(&BlockedPage {
        site: visit.site.clone(),
        notice: visit.notice.as_ref().map(|notice| notice.text.clone()),
        organizations: organizations.collect(),
        reference: Some(stopped.reference.to_string()),
    })
}

/// What leaving does.
pub async fn ask(visit: Visit, Path((id, slug)): Path<(String, String)>) -> PageResult {
    visit.page(&question(&visit, &attempt(&id)?, &slug).await?)
}

async fn question(visit: &Visit, id: &SignInId, slug: &str) -> Result<DeparturePage, Error> {
    let view = blocked::ask(visit.app(), &visit.visitor, id, slug).await?;
    Ok(DeparturePage {
        reassurance: format!(
            "We mail a code to {} first. Then your sign-in goes on with what you have shown. Your account stays.",
            view.masked_email
        ),
        verb: "Mail me a code".to_owned(),
        weight: Weight::Beginning,
        action: way_out(id, slug),
        cancel_url: page_of(id),
        ..common(visit, view)
    })
}

/// Mails a code.
pub async fn mail_code(visit: Visit, Path((id, slug)): Path<(String, String)>) -> PageResult {
    let id = attempt(&id)?;
    match blocked::mail_code(visit.app(), &visit.visitor, &id, &slug).await {
        Ok(()) => Ok(see_other(&format!("{}/code", way_out(&id, &slug)))),
        Err(error) if is_obstacle(&error) => visit.again(&question(&visit, &id, &slug).await?),
        Err(other) => Err(other.into()),
    }
}

/// Mails another code.
pub async fn resend(visit: Visit, Path((id, slug)): Path<(String, String)>) -> PageResult {
    let id = attempt(&id)?;
    blocked::mail_code(visit.app(), &visit.visitor, &id, &slug).await?;
    Ok(mailed_again(&format!("{}/code", way_out(&id, &slug))))
}

/// The page that asks for the code.
pub async fn show_code(visit: Visit, Path((id, slug)): Path<(String, String)>) -> PageResult {
    visit.page(&code_page(&visit, &attempt(&id)?, &slug, Field::empty()).await?)
}

async fn code_page(visit: &Visit, id: &SignInId, slug: &str, code: Field) -> Result<CodePage, Error> {
    let view = blocked::ask(visit.app(), &visit.visitor, id, slug).await?;
    let action = format!("{}/code", way_out(id, slug));
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::Departure { organization_name: view.organization.name },
        address: view.masked_email,
        code,
        sent_again: visit.sent_again(),
        again_action: format!("{action}/again"),
        action,
        cancel_url: page_of(id),
    })
}

/// The person leaves, and their sign-in goes on.
pub async fn verify(visit: Visit, Path((id, slug)): Path<(String, String)>, Form(typed): Form<Beside>) -> PageResult {
    let id = attempt(&id)?;
    let code = typed.mailed_code();
    match blocked::leave_with(visit.app(), &visit.visitor, &id, &slug, &code, typed.factor()).await {
        Ok(Departed::SignedIn { issued, return_to, left }) => Ok(land(&visit, &issued, return_to.as_deref(), &left)),
        Ok(Departed::StillBlocked { attempt, left }) => Ok(done(&page_of(&attempt), &farewell(&left))),
        Err(error) => again(&visit, &id, &slug, (&typed, error)).await,
    }
}

/// The page that says what was wrong or is missing.
async fn again(visit: &Visit, id: &SignInId, slug: &str, (typed, error): (&Beside, Error)) -> PageResult {
    let error = match asks_for_factor(error) {
        Ok(error) => {
            let view = blocked::ask(visit.app(), &visit.visitor, id, slug).await?;
            if view.obstacle.is_some() {
                return visit.again(&question(visit, id, slug).await?);
            }
            let wants = Wants {
                reason: format!(
                    "The mailed code is right. Leaving {} asks for your second factor too.",
                    view.organization.name
                ),
                action: format!("{}/code", way_out(id, slug)),
                cancel_url: page_of(id),
                carries: true,
                error,
            };
            return visit.again(&typed.page(visit, &view.factors, wants));
        }
        Err(error) => error,
    };
    if is_obstacle(&error) {
        return visit.again(&question(visit, id, slug).await?);
    }
    let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
    visit.again(&code_page(visit, id, slug, mistakes.field("code", "")).await?)
}

fn farewell(left: &RequiringOrganization) -> String {
    format!("You left {}.", left.name)
}

/// To where the person wanted, unless it lies in what they left.
fn land(visit: &Visit, issued: &Issued, wanted: Option<&str>, left: &RequiringOrganization) -> Response {
    let remembered = visit.return_to.as_ref().map(ReturnTo::as_str);
    let goal = wanted.or(remembered).filter(|path| !is_inside(path, left));
    let mut response = visit.arrived(issued, goal.or(Some(HOME)), HOME);
    if remembered.is_some_and(|path| is_inside(path, left)) {
        cookies::set(response.headers_mut(), cookies::forget_return_to());
    }
    cookies::set(response.headers_mut(), cookies::notice(&Notice::new(farewell(left), Tone::Success)));
    response
}

fn is_inside(path: &str, organization: &RequiringOrganization) -> bool {
    let named = path.split(['/', '?']).nth(2);
    path.starts_with("/organizations/")
        && named.is_some_and(|named| named == organization.slug || named == organization.id.as_str())
}
