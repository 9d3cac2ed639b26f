//! A mail server that is down, silent, busy or does not know a recipient (F6): people sign in as ever, every mail leaves in
//! the end, once, and one that cannot is given up where an operator sees it.

use std::collections::BTreeMap;

use orgate_testkit::MailServer;
use orgate_testkit::mail_server::Mood;
use serde_json::json;

use crate::disk::Disk;
use crate::relay::{Relay, Way};
use crate::scale::{count, now, report};
use crate::scene::{Scene, eventually};

const SENT: &str = "orgate_mails_total{outcome=\"sent\"}";
const DELAYED: &str = "orgate_mails_total{outcome=\"delayed\"}";
const FAILED: &str = "orgate_mails_total{outcome=\"failed\"}";

/// A scene whose mails go to a server that has nothing of it yet.
fn with_server() -> (Scene, Disk, MailServer, Relay) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let mut scene = Scene::on_sqlite(folder, disk.settings());
    let server = MailServer::start();
    let relay = Relay::start(server.address());
    scene.node.stop();
    scene.node.set("ORGATE_MAIL", format!("smtp://{}", relay.address()));
    scene.node.start();
    (scene, disk, server, relay)
}

/// Invites these people, and signs in meanwhile.
fn invite(scene: &Scene, names: &[&str]) {
    let emails: Vec<String> = names.iter().map(|name| format!("{name}@example.com")).collect();
    let path = format!("/api/v1/organizations/{}/invitations", scene.slug);
    scene.api().post(&path, &scene.owner.token, &json!({ "emails": emails, "role": "member" })).expect(201);
    scene.sign_in().expect(201);
    scene.checks_are_right();
}

/// How often each of these people got their invitation.
fn invited(server: &MailServer, names: &[&str]) -> BTreeMap<String, usize> {
    let mails = server.taken();
    let to = |name: &str| {
        let to = format!("To: {name}@example.com\r\n");
        mails.iter().filter(|mail| mail.contains(&to)).count()
    };
    names.iter().map(|name| ((*name).to_owned(), to(name))).collect()
}

fn all_once(server: &MailServer, names: &[&str]) {
    eventually("mail to everybody", || invited(server, names).values().all(|count| *count > 0).then_some(()));
    assert!(invited(server, names).values().all(|count| *count == 1), "{:?}", invited(server, names));
}

/// The mails of a fault leave once it is over.
fn leave_afterwards(name: &str, logged: &str, begin: impl Fn(&MailServer, &Relay), end: impl Fn(&MailServer, &Relay)) {
    let ((scene, _, server, relay), began) = (with_server(), now());
    begin(&server, &relay);
    let names = ["ada", "bob", "eve"];
    invite(&scene, &names);
    scene.is_logged(&["WARN", "a mail was not sent and is tried again", logged]);
    assert!(scene.measured(DELAYED) >= 1.0 && scene.measured(SENT) < 1.0);
    assert_eq!(invited(&server, &names).values().sum::<usize>(), 0);
    end(&server, &relay);
    all_once(&server, &names);
    assert!(scene.measured(FAILED) < 1.0);
    report(&format!("F6 {name}"), began, "three mails, each left once when it was over");
}

#[test]
fn f6_mails_wait_for_a_server_that_is_down_or_says_not_now_and_leave_once() {
    let busy = Mood::Answers("451 4.3.2 not now");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (begin, end) = (
                |_: &MailServer, relay: &Relay| relay.set(Way::Closed),
                |_: &MailServer, relay: &Relay| relay.set(Way::Open),
            );
            leave_afterwards("down", "Connection refused", begin, end);
        });
        scope.spawn(|| {
            let begin = |server: &MailServer, _: &Relay| server.set(busy.clone());
            leave_afterwards("4xx", "transient error (451)", begin, |server, _| server.set(Mood::Takes));
        });
    });
}

#[test]
fn f6_a_mail_refused_for_good_is_given_up_in_sight_of_an_operator_and_others_leave() {
    let ((scene, disk, server, _relay), began) = (with_server(), now());
    server.set(Mood::DoesNotKnow("nobody@"));
    invite(&scene, &["ada", "nobody", "bob"]);
    all_once(&server, &["ada", "bob"]);
    scene.is_logged(&["WARN", "a mail was not sent and is tried again", "permanent error (550)"]);
    assert!(scene.measured(FAILED) < 1.0);
    // An hour a try: the clock is set on once the one before is in the log.
    for tries in 2..=7 {
        disk.set_ahead(tries * 2 * 3_600_000);
        let word = format!("mail.tries={tries}");
        eventually("another try", || scene.node.log().contains(&word).then_some(()));
    }
    scene.is_logged(&["ERROR", "a mail is given up", "permanent error (550)"]);
    assert!(scene.measured(FAILED) >= 1.0);
    assert_eq!(invited(&server, &["ada", "nobody", "bob"]).into_values().collect::<Vec<_>>(), [1, 1, 0]);
    report("F6 5xx", began, "given up after seven tries, the others left once");
}

/// A mail waits half a minute for an answer, so this is for the longer runs.
#[test]
fn f6_a_silent_server_delays_mails_and_nobody_else() {
    if count("SILENT", 0) > 0 {
        let begin = |server: &MailServer, _: &Relay| server.set(Mood::Silent);
        leave_afterwards("silent", "no answer in time", begin, |server, _| server.set(Mood::Takes));
    }
}
