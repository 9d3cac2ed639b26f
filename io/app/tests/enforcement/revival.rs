//! Dead stays dead: T-ENF-20, I7, R-ENF-7. Each story is told with the sweeper coming by in between, and without.

use orgate_app::enforcement::{self, Pace};
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::{connection, membership, organization};
use orgate_core::connection::ConnectionState;
use orgate_core::role::OrganizationRole::{Member, Owner};

use crate::scene::{acme, by_password, join, lives, opens, owned, sign_in};
use crate::support::{Bed, Person};

on_each_engine! {
    t_enf_20_what_enforcement_ended_stays_ended_when_it_is_off_again
    t_enf_20_who_was_demoted_and_promoted_again_has_to_sign_in_again
    t_enf_20_who_was_promoted_while_refused_has_to_sign_in_again
    t_enf_20_who_left_and_came_back_has_to_sign_in_again
    t_enf_20_what_an_organization_ended_stays_ended_when_it_is_deleted
    t_enf_20_what_was_never_used_while_refused_is_dead_all_the_same
    t_enf_20_the_proof_of_a_connection_disabled_and_enabled_again_stays_gone
    t_enf_20_a_member_removed_from_an_enforcing_organization_has_to_sign_in_again
    t_enf_20_turning_on_and_off_in_one_millisecond_misleads_nobody
}

/// Comes by, if this telling has a sweeper.
async fn sweep(bed: &Bed, sweeping: bool) {
    if sweeping {
        enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
    }
}

/// A name of its own for each telling.
fn named(name: &str, sweeping: bool) -> String {
    format!("{name}-{}", if sweeping { "swept" } else { "unswept" })
}

async fn stays_dead(bed: &Bed, person: &Person) {
    assert!(!lives(bed, person).await);
    let again = sign_in(bed, &person.email).await.unwrap();
    assert!(lives(bed, &again).await, "a new one is another matter");
    assert!(!lives(bed, person).await, "and changes nothing for the old one");
}

async fn t_enf_20_what_enforcement_ended_stays_ended_when_it_is_off_again(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        let by_sso = bed.sso_session(&kim, &acme.id).await;
        bed.enforce(&sam, &acme).await;
        assert!(!lives(&bed, &kim).await && !lives(&bed, &by_sso).await);
        sweep(&bed, sweeping).await;
        bed.stop_enforcing(&sam, &acme).await;
        stays_dead(&bed, &kim).await;
        assert!(!lives(&bed, &by_sso).await);
        sweep(&bed, sweeping).await;
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_what_was_never_used_while_refused_is_dead_all_the_same(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        bed.enforce(&sam, &acme).await;
        bed.stop_enforcing(&sam, &acme).await;
        sweep(&bed, sweeping).await;
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_turning_on_and_off_in_one_millisecond_misleads_nobody(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", Member).await;
    bed.connection(&acme.id).await;
    let before = sign_in(&bed, &kim.email).await.unwrap();
    bed.enforce(&sam, &acme).await;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    bed.stop_enforcing(&sam, &acme).await;
    let after = sign_in(&bed, &kim.email).await.unwrap();
    assert!(!lives(&bed, &before).await && lives(&bed, &by_sso).await && lives(&bed, &after).await);
    // A clock that steps back revives nobody either.
    bed.enforce(&sam, &acme).await;
    bed.clock.set(orgate_core::time::Timestamp::from_millis(bed.now().as_millis() - 1000));
    bed.stop_enforcing(&by_password(&bed, &sam).await, &acme).await;
    assert!(!lives(&bed, &before).await && !lives(&bed, &by_sso).await && !lives(&bed, &after).await);
}

async fn t_enf_20_who_was_demoted_and_promoted_again_has_to_sign_in_again(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Owner).await;
        bed.enforce(&sam, &acme).await;
        assert!(lives(&bed, &kim).await);
        let change = |role| membership::change_role(&bed.app, &sam.visitor, &acme.slug, kim.id.as_str(), role);
        change(Member).await.unwrap();
        sweep(&bed, sweeping).await;
        change(Owner).await.unwrap();
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_who_was_promoted_while_refused_has_to_sign_in_again(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        bed.enforce(&sam, &acme).await;
        sweep(&bed, sweeping).await;
        membership::change_role(&bed.app, &sam.visitor, &acme.slug, kim.id.as_str(), Owner).await.unwrap();
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_who_left_and_came_back_has_to_sign_in_again(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        bed.enforce(&sam, &acme).await;
        let by_sso = bed.sso_session(&kim, &acme.id).await;
        sweep(&bed, sweeping).await;
        organization::leave(&bed.app, &by_sso.visitor, &acme.slug).await.unwrap();
        assert!(!lives(&bed, &kim).await, "nothing binds them any more, and yet");
        assert!(!lives(&bed, &by_sso).await, "a member's proof is a former member's no more");
        bed.stop_enforcing(&sam, &acme).await;
        let back = sign_in(&bed, &kim.email).await.unwrap();
        bed.read_all(&kim.email).await;
        let new = NewInvitations { emails: vec![kim.email.clone()], role: Owner, projects: Vec::new() };
        invitation::invite(&bed.app, &sam.visitor, &acme.slug, new).await.unwrap();
        let link = bed.next_mail(&kim.email).await.link("/invitations/").unwrap();
        invitation::accept(&bed.app, &back.visitor, link.rsplit('/').next().unwrap(), None).await.unwrap();
        sweep(&bed, sweeping).await;
        assert!(opens(&bed, &back, &acme.slug).await);
        assert!(!lives(&bed, &by_sso).await, "nor when they are a member again");
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_a_member_removed_from_an_enforcing_organization_has_to_sign_in_again(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        bed.enforce(&sam, &acme).await;
        sweep(&bed, sweeping).await;
        membership::remove(&bed.app, &sam.visitor, &acme.slug, kim.id.as_str()).await.unwrap();
        stays_dead(&bed, &kim).await;
    }
}

async fn t_enf_20_what_an_organization_ended_stays_ended_when_it_is_deleted(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        organization::request_deletion(&bed.app, &sam.visitor, &acme.slug, &acme.slug).await.unwrap();
        bed.advance(7 * 24 * 60 - 1);
        let (sam, kim) = (by_password(&bed, &sam).await, by_password(&bed, &kim).await);
        bed.enforce(&sam, &acme).await;
        sweep(&bed, sweeping).await;
        bed.advance(1);
        assert_eq!(organization::perform_due_deletions(&bed.app).await.unwrap(), 1);
        stays_dead(&bed, &kim).await;
        assert!(lives(&bed, &sam).await, "an exempt Owner's goes on");
    }
}

async fn t_enf_20_the_proof_of_a_connection_disabled_and_enabled_again_stays_gone(bed: Bed) {
    for sweeping in [false, true] {
        let (sam, acme) = owned(&bed, &named("sam", sweeping), &named("Acme", sweeping)).await;
        let (ben, other) = owned(&bed, &named("ben", sweeping), &named("Other", sweeping)).await;
        let kim = bed.member(&acme, &named("kim", sweeping), Member).await;
        join(&bed, &other, &kim, Member).await;
        bed.enforce(&sam, &acme).await;
        let connection_id = bed.connection(&other.id).await;
        // Bound by Acme, alive by the other organization's proof alone.
        let by_other = bed.sso_session(&kim, &other.id).await;
        assert!(opens(&bed, &by_other, &other.slug).await);
        connection::disable(&bed.app, &ben.visitor, &other.slug, connection_id.as_str()).await.unwrap();
        assert!(!lives(&bed, &by_other).await);
        sweep(&bed, sweeping).await;
        let view = connection::activate(&bed.app, &ben.visitor, &other.slug, connection_id.as_str()).await.unwrap();
        assert_eq!(view.connection.state, ConnectionState::Active);
        assert!(!lives(&bed, &by_other).await, "in the same millisecond, and yet");
        bed.stop_enforcing(&sam, &acme).await;
        assert!(!lives(&bed, &by_other).await);
    }
}
