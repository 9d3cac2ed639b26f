//! Owns the list of linked people, and clearing some of them (R-LNK-5).

use axum::extract::{RawForm, RawQuery};
use orgate_app::connection;
use orgate_core::id::{Identifier as _, IdentityId, UserId};
use orgate_core::refusal::Refusal;

use super::view::head;
use crate::console::asking::{Question, ask};
use crate::console::lists::{Cursor, pager};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::Consequence;
use crate::pages::sso_records::{IdentitiesPage, IdentityRow};
use crate::pages::{Hidden, Moment, Person, Section};

const A_PAGE: u32 = 50;
/// As many as one page shows can be cleared at once.
const MOST: usize = 50;

/// The list.
pub async fn index(visit: Visit, Path((slug, id)): Path<(String, String)>, Query(cursor): Query<Cursor>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let view = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let after = cursor.cursor.as_deref().and_then(IdentityId::parse);
    let page = connection::identities(visit.app(), &visit.visitor, &slug, after, A_PAGE).await?;
    let active = view.active.as_ref().map(|active| (&active.revision.issuer, &active.revision.client_id));
    let next = page.has_more.then(|| page.items.last().map(|linked| linked.identity.id.to_string())).flatten();
    let items = page.items.into_iter().filter(|linked| linked.identity.connection_id == view.connection.id);
    let items = items.map(|linked| IdentityRow {
        id: linked.identity.user_id.to_string(),
        superseded: active.is_some_and(|(issuer, client_id)| {
            *issuer != linked.identity.issuer || *client_id != linked.identity.client_id
        }),
        subject: linked.identity.subject.as_str().to_owned(),
        linked: Moment::new(linked.identity.created_at, visit.now()),
        last_sign_in: linked.identity.last_sign_in_at.map(|at| Moment::new(at, visit.now())),
        person: Person::new(linked.identity.user_id.as_str(), linked.name, linked.email.to_string()),
    });
    let path = format!("/organizations/{slug}/connections/{id}/identities");
    visit.page(&IdentitiesPage {
        frame,
        connection: head(&slug, &view),
        items: items.collect(),
        pager: pager(&path, &[], cursor.cursor.as_deref(), next.as_deref()),
    })
}

/// Asks before clearing those who were marked.
pub async fn ask_removal(
    visit: Visit,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> PageResult {
    let users = marked(query.unwrap_or_default().as_bytes())?;
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let list = format!("/organizations/{slug}/connections/{id}/identities");
    let question = Question {
        title: "Clear these links?".to_owned(),
        verb: "Clear",
        action: format!("{list}/removal"),
        above: ("Linked people", list),
    };
    let mut page = ask(frame, question);
    let count = u64::try_from(users.len()).unwrap_or(u64::MAX);
    page.consequences = vec![
        Consequence::counted(count, "people are no longer linked to the identity provider's user"),
        Consequence::plain("Their next sign-in through it is a first one: it is matched by the address again."),
    ];
    page.reassurance = "Membership, role and projects stay. All Owners are mailed.".to_owned();
    page.hidden = users.iter().map(|user| Hidden { name: "identity".to_owned(), value: user.to_string() }).collect();
    visit.page(&page)
}

/// Clears.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>, RawForm(form): RawForm) -> PageResult {
    let users = marked(&form)?;
    connection::clear(visit.app(), &visit.visitor, &slug, users).await?;
    Ok(done(&format!("/organizations/{slug}/connections/{id}/identities"), "The links are cleared."))
}

/// The users that a form marks, each in a field `identity`.
fn marked(form: &[u8]) -> Result<Vec<UserId>, Failure> {
    let users: Vec<UserId> = url::form_urlencoded::parse(form)
        .filter(|(name, _)| name == "identity")
        .filter_map(|(_, value)| UserId::parse(&value))
        .take(MOST)
        .collect();
    if users.is_empty() { Err(Refusal::NotFound.into()) } else { Ok(users) }
}
