//! Guessing: how it is slowed down, whom it does not keep out, and what is written down of it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::account::{self, PasswordChange};
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{Credentials, Entry, begin, confirm};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::visitor::Visitor;
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_store::{AuditEvent, AuditFilter};

use crate::support::{Bed, PASSWORD, refused};

const WRONG: &str = "not the pass phrase of anybody";
const UNKNOWN: &str = "nobody@example.com";

/// One of many networks, without a cookie.
fn network(number: u32) -> Visitor {
    Visitor::new(IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number)), "Test browser")
}

async fn sign_in(bed: &Bed, visitor: &Visitor, email: &str, password: &str) -> Result<Entry, orgate_app::Error> {
    let credentials = Credentials { email: email.to_owned(), password: Password::from_typed(password) };
    begin(&bed.app, visitor, credentials).await
}

/// A wrong password: none when it was compared, else how long to wait.
async fn guess(bed: &Bed, visitor: &Visitor, email: &str) -> Option<Duration> {
    match refused(sign_in(bed, visitor, email, WRONG).await) {
        Refusal::InvalidCredentials => None,
        Refusal::TooManyRequests { retry_after } => Some(retry_after),
        other => panic!("{other:?}"),
    }
}

/// The refused sign-ins in the instance's log.
async fn refusals(bed: &Bed) -> Vec<AuditEvent> {
    let filter = AuditFilter { action: Some("session.refused".to_owned()), ..AuditFilter::default() };
    bed.write(filter, |tx, filter| {
        Box::pin(async move { Ok(tx.instance().list_audit_events(filter, None, 200).await?.items) })
    })
    .await
}

async fn l5_a_thousand_networks_get_a_hundred_tries_at_an_account_and_its_owner_still_gets_in(bed: Bed) {
    let sam = bed.person("sam").await;
    let mut at_phone = bed.stranger();
    at_phone.ip = network(2_000).ip;
    sign_in(&bed, &at_phone, &sam.email, PASSWORD).await.unwrap();
    let (mut compared, mut longest) = (0, Duration::ZERO);
    for number in 0..1_000 {
        match guess(&bed, &network(number), &sam.email).await {
            None => compared += 1,
            Some(wait) if wait > Duration::from_secs(900) => longest = longest.max(wait),
            // As patient as can be.
            Some(wait) => bed.clock.advance(wait),
        }
    }
    assert!((90..=100).contains(&compared), "{compared}");
    assert!(longest > Duration::from_secs(900), "hard control: {longest:?}");
    // A stranger who knows the password is one of the strangers …
    let stranger = network(5_000);
    assert_eq!(refused(sign_in(&bed, &stranger, &sam.email, PASSWORD).await).kind(), RefusalKind::TooMany);
    // … the network and the browser that Sam came in from before are not, …
    sign_in(&bed, &Visitor { browser: None, ..bed.stranger() }, &sam.email, PASSWORD).await.unwrap();
    let elsewhere = Visitor { ip: network(6_000).ip, ..at_phone };
    sign_in(&bed, &elsewhere, &sam.email, PASSWORD).await.unwrap();
    // … and from anywhere a mailed link makes the place a known one.
    password_reset::request(&bed.app, &stranger, &sam.email).await.unwrap();
    let link = loop {
        let links = bed.next_mail(&sam.email).await.links();
        if let Some(link) = links.into_iter().find(|link| link.contains("/password-reset/")) {
            break link;
        }
    };
    let token = link.rsplit('/').next().unwrap();
    password_reset::complete(&bed.app, &stranger, token, "another long pass phrase").await.unwrap();
    sign_in(&bed, &stranger, &sam.email, "another long pass phrase").await.unwrap();
    // The others are strangers from then on.
    assert_eq!(refused(sign_in(&bed, &elsewhere, &sam.email, PASSWORD).await).kind(), RefusalKind::TooMany);
    bed.advance(24 * 60);
    assert_eq!(guess(&bed, &network(1), &sam.email).await, None, "a day later");
}

async fn r_in_5_known_and_unknown_accounts_wait_alike(bed: Bed) {
    let sam = bed.person("sam").await;
    let mut seen = Vec::new();
    for (email, visitor) in [
        (sam.email.as_str(), network(1)),
        (UNKNOWN, network(2)),
        (sam.email.as_str(), bed.stranger()),
        ("nobody-else@example.com", bed.stranger()),
    ] {
        let mut answers = Vec::new();
        for _ in 0..16 {
            let wait = guess(&bed, &visitor, email).await;
            if let Some(wait) = wait {
                bed.clock.advance(wait);
            }
            answers.push(wait.map(|wait| wait.as_secs()));
        }
        seen.push(answers);
    }
    let waits = [None, Some(1), None, Some(2), None];
    assert_eq!(seen[0][..11], [None; 11]);
    assert_eq!(seen[0][10..15], waits);
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:?}");
}

async fn of_64_parallel_guesses_exactly_as_many_as_allowed_are_compared(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_LIMIT_TRIES", "20")]).await;
    let sam = bed.person("sam").await;
    let visitors: Vec<Visitor> = (0..64).map(network).collect();
    let outcomes = join_all(visitors.iter().map(|visitor| guess(&bed, visitor, &sam.email))).await;
    assert_eq!(outcomes.iter().filter(|wait| wait.is_none()).count(), 20);
    assert!(outcomes.iter().flatten().all(|wait| *wait >= Duration::from_secs(1)));
}

async fn a_right_password_forgets_the_wrong_ones_and_64_right_ones_at_once_all_pass(bed: Bed) {
    let sam = bed.person("sam").await;
    let visitor = network(1);
    for _ in 0..3 {
        for _ in 0..10 {
            assert_eq!(guess(&bed, &visitor, &sam.email).await, None);
        }
        sign_in(&bed, &visitor, &sam.email, PASSWORD).await.unwrap();
    }
    let outcomes = join_all((0..64).map(|_| sign_in(&bed, &visitor, &sam.email, PASSWORD))).await;
    assert!(outcomes.iter().all(Result::is_ok));
}

async fn r_ops_3_a_minute_of_refusals_is_one_event_that_says_how_many(bed: Bed) {
    let sam = bed.person("sam").await;
    for _ in 0..30 {
        guess(&bed, &network(1), &sam.email).await;
    }
    guess(&bed, &network(2), &sam.email).await;
    guess(&bed, &network(1), UNKNOWN).await;
    bed.advance(1);
    guess(&bed, &network(1), &sam.email).await;
    let mut events: Vec<_> =
        refusals(&bed).await.into_iter().map(|event| (event.target.is_some(), event.tries)).collect();
    events.sort_unstable();
    assert_eq!(events, [(false, 1), (true, 1), (true, 1), (true, 30)]);
}

async fn r_ops_3_what_was_typed_is_counted_and_not_kept(bed: Bed) {
    // The row of a count stays as long as its event; one that an earlier version wrote loses what it was counted by.
    for typed in [UNKNOWN, "a pass phrase in the wrong field"] {
        guess(&bed, &network(1), typed).await;
        guess(&bed, &network(1), typed).await;
    }
    let tries: Vec<u64> = refusals(&bed).await.iter().map(|event| event.tries).collect();
    assert_eq!(tries, [2, 2]);
    let copies =
        |text: &str| format!("insert into refused_tries select * from refused_tries where bucket like '%{text}%'");
    for text in ["nobody", "phrase", "10.0.0.1"] {
        bed.sabotage(&copies(text)).await;
    }
    bed.sabotage(
        "update refused_tries set bucket = 'nobody@example.com:10.0.0.1:7' where bucket =
        (select min(bucket) from refused_tries)",
    )
    .await;
    assert_eq!(bed.app.store.forget_typed_buckets(10).await.unwrap(), 1);
    assert_eq!(bed.app.store.forget_typed_buckets(10).await.unwrap(), 0);
    bed.sabotage(&copies("nobody")).await;
    let tries: Vec<u64> = refusals(&bed).await.iter().map(|event| event.tries).collect();
    assert_eq!(tries, [2, 2], "how many there were is still known");
}

async fn r_ops_3_addresses_made_up_beyond_a_networks_limit_are_one_event_a_minute(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_LIMIT_SIGN_INS", "5")]).await;
    for number in 0..40 {
        guess(&bed, &network(1), &format!("made-up-{number}@example.com")).await;
    }
    let mut events: Vec<_> = refusals(&bed).await.into_iter().map(|event| (event.outcome, event.tries)).collect();
    events.sort_unstable();
    let compared = std::iter::repeat_n(("invalid-credentials".to_owned(), 1), 5);
    let expected: Vec<_> = compared.chain([("too-many-requests".to_owned(), 35)]).collect();
    assert_eq!(events, expected, "five that were compared, and one for the rest");
}

async fn l5_who_uses_a_network_up_keeps_nobody_out_who_is_known_by_their_browser(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_LIMIT_SIGN_INS", "5")]).await;
    let sam = bed.person("sam").await;
    let own = bed.stranger();
    sign_in(&bed, &own, &sam.email, PASSWORD).await.unwrap();
    while guess(&bed, &Visitor { browser: None, ..own.clone() }, UNKNOWN).await.is_none() {}
    let other = bed.stranger();
    assert_eq!(refused(sign_in(&bed, &other, &sam.email, PASSWORD).await).kind(), RefusalKind::TooMany);
    sign_in(&bed, &own, &sam.email, PASSWORD).await.unwrap();
}

async fn l5_a_session_brings_no_further_tries_at_its_persons_password(bed: Bed) {
    let sam = bed.person("sam").await;
    let stolen = Visitor { session: sam.visitor.session, ..network(1) };
    let change = || PasswordChange { current: Some(WRONG.to_owned()), new: "another long pass phrase".to_owned() };
    for number in 0..11 {
        let refusal = if number % 2 == 0 {
            refused(confirm(&bed.app, &stolen, Password::from_typed(WRONG)).await)
        } else {
            refused(account::change_password(&bed.app, &stolen, change()).await)
        };
        assert!(matches!(refusal, Refusal::InvalidCredentials | Refusal::InvalidInput(_)), "{refusal:?}");
    }
    assert!(guess(&bed, &network(2), &sam.email).await.is_some(), "strangers have those tries together");
    let right = || Password::from_typed(PASSWORD);
    assert_eq!(refused(confirm(&bed.app, &stolen, right()).await).kind(), RefusalKind::TooMany);
    confirm(&bed.app, &sam.visitor, right()).await.unwrap();
}

async fn l5_who_floods_a_mailbox_takes_nobodys_way_back(bed: Bed) {
    let sam = bed.person("sam").await;
    for number in 0..11 {
        let typed = NewSignUp {
            email: sam.email.clone(),
            password: PASSWORD.to_owned(),
            name: "Not Sam".to_owned(),
            invitation: None,
        };
        let asked = sign_up::begin(&bed.app, &network(number), typed).await;
        assert!(asked.is_ok() || refused(asked).kind() == RefusalKind::TooMany);
    }
    password_reset::request(&bed.app, &network(99), &sam.email).await.unwrap();
}

async fn the_operator_can_lift_the_limit(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_LIMIT_TRIES", "none")]).await;
    let sam = bed.person("sam").await;
    for number in 0..40 {
        assert_eq!(guess(&bed, &network(number), &sam.email).await, None);
    }
}

on_each_engine! {
    l5_a_thousand_networks_get_a_hundred_tries_at_an_account_and_its_owner_still_gets_in
    r_in_5_known_and_unknown_accounts_wait_alike
    of_64_parallel_guesses_exactly_as_many_as_allowed_are_compared
    a_right_password_forgets_the_wrong_ones_and_64_right_ones_at_once_all_pass
    r_ops_3_a_minute_of_refusals_is_one_event_that_says_how_many
    r_ops_3_what_was_typed_is_counted_and_not_kept
    r_ops_3_addresses_made_up_beyond_a_networks_limit_are_one_event_a_minute
    l5_who_uses_a_network_up_keeps_nobody_out_who_is_known_by_their_browser
    l5_a_session_brings_no_further_tries_at_its_persons_password
    l5_who_floods_a_mailbox_takes_nobodys_way_back
    the_operator_can_lift_the_limit
}
