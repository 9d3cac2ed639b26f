//! `/api/v1/organizations/{organization}/members`.

use axum::http::{Method, StatusCode};
use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use serde_json::json;

use crate::bed;
use crate::support::{Person, Site, text};

async fn acme(site: &Site) -> (Person, Person, String) {
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    // Lists go by age, and the clock stands still by itself.
    site.advance(1);
    let kim = site.member(&sam, &slug, "kim").await;
    (sam, kim, format!("/api/v1/organizations/{slug}/members"))
}

#[tokio::test]
async fn members_are_listed_in_parts() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let first = site.get(&format!("{members}?limit=1")).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(first["items"][0]["user"], json!({ "id": sam.id, "email": "sam@example.com", "name": "sam" }));
    assert_eq!(first["items"][0]["joined_at"], "2026-11-22T06:00:00Z");
    let next = first["next_cursor"].as_str().unwrap();
    let rest = site.get(&format!("{members}?limit=1&cursor={next}")).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(rest["items"][0]["user"]["id"], kim.id);
    assert!(rest["next_cursor"].is_null());
    let strange = site.get(&format!("{members}?cursor=strange")).bearer(&sam);
    strange.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let unknown = site.get(&format!("{members}?page=2")).bearer(&sam);
    unknown.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
}

#[tokio::test]
async fn an_owner_changes_a_role_and_the_last_one_stays() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let change = |who: &Person, whom: &Person, role: &str| {
        let path = format!("{members}/{}", whom.id);
        site.ask(Method::PATCH, &path).bearer(who).json(&json!({ "role": role }))
    };
    change(&kim, &sam, "member").refused(StatusCode::FORBIDDEN, "not-permitted").await;
    change(&sam, &sam, "member").refused(StatusCode::CONFLICT, "last-owner").await;
    let changed = change(&sam, &kim, "owner").expect(StatusCode::OK).await.json();
    assert_eq!(changed["role"], "owner");
    change(&kim, &sam, "member").expect(StatusCode::OK).await;
    change(&sam, &kim, "member").refused(StatusCode::FORBIDDEN, "not-permitted").await;
}

/// What was done is not answered as refused, though who did it may not look at members any more.
#[tokio::test]
async fn an_owner_who_steps_down_is_told_so() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let change = |who: &Person, whom: &Person, role: &str| {
        let path = format!("{members}/{}", whom.id);
        site.ask(Method::PATCH, &path).bearer(who).json(&json!({ "role": role }))
    };
    change(&sam, &kim, "owner").expect(StatusCode::OK).await;
    let stepped_down = change(&sam, &sam, "member").expect(StatusCode::OK).await.json();
    assert_eq!((&stepped_down["user"]["id"], &stepped_down["role"]), (&json!(sam.id), &json!("member")));
    change(&sam, &sam, "owner").refused(StatusCode::FORBIDDEN, "not-permitted").await;
}

#[tokio::test]
async fn an_owner_removes_a_member_and_anybody_leaves() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let remove = |who: &Person, whom: &Person| site.ask(Method::DELETE, &format!("{members}/{}", whom.id)).bearer(who);
    remove(&kim, &sam).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    remove(&sam, &sam).refused(StatusCode::CONFLICT, "last-owner").await;
    remove(&kim, &kim).expect(StatusCode::NO_CONTENT).await;
    remove(&sam, &kim).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn who_was_removed_can_be_re_admitted() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let readmit = || site.post(&format!("{members}/{}/readmission", kim.id)).bearer(&sam);
    readmit().refused(StatusCode::NOT_FOUND, "not-found").await;
    let path = format!("{members}/{}", kim.id);
    site.get(&path).bearer(&sam).expect(StatusCode::OK).await;
    site.ask(Method::DELETE, &path).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get(&path).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    let owner = site.ask(Method::PATCH, &path).bearer(&sam).json(&json!({ "role": "owner" }));
    owner.refused(StatusCode::NOT_FOUND, "not-found").await;
    readmit().expect(StatusCode::NO_CONTENT).await;
}

/// R-API-1: whom one can re-admit is found, and members are searched and filtered, as the console does.
#[tokio::test]
async fn r_api_1_members_are_searched_and_filtered_and_the_removed_are_listed() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let list = async |query: &str| {
        let found = site.get(&format!("{members}?{query}")).bearer(&sam).expect(StatusCode::OK).await.json();
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| (text(&item["user"]["id"]), text(&item["state"]))).collect::<Vec<_>>()
    };
    let [owner, member] = [&sam, &kim].map(|person| (person.id.clone(), "active".to_owned()));
    assert_eq!(list("search=KIM%40").await, std::slice::from_ref(&member));
    assert_eq!(list("filter=owners").await, std::slice::from_ref(&owner));
    assert_eq!(list("filter=owners&search=kim").await, []);
    for both in ["filter=all", "filter=never-used-sso"] {
        assert_eq!(list(both).await, [owner.clone(), member.clone()], "{both}");
    }
    assert_eq!(list("filter=removed").await, []);
    let one = format!("{members}/{}", kim.id);
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    assert_eq!(list("filter=removed&search=kim").await, [(kim.id.clone(), "removed".to_owned())]);
    assert_eq!(list("filter=all").await, [owner]);
    site.post(&format!("{one}/readmission")).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    assert_eq!(list("filter=removed").await, []);
    let strange = site.get(&format!("{members}?filter=nonsense")).bearer(&sam);
    strange.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let outside = site.get(&format!("{members}?filter=removed")).bearer(&kim);
    outside.refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn r_in_7_an_owner_ends_what_a_members_proofs_open() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    site.advance(1);
    let path = format!("{members}/{}/proofs", kim.id);
    site.ask(Method::DELETE, &path).bearer(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    site.ask(Method::DELETE, &path).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get(&format!("{members}/{}", kim.id)).bearer(&sam).expect(StatusCode::OK).await;
    let check = site.get("/check?organization=acme").bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    assert_eq!(check.header("x-orgate-code"), "needs-proof");
    assert_eq!(check.header("x-orgate-sign-in"), "https://id.example.com/account/proof?organization=acme");
}

#[tokio::test]
async fn identities_are_the_owners_to_see_and_clear() {
    let site = Site::new().await;
    let (sam, kim, members) = acme(&site).await;
    let identities = site.get("/api/v1/organizations/acme/identities");
    assert_eq!(
        identities.bearer(&sam).expect(StatusCode::OK).await.json(),
        json!({ "items": [], "next_cursor": null })
    );
    let identities = site.get("/api/v1/organizations/acme/identities");
    identities.bearer(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    let clear = || site.ask(Method::DELETE, &format!("{members}/{}/identities", kim.id)).bearer(&sam);
    clear().refused(StatusCode::NOT_FOUND, "not-found").await;
    site.advance(16);
    clear().refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}

/// R-LNK-5, R-API-1: one or many, as the console clears them.
#[tokio::test]
async fn r_lnk_5_several_bonds_are_cleared_at_once() {
    let site = Site::new().await;
    let (sam, kim, _) = acme(&site).await;
    let lee = site.member(&sam, "acme", "lee").await;
    let removal = "/api/v1/organizations/acme/identities/removal";
    let clear = |who: &Person, ids: &[&str]| site.post(removal).bearer(who).json(&json!({ "user_ids": ids }));
    let both = [kim.id.as_str(), lee.id.as_str()];
    clear(&kim, &both).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    clear(&sam, &both).refused(StatusCode::NOT_FOUND, "not-found").await;
    clear(&sam, &["nobody"]).refused(StatusCode::NOT_FOUND, "not-found").await;
    for ids in [Vec::new(), vec![kim.id.as_str(); 201]] {
        clear(&sam, &ids).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    }

    let ask = site.get("/api/v1/organizations/acme").bearer(&sam);
    let organization = OrganizationId::parse(&text(&ask.expect(StatusCode::OK).await.json()["id"])).unwrap();
    for person in [&kim, &lee] {
        let (id, email) = (UserId::parse(&person.id).unwrap(), person.email.clone());
        let linked = bed::Person { id, name: String::new(), email, visitor: site.bed.stranger() };
        site.bed.link(&linked, &organization, &format!("00u-{}", person.id)).await;
    }
    let listed = async || {
        let list = site.get("/api/v1/organizations/acme/identities").bearer(&sam);
        list.expect(StatusCode::OK).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(listed().await, 2);
    let nobody = "usr_00000000000000000000000001";
    let cleared = clear(&sam, &[both[0], both[1], nobody]).expect(StatusCode::OK).await.json();
    assert_eq!((&cleared["cleared"], listed().await), (&json!(2), 0));
    site.advance(16);
    clear(&sam, &both).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}
