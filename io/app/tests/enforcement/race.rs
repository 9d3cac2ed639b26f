//! Enforcement turned on and off under load: I1, I2, I7 as histories.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::enforcement::{self, Pace, WishForm};
use orgate_app::error::Error;
use orgate_app::organization::OrganizationView;
use orgate_app::session;
use orgate_core::policy::MOST_CHANGES;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_password, lives, opens, rows, sign_in};
use crate::support::{Bed, Person};
use crate::world::World;

async fn set(bed: &Bed, owner: &Person, enabled: bool) {
    let form = WishForm { enabled, confirm: true, ..WishForm::default() };
    enforcement::set(&bed.app, &owner.visitor, "acme", form).await.unwrap();
}

/// Comes by once, as the job does.
async fn sweep(bed: &Bed) {
    enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
}

const SIGNING_IN: usize = 8;
const PEOPLE_EACH: usize = 3;
const SWITCHES: u64 = 50;

/// Eight people at a time sign in without pause while it is switched on and off. When it is on at last, nobody is in; when it
/// is off again, nobody who came before is in.
async fn i1_sign_ins_under_way_while_it_is_switched_leave_no_usable_session(world: World) {
    let bed = &world.bed;
    let (sam, acme) = acme(bed).await;
    bed.connection(&acme.id).await;
    let mut people = Vec::new();
    for number in 0..SIGNING_IN * PEOPLE_EACH {
        people.push(bed.member(&acme, &format!("kim{number}"), OrganizationRole::Member).await);
    }
    let over = AtomicBool::new(false);
    let (made, refusals) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    let signing_in = people.chunks(PEOPLE_EACH).map(|own| async {
        let own: Vec<Person> = own.to_vec();
        for person in own.iter().cycle() {
            if over.load(Ordering::SeqCst) {
                return;
            }
            match sign_in(bed, &person.email).await {
                Ok(person) => made.lock().unwrap().push(person),
                Err(Error::Refused(Refusal::SsoRequired(_))) => {
                    refusals.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
    let switching = async {
        for number in 0..SWITCHES {
            set(bed, &sam, true).await;
            tokio::time::sleep(Duration::from_millis(number % 7 * 5)).await;
            set(bed, &sam, false).await;
            tokio::time::sleep(Duration::from_millis(number % 5 * 10)).await;
            if number % 5 == 4 {
                sweep(bed).await;
            }
        }
        set(bed, &sam, true).await;
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(join_all(signing_in), switching);
    let (made, refusals) = (made.into_inner().unwrap(), refusals.into_inner());
    println!("{} sessions were made and {refusals} sign-ins refused", made.len());
    assert!(made.len() > 20 && refusals > 20, "both happened: {} and {refusals}", made.len());
    for person in &made {
        assert!(!opens(bed, person, "acme").await, "a session of {} outlived enforcement", person.name);
    }
    set(bed, &sam, false).await;
    for person in made.iter().chain(&people) {
        assert!(!lives(bed, person).await, "a session of {} revived", person.name);
    }
    sweep(bed).await;
    for person in &people {
        assert!(rows(bed, person).await.is_empty(), "the sweeper left a row of {}", person.name);
    }
    assert!(lives(bed, &sam).await, "the exempt Owner came through with one session");
}

const TOGGLES: u64 = 2_000;
const CHECKING: usize = 4;

/// What is known of enforcement at a moment, in one number: twice the calls that returned, plus one while a call is under
/// way. After an enforcing call returned and before the next one began it is a multiple of four plus two.
struct History(AtomicU64);

impl History {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn is_on(moment: u64) -> bool {
        moment % 4 == 2
    }
}

/// Somebody's session, published with the moment at which it was made.
struct Checked {
    person: Person,
    made: u64,
}

/// 2,000 calls against `/check` without pause. An acceptance that began after an enforcing call returned, and before the
/// next call began, would be a way round.
async fn i1_no_check_that_began_after_an_enforcing_call_returned_is_accepted(world: World) {
    let bed = &world.bed;
    let (sam, acme) = acme(bed).await;
    bed.connection(&acme.id).await;
    let mut people = Vec::new();
    for number in 0..CHECKING {
        people.push(bed.member(&acme, &format!("kim{number}"), OrganizationRole::Member).await);
    }
    let history = History(AtomicU64::new(0));
    let slots: Vec<_> = people.iter().map(|person| Mutex::new(Checked { person: person.clone(), made: 0 })).collect();
    let over = AtomicBool::new(false);
    let (accepted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let checking = slots.iter().map(|slot| async {
        while !over.load(Ordering::SeqCst) {
            let (token, made) = {
                let checked = slot.lock().unwrap();
                (checked.person.visitor.session, checked.made)
            };
            let began = history.now();
            match session::open(&bed.app, token, "acme").await {
                Ok(_) => {
                    assert!(!History::is_on(began), "accepted at {began}, made at {made}");
                    assert!(began < made + 4, "a session made at {made} was accepted at {began}");
                    accepted.fetch_add(1, Ordering::SeqCst);
                }
                Err(Error::Refused(_)) => {
                    refused.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}"),
            }
            tokio::task::yield_now().await;
        }
    });
    let switching = switch_on_and_off(bed, &sam, &history, &slots, &over);
    tokio::join!(join_all(checking), switching);
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    println!("{accepted} checks were accepted and {refused} refused");
    assert!(accepted > TOGGLES / 4 && refused > TOGGLES / 4, "both happened: {accepted} and {refused}");
    assert!(opens(bed, &sam, "acme").await, "the exempt Owner came through with one session");
}

/// Everybody gets a new session whenever it is off, for the old one is dead.
async fn switch_on_and_off(bed: &Bed, sam: &Person, history: &History, slots: &[Mutex<Checked>], over: &AtomicBool) {
    for number in 0..TOGGLES {
        let enabled = number % 2 == 0;
        history.0.fetch_add(1, Ordering::SeqCst);
        set(bed, sam, enabled).await;
        history.0.fetch_add(1, Ordering::SeqCst);
        if !enabled {
            for slot in slots {
                let person = slot.lock().unwrap().person.clone();
                let person = bed.session(&person, Proofs::of(Proof::Password { at: bed.now() })).await;
                *slot.lock().unwrap() = Checked { person, made: history.now() };
            }
        }
        if number % 10 == 9 {
            sweep(bed).await;
        }
        tokio::task::yield_now().await;
    }
    over.store(true, Ordering::SeqCst);
}

on_each_world! {
    i1_sign_ins_under_way_while_it_is_switched_leave_no_usable_session
    i1_no_check_that_began_after_an_enforcing_call_returned_is_accepted
}

/// An organization remembers so many changes; a session that began before what was forgotten cannot be judged, and what
/// cannot be judged is refused (R-ENF-10).
async fn r_enf_10_a_session_older_than_what_is_remembered_is_refused(bed: Bed) {
    let (sam, acme): (Person, OrganizationView) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let old = by_password(&bed, &sam).await;
    for number in 0..MOST_CHANGES {
        set(&bed, &by_password(&bed, &sam).await, number % 2 == 0).await;
    }
    assert!(lives(&bed, &old).await, "exempt all along, and every change is remembered");
    set(&bed, &by_password(&bed, &sam).await, MOST_CHANGES.is_multiple_of(2)).await;
    assert!(!lives(&bed, &old).await, "one change more than is remembered");
    enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
    assert!(!lives(&bed, &old).await, "and it stays refused");
    // With the sweeper coming by, any number of changes ends no exempt Owner's session.
    let swept = by_password(&bed, &sam).await;
    for number in 0..3 * MOST_CHANGES {
        set(&bed, &by_password(&bed, &sam).await, number % 2 == 1).await;
        if number % 10 == 0 {
            enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
        }
    }
    assert!(lives(&bed, &swept).await);
}

mod engines {
    use super::r_enf_10_a_session_older_than_what_is_remembered_is_refused;

    on_each_engine! {
        r_enf_10_a_session_older_than_what_is_remembered_is_refused
    }
}
