//! Owns `/leave/{token}`, the mailed link out of an organization, and the words of leaving one (R-ENF-13). Opening the
//! link uses nothing up, so a mail scanner that follows it spoils nothing.

use orgate_app::departure::{self, DepartureView};
use orgate_app::error::Error;
use orgate_core::refusal::Refusal;

use super::second_factor::{Beside, Wants, asks_for_factor};
use crate::page::{Form, PageResult, Path, Visit};
use crate::pages::confirmation::{Consequence, Weight};
use crate::pages::departure::{DepartedPage, DeparturePage};

/// What the link would end.
pub async fn show(visit: Visit, Path(token): Path<String>) -> PageResult {
    visit.page(&page(&visit, &token).await?)
}

/// The person leaves. It makes no session, so the answer is the page itself.
pub async fn create(visit: Visit, Path(token): Path<String>, Form(typed): Form<Beside>) -> PageResult {
    let error = match departure::complete_with(visit.app(), &visit.visitor, &token, typed.factor()).await {
        Ok(left) => return visit.page(&DepartedPage { site: visit.site.clone(), organization_name: left.name }),
        Err(error) => error,
    };
    match asks_for_factor(error) {
        Ok(error) => {
            let view = departure::open(visit.app(), &token).await?;
            if view.obstacle.is_some() {
                return visit.again(&page(&visit, &token).await?);
            }
            let wants = Wants {
                reason: format!("Leaving {} asks for your second factor.", view.organization.name),
                action: format!("/leave/{token}"),
                cancel_url: format!("/leave/{token}"),
                carries: false,
                error,
            };
            visit.again(&typed.page(&visit, &view.factors, wants))
        }
        Err(error) if is_obstacle(&error) => visit.again(&page(&visit, &token).await?),
        Err(other) => Err(other.into()),
    }
}

async fn page(visit: &Visit, token: &str) -> Result<DeparturePage, Error> {
    let view = departure::open(visit.app(), token).await?;
    let verb = format!("Leave {}", view.organization.name);
    Ok(DeparturePage {
        reassurance: format!(
            "The account of {} stays, with its other organizations. This does not sign you in.",
            view.masked_email
        ),
        verb,
        weight: Weight::Ending,
        action: format!("/leave/{token}"),
        cancel_url: "/sign-in".to_owned(),
        ..common(visit, view)
    })
}

/// What every page before leaving says.
pub(super) fn common(visit: &Visit, view: DepartureView) -> DeparturePage {
    let name = view.organization.name;
    DeparturePage {
        site: visit.site.clone(),
        consequences: vec![
            Consequence::plain("Your role, your projects and the invitations you sent there end at once."),
            Consequence::plain(format!("The Owners of {name} are told that you left.")),
            Consequence::plain(
                "You come back through its single sign-on or by an invitation, as a member with no project.",
            ),
        ],
        obstacle: view.obstacle.as_ref().map(|refusal| obstacle(refusal, &name)),
        organization_name: name,
        reassurance: String::new(),
        verb: String::new(),
        weight: Weight::Beginning,
        action: String::new(),
        cancel_url: String::new(),
    }
}

/// Whether the page before leaving says why not, and what to do.
pub(super) fn is_obstacle(error: &Error) -> bool {
    matches!(error, Error::Refused(Refusal::LastOwner | Refusal::NoWayBackIn | Refusal::NeedsSecondFactor))
}

fn obstacle(refusal: &Refusal, name: &str) -> String {
    match refusal {
        Refusal::LastOwner => format!(
            "You are the only Owner of {name}, and an organization always has one. Sign in through its single sign-on and \
             make somebody else Owner first."
        ),
        Refusal::NoWayBackIn => format!(
            "If the identity provider of {name} were down, only you could let its people in. Ask another Owner to keep a \
             way to sign in without it first."
        ),
        Refusal::NeedsSecondFactor => format!(
            "Your second factor is a passkey, which cannot be shown here. Sign in with it first: the page that then names \
             {name} offers the same."
        ),
        other => format!("{}. {}", other.title(), other.advice()),
    }
}
