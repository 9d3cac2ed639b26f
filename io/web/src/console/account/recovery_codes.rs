//! Owns `/account/recovery-codes`: new ones in place of the old. They are in the answer that made them, and nowhere after.

use axum::response::Response;
use orgate_app::second_factor::recovery_code::RecoveryCode;
use orgate_app::second_factor::{self, recovery_codes};
use orgate_app::sign_in::Issued;
use orgate_core::refusal::Refusal;

use super::security::URL;
use crate::console::asking::{Question, ask};
use crate::console::{frame, frame_of};
use crate::error::Failure;
use crate::page::{PageResult, Visit};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::factors::RecoveryCodesPage;
use crate::pages::{Frame, Section};

/// Asks before the old ones are void.
pub async fn new(visit: Visit) -> PageResult {
    let have = second_factor::list(visit.app(), &visit.visitor).await?;
    if !have.has_one {
        return Err(Refusal::NoSecondFactor(Vec::new()).into());
    }
    let question = Question {
        title: "Make new recovery codes?".to_owned(),
        verb: "Make new codes",
        action: "/account/recovery-codes".to_owned(),
        above: ("Sign-in and security", URL.to_owned()),
    };
    let left = have.recovery_codes_left;
    let void = if left == 1 { "old code no longer serves" } else { "old codes no longer serve" };
    visit.page(&ConfirmationPage {
        consequences: vec![Consequence::counted(left, void)],
        reassurance: "You see the new ones once, on the next page.".to_owned(),
        weight: Weight::Beginning,
        ..ask(frame(&visit, Section::Security).await?, question)
    })
}

/// Makes and shows them.
pub async fn create(visit: Visit) -> PageResult {
    let codes = recovery_codes::renew(visit.app(), &visit.visitor).await?;
    let frame = frame(&visit, Section::Security).await?;
    answer(&visit, frame, &codes, ("New recovery codes are made.", true), (URL.to_owned(), "Done"))
}

/// The same after a factor was set up, under the session's new token.
pub(super) async fn page(
    visit: &Visit,
    issued: &Issued,
    codes: &[RecoveryCode],
    said: (&str, bool),
    onward: (String, &str),
) -> Result<Response, Failure> {
    let frame = frame_of(visit, Section::Security, issued).await?;
    answer(visit, frame, codes, said, onward)
}

fn answer(
    visit: &Visit,
    frame: Frame,
    codes: &[RecoveryCode],
    (done, replaces): (&str, bool),
    (onward_url, label): (String, &str),
) -> PageResult {
    visit.page(&RecoveryCodesPage {
        frame,
        done: done.to_owned(),
        codes: codes.iter().map(|code| code.reveal().to_string()).collect(),
        replaces,
        onward_url,
        onward_label: label.to_owned(),
    })
}
