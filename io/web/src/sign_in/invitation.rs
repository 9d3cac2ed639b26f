//! Owns `/invitations/{token}`: what a link shows to whoever opens it, and accepting it. Opening it uses nothing up.

use orgate_app::invitation::{self, InvitationStanding, InvitationView};
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use serde::Deserialize;

use crate::console::invitations::grant;
use crate::cookies;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done, mailed_again, see_other};
use crate::pages::sign_in::{CodePage, CodePurpose, InvitationPage, InvitationState};
use crate::pages::{Field, Moment, Person};

/// The invitation. Who has to sign in or up first comes back here afterwards.
pub async fn show(visit: Visit, Path(token): Path<String>) -> PageResult {
    let view = invitation::open(visit.app(), &visit.visitor, &token).await?;
    let is_stranger = view.as_ref().is_some_and(|view| view.standing == InvitationStanding::SignedOut);
    let mut response = visit.page(&page(&visit, &token, view))?;
    if let Some(back) = ReturnTo::parse(&url(&token)).filter(|_| is_stranger) {
        cookies::set(response.headers_mut(), cookies::return_to(&back));
    }
    Ok(response)
}

fn page(visit: &Visit, token: &str, view: Option<InvitationView>) -> InvitationPage {
    let mut page = InvitationPage {
        site: visit.site.clone(),
        token: token.to_owned(),
        organization_name: String::new(),
        inviter: String::new(),
        email: String::new(),
        role: String::new(),
        projects: Vec::new(),
        expires: Moment::default(),
        state: InvitationState::Gone,
    };
    if let Some(view) = view {
        page.state = state(&view, token);
        page.organization_name = view.organization_name;
        page.inviter = view.inviter;
        page.email = view.email;
        view.role.label().clone_into(&mut page.role);
        page.projects = view.projects.iter().map(|project| grant(&project.name, project.role)).collect();
        page.expires = Moment::new(view.expires_at, visit.now());
    }
    page
}

fn state(view: &InvitationView, token: &str) -> InvitationState {
    match &view.standing {
        InvitationStanding::Ready => InvitationState::Ready,
        InvitationStanding::SignedOut => InvitationState::SignedOut {
            sign_in_url: format!("/sign-in?return_to={}", url(token)),
            // An invitation opens sign-up to its address, wherever strangers may not create accounts (R-ORG-2).
            sign_up_url: Some("/sign-up".to_owned()),
        },
        InvitationStanding::NeedsCode => InvitationState::NeedsCode,
        InvitationStanding::WrongPerson { name, email } => {
            InvitationState::WrongPerson { current: Person::new("", name, email) }
        }
        InvitationStanding::SsoOnly => {
            InvitationState::SsoOnly { sign_in_url: format!("/sign-in/{}", view.organization_slug) }
        }
    }
}

/// What the forms send: a code, over a copied link.
#[derive(Deserialize)]
pub struct Typed {
    code: Option<String>,
}

/// Accepts: an act of consent by the person who is signed in (R-INV-2).
pub async fn accept(visit: Visit, Path(token): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match invitation::accept(visit.app(), &visit.visitor, &token, typed.code.as_deref()).await {
        Ok(accepted) => Ok(done(
            &format!("/organizations/{}/projects", accepted.slug),
            &format!("You are in {} now. Your role: {}.", accepted.name, accepted.role.label()),
        )),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            visit.again(&code_page(&visit, &token, mistakes.field("code", "")).await?)
        }
    }
}

/// Mails a code to the invited address.
pub async fn create_code(visit: Visit, Path(token): Path<String>) -> PageResult {
    invitation::request_code(visit.app(), &visit.visitor, &token).await?;
    Ok(see_other(&format!("{}/code", url(&token))))
}

/// Mails another one.
pub async fn resend(visit: Visit, Path(token): Path<String>) -> PageResult {
    invitation::request_code(visit.app(), &visit.visitor, &token).await?;
    Ok(mailed_again(&format!("{}/code", url(&token))))
}

/// Asks for the code.
pub async fn show_code(visit: Visit, Path(token): Path<String>) -> PageResult {
    visit.page(&code_page(&visit, &token, Field::empty()).await?)
}

async fn code_page(visit: &Visit, token: &str, code: Field) -> Result<CodePage, Failure> {
    let view = invitation::open(visit.app(), &visit.visitor, token).await?.ok_or(Refusal::NotFound)?;
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::Invitation { organization_name: view.organization_name },
        address: view.email,
        code,
        sent_again: visit.sent_again(),
        action: format!("{}/acceptance", url(token)),
        again_action: format!("{}/code/again", url(token)),
        cancel_url: url(token),
    })
}

fn url(token: &str) -> String {
    format!("/invitations/{token}")
}
