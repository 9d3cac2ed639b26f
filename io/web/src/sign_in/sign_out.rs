//! Owns `/sign-out`: ending this browser's session, here and then at the identity provider that it came in by.

use axum::extract::RawQuery;
use orgate_app::error::Error;
use orgate_app::log_out::come_back::come_back;
use orgate_app::log_out::leave::{Leave, sign_out};
use orgate_core::id::{ConnectionId, Identifier as _};
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use serde::Deserialize;

use crate::cookies;
use crate::page::{Form, PageResult, Path, Visit, see_other};
use crate::pages::sign_in::{SignOutThereToo, SignedOutPage};

/// What the form sends: the invitation to go on with, when it was somebody else's browser.
#[derive(Deserialize)]
pub struct Typed {
    invitation: Option<String>,
}

/// Signs out. Who is signed out already is told the same. Who goes on with an invitation wanted another account here, and
/// is sent nowhere else.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let leave = match sign_out(visit.app(), &visit.visitor).await {
        Ok(leave) => leave,
        Err(Error::Refused(Refusal::NoSession | Refusal::SessionEnded(_))) => None,
        Err(other) => return Err(other.into()),
    };
    let back = typed.invitation.and_then(|token| ReturnTo::parse(&format!("/invitations/{token}")));
    let mut response = match (back, leave) {
        (Some(back), _) => see_other(back.as_str()),
        (None, Some(leave)) => lead_there(&visit, leave)?,
        (None, None) => see_other("/signed-out"),
    };
    cookies::set(response.headers_mut(), cookies::forget_session());
    // What this person sent in vain is no business of the next one.
    cookies::set(response.headers_mut(), cookies::forget_unsent());
    Ok(response)
}

/// A page that goes on by itself, for no form may end at another host. It says first what is done already.
fn lead_there(visit: &Visit, leave: Leave) -> PageResult {
    let Leave { organization_name, url, cookie } = leave;
    let mut response = visit.page(&SignOutThereToo { site: visit.site.clone(), organization_name, url })?;
    if let Some(token) = cookie {
        cookies::set(response.headers_mut(), cookies::browser(&token));
    }
    Ok(response)
}

/// Takes the browser back from the identity provider, and its state off the address bar.
pub async fn back(visit: Visit, Path(id): Path<String>, RawQuery(query): RawQuery) -> PageResult {
    let id = ConnectionId::parse(&id).ok_or(Refusal::NotFound)?;
    come_back(visit.app(), &visit.visitor, &id, query.as_deref().unwrap_or_default()).await?;
    Ok(see_other("/signed-out"))
}

/// Says so.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&SignedOutPage { site: visit.site.clone() })
}
