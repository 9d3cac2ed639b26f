//! Owns the page that follows a right code to an address that another account has proven already: it asks for the second
//! factor of that account, or says why it cannot (R-LNK-4).

use orgate_app::sign_in::step_up;
use orgate_core::refusal::Refusal;

use super::second_factor::{Beside, Wants};
use crate::page::{PageResult, Visit};
use crate::pages::refusal::RefusalPage;

/// Who has a passkey and no recovery codes.
pub const CANNOT_BE_SHOWN: &str =
    "The address belongs to another account of yours, whose second factor is a passkey. It cannot be shown here.";

/// What they do.
pub const GET_CODES: &str =
    "Sign in to that account with the passkey and get recovery codes under Sign-in and security. Then come back here.";

/// Asks for the factor, with the mailed code going along. `wrong` says what was wrong with the one before.
///
/// *Errors*: [`Refusal::NeedsSecondFactor`] where it is not that account's that is missing.
pub async fn ask(
    visit: &Visit,
    typed: &Beside,
    wrong: Option<String>,
    (action, cancel_url): (&str, &str),
) -> PageResult {
    let factors = step_up::factors(visit.app(), &visit.visitor, &typed.mailed_code()).await?;
    let factors = factors.ok_or(Refusal::NeedsSecondFactor)?;
    if factors.is_empty() {
        return visit.again(&RefusalPage {
            site: visit.site.clone(),
            title: Refusal::NeedsSecondFactor.title().to_owned(),
            happened: CANNOT_BE_SHOWN.to_owned(),
            mend: GET_CODES.to_owned(),
            reference: None,
            back_url: cancel_url.to_owned(),
            back_label: "Back".to_owned(),
        });
    }
    let wants = Wants {
        reason: "The mailed code is right. The address belongs to another account of yours; bringing the two together \
                 asks for the second factor of that one."
            .to_owned(),
        action: action.to_owned(),
        cancel_url: cancel_url.to_owned(),
        carries: true,
        error: wrong,
    };
    visit.again(&typed.page(visit, &factors, wants))
}
