//! Clocks that are wrong (F2): a node's that is not the identity provider's, and one that jumps. No session lives longer than
//! its cap by the node's clock, and none ends because of a jump.

use crate::api::{check, text};
use crate::browser::reference_of;
use crate::disk::Disk;
use crate::provider::{Network, Provider};
use crate::providers::attempt;
use crate::scale::{now, report};
use crate::scene::Scene;

const HOST: &str = "acme.idp.test";
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// Signs in through a provider whose clock is so many seconds ahead. The token, or why not as an Owner reads it.
fn come_in(scene: &Scene, provider: &Provider, slug: &str, ahead: i64) -> Result<String, String> {
    provider.sign_in_ahead(ahead, &format!("00uKim{ahead}"), &format!("kim{ahead}@acme.example"));
    let mut browser = scene.browser();
    let back = browser.through(&provider.idp, &format!("/sign-in/{slug}"));
    let answer = browser.get(&back).expect(303);
    if let Some(token) = browser.session() {
        return Ok(token.to_owned());
    }
    let page = answer.0.header("location").unwrap().to_owned();
    let reference = reference_of(&browser.get(&page).expect(200).text());
    let code = text(&attempt(scene, slug, &scene.owner, &reference)["code"]);
    scene.is_logged(&["INFO", "a single sign-on was refused", &reference, &code]);
    Err(code)
}

#[test]
fn f2_a_provider_whose_clock_is_a_minute_off_is_taken_and_one_three_minutes_off_is_named() {
    let (folder, network) = (tempfile::tempdir().unwrap(), Network::new());
    let provider = network.provider(HOST);
    let mut settings = network.settings(folder.path(), &[HOST]);
    settings.insert("ORGATE_LOG".to_owned(), "info".to_owned());
    let scene = Scene::on_sqlite(folder, settings);
    let slug = provider.connect(&mut scene.api(), scene.browser(), &scene.owner, "Idp");
    // At a minute sharp the seconds decide that go by between two clocks: `io/app/tests/sso/keys.rs` stops them.
    for (ahead, refused) in [(50, None), (-50, None), (180, Some("clock")), (-180, Some("clock"))] {
        match come_in(&scene, &provider, &slug, ahead) {
            Ok(token) => {
                assert_eq!(refused, None, "{ahead}");
                scene.ask(&check(&slug, &token)).expect(200);
            }
            Err(code) => assert_eq!(Some(code.as_str()), refused, "{ahead}"),
        }
    }
}

#[test]
fn f2_a_clock_that_jumps_ends_no_session_early_and_keeps_none_beyond_its_cap() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let mut settings = disk.settings();
    settings.insert("ORGATE_SESSION_ABSOLUTE_MINUTES".to_owned(), "120".to_owned());
    settings.insert("ORGATE_SESSION_IDLE_MINUTES".to_owned(), "110".to_owned());
    let (mut scene, began) = (Scene::on_sqlite(folder, settings), now());
    let session = || text(&scene.sign_in().expect(201).json()["token"]);
    let status = |token: &str| scene.ask(&check(&scene.slug, token)).status();
    let (first, mut others) = (session(), Vec::new());
    for ahead in [SECOND, 0, -SECOND, 0, HOUR, 0, -HOUR, 0] {
        disk.set_ahead(ahead);
        others.push((ahead, session()));
        for (_, token) in &others {
            assert_eq!(status(token), 200, "{ahead}");
        }
        assert_eq!(status(&first), 200, "{ahead}");
        scene.check().expect(200);
        scene.create_project(&format!("At {ahead} {}", others.len())).expect(201);
    }
    // By the clock that is right at last, each has its two hours and what its own clock was ahead, and no moment more.
    let mut over = Vec::new();
    for ahead in [2 * HOUR - HOUR - 60 * SECOND, 2 * HOUR + 60 * SECOND, 3 * HOUR + 60 * SECOND] {
        disk.set_ahead(ahead);
        over.push(others.iter().filter(|(_, token)| status(token) == 401).count());
        for (began_ahead, token) in &others {
            let is_over = ahead > began_ahead + 2 * HOUR;
            assert!(!is_over || status(token) == 401, "one of {began_ahead} at {ahead}");
        }
    }
    assert_eq!(over.last(), Some(&others.len()), "all are over in the end");
    assert_eq!(status(&first), 401);
    disk.set_ahead(0);
    scene.node.stop();
    scene.node.verify_audit_log();
    report(
        "F2",
        began,
        &format!("{} sessions over eight jumps, over after each step of hours: {over:?}", others.len()),
    );
}
