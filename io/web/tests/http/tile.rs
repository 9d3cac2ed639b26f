//! A sign-in that begins at the identity provider's tile: third-party-initiated login (R-SSO-8).

use axum::http::StatusCode;

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
