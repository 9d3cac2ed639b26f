//! Files that a browser may keep.

use axum::http::StatusCode;
use orgate_web::pages::assets::{ICON_PATH, PASSKEYS_PATH, SCRIPT_PATH, STYLESHEET_PATH, version};

use crate::support::Site;

#[tokio::test]
async fn the_version_that_pages_name_is_kept_for_ever_and_any_other_is_asked_for_again() {
    let site = Site::new().await;
    for path in [STYLESHEET_PATH, SCRIPT_PATH, PASSKEYS_PATH, ICON_PATH] {
        let answer = site.get(&format!("{path}?v={}", version())).expect(StatusCode::OK).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        let answer = site.get(&format!("{path}?v=older")).expect(StatusCode::OK).await;
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn what_is_large_travels_small() {
    let site = Site::new().await;
    let plain = site.get(STYLESHEET_PATH).send().await;
    for coding in ["br", "gzip"] {
        let small = site.get(STYLESHEET_PATH).header("accept-encoding", coding).expect(StatusCode::OK).await;
        assert_eq!(small.header("content-encoding"), coding);
        assert!(small.body.len() * 2 < plain.body.len());
    }
    let bare = site.get("/healthz").header("accept-encoding", "br").expect(StatusCode::OK).await;
    assert_eq!(bare.maybe("content-encoding"), None);
}

#[tokio::test]
async fn scripts_say_that_they_are_scripts() {
    let site = Site::new().await;
    for path in [SCRIPT_PATH, PASSKEYS_PATH] {
        let answer = site.get(path).expect(StatusCode::OK).await;
        // With `nosniff` a browser runs nothing that is said to be something else.
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8", "{path}");
        assert!(answer.text().contains("\"use strict\";"), "{path}");
    }
}
