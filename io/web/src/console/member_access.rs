//! Owns what an Owner ends or lifts of a member's access, each behind a page that asks first: removing them, making
//! their proofs no longer count, clearing their links to the identity provider, re-admitting whom they removed.

use orgate_app::connection;
use orgate_app::membership::{self, MemberView};
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::membership::MembershipState;
use orgate_core::refusal::Refusal;

use super::asking::{Question, ask};
use super::connections::identities;
use super::departure;
use super::members::{member_url, url};
use super::organization_frame;
use crate::error::Failure;
use crate::page::{Mistakes, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::{Frame, Person, Section};

/// Asks before a member is removed.
pub async fn ask_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    visit.page(&removal(&visit, &slug, &id, None).await?)
}

/// Removes a member. Removing oneself is leaving.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let current = orgate_app::session::current(visit.app(), &visit.visitor).await?;
    match membership::remove(visit.app(), &visit.visitor, &slug, &id).await {
        Ok(()) if current.user_id.as_str() == id => Ok(done("/organizations", "You have left the organization.")),
        Ok(()) => Ok(done(&url(&slug), "The member is removed.")),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "member", |refusal| *refusal == Refusal::LastOwner)?;
            visit.again(&removal(&visit, &slug, &id, mistakes.elsewhere(&[])).await?)
        }
    }
}

async fn removal(visit: &Visit, slug: &str, id: &str, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    let (frame, view) = load(visit, slug, id).await?;
    if frame.person.id == id {
        return departure::page(visit, slug, problem).await;
    }
    let organization = frame.organization_name().to_owned();
    let name = &view.member.name;
    let count = u64::try_from(view.projects.len()).unwrap_or(u64::MAX);
    let mut consequences = vec![Consequence::plain("Their role ends at once, and with it what they can see here.")];
    if count > 0 {
        consequences.push(Consequence::counted(
            count,
            if count == 1 { "project closes to them" } else { "projects close to them" },
        ));
    }
    consequences.push(Consequence::plain("Invitations that they sent and nobody has accepted are revoked."));
    consequences
        .push(Consequence::plain("Single sign-on refuses them until an Owner re-admits or invites them again."));
    let question = Question {
        title: format!("Remove {name} from {organization}?"),
        verb: "Remove",
        action: format!("{}/removal", member_url(slug, id)),
        above: ("Members", url(slug)),
    };
    Ok(ConfirmationPage {
        text: view.member.email.to_string(),
        consequences,
        reassurance: "Their account and their other organizations stay as they are.".to_owned(),
        problem,
        ..ask(frame, question)
    })
}

/// Asks before a member's proofs stop counting here.
pub async fn ask_proofs_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, view) = load(&visit, &slug, &id).await?;
    let organization = frame.organization_name().to_owned();
    let (whom, happens, stays) = if frame.person.id == id {
        (
            "yourself",
            format!(
                "What opens {organization} to you now no longer does: at your next click you prove again who you are."
            ),
            "Your role, your projects and your other organizations stay as they are.",
        )
    } else {
        (
            view.member.name.as_str(),
            format!(
                "What opens {organization} to them now no longer does: at their next click they prove again who they are."
            ),
            "Their role, their projects and their other organizations stay as they are.",
        )
    };
    let question = Question {
        title: format!("Sign {whom} out of {organization}?"),
        verb: "Sign out",
        action: format!("{}/proofs/removal", member_url(&slug, &id)),
        above: ("Members", url(&slug)),
    };
    visit.page(&ConfirmationPage {
        text: view.member.email.to_string(),
        consequences: vec![Consequence::plain(happens)],
        reassurance: stays.to_owned(),
        ..ask(frame, question)
    })
}

/// Makes a member's proofs stop counting here.
pub async fn remove_proofs(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    membership::end_proofs(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&member_url(&slug, &id), "They prove again who they are at their next click."))
}

/// Asks before a person's links to the identity provider are cleared.
pub async fn ask_identities_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, view) = load(&visit, &slug, &id).await?;
    if view.identities.is_empty() || view.member.membership.state == MembershipState::Removed {
        return Err(Refusal::NotFound.into());
    }
    let person = Person::new(id.as_str(), &view.member.name, view.member.email.to_string());
    let action = format!("{}/identities/removal", member_url(&slug, &id));
    visit.page(&identities::question(frame, vec![person], action, (&view.member.name, member_url(&slug, &id))))
}

/// Clears them.
pub async fn remove_identities(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let user_id = UserId::parse(&id).ok_or(Refusal::NotFound)?;
    connection::clear(visit.app(), &visit.visitor, &slug, vec![user_id]).await?;
    Ok(done(&member_url(&slug, &id), "The links are cleared."))
}

/// Asks before a removed person is re-admitted.
pub async fn ask_readmission(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, view) = load(&visit, &slug, &id).await?;
    let organization = frame.organization_name().to_owned();
    let question = Question {
        title: format!("Re-admit {} to {organization}?", view.member.name),
        verb: "Re-admit",
        action: format!("{}/readmission", member_url(&slug, &id)),
        above: ("Members", url(&slug)),
    };
    visit.page(&ConfirmationPage {
        text: view.member.email.to_string(),
        consequences: vec![Consequence::plain(
            "Single sign-on no longer refuses them: at their next sign-in they join as a member with no project.",
        )],
        reassurance: "It makes them no member by itself and gives back no role.".to_owned(),
        weight: Weight::Beginning,
        ..ask(frame, question)
    })
}

/// Re-admits a removed person.
pub async fn readmit(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    membership::readmit(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&url(&slug), "They may join again."))
}

async fn load(visit: &Visit, slug: &str, id: &str) -> Result<(Frame, MemberView), Failure> {
    let (frame, _) = organization_frame(visit, Section::Members, slug).await?;
    let view = membership::get(visit.app(), &visit.visitor, slug, id).await?;
    Ok((frame, view))
}
