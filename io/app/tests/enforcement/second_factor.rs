//! A second factor shown while enforcement is turned on: I1, R-ENF-11.

use futures_util::future::join_all;
use orgate_app::enforcement::{self, WishForm};
use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{self, Promoted};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, lives, opens};
use crate::support::{Bed, PASSWORD, Person};

on_each_engine! {
    i1_second_factors_shown_while_it_is_turned_on_leave_no_usable_session
}

const PEOPLE: usize = 6;
const ROUNDS: u64 = 6;

async fn set(bed: &Bed, owner: &Person, enabled: bool) {
    let form = WishForm { enabled, confirm: true, ..WishForm::default() };
    enforcement::set(&bed.app, &owner.visitor, "acme", form).await.unwrap();
}

/// Six sign-ins wait for their second factor; all are shown at the moment at which it is turned on.
async fn i1_second_factors_shown_while_it_is_turned_on_leave_no_usable_session(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let kim = bed.member(&acme, &format!("kim{number}"), OrganizationRole::Member).await;
        let app = bed.authenticator(&kim.id).await;
        people.push((kim, app));
    }
    let (mut made, mut stopped) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let mut waiting = Vec::new();
        for (kim, app) in &people {
            let visitor = bed.stranger();
            let typed = Credentials { email: kim.email.clone(), password: Password::from_typed(PASSWORD) };
            let (entry, _) = password::enter(&bed.app, &visitor, typed, None).await.unwrap();
            let Entry::SecondFactor(held) = entry else { panic!("it does not wait") };
            waiting.push((visitor, held.sign_in_id, app.typed(bed.now())));
        }
        let shown = waiting.into_iter().map(|(visitor, id, typed)| {
            let app = &bed.app;
            async move { (second_factor::verify(app, &visitor, &id, typed).await, visitor) }
        });
        let turned_on = async {
            tokio::time::sleep(std::time::Duration::from_millis(round * 4)).await;
            set(&bed, &sam, true).await;
        };
        let (outcomes, ()) = tokio::join!(join_all(shown), turned_on);
        for (outcome, visitor) in outcomes {
            match outcome {
                Ok(Promoted::SignedIn { issued, .. }) => made.push(Person::of(&issued, visitor)),
                Ok(Promoted::Blocked(_)) => stopped += 1,
                Err(Error::Refused(Refusal::Busy)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        for person in &made {
            assert!(!opens(&bed, person, "acme").await, "a session of {} outlived enforcement", person.name);
        }
        set(&bed, &sam, false).await;
        bed.advance(1);
    }
    println!("{} sessions were made and {stopped} sign-ins stopped", made.len());
    for person in &made {
        assert!(!lives(&bed, person).await, "a session of {} revived", person.name);
    }
}
