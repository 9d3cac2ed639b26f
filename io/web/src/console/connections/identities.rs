//! Owns the list of linked people, and clearing some of them (R-LNK-5).

use axum::extract::{RawForm, RawQuery};
use orgate_app::connection::{self, IdentityQuery};
use orgate_app::rows::User;
use orgate_core::id::{Identifier as _, IdentityId, UserId};

use super::view::head;
use crate::console::asking::{Question, ask};
use crate::console::lists::{Cursor, pager};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::sso_records::{IdentitiesPage, IdentityRow};
use crate::pages::{Frame, Hidden, Moment, Person, Section};

const A_PAGE: u32 = 50;
/// As many as one page shows can be cleared at once.
const MOST: usize = 50;
const NOBODY: &str = "Nobody who is linked was chosen. Choose whose links are to be cleared.";

/// The list.
pub async fn index(visit: Visit, Path((slug, id)): Path<(String, String)>, Query(cursor): Query<Cursor>) -> PageResult {
    visit.page(&page(&visit, &slug, &id, cursor, None).await?)
}

async fn page(
    visit: &Visit,
    slug: &str,
    id: &str,
    Cursor { cursor }: Cursor,
    problem: Option<&str>,
) -> Result<IdentitiesPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let view = connection::get(visit.app(), &visit.visitor, slug, id).await?;
    let after = cursor.as_deref().and_then(IdentityId::parse);
    let query = IdentityQuery { connection_id: Some(view.connection.id.clone()), after, limit: A_PAGE };
    let listed = connection::identities(visit.app(), &visit.visitor, slug, query).await?;
    let active = view.active.as_ref().map(|active| (&active.revision.issuer, &active.revision.client_id));
    let next = listed.has_more.then(|| listed.items.last().map(|linked| linked.identity.id.to_string())).flatten();
    let items = listed.items.into_iter().map(|linked| IdentityRow {
        superseded: active.is_some_and(|(issuer, client_id)| {
            *issuer != linked.identity.issuer || *client_id != linked.identity.client_id
        }),
        subject: linked.identity.subject.as_str().to_owned(),
        linked: Moment::new(linked.identity.created_at, visit.now()),
        last_sign_in: linked.identity.last_sign_in_at.map(|at| Moment::new(at, visit.now())),
        person: Person::new(linked.identity.user_id.as_str(), linked.name, linked.email.to_string()),
    });
    Ok(IdentitiesPage {
        frame,
        connection: head(slug, &view),
        problem: problem.map(str::to_owned),
        items: items.collect(),
        pager: pager(&list(slug, id), &[], cursor.as_deref(), next.as_deref()),
    })
}

/// Asks before clearing those who were marked.
pub async fn ask_removal(
    visit: Visit,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let users = marked(query.unwrap_or_default().as_bytes());
    let people = connection::linked(visit.app(), &visit.visitor, &slug, users).await?;
    if people.is_empty() {
        return nobody(&visit, &slug, &id).await;
    }
    let person = |user: &User| Person::new(user.id.as_str(), &user.name, user.email.to_string());
    let above = ("Linked people", list(&slug, &id));
    let page = question(frame, people.iter().map(person).collect(), format!("{}/removal", list(&slug, &id)), above);
    let field = |user: &User| Hidden { name: "identity".to_owned(), value: user.id.to_string() };
    visit.page(&ConfirmationPage { hidden: people.iter().map(field).collect(), ..page })
}

/// What clearing the links of these people does.
pub fn question(frame: Frame, people: Vec<Person>, action: String, above: (&str, String)) -> ConfirmationPage {
    let (title, text) = match people.as_slice() {
        [one] => {
            (format!("Clear the links of {}?", one.name), "person is no longer linked to the identity provider's user")
        }
        several => (
            format!("Clear the links of {} people?", several.len()),
            "people are no longer linked to the identity provider's users",
        ),
    };
    let count = u64::try_from(people.len()).unwrap_or(u64::MAX);
    let text = format!("{text}, at every connection of this organization");
    ConfirmationPage {
        consequences: vec![
            Consequence { people, ..Consequence::counted(count, text) },
            Consequence::plain("Their next sign-in through SSO is a first one: it is matched by the address again."),
        ],
        reassurance: "Membership, role and projects stay. All Owners are mailed.".to_owned(),
        ..ask(frame, Question { title, verb: "Clear", action, above })
    }
}

/// Clears.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>, RawForm(form): RawForm) -> PageResult {
    let users = marked(&form);
    if users.is_empty() {
        return nobody(&visit, &slug, &id).await;
    }
    connection::clear(visit.app(), &visit.visitor, &slug, users).await?;
    Ok(done(&list(&slug, &id), "The links are cleared."))
}

/// The list again, for a choice.
async fn nobody(visit: &Visit, slug: &str, id: &str) -> PageResult {
    visit.again(&page(visit, slug, id, Cursor::default(), Some(NOBODY)).await?)
}

fn list(slug: &str, id: &str) -> String {
    format!("/organizations/{slug}/connections/{id}/identities")
}

/// The users that a form marks, each in a field `identity`. Who is linked twice can be marked twice.
fn marked(form: &[u8]) -> Vec<UserId> {
    let given = url::form_urlencoded::parse(form).filter(|(name, _)| name == "identity");
    let mut users = Vec::new();
    for user in given.filter_map(|(_, value)| UserId::parse(&value)) {
        if users.len() < MOST && !users.contains(&user) {
            users.push(user);
        }
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_marked_once_and_what_is_no_person_not_at_all() {
        let [one, two] = ["usr_00000000000000000000000001", "usr_00000000000000000000000002"];
        let form = format!("identity={one}&identity={two}&identity={one}&other={two}&identity=idn_1");
        let users: Vec<_> = marked(form.as_bytes()).iter().map(ToString::to_string).collect();
        assert_eq!(users, [one, two]);
        assert!(marked(b"identity=").is_empty());
    }
}
