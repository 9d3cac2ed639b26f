//! `/api/v1/account`.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{PASSWORD, Person, Site, text};

async fn second_session(site: &Site, person: &Person) -> Person {
    let body = json!({ "method": "password", "email": person.email, "password": PASSWORD });
    let session = site.post("/api/v1/sessions").json(&body).expect(StatusCode::CREATED).await.json();
    Person { token: text(&session["token"]), ..person.clone() }
}

#[tokio::test]
async fn a_person_changes_their_name() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let rename = |name: &str| site.ask(Method::PATCH, "/api/v1/account").bearer(&sam).json(&json!({ "name": name }));
    rename("Sam Low").expect(StatusCode::NO_CONTENT).await;
    rename("\u{202e}").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let current = site.get("/api/v1/session").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(current["user"]["name"], "Sam Low");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let other = second_session(&site, &sam).await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "eleven loud trumpets under Oslo" });
        site.ask(Method::PUT, "/api/v1/account/password").bearer(&sam).json(&body)
    };
    change("not the password at all").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    change(PASSWORD).expect(StatusCode::NO_CONTENT).await;
    site.get("/api/v1/session").bearer(&other).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    site.get("/api/v1/session").bearer(&sam).expect(StatusCode::OK).await;
}

#[tokio::test]
async fn a_person_sees_and_ends_their_sessions() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let (second, third) = (second_session(&site, &sam).await, second_session(&site, &sam).await);
    let sessions = site.get("/api/v1/account/sessions").bearer(&sam).expect(StatusCode::OK).await.json();
    let items = sessions["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    assert_eq!((items.len(), &items[0]["methods"]), (3, &json!(["password"])));
    assert!(items[0].get("token").is_none());
    let theirs = site.get("/api/v1/account/sessions").bearer(&second).expect(StatusCode::OK).await.json();
    let path = format!("/api/v1/account/sessions/{}", text(&theirs["items"][0]["id"]));
    let kim = site.person("kim").await;
    site.ask(Method::DELETE, &path).bearer(&kim).refused(StatusCode::NOT_FOUND, "not-found").await;
    site.ask(Method::DELETE, &path).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get("/api/v1/session").bearer(&second).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    let ended = site.ask(Method::DELETE, "/api/v1/account/other-sessions").bearer(&sam).expect(StatusCode::OK).await;
    assert_eq!(ended.json(), json!({ "ended": 1 }));
    site.get("/api/v1/session").bearer(&third).refused(StatusCode::UNAUTHORIZED, "no-session").await;
}
