//! A person's first sign-in is one person's, however often it happens at once (REL-7).

use std::collections::BTreeSet;
use std::sync::Barrier;

use crate::api::{check, text};
use crate::client::Ask;
use crate::cluster::Cluster;
use crate::scale::{count, now, report};

const AT_ONCE: usize = 32;

/// Signs the same newcomer in from so many browsers at once; who they are, by the sessions that were made. On a slow machine a
/// provider that is asked so much at once may answer too late, and the sign-in is refused with a page that says so.
fn arrive(cluster: &Cluster, slug: &str) -> Vec<Option<String>> {
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
                        let is_refused =
                            answer.status() == 303 && to.starts_with(&format!("/sign-in/{slug}/attempts/"));
                        assert!(
                            is_refused || answer.status() == 503,
                            "{} to {to}\n{}",
                            answer.status(),
                            cluster.errors()
                        );
                        println!("not signed in but answered {}: {}", answer.status(), browser.get(&to).text());
                        return None;
                    };
                    let mut client = cluster.client(number + 2);
                    client.ask(&check(slug, token)).expect(200);
                    let session = client.ask(&Ask::get("/api/v1/session").bearer(token)).expect(200).json();
                    Some(text(&session["user"]["id"]))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
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
        let arrived: Vec<String> = arrive(&cluster, &slug).into_iter().flatten().collect();
        signed_in += arrived.len();
        let who: BTreeSet<String> = arrived.into_iter().collect();
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
    report(
        "REL-7",
        began,
        &format!("{rounds} rounds of {AT_ONCE} first sign-ins, {signed_in} signed in, one person each"),
    );
}
