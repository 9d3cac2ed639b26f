//! A person's first sign-in is one person's, however often it happens at once (REL-7).

use std::collections::BTreeSet;
use std::sync::Barrier;

use crate::api::{Person, check, text};
use crate::browser::reference_of;
use crate::client::Ask;
use crate::cluster::Cluster;
use crate::scale::{count, now, report};

const AT_ONCE: usize = 32;

/// What a refusal of a provider that was asked too much at once is called, of itself or of its name.
const TOO_LATE: [&str; 2] = ["idp-unreachable", "idp-name-unknown"];

/// What became of one sign-in.
enum Arrived {
    /// Who they are, by the session that was made.
    As(String),
    /// The reference of the page that says no.
    Refused(String),
    /// The node had too much in hand.
    Later,
}

/// Signs the same newcomer in from so many browsers at once. On a slow machine a provider that is asked so much at once may
/// answer too late, and the sign-in is refused with a page that says so.
fn arrive(cluster: &Cluster, slug: &str) -> Vec<Arrived> {
    let together = Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let together = &together;
                scope.spawn(move || {
                    let mut browser = cluster.browser(number);
                    let back = browser.through(&cluster.provider.idp, &format!("/sign-in/{slug}"));
                    // Back at another node than the one that sent it away.
                    let mut browser = browser.at(cluster.client(number + 1));
                    together.wait();
                    let answer = browser.get(&back);
                    let Some(token) = browser.session() else {
                        let to = answer.0.header("location").unwrap_or_default().to_owned();
                        let is_refused = to.starts_with(&format!("/sign-in/{slug}/attempts/"));
                        return match answer.status() {
                            303 if is_refused => Arrived::Refused(reference_of(&browser.get(&to).text())),
                            503 => Arrived::Later,
                            status => panic!("{status} to {to}\n{}", cluster.errors()),
                        };
                    };
                    let mut client = cluster.client(number + 2);
                    client.ask(&check(slug, token)).expect(200);
                    let session = client.ask(&Ask::get("/api/v1/session").bearer(token)).expect(200).json();
                    Arrived::As(text(&session["user"]["id"]))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Why a sign-in was refused, as an Owner reads it under this reference.
fn code(cluster: &Cluster, slug: &str, owner: &Person, reference: &str) -> String {
    let mut api = cluster.api(0);
    let connections = format!("/api/v1/organizations/{slug}/connections");
    let connection = text(&api.get(&connections, &owner.token).expect(200).json()["items"][0]["id"]);
    let path = format!("{connections}/{connection}/attempts?reference={reference}");
    text(&api.get(&path, &owner.token).expect(200).json()["items"][0]["code"])
}

#[test]
fn rel_7_parallel_first_sign_ins_through_three_nodes_make_one_identity_one_user_one_membership() {
    let Some(cluster) = Cluster::start() else { return };
    let sam = cluster.api(0).person("sam");
    let slug = cluster.with_sso(&sam, "Acme");
    let (rounds, began, mut signed_in) = (count("FIRST_SIGN_INS", 3), now(), 0);
    for round in 0..rounds {
        let (subject, email) = (format!("00uNew{round}"), format!("new{round}@acme.example"));
        cluster.at_provider(&subject, &email);
        let mut who = BTreeSet::new();
        for arrived in arrive(&cluster, &slug) {
            match arrived {
                Arrived::As(id) => {
                    signed_in += 1;
                    who.insert(id);
                }
                Arrived::Refused(reference) => {
                    let code = code(&cluster, &slug, &sam, &reference);
                    assert!(TOO_LATE.contains(&code.as_str()), "round {round}: refused for {code}");
                }
                Arrived::Later => {}
            }
        }
        assert_eq!(who.len(), 1, "round {round}: one person");
        let counted = [
            cluster.number(&format!("select count(*) from identities where subject = '{subject}'")),
            cluster.number(&format!("select count(*) from users where email_key = '{email}'")),
            cluster.number(&format!(
                "select count(*) from memberships m join users u on u.id = m.user_id where u.email_key = '{email}'"
            )),
        ];
        assert_eq!(counted, [1, 1, 1], "round {round}: identities, users, memberships");
    }
    assert!(signed_in * 2 > rounds * AT_ONCE as u64, "most came in: {signed_in} in {rounds} rounds");
    report(
        "REL-7",
        began,
        &format!("{rounds} rounds of {AT_ONCE} first sign-ins, {signed_in} signed in, one person each"),
    );
}
