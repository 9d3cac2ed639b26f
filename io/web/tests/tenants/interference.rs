//! What the owner of one organization does is not felt in another: a rogue Owner with an own identity provider acts at
//! random on an instance with a second organization; a digest of all that the second one's people can see and do is equal
//! before and after each run, and no session of theirs or for their organization appears.
//!
//! Runs come in blocks. A block has an instance of its own and is decided by its first seed, so
//! `ORGATE_TENANTS_SEED=<first seed of the block>` replays it.
//!
//! What is left out, because the specification wants it so, and nothing else:
//! - mail in the mailbox of a person whom the rogue Owner invites or whose address their provider names;
//! - guesses at passwords, which are any stranger's (`moves/call.rs`);
//! - the lines that `sight.rs` names;
//! - of a person who is a member of both organizations, what they see of themselves: that they are a member of the other
//!   one, too, and the sessions that its provider made (they open that one alone: `nothing_opened`). What the second
//!   organization's people see of this person is not left out.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::StatusCode;
use orgate_app::organization::perform_due_deletions;
use orgate_app::passwords::Password;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_core::role::OrganizationRole;
use orgate_store::PasswordCredential;
use orgate_testkit::{HostileIdp, Person as Subject};
use serde_json::json;

use crate::adversary::Adversary;
use crate::dice::{Dice, is_deep};
use crate::place::{Place, subject};
use crate::sight::Sight;
use crate::support::PASSWORD;
use crate::town::Town;

/// Runs of one instance.
const BLOCK: u64 = 100;
/// What is done in one run.
const STEPS: usize = 6;
/// Runs on each engine.
const RUNS: u64 = 200;
/// The same with `ORGATE_DEEP=1`.
const DEEP_RUNS: u64 = 4000;

/// The first seeds of the blocks to run.
fn blocks() -> Vec<u64> {
    if let Ok(seed) = std::env::var("ORGATE_TENANTS_SEED") {
        return vec![seed.parse().unwrap()];
    }
    let runs = if is_deep() { DEEP_RUNS } else { RUNS };
    (0..runs / BLOCK).map(|block| block * BLOCK).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_org_5_t_lnk_7_whatever_an_owner_does_is_not_felt_in_another_organization_on_sqlite() {
    let mut steps = 0;
    for first in blocks() {
        steps += block(Town::sqlite().await, first).await;
    }
    println!("{} runs on SQLite, {steps} steps", blocks().len() as u64 * BLOCK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_org_5_t_lnk_7_whatever_an_owner_does_is_not_felt_in_another_organization_on_postgresql() {
    let mut steps = 0;
    for first in blocks() {
        let Some(town) = Town::postgres().await else { return };
        steps += block(town, first).await;
    }
    println!("{} runs on PostgreSQL, {steps} steps", blocks().len() as u64 * BLOCK);
}

/// The runs of one instance; how many steps they took.
async fn block(town: Town, first: u64) -> usize {
    let idp = town.world.provider();
    let victim = Place::founded(&town, "Victim", &idp).await;
    give_passwords(&town, &victim).await;
    let number = first / BLOCK;
    let bridge = if number % 2 == 1 {
        Some(town.world.member(&victim.site, "bridge", OrganizationRole::Member).await)
    } else {
        None
    };
    if number % 4 > 1 {
        town.world.bed.enforce(&town.world.with_password(&victim.site.owner).await, &victim.site.organization).await;
    }
    // Who comes in for the first time is written down; from the second time on it is the same.
    doors(&town, &victim, &idp).await;
    let open = doors(&town, &victim, &idp).await;
    let insiders = victim.callers(&town).await;
    let before = Sight::of(&town, &victim, &insiders).await;
    assert!(before.lines() > 60, "{} lines", before.lines());
    let mut adversary = Adversary::new(&town, &victim, &idp, bridge.as_ref()).await;
    let mut steps = 0;
    for seed in first..first + BLOCK {
        let mut dice = Dice::new(seed);
        adversary.begin().await;
        for _ in 0..STEPS {
            adversary.step(&mut dice).await;
        }
        steps += adversary.steps.len();
        adversary.nothing_opened().await;
        let after = Sight::of(&town, &victim, &insiders).await;
        assert!(
            before == after,
            "seed {seed}, replayed by ORGATE_TENANTS_SEED={first}, is felt in the other organization:\n{}\nby\n{}",
            before.difference(&after),
            adversary.told()
        );
    }
    assert_eq!(doors(&town, &victim, &idp).await, open, "who comes in and how, after block {first}");
    is_deleted_unfelt(&town, &victim, adversary).await;
    steps
}

/// Seven days after its deletion was asked for an organization goes with everything in it, and takes nothing along.
async fn is_deleted_unfelt(town: &Town, victim: &Place, mut adversary: Adversary<'_>) {
    adversary.begin().await;
    adversary.give_up().await;
    town.world.advance(Duration::from_secs(8 * 24 * 3600));
    let insiders = victim.callers(town).await;
    let before = Sight::of(town, victim, &insiders).await;
    let deleted = perform_due_deletions(&town.world.bed.app).await.unwrap();
    assert!(deleted > 0, "{}", adversary.told());
    let after = Sight::of(town, victim, &insiders).await;
    assert!(before == after, "a deletion is felt:\n{}", before.difference(&after));
}

/// Everybody has the same password, hashed once.
async fn give_passwords(town: &Town, place: &Place) {
    let bed = &town.world.bed;
    let hash = bed.app.passwords.hash(&Password::from_typed(PASSWORD), &*bed.app.entropy).await.unwrap();
    for person in place.people.values() {
        let credential = PasswordCredential { user_id: person.id.clone(), hash: hash.clone(), set_at: bed.now() };
        bed.write(credential, |tx, credential| Box::pin(async move { tx.instance().set_password(credential).await }))
            .await;
    }
}

/// Who would come in, and how: by password, through the organization's provider, by a reset that arrives.
async fn doors(town: &Town, place: &Place, idp: &HostileIdp) -> String {
    let mut told = String::new();
    for (role, person) in &place.people {
        let typed = json!({ "method": "password", "email": person.email, "password": PASSWORD });
        let answer = town.post("/api/v1/sessions").json(&typed).send().await;
        let code = answer.json()["code"].as_str().unwrap_or("-").to_owned();
        writeln!(told, "{role} by password: {} {code}", answer.status.as_u16()).unwrap();
        idp.sign_in_as(Subject::new(subject(role), &person.email));
        let outcome = town.world.sign_in(&town.world.bed.stranger(), &place.site, idp).await;
        let outcome = match outcome {
            Outcome::SignedIn { issued, .. } => format!("signed in as {}", issued.user.id),
            Outcome::Refused(_) => "refused".to_owned(),
            other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
        };
        writeln!(told, "{role} by SSO: {outcome}").unwrap();
        town.world.bed.read_all(&person.email).await;
        let asked = town.post("/api/v1/password-resets").json(&json!({ "email": person.email }));
        let answer = asked.expect(StatusCode::ACCEPTED).await;
        let mail = town.world.bed.mail(&person.email).await;
        writeln!(told, "{role} by reset: {} {:?}", answer.status.as_u16(), mail.map(|mail| mail.subject)).unwrap();
    }
    told
}
