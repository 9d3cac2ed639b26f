//! Every page of the console that is asked for with GET shows itself to an Owner, and to a member or refuses by role.

use http::{Method, StatusCode};
use orgate_web::access::Access;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::browser::{Browser, Console};

/// The pages of an organization's single sign-on, of who is linked to it and of its enforcement, of proving once more who one
/// is, and those that not everybody has at every time, have their own suites.
fn is_of_sign_on(path: &str) -> bool {
    let of_sign_on =
        ["/connections", "/single-sign-on", "/enforcement", "/identities"].iter().any(|part| path.contains(part));
    let of_a_moment = [
        "/account/email-changes/{id}",
        "/account/passkeys/{id}",
        "/account/passkeys/{id}/removal",
        "/account/password/removal",
        "/account/second-factor/new",
        "/account/totp",
        "/account/totp/removal",
        "/account/recovery-codes/new",
        "/account/security/linked-accounts/{provider}/removal",
    ]
    .contains(&path);
    of_sign_on || of_a_moment || path.starts_with("/account/proof")
}

async fn status(browser: &Browser<'_>, path: &str) -> StatusCode {
    browser.get(path).await.status
}

#[tokio::test]
async fn every_page_renders_for_an_owner_and_for_a_member_as_its_access_says() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let member = console.member(&owner, "acme", "mia", "member").await;
    let removed = console.member(&owner, "acme", "rae", "member").await.user_id().await;
    owner.submit(&format!("/organizations/acme/members/{removed}/removal"), &[]).await;
    let user = member.user_id().await;
    let project = owner.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let people = format!("/organizations/acme/projects/{project}/members");
    owner.submit(&people, &[("email", "mia@example.com"), ("role", "admin")]).await;
    owner.post("/organizations/acme/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let domain = owner.submit("/organizations/acme/settings/domains", &[("name", "acme.example")]).await.id("dom_");
    let invitation = owner.open("/organizations/acme/invitations").await.id("inv_");

    let mut seen = 0;
    for route in routes() {
        let console_page = route.path.starts_with("/organizations") || route.path.starts_with("/account");
        if route.method != Method::GET || route.surface != Surface::Page || !console_page || is_of_sign_on(route.path) {
            continue;
        }
        let whose = if route.path.ends_with("/readmission") { &removed } else { &user };
        let id = match route.path.split('/').nth(3) {
            Some("projects") => &project,
            Some("members") => whose,
            Some("invitations") => &invitation,
            Some("settings") => &domain,
            _ => "",
        };
        let path = route.path.replace("{slug}", "acme").replace("{id}", id).replace("{user}", &user);
        let by_owner = status(&owner, &path).await;
        let by_member = status(&member, &path).await;
        match path.as_str() {
            "/account" | "/organizations/acme" => {
                assert_eq!((by_owner, by_member), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "{path}");
            }
            _ => {
                assert_eq!(by_owner, StatusCode::OK, "{path} for an Owner");
                let expected = match route.access {
                    Access::Owner | Access::RecentOwner => StatusCode::FORBIDDEN,
                    _ => StatusCode::OK,
                };
                assert_eq!(by_member, expected, "{path} for a member");
            }
        }
        assert_eq!(console.browser().get(&path).await.location(), "/sign-in", "{path} for nobody");
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} pages");
}
