//! Owns the pages of a test sign-in (R-SSO-6).

use orgate_app::connection;
use orgate_app::connection_test::{self, TestResult, TestView};

use super::view::head;
use crate::console::organization_frame;
use crate::page::{PageResult, Path, Visit, see_other};
use crate::pages::sso_test::{Claim, TestFailure, TestResultPage, TestStartPage};
use crate::pages::{Frame, Moment, Section};
use crate::sign_in::provider;

/// Starts a test and goes to its page.
pub async fn create(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let view = connection_test::create(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(see_other(&format!("/organizations/{slug}/connections/{id}/tests/{}", view.test.id)))
}

/// The start, or what came of it.
pub async fn show(visit: Visit, Path((slug, id, test)): Path<(String, String, String)>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let view = connection_test::get(visit.app(), &visit.visitor, &slug, &id, &test).await?;
    let connection = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let head = head(&slug, &connection);
    match view.result.clone() {
        Some(result) => {
            let now = visit.now();
            let at = Moment::new(view.test.finished_at.unwrap_or(view.test.created_at), now);
            visit.page(&result_page(frame, head, at, &view, result))
        }
        None => visit.page(&TestStartPage {
            frame,
            connection: head,
            test_id: view.test.id.to_string(),
            url: view.url,
            expires: Moment::new(view.test.expires_at, visit.now()),
        }),
    }
}

fn result_page(
    frame: Frame,
    connection: crate::pages::sso::ConnectionHead,
    at: Moment,
    view: &TestView,
    result: TestResult,
) -> TestResultPage {
    let TestResult { claims, resolves_to, would_happen, would_be_refused, failure } = result;
    TestResultPage {
        frame,
        connection,
        at,
        failure: failure.map(|failure| TestFailure {
            happened: failure.happened,
            expected: failure.expected,
            received: failure.received,
            mend: failure.mend,
            reference: failure.reference.to_string(),
        }),
        claims: claims
            .into_iter()
            .map(|(name, value)| Claim { remark: meaning(&name, &value).to_owned(), name, value })
            .collect(),
        resolves_to,
        would_happen,
        would_be_refused,
        can_be_activated: view.can_be_activated,
        linked_elsewhere: view.linked_elsewhere,
    }
}

/// What a claim is used for here.
fn meaning(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("sub", _) => "Names the person from now on, whatever the address becomes",
        ("email", _) => "Finds the person at the first sign-in",
        ("email_verified", "true") => "The identity provider vouches for the address",
        ("email_verified", _) => "The person confirms the address by a mailed code",
        ("name", _) => "The name of somebody new",
        ("iss", _) => "Equal to the issuer of these settings",
        ("aud", _) => "Equal to the client ID of these settings",
        ("auth_time", _) => "When the person last proved who they are",
        _ => "",
    }
}

/// Goes to the identity provider, in the browser of the Owner who started the test.
pub async fn begin(visit: Visit, Path((slug, id, test)): Path<(String, String, String)>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let begun = connection_test::begin(visit.app(), &visit.visitor, &slug, &id, &test).await?;
    let name = frame.organization.map_or(slug, |organization| organization.name);
    provider::leave(&visit, begun, &name)
}
