//! Owns ending a person's sessions from their own page.

use orgate_app::session;

use super::security::URL;
use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::page::{PageResult, Path, Visit, done};
use crate::pages::Section;
use crate::pages::confirmation::{ConfirmationPage, Consequence};

/// Ends one.
pub async fn remove(visit: Visit, Path(id): Path<String>) -> PageResult {
    session::end(visit.app(), &visit.visitor, &id).await?;
    Ok(done(URL, "That session is over."))
}

/// Asks before all others end.
pub async fn ask_removal_of_others(visit: Visit) -> PageResult {
    let frame = frame(&visit, Section::Security).await?;
    let sessions = session::list(visit.app(), &visit.visitor).await?;
    let others = u64::try_from(sessions.iter().filter(|view| !view.current).count()).unwrap_or(u64::MAX);
    let question = Question {
        title: "End all other sessions?".to_owned(),
        verb: "End all others",
        action: "/account/other-sessions/removal".to_owned(),
        above: ("Sign-in and security", URL.to_owned()),
    };
    visit.page(&ConfirmationPage {
        consequences: vec![Consequence::counted(
            others,
            if others == 1 {
                "other browser is signed out at its next click"
            } else {
                "other browsers are signed out at their next click"
            },
        )],
        reassurance: "You stay signed in here.".to_owned(),
        ..ask(frame, question)
    })
}

/// Ends all but this one.
pub async fn remove_others(visit: Visit) -> PageResult {
    let ended = session::end_others(visit.app(), &visit.visitor).await?;
    let sentence =
        if ended == 1 { "1 other session is over.".to_owned() } else { format!("{ended} other sessions are over.") };
    Ok(done(URL, &sentence))
}
