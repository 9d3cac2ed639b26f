//! Owns `/account/totp`: setting up an authenticator app and taking it away.

use orgate_app::error::Error;
use orgate_app::second_factor::RemovalForecast;
use orgate_app::second_factor::totp::{self, PendingTotp};
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::second_factor::{Purpose, before, enrolled_page};
use super::security::URL;
use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Query, Visit, done, see_other};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::factors::{NewTotpPage, TotpPage};
use crate::pages::qr::QrDrawing;
use crate::pages::{Field, Section};

const ONE: &str = "/account/totp";

/// What comes first.
pub async fn new(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    let frame = frame(&visit, Section::Security).await?;
    visit.page(&NewTotpPage {
        frame,
        before: before(&visit).await?,
        begin_action: purpose.address(ONE),
        code_action: purpose.address("/account/enrolment-codes"),
        cancel_url: URL.to_owned(),
    })
}

/// Draws the secret.
pub async fn create(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    totp::begin(visit.app(), &visit.visitor).await?;
    Ok(see_other(&purpose.address(ONE)))
}

/// Shows it, and asks for the first code.
pub async fn show(visit: Visit, Query(purpose): Query<Purpose>) -> PageResult {
    match totp::find(visit.app(), &visit.visitor).await {
        Ok(pending) => visit.page(&page(&visit, &purpose, &pending, Field::empty()).await?),
        // Confirmed meanwhile, or waited too long.
        Err(Error::Refused(Refusal::AttemptOver)) => Ok(see_other(URL)),
        Err(other) => Err(other.into()),
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    code: String,
}

/// Takes the first code. The recovery codes are in the answer itself, for they are kept nowhere.
pub async fn confirm(visit: Visit, Query(purpose): Query<Purpose>, Form(typed): Form<Typed>) -> PageResult {
    match totp::confirm(visit.app(), &visit.visitor, &typed.code).await {
        Ok(enrolled) => {
            let sentence = "Your authenticator app is set up, and you are signed out everywhere else.";
            enrolled_page(&visit, &purpose, &enrolled, sentence).await
        }
        Err(error) => {
            let code = Mistakes::of(error)?.field("code", "");
            let pending = totp::find(visit.app(), &visit.visitor).await?;
            visit.again(&page(&visit, &purpose, &pending, code).await?)
        }
    }
}

async fn page(visit: &Visit, purpose: &Purpose, pending: &PendingTotp, code: Field) -> Result<TotpPage, Failure> {
    Ok(TotpPage {
        frame: frame(visit, Section::Security).await?,
        // The address alone decides how long it is, and no address is that long.
        drawing: QrDrawing::of(&pending.uri).unwrap_or_default(),
        secret: groups_of_four(&pending.secret),
        uri: pending.uri.to_string(),
        issuer: visit.site.product.clone(),
        code,
        action: purpose.address("/account/totp/confirmation"),
        cancel_url: URL.to_owned(),
    })
}

fn groups_of_four(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Asks before it is gone.
pub async fn ask_removal(visit: Visit) -> PageResult {
    visit.page(&removal_page(&visit, None).await?)
}

/// Takes it away.
pub async fn remove(visit: Visit) -> PageResult {
    match totp::remove(visit.app(), &visit.visitor).await {
        Ok(()) => Ok(done(URL, "Your authenticator app is removed, and you are signed out everywhere else.")),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "totp", |refusal| *refusal == Refusal::NoWayBackIn)?;
            visit.again(&removal_page(&visit, mistakes.elsewhere(&[])).await?)
        }
    }
}

async fn removal_page(visit: &Visit, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    let forecast = totp::forecast_removal(visit.app(), &visit.visitor).await?;
    let question = Question {
        title: "Remove your authenticator app?".to_owned(),
        verb: "Remove",
        action: "/account/totp/removal".to_owned(),
        above: ("Sign-in and security", URL.to_owned()),
    };
    Ok(ConfirmationPage {
        consequences: consequences(&forecast),
        reassurance: "You can set one up again at any time.".to_owned(),
        problem,
        ..ask(frame(visit, Section::Security).await?, question)
    })
}

/// What taking a factor away means, whichever it is.
pub(super) fn consequences(forecast: &RemovalForecast) -> Vec<Consequence> {
    let RemovalForecast { is_last, closed, ends_here, sessions_to_end } = forecast;
    let others = if *sessions_to_end == 1 {
        "other browser is signed out at its next click"
    } else {
        "other browsers are signed out at their next click"
    };
    let ended = Consequence::counted(*sessions_to_end, others);
    let mut lines: Vec<Consequence> = (*sessions_to_end > 0).then_some(ended).into_iter().collect();
    if *is_last {
        let text = "You are no longer asked for a second factor: what you sign in by is enough alone.";
        lines.push(Consequence::plain(text));
        lines.push(Consequence::plain("Your recovery codes no longer serve."));
    }
    for name in closed {
        let text = format!("{name} requires a second factor: it stays closed to you until you set one up again.");
        lines.push(Consequence::plain(text));
    }
    if *ends_here {
        let text =
            "You sign in without SSO only because you have a second factor: without one you are signed out here too.";
        lines.push(Consequence::plain(text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_groups() {
        assert_eq!(groups_of_four("GEZDGNBVGY3T"), "GEZD GNBV GY3T");
    }
}
