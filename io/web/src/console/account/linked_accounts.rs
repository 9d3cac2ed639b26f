//! Owns `/account/security/linked-accounts`: linking and unlinking a person's own account at Google or GitHub.

use orgate_app::linked_account;
use orgate_app::rows::PersonalIdentity;
use orgate_app::sign_in::personal::begin::begin_link;
use orgate_app::sign_in::personal::offered;
use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;

use super::security::URL;
use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Mistakes, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::personal::{Linked, LinkedAccount};
use crate::pages::{Moment, Section};
use crate::sign_in::personal::{leave, named, view_of};

/// Every provider that is offered or linked.
pub(super) async fn cards(visit: &Visit, now: Timestamp) -> Result<Vec<LinkedAccount>, Failure> {
    let linked = linked_account::list(visit.app(), &visit.visitor).await?;
    let offered = offered(visit.app());
    let of = |provider: PersonalProvider| linked.iter().find(|identity| identity.provider == provider);
    let shown = PersonalProvider::ALL.into_iter().filter(|one| offered.contains(one) || of(*one).is_some());
    Ok(shown
        .map(|provider| LinkedAccount { provider: view_of(provider), linked: of(provider).map(|one| card(one, now)) })
        .collect())
}

fn card(identity: &PersonalIdentity, now: Timestamp) -> Linked {
    Linked {
        email: identity.email.clone().unwrap_or_else(|| "No address named".to_owned()),
        at: Moment::new(identity.created_at, now),
        used: identity.last_sign_in_at.map(|at| Moment::new(at, now)),
    }
}

/// Begins linking.
pub async fn create(visit: Visit, Path(word): Path<String>) -> PageResult {
    let provider = named(&word)?;
    let begun = begin_link(visit.app(), &visit.visitor, provider).await?;
    leave(&visit, provider, begun)
}

/// Asks before it is gone.
pub async fn ask_removal(visit: Visit, Path(word): Path<String>) -> PageResult {
    visit.page(&page(&visit, named(&word)?, None).await?)
}

/// Unlinks it.
pub async fn remove(visit: Visit, Path(word): Path<String>) -> PageResult {
    let provider = named(&word)?;
    match linked_account::remove(visit.app(), &visit.visitor, provider).await {
        Ok(()) => {
            let name = provider.words();
            Ok(done(URL, &format!("{name} is no longer linked, and you are signed out everywhere else.")))
        }
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "provider", |refusal| *refusal == Refusal::LastWayIn)?;
            visit.again(&page(&visit, provider, mistakes.elsewhere(&[])).await?)
        }
    }
}

async fn page(visit: &Visit, provider: PersonalProvider, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    linked_account::may_remove(visit.app(), &visit.visitor, provider).await?;
    let name = provider.words();
    let question = Question {
        title: format!("Unlink {name}?"),
        verb: "Unlink",
        action: format!("/account/security/linked-accounts/{}/removal", provider.as_str()),
        above: ("Sign-in and security", URL.to_owned()),
    };
    Ok(ConfirmationPage {
        consequences: vec![
            Consequence::plain(format!("{name} no longer signs you in here.")),
            Consequence::plain("Every other browser is signed out at its next click."),
        ],
        reassurance: format!("Your account at {name} stays as it is, and you can link it again."),
        problem,
        ..ask(frame(visit, Section::Security).await?, question)
    })
}
