//! Owns `/account/passkeys`: adding passkeys, naming them and taking them away (R-IN-1, R-IN-4).

use orgate_app::device;
use orgate_app::error::Error;
use orgate_app::second_factor::passkey;
use orgate_app::sign_in::passkey::Answered;
use orgate_core::passkey::MOST_PASSKEYS;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::second_factor::{Purpose, before, enrolled_page};
use super::security::URL;
use super::totp::consequences;
use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::passkeys::{NewPasskeyPage, PasskeyForm, PasskeyPage, PasskeyRow, PasskeysCard};
use crate::pages::{Field, Moment, Section};
use crate::sign_in::passkey::{challenge_of, problem};

const ALL: &str = "/account/passkeys";

/// What the script cannot say, for it learns nothing but that no challenge was drawn.
const FULL: &str = "You have as many passkeys as there can be. Remove one first.";

/// Browsers know it before they ask; one that does not look finds out here.
const KNOWN: &str = "There is a passkey for this account on that device already. Choose another device.";

/// The card of `/account/security`.
pub(super) async fn card(visit: &Visit, now: Timestamp) -> Result<PasskeysCard, Failure> {
    let passkeys = passkey::list(visit.app(), &visit.visitor).await?;
    let row = |passkey: orgate_app::rows::Passkey| PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.name,
        added: Moment::new(passkey.created_at, now),
        used: passkey.last_used_at.map(|at| Moment::new(at, now)),
        synced: passkey.backed_up,
    };
    Ok(PasskeysCard {
        passkeys: passkeys.into_iter().map(row).collect(),
        offered: orgate_app::passkey::is_offered(visit.app()),
    })
}

/// What comes first, or the name.
pub async fn new(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    let name = Field::filled(device::words(&visit.visitor.user_agent));
    visit.page(&page(&visit, &purpose, name, None).await?)
}

async fn page(
    visit: &Visit,
    purpose: &Purpose,
    name: Field,
    problem: Option<String>,
) -> Result<NewPasskeyPage, Failure> {
    if !orgate_app::passkey::is_offered(visit.app()) {
        return Err(Refusal::MethodNotOffered.into());
    }
    let count = u64::try_from(passkey::list(visit.app(), &visit.visitor).await?.len()).unwrap_or(u64::MAX);
    let problem = problem.or_else(|| (count >= MOST_PASSKEYS).then(|| FULL.to_owned()));
    let purpose = Purpose { next: Some("passkey".to_owned()), ..purpose.clone() };
    let after = Purpose { next: None, ..purpose.clone() };
    Ok(NewPasskeyPage {
        frame: frame(visit, Section::Security).await?,
        before: before(visit).await?,
        name,
        problem,
        form: PasskeyForm { action: after.address(ALL), ..PasskeyForm::at(ALL) },
        code_action: purpose.address("/account/enrolment-codes"),
        cancel_url: URL.to_owned(),
    })
}

/// Draws the challenge.
pub async fn challenge(visit: Visit) -> PageResult {
    Ok(challenge_of(passkey::begin(visit.app(), &visit.visitor).await?))
}

/// What the script sends.
#[derive(Deserialize)]
pub struct Typed {
    ceremony_id: String,
    credential: String,
    name: String,
}

/// Takes it. The recovery codes are in the answer itself, for they are kept nowhere.
pub async fn create(visit: Visit, Query(purpose): Query<Purpose>, Form(typed): Form<Typed>) -> PageResult {
    let Typed { ceremony_id, credential, name } = typed;
    match passkey::finish(visit.app(), &visit.visitor, &Answered { ceremony_id, credential }, &name).await {
        Ok(enrolled) => {
            let sentence = "Your passkey is added, and you are signed out everywhere else.";
            enrolled_page(&visit, &purpose, &enrolled, sentence).await
        }
        Err(error) => {
            let (name, said) = match problem(error) {
                Ok(said) => (Field::filled(name), Some(said)),
                Err(Error::Refused(Refusal::FactorExists)) => (Field::filled(name), Some(KNOWN.to_owned())),
                Err(error) => {
                    let mistakes = Mistakes::of(error)?;
                    (mistakes.field("name", name), mistakes.elsewhere(&["name"]))
                }
            };
            visit.again(&page(&visit, &purpose, name, said).await?)
        }
    }
}

/// Its name.
pub async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let passkey = passkey::find(visit.app(), &visit.visitor, &id).await?;
    let name = Field::filled(passkey.name.clone());
    visit.page(&PasskeyPage { frame: frame(&visit, Section::Security).await?, id, current_name: passkey.name, name })
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// Gives it another name.
pub async fn update(visit: Visit, Path(id): Path<String>, Form(typed): Form<Named>) -> PageResult {
    match passkey::rename(visit.app(), &visit.visitor, &id, &typed.name).await {
        Ok(()) => Ok(done(URL, "The passkey has its new name.")),
        Err(error) => {
            let name = Mistakes::of(error)?.field("name", typed.name);
            let current_name = passkey::find(visit.app(), &visit.visitor, &id).await?.name;
            visit.again(&PasskeyPage { frame: frame(&visit, Section::Security).await?, id, current_name, name })
        }
    }
}

/// Asks before it is gone.
pub async fn ask_removal(visit: Visit, Path(id): Path<String>) -> PageResult {
    visit.page(&removal_page(&visit, &id, None).await?)
}

/// Takes it away.
pub async fn remove(visit: Visit, Path(id): Path<String>) -> PageResult {
    match passkey::remove(visit.app(), &visit.visitor, &id).await {
        Ok(()) => Ok(done(URL, "The passkey is removed, and you are signed out everywhere else.")),
        Err(error) => {
            let guarded = |refusal: &Refusal| matches!(refusal, Refusal::NoWayBackIn | Refusal::LastWayIn);
            let mistakes = Mistakes::or_at(error, "passkey", guarded)?;
            visit.again(&removal_page(&visit, &id, mistakes.elsewhere(&[])).await?)
        }
    }
}

async fn removal_page(visit: &Visit, id: &str, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    let (name, forecast) = passkey::forecast_removal(visit.app(), &visit.visitor, id).await?;
    let question = Question {
        title: format!("Remove the passkey {name}?"),
        verb: "Remove",
        action: format!("{ALL}/{id}/removal"),
        above: ("Sign-in and security", URL.to_owned()),
    };
    let mut lines = vec![Consequence::plain("It no longer signs you in.")];
    lines.extend(consequences(&forecast));
    Ok(ConfirmationPage {
        consequences: lines,
        reassurance: "Remove it from your device or password manager too: there it stays until you do.".to_owned(),
        problem,
        ..ask(frame(visit, Section::Security).await?, question)
    })
}
