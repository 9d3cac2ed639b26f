//! Sessions as their person sees them.

use orgate_app::jobs;
use orgate_app::organization;
use orgate_app::session::{self, Access};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, refused};

fn password(bed: &Bed) -> Proofs {
    Proofs::of(Proof::Password { at: bed.now() })
}

async fn a_person_lists_and_ends_their_sessions(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.advance(1);
    let second = bed.session(&sam, password(&bed)).await;
    let third = bed.session(&sam, password(&bed)).await;
    let kim = bed.person("kim").await;
    let app = &bed.app;
    let listed = session::list(app, &second.visitor).await.unwrap();
    assert_eq!(
        (listed.len(), listed.iter().map(|view| view.current).collect::<Vec<_>>()),
        (3, vec![true, false, false])
    );
    let id = session::current(app, &third.visitor).await.unwrap().session_id;
    assert_eq!(refused(session::end(app, &kim.visitor, id.as_str()).await), Refusal::NotFound, "T-ORG-5");
    session::end(app, &second.visitor, id.as_str()).await.unwrap();
    assert_eq!(refused(session::current(app, &third.visitor).await), Refusal::NoSession);
    assert_eq!(refused(session::end(app, &second.visitor, id.as_str()).await), Refusal::NotFound);
    assert_eq!(session::end_others(app, &second.visitor).await.unwrap(), 1);
    assert_eq!(refused(session::current(app, &sam.visitor).await), Refusal::NoSession);
    session::current(app, &second.visitor).await.unwrap();
}

async fn signing_out_ends_the_session_for_good(bed: Bed) {
    let sam = bed.person("sam").await;
    session::sign_out(&bed.app, &sam.visitor).await.unwrap();
    assert_eq!(refused(session::current(&bed.app, &sam.visitor).await), Refusal::NoSession);
    assert_eq!(refused(session::sign_out(&bed.app, &sam.visitor).await), Refusal::NoSession);
    assert_eq!(refused(session::sign_out(&bed.app, &bed.stranger()).await), Refusal::NoSession);
}

async fn r_in_9_an_sso_proof_alone_shows_nothing_of_other_organizations(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.organization(&kim, "Secret").await;
    let app = &bed.app;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    let seen = session::current(app, &by_sso.visitor).await.unwrap();
    assert!(!seen.account_open && seen.others_hidden);
    let named: Vec<_> = seen.organizations.iter().map(|place| (place.slug.as_str(), place.access)).collect();
    assert_eq!(named, [("acme", Access::Open)]);
    assert_eq!(refused(organization::get(app, &by_sso.visitor, "secret").await), Refusal::NeedsProof, "R-LNK-6");

    let by_password = session::current(app, &kim.visitor).await.unwrap();
    assert!(by_password.account_open && !by_password.others_hidden);
    assert_eq!(by_password.organizations.len(), 2);
    assert!(by_password.organizations.iter().all(|place| place.access == Access::Open));
}

async fn r_in_7_a_session_ends_idle_and_use_keeps_it_alive_until_its_absolute_end(bed: Bed) {
    let sam = bed.person("sam").await;
    let app = &bed.app;
    for _ in 0..4 {
        bed.advance(5 * 60);
        session::current(app, &sam.visitor).await.unwrap();
        assert_eq!(jobs::flush_once(app).await.unwrap(), 1);
        session::current(app, &sam.visitor).await.unwrap();
        assert_eq!(jobs::flush_once(app).await.unwrap(), 0, "at most once in five minutes");
    }
    bed.advance(4 * 60);
    assert_eq!(refused(session::current(app, &sam.visitor).await), Refusal::NoSession, "24 hours");

    let kim = bed.person("kim").await;
    bed.advance(6 * 60);
    assert_eq!(refused(session::current(app, &kim.visitor).await), Refusal::NoSession, "6 hours unused");
}

async fn use_within_a_use_case_counts_as_use(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    bed.advance(5 * 60);
    organization::get(&bed.app, &sam.visitor, "acme").await.unwrap();
    jobs::flush_once(&bed.app).await.unwrap();
    bed.advance(5 * 60);
    organization::get(&bed.app, &sam.visitor, "acme").await.unwrap();
}

async fn sessions_that_are_over_for_a_day_are_all_forgotten_however_many(bed: Bed) {
    let sam = bed.person("sam").await;
    let mut part = Vec::new();
    for number in 1..=10_200_u64 {
        let session = bed.new_session(&sam.id, password(&bed));
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        part.push((session, hash));
        // Few enough for one transaction on a busy machine.
        if number % 3_400 == 0 {
            bed.insert_sessions(std::mem::take(&mut part)).await;
        }
    }
    bed.advance(47 * 60);
    assert!(jobs::sweep_once(&bed.app).await.unwrap() < 100, "over, and kept for a day");
    bed.advance(2 * 60);
    let kim = bed.person("kim").await;
    assert!(jobs::sweep_once(&bed.app).await.unwrap() >= 10_200);
    assert_eq!(jobs::sweep_once(&bed.app).await.unwrap(), 0);
    session::current(&bed.app, &kim.visitor).await.unwrap();
}

async fn jobs_run_until_they_are_told_to_stop(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.advance(5);
    session::current(&bed.app, &sam.visitor).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = jobs::run(&bed.app, async move { stopped.await.unwrap() });
    let stopping = async move { stop.send(()).unwrap() };
    tokio::join!(running, stopping);
    // Requests that were under way go on until they are answered.
    session::current(&bed.app, &sam.visitor).await.unwrap();
    jobs::end(&bed.app).await;
    assert_eq!(jobs::flush_once(&bed.app).await.unwrap(), 0, "the last uses were written");
    let used = session::list(&bed.app, &sam.visitor).await.unwrap()[0].session.last_used_at;
    assert_eq!(used, bed.now());
}

on_each_engine! {
    a_person_lists_and_ends_their_sessions
    signing_out_ends_the_session_for_good
    r_in_9_an_sso_proof_alone_shows_nothing_of_other_organizations
    r_in_7_a_session_ends_idle_and_use_keeps_it_alive_until_its_absolute_end
    use_within_a_use_case_counts_as_use
    sessions_that_are_over_for_a_day_are_all_forgotten_however_many
    jobs_run_until_they_are_told_to_stop
}
