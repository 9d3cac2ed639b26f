//! Owns what decides who gets in: activation, deactivation and removal, each after a page that says to whom it happens
//! (R-UI-2).

use orgate_app::connection::{self, ConnectionView};
use orgate_app::organization;
use orgate_core::connection::ConnectionState;
use orgate_core::refusal::Refusal;

use super::view::head;
use crate::console::asking::{Question, ask};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{PageResult, Path, Visit, done};
use crate::pages::Section;
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};

const OVERVIEW: &str = "Single Sign-On";

struct Asked {
    view: ConnectionView,
    page: ConfirmationPage,
}

async fn asked(visit: &Visit, slug: &str, id: &str, noun: &str, verb: &str, title: &str) -> Result<Asked, Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let view = connection::get(visit.app(), &visit.visitor, slug, id).await?;
    let question = Question {
        title: title.replace("{}", &head(slug, &view).title()),
        verb,
        action: format!("/organizations/{slug}/connections/{id}/{noun}"),
        above: (OVERVIEW, overview(slug)),
    };
    Ok(Asked { view, page: ask(frame, question) })
}

fn overview(slug: &str) -> String {
    format!("/organizations/{slug}/settings/single-sign-on")
}

/// Asks before activation.
pub async fn ask_activation(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let Asked { view, mut page } = asked(&visit, &slug, &id, "activation", "Activate", "Activate {}?").await?;
    page.weight = Weight::Beginning;
    page.text = "From now on, people who are assigned to the app at the identity provider can sign in here.".to_owned();
    let enforced = organization::get(visit.app(), &visit.visitor, &slug).await?.enforced;
    let others = if enforced {
        "SSO stays enforced: from now on members sign in through this one only. All Owners are mailed."
    } else {
        "Other ways to sign in keep working. All Owners are mailed."
    };
    page.consequences = vec![
        Consequence::plain("Members can sign in through it, and keep their role and projects."),
        Consequence::plain("People without an account become members with no project at their first sign-in."),
        Consequence::plain(others),
    ];
    if view.linked_elsewhere > 0 {
        let text = "people are linked under the settings in use; they are matched anew at their next sign-in";
        page.consequences.push(Consequence::counted(view.linked_elsewhere, text));
    }
    let replaced =
        connection::overview(visit.app(), &visit.visitor, &slug).await?.connections.into_iter().find(|other| {
            other.connection.state == ConnectionState::Active && other.connection.id != view.connection.id
        });
    if let Some(other) = replaced {
        let text = format!(
            "{} is replaced: sign-ins under way through it do not finish, and people who came in through it sign in again.",
            head(&slug, &other).title()
        );
        page.consequences.push(Consequence::plain(text));
    }
    page.reassurance = String::from(if enforced {
        "While SSO is enforced it can be replaced, but not disabled."
    } else {
        "You can disable it at any time."
    });
    visit.page(&page)
}

/// Activates.
pub async fn activate(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    connection::activate(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&overview(&slug), "Single sign-on is active. Hand out the login address below."))
}

/// Why the connection that SSO is enforced through stays (R-SSO-7).
async fn refused_while_enforced(visit: &Visit, slug: &str, view: &ConnectionView) -> Result<Option<String>, Failure> {
    let enforced = organization::get(visit.app(), &visit.visitor, slug).await?.enforced;
    let refusal = Refusal::SsoEnforced;
    let is_in_use = view.connection.state == ConnectionState::Active;
    Ok((enforced && is_in_use).then(|| refusal.told()))
}

/// Asks before deactivation.
pub async fn ask_deactivation(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let Asked { view, mut page } = asked(&visit, &slug, &id, "deactivation", "Disable", "Disable {}?").await?;
    page.consequences = vec![
        Consequence::counted(view.linked, "people are linked through it and can no longer sign in that way"),
        Consequence::plain("Sign-ins under way through it do not finish."),
        Consequence::plain("Sessions that it alone opened end at their next click."),
        Consequence::plain("People without a password can set one with \u{201c}Forgot your password?\u{201d}."),
    ];
    page.problem = refused_while_enforced(&visit, &slug, &view).await?;
    page.reassurance = "Settings and links are kept: you can activate it again. All Owners are mailed.".to_owned();
    visit.page(&page)
}

/// Disables.
pub async fn deactivate(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    connection::disable(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&overview(&slug), "Single sign-on is disabled."))
}

/// Asks before removal.
pub async fn ask_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let Asked { view, mut page } = asked(&visit, &slug, &id, "removal", "Remove", "Remove {}?").await?;
    page.consequences = vec![Consequence::plain("Its settings and its secret are deleted and cannot be brought back.")];
    if view.linked > 0 {
        page.consequences.push(Consequence::counted(view.linked, "people are linked through it and lose that link"));
    }
    if view.connection.state == ConnectionState::Active {
        page.consequences.push(Consequence::plain("It is in use: nobody can sign in through it from then on."));
    }
    page.problem = refused_while_enforced(&visit, &slug, &view).await?;
    page.reassurance = "Members stay members.".to_owned();
    visit.page(&page)
}

/// Removes.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    connection::remove(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&overview(&slug), "The connection is removed."))
}
