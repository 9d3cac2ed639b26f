//! Log-out with the identity provider, as browsers and the provider's server speak it: T-LO-1, T-LO-2.

use axum::http::StatusCode;
use orgate_testkit::hostile_idp::Mischief;
use serde_json::json;

use crate::seed::{Place, Seed, onward};
use crate::support::{Answer, PUBLIC_URL, Person, text};

const ROLES: [&str; 3] = ["member"; 3];
const SESSION: &str = "__Host-orgate-session";
const BROWSER: &str = "__Host-orgate-browser";

/// Where the provider of this organization posts, and where it sends browsers back to.
async fn addresses(seed: &Seed, place: &Place) -> (String, String) {
    let path = format!("/api/v1/organizations/{}/connections", place.slug);
    let list = seed.site.get(&path).bearer(&place.owner).expect(StatusCode::OK).await.json();
    let ours = &list["items"][0]["service_provider"];
    let path = |name: &str| text(&ours[name]).strip_prefix(PUBLIC_URL).unwrap().to_owned();
    (path("backchannel_logout_url"), path("post_logout_redirect_url"))
}

async fn sign_out(seed: &Seed, person: &Person) -> Answer {
    seed.site.post("/sign-out").cookie(person).form(&[]).send().await
}

async fn is_signed_in(seed: &Seed, person: &Person) -> bool {
    seed.site.get("/check?organization=alpha").bearer(person).send().await.status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_lo_1_a_browser_is_signed_out_here_then_there_and_comes_back() {
    let seed = Seed::new().await;
    let alpha = &seed.places[0];
    let (_, back) = addresses(&seed, alpha).await;
    let sam = seed.person("sam", ROLES).await;
    let inside = seed.by_sso(&sam, alpha).await;
    let page = sign_out(&seed, &inside).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.cookie(SESSION).as_deref(), Some(""), "the cookie is taken back");
    assert!(page.text().contains("You are signed out here"), "{}", page.text());
    assert!(page.text().contains("http-equiv=\"refresh\"") && page.text().contains("href=\"/signed-out\""));
    assert_eq!((page.header("cache-control"), page.maybe("location")), ("no-store", None));
    assert!(!is_signed_in(&seed, &inside).await);

    let location = alpha.idp.end_session(&onward(&page)).unwrap();
    let path = location.strip_prefix(PUBLIC_URL).unwrap();
    assert!(path.starts_with(&format!("{back}?state=")), "{path}");
    let cookie = format!("{BROWSER}={}", page.cookie(BROWSER).unwrap());
    let ask = |path: &str| seed.site.get(path).header("cookie", &cookie);
    for (wrong, status, code) in [
        (back.clone(), StatusCode::UNPROCESSABLE_ENTITY, "No sign-out of this browser is waiting"),
        (format!("{back}?state=another"), StatusCode::GONE, "No sign-out of this browser is waiting"),
        (format!("{back}?state=another&post_logout_redirect_uri=https://evil.example"), StatusCode::GONE, "was used"),
    ] {
        let page = ask(&wrong).expect(status).await;
        assert!(page.text().contains(code) && page.maybe("location").is_none(), "{wrong}: {}", page.text());
    }
    let done = ask(path).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(done.location(), "/signed-out", "and nowhere else, whatever came along");
    ask(path).expect(StatusCode::GONE).await;

    let by_password = seed.site.post("/sign-out").cookie(&sam).form(&[]).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(by_password.location(), "/signed-out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_and_who_goes_on_with_an_invitation_are_sent_nowhere() {
    let seed = Seed::new().await;
    let alpha = &seed.places[0];
    let sam = seed.person("sam", ROLES).await;
    let inside = seed.by_sso(&sam, alpha).await;
    let answer = seed.site.ask(axum::http::Method::DELETE, "/api/v1/session").bearer(&inside).send().await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    let inside = seed.by_sso(&sam, alpha).await;
    let answer = seed.site.post("/sign-out").cookie(&inside).form(&[("invitation", "abc")]).send().await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/invitations/abc"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_lo_2_a_token_takes_effect_before_200_and_is_refused_with_400() {
    let seed = Seed::new().await;
    let [alpha, beta, _] = seed.places.as_slice() else { panic!("three organizations") };
    let (path, _) = addresses(&seed, alpha).await;
    let sam = seed.person("sam", ROLES).await;
    let subject = format!("00u-{}", sam.id);
    let inside = seed.by_sso(&sam, alpha).await;
    let post = |token: &str| seed.site.post(&path).form(&[("logout_token", token)]);

    alpha.idp.set(Mischief::none().log_out_claim("nonce", "n"));
    let token = alpha.idp.log_out_token(Some(&subject), None);
    let refused = post(&token).expect(StatusCode::BAD_REQUEST).await;
    assert_eq!(refused.json(), json!({"error": "invalid_request", "error_description": "log-out-token-nonce"}));
    assert_eq!((refused.header("cache-control"), refused.header("content-type")), ("no-store", "application/json"));
    alpha.idp.behave();
    let foreign = beta.idp.log_out_token(Some(&subject), None);
    post(&foreign).expect(StatusCode::BAD_REQUEST).await;
    seed.site.post(&path).json(&json!({ "logout_token": foreign })).expect(StatusCode::BAD_REQUEST).await;
    seed.site.post(&path).bytes(&vec![b'x'; 65 * 1024]).refused(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large").await;
    let elsewhere = post(&foreign).header("origin", "https://evil.example");
    elsewhere.refused(StatusCode::FORBIDDEN, "cross-site-request").await;
    assert!(is_signed_in(&seed, &inside).await);

    let token = alpha.idp.log_out_token(Some(&subject), None);
    let taken = post(&token).expect(StatusCode::OK).await;
    assert_eq!((taken.header("cache-control"), taken.body.len()), ("no-store", 0));
    assert!(!is_signed_in(&seed, &inside).await);
    assert_eq!(
        post(&token).expect(StatusCode::BAD_REQUEST).await.json()["error_description"],
        "log-out-token-replayed"
    );
    let nothing = "/sso/oidc/con_00000000000000000000000000/backchannel-logout";
    seed.site.post(nothing).form(&[("logout_token", &token)]).refused(StatusCode::NOT_FOUND, "not-found").await;
    seed.site.post("/sso/oidc/nothing/backchannel-logout").refused(StatusCode::NOT_FOUND, "not-found").await;
}
