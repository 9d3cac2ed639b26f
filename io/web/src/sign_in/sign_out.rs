//! Owns `/sign-out`: ending this browser's session.

use orgate_app::error::Error;
use orgate_app::session;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use crate::cookies;
use crate::page::{Form, PageResult, Visit, see_other};
use crate::pages::sign_in::SignedOutPage;
use crate::return_to::ReturnTo;

/// What the form sends: the invitation to go on with, when it was somebody else's browser.
#[derive(Deserialize)]
pub struct Typed {
    invitation: Option<String>,
}

/// Signs out. Who is signed out already is told the same.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match session::sign_out(visit.app(), &visit.visitor).await {
        Ok(()) | Err(Error::Refused(Refusal::NoSession | Refusal::SessionEnded(_))) => {}
        Err(other) => return Err(other.into()),
    }
    let back = typed.invitation.and_then(|token| ReturnTo::parse(&format!("/invitations/{token}")));
    let mut response = see_other(back.as_ref().map_or("/signed-out", ReturnTo::as_str));
    cookies::set(response.headers_mut(), cookies::forget_session());
    Ok(response)
}

/// Says so.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&SignedOutPage { site: visit.site.clone() })
}
