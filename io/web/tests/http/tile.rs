//! A sign-in that begins at the identity provider's tile: third-party-initiated login (R-SSO-8).

use axum::http::StatusCode;
use orgate_testkit::Person as Subject;

use crate::seed::Seed;
use crate::support::{PUBLIC_URL, text};

/// The provider's page sends the browser here, by a link or by a form of another site.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oidcc_client_test_3rd_party_init_login_by_get_and_post() {
    let seed = Seed::new().await;
    let alpha = &seed.places[0];
    let path = format!("/api/v1/organizations/{}/connections", alpha.slug);
    let list = seed.site.get(&path).bearer(&alpha.owner).expect(StatusCode::OK).await.json();
    let tile = text(&list["items"][0]["service_provider"]["initiate_login_url"]);
    let tile = tile.strip_prefix(PUBLIC_URL).unwrap();
    let issuer = alpha.idp.issuer();
    let elsewhere = "https://evil.example/";
    let fields = [("iss", issuer.as_str()), ("login_hint", "dana@acme.example"), ("target_link_uri", elsewhere)];
    let by_get = format!("{tile}?{}", serde_urlencoded::to_string(fields).unwrap());
    // A form of another site comes without cookies, so the browser is not named anew but sent on to come with them.
    let by_post = seed.site.post(tile).form(&fields).header("origin", &issuer).header("sec-fetch-site", "cross-site");
    let on = by_post.expect(StatusCode::SEE_OTHER).await;
    assert_eq!(on.cookie("__Host-orgate-browser"), None);
    for way in [by_get.as_str(), on.location()] {
        let ask = seed.site.get(way).header("sec-fetch-site", "cross-site");
        let answer = ask.expect(StatusCode::SEE_OTHER).await;
        let location = answer.location();
        assert!(location.starts_with(&format!("{issuer}/oauth2/v1/authorize?")), "{location}");
        for part in ["response_type=code", "state=", "nonce=", "code_challenge=", "login_hint=dana%40acme.example"] {
            assert!(location.contains(part), "{part}: {location}");
        }
        assert!(!location.contains("evil.example"), "{location}");
        assert!(answer.cookie("__Host-orgate-browser").is_some(), "bound to this browser");
    }
    let wrong = seed.site.post(tile).form(&[("iss", elsewhere)]).header("origin", elsewhere);
    let on = wrong.expect(StatusCode::SEE_OTHER).await;
    seed.site.get(on.location()).expect(StatusCode::NOT_FOUND).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_sso_8_only_a_named_yes_after_a_tile_is_one() {
    let seed = Seed::new().await;
    let alpha = &seed.places[0];
    let path = format!("/api/v1/organizations/{}/connections", alpha.slug);
    let list = seed.site.get(&path).bearer(&alpha.owner).expect(StatusCode::OK).await.json();
    let tile = text(&list["items"][0]["service_provider"]["initiate_login_url"]);
    let tile = tile.strip_prefix(PUBLIC_URL).unwrap();
    for (fields, is_yes) in [
        (&[][..], false),
        (&[("choice", "keep")], false),
        (&[("choice", "something else")], false),
        (&[("choice", "continue")], true),
    ] {
        alpha.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
        let begun = seed.site.get(tile).header("sec-fetch-site", "cross-site").expect(StatusCode::SEE_OTHER).await;
        let cookie = format!("__Host-orgate-browser={}", begun.cookie("__Host-orgate-browser").unwrap());
        let back = alpha.idp.authorize(begun.location());
        let back = seed.site.get(back.strip_prefix(PUBLIC_URL).unwrap()).header("cookie", &cookie);
        let page = back.expect(StatusCode::SEE_OTHER).await.location().to_owned();
        let asked = seed.site.get(&page).header("cookie", &cookie).expect(StatusCode::OK).await;
        assert!(asked.text().contains(r#"name="choice" value="continue""#), "{}", asked.text());
        let sent = seed.site.post(&format!("{page}/choice")).header("cookie", &cookie);
        let sent = sent.header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin").form(fields);
        let answer = sent.expect(StatusCode::SEE_OTHER).await;
        assert_eq!(answer.cookie("__Host-orgate-session").is_some(), is_yes, "{fields:?}");
    }
}
