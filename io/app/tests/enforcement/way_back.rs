//! The way back in if the IdP is down: R-ENF-14, I6.

use orgate_app::account::{self, PasswordChange, email_change};
use orgate_app::enforcement::{self, Pace, WishForm};
use orgate_app::{membership, organization, password_reset};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole::{Member, Owner};

use crate::scene::{acme, by_both, by_password, events, join, mails, owned};
use crate::support::{Bed, Person, refused};

on_each_engine! {
    r_enf_14_the_last_break_glass_owner_is_neither_demoted_nor_removed_and_does_not_leave
    r_enf_14_with_operator_recovery_or_without_enforcement_they_may_go
    r_enf_14_another_organizations_act_mails_the_owners_once_and_shows
    r_enf_14_a_way_back_that_returns_and_is_lost_again_is_told_again
    r_enf_14_and_so_is_one_that_returns_by_a_password
    r_enf_14_and_one_that_returns_by_a_proven_address
}

async fn break_glass(bed: &Bed, owner: &Person) -> Vec<String> {
    let view = enforcement::show(&bed.app, &owner.visitor, "acme").await.unwrap();
    view.break_glass.into_iter().map(|owner| owner.name).collect()
}

/// An Owner who cannot sign in by anything of their own.
async fn without_password(bed: &Bed, person: &Person) {
    bed.write(person.id.clone(), |tx, id| Box::pin(async move { tx.instance().delete_password(id).await })).await;
}

async fn r_enf_14_the_last_break_glass_owner_is_neither_demoted_nor_removed_and_does_not_leave(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", Owner).await;
    without_password(&bed, &lee).await;
    bed.enforce(&sam, &acme).await;
    assert_eq!(break_glass(&bed, &sam).await, ["sam"]);
    let app = &bed.app;
    let demoted = membership::change_role(app, &lee.visitor, "acme", sam.id.as_str(), Member).await;
    assert_eq!(refused(demoted), Refusal::NoWayBackIn);
    let removed = membership::remove(app, &lee.visitor, "acme", sam.id.as_str()).await;
    assert_eq!(refused(removed), Refusal::NoWayBackIn);
    let stepped_down = membership::change_role(app, &sam.visitor, "acme", sam.id.as_str(), Member).await;
    assert_eq!(refused(stepped_down), Refusal::NoWayBackIn);
    assert_eq!(refused(organization::leave(app, &sam.visitor, "acme").await), Refusal::NoWayBackIn);
    membership::change_role(app, &sam.visitor, "acme", lee.id.as_str(), Member).await.unwrap();
    membership::change_role(app, &sam.visitor, "acme", lee.id.as_str(), Owner).await.unwrap();
    bed.member(&acme, "kim", Owner).await;
    organization::leave(app, &sam.visitor, "acme").await.unwrap();
    let lee = by_password(&bed, &lee).await;
    assert_eq!(break_glass(&bed, &lee).await, ["kim"], "another one stays");
}

async fn r_enf_14_with_operator_recovery_or_without_enforcement_they_may_go(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", Owner).await;
    without_password(&bed, &lee).await;
    bed.connection(&acme.id).await;
    let demote = |role| membership::change_role(&bed.app, &lee.visitor, "acme", sam.id.as_str(), role);
    demote(Member).await.unwrap();
    demote(Owner).await.unwrap();
    let accepted = WishForm { accept_operator_recovery: Some(true), ..WishForm::default() };
    bed.enforce_with(&by_password(&bed, &sam).await, &acme, accepted).await;
    demote(Member).await.unwrap();
    assert!(break_glass(&bed, &lee).await.is_empty());
}

async fn r_enf_14_another_organizations_act_mails_the_owners_once_and_shows(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (ben, other) = owned(&bed, "ben", "Other").await;
    let lee = bed.member(&acme, "lee", Owner).await;
    without_password(&bed, &lee).await;
    join(&bed, &other, &sam, Member).await;
    bed.enforce(&sam, &acme).await;
    for person in [&sam, &lee, &ben] {
        bed.read_all(&person.email).await;
    }
    bed.enforce(&ben, &other).await;
    assert!(break_glass(&bed, &lee).await.is_empty(), "Sam is bound by the other organization now");
    // Who is affected elsewhere is found behind the call, for that takes as long as there are members.
    for _ in 0..2 {
        enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
    }
    for owner in [&sam, &lee] {
        let [mail] = <[_; 1]>::try_from(mails(&bed, &owner.email).await).unwrap();
        assert!(mail.text.contains("Acme") && mail.link("single-sign-on").is_some(), "{}", mail.text);
        assert!(!mail.text.contains("Other"), "whose act it was is not Acme's to know");
    }
    assert!(enforcement::show(&bed.app, &lee.visitor, "acme").await.unwrap().enabled, "enforcement stays");
    let [lost] = <[_; 1]>::try_from(events(&bed, &lee, "acme", "enforcement.way-back-lost").await).unwrap();
    assert_eq!((lost.actor.as_str(), lost.data.as_str()), ("system", "{}"), "R-OPS-3, and no more is said");
}

async fn r_enf_14_a_way_back_that_returns_and_is_lost_again_is_told_again(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (ben, other) = owned(&bed, "ben", "Other").await;
    join(&bed, &other, &sam, Member).await;
    bed.enforce(&sam, &acme).await;
    for round in 1..=2 {
        bed.read_all(&sam.email).await;
        bed.enforce(&ben, &other).await;
        enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
        assert_eq!(mails(&bed, &sam.email).await.len(), 1, "round {round}");
        bed.stop_enforcing(&ben, &other).await;
        enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
        assert!(mails(&bed, &sam.email).await.is_empty());
        let sam = by_both(&bed, &sam, &acme).await;
        assert_eq!(break_glass(&bed, &sam).await, ["sam"]);
    }
}

/// Acme enforces; Sam alone could come in without it. Lee has nothing to sign in with.
async fn with_one_way_back(bed: &Bed) -> (Person, Person) {
    let (sam, acme) = acme(bed).await;
    let lee = bed.member(&acme, "lee", Member).await;
    without_password(bed, &lee).await;
    bed.enforce(&sam, &acme).await;
    (sam, lee)
}

/// How often Lee is told that Acme has no way back: it is looked for when somebody becomes an Owner.
async fn told(bed: &Bed, sam: &Person, lee: &Person) -> usize {
    let sam = by_password(bed, sam).await;
    bed.read_all(&lee.email).await;
    let make = |role| membership::change_role(&bed.app, &sam.visitor, "acme", lee.id.as_str(), role);
    make(Owner).await.unwrap();
    let mails = mails(bed, &lee.email).await;
    make(Member).await.unwrap();
    mails.iter().filter(|mail| mail.subject.contains("depends on its identity provider alone")).count()
}

async fn r_enf_14_and_so_is_one_that_returns_by_a_password(bed: Bed) {
    let (sam, lee) = with_one_way_back(&bed).await;
    let new = "another long pass phrase";
    for round in 1..=3 {
        without_password(&bed, &sam).await;
        assert_eq!(told(&bed, &sam, &lee).await, 1, "round {round}");
        if round == 1 {
            bed.read_all(&sam.email).await;
            password_reset::request(&bed.app, &bed.stranger(), &sam.email).await.unwrap();
            let link = bed.next_mail(&sam.email).await.link("/password-reset/").unwrap();
            let token = link.rsplit('/').next().unwrap();
            password_reset::complete(&bed.app, &bed.stranger(), token, new).await.unwrap();
        } else {
            let first = PasswordChange { current: None, new: new.to_owned() };
            let sam = by_password(&bed, &sam).await;
            account::change_password(&bed.app, &sam.visitor, first).await.unwrap();
        }
        bed.advance(1);
    }
}

async fn r_enf_14_and_one_that_returns_by_a_proven_address(bed: Bed) {
    let (sam, lee) = with_one_way_back(&bed).await;
    for round in 1..=2 {
        // As where its domain went to another organization.
        bed.sabotage(&format!("update users set email_proven_at = null where id = '{}'", sam.id)).await;
        assert_eq!(told(&bed, &sam, &lee).await, 1, "round {round}");
        let sam = by_password(&bed, &sam).await;
        let email = format!("sam@new{round}.example");
        let change = email_change::begin(&bed.app, &sam.visitor, &email).await.unwrap();
        let code = bed.next_code(&email).await;
        email_change::confirm(&bed.app, &sam.visitor, change.id.as_str(), &code).await.unwrap();
    }
}
