//! The call that turns enforcement on writes nothing for each member or session (R-ENF-6).

use orgate_app::enforcement::{self, Pace};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_store::{Membership, Session, User};

use crate::scene::{acme, join, lives, owned};
use crate::support::{Bed, Person};

on_each_engine! {
    r_enf_6_turning_on_and_off_changes_no_row_of_a_member_or_session
}

const MEMBERS: usize = 200;

/// Everything that is stored about these people and their sessions.
async fn stored(
    bed: &Bed,
    people: &[Person],
    id: &orgate_core::id::OrganizationId,
) -> Vec<(User, Membership, Vec<Session>)> {
    let users: Vec<_> = people.iter().map(|person| person.id.clone()).collect();
    bed.write((users, id.clone(), bed.now()), |tx, (users, organization, now)| {
        Box::pin(async move {
            let mut rows = Vec::new();
            for id in users {
                let user = tx.instance().load_user(id).await?;
                let sessions = tx.instance().list_sessions_of_user(id, *now).await?;
                rows.push((user, tx.organization(organization).load_active_membership(id).await?, sessions));
            }
            Ok(rows)
        })
    })
    .await
}

async fn r_enf_6_turning_on_and_off_changes_no_row_of_a_member_or_session(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let mut people = Vec::new();
    for number in 0..MEMBERS {
        let kim = person(&bed, number).await;
        join(&bed, &acme, &kim, OrganizationRole::Member).await;
        bed.sso_session(&kim, &acme.id).await;
        people.push(bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await);
    }
    let before = stored(&bed, &people, &acme.id).await;
    assert_eq!(before.iter().map(|(_, _, sessions)| sessions.len()).sum::<usize>(), 2 * MEMBERS);
    bed.enforce(&sam, &acme).await;
    assert!(stored(&bed, &people, &acme.id).await == before, "turning on wrote a row of a member");
    for kim in [&people[0], &people[MEMBERS / 2], &people[MEMBERS - 1]] {
        assert!(!lives(&bed, kim).await, "and yet all are dead");
    }
    bed.stop_enforcing(&sam, &acme).await;
    assert!(stored(&bed, &people, &acme.id).await == before, "turning off wrote a row of a member");
    let swept = enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
    assert_eq!(swept, 2 * MEMBERS as u64, "the sweeper tidies behind");
    let after = stored(&bed, &people, &acme.id).await;
    assert!(after.iter().all(|(_, _, sessions)| sessions.is_empty()));
    let (lee, _) = owned(&bed, "lee", "Other").await;
    assert!(lives(&bed, &lee).await);
}

/// Somebody without a password: hashing two hundred takes longer than all the rest.
async fn person(bed: &Bed, number: usize) -> Person {
    use orgate_app::entropy::Draw as _;
    use orgate_core::email::EmailAddress;
    use orgate_core::policy::{AddressState, PolicyEpoch};
    use orgate_core::time::Timestamp;
    let email = format!("kim{number}@example.com");
    let user = User {
        id: bed.app.entropy.id(bed.now()),
        name: format!("kim{number}"),
        email: EmailAddress::parse(&email).unwrap(),
        address: AddressState::Proven,
        created_at: bed.now(),
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    bed.write(user.clone(), |tx, user| Box::pin(async move { tx.instance().insert_user(user).await })).await;
    Person { id: user.id, name: user.name, email, visitor: bed.stranger() }
}
