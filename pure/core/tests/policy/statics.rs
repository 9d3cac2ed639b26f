//! Owns the comparison of policy and model in every world as it stands, with everything that can be shown in it.

use std::sync::atomic::{AtomicUsize, Ordering};

use orgate_core::policy::{Question, decide, is_break_glass, is_exempt};
use orgate_core::proof::Proofs;

use crate::bridge;
use crate::is_deep;
use crate::model::{ELSEWHERE, ORGANIZATIONS, Organization, Shown, World};
use crate::worlds::{BOTH, organizations, shown, threes};

/// Asks policy and model everything about one world.
fn compare(model: &World, sets: &[(Shown, Proofs)]) {
    let world = bridge::world(model);
    assert_eq!(is_exempt(&world), model.is_exempt(), "exempt: {model:?}");
    let ids: [_; ORGANIZATIONS] = std::array::from_fn(bridge::organization_id);
    for (number, id) in ids.iter().enumerate() {
        for credential in BOTH {
            let expected = model.is_way_back(number, credential);
            assert_eq!(is_break_glass(&world, id, credential), expected, "way back {number}: {model:?}");
        }
    }
    for (shown, proofs) in sets {
        let ask = |question| bridge::answer(&decide(question, &world, proofs));
        assert_eq!(ask(Question::Session), model.session(*shown), "session: {shown:?} {model:?}");
        assert_eq!(ask(Question::Entry), model.entry(*shown), "entry: {shown:?} {model:?}");
        assert_eq!(ask(Question::Account), model.account(*shown), "account: {shown:?} {model:?}");
        for (number, id) in ids.iter().enumerate() {
            let expected = model.organization(number, *shown);
            assert_eq!(ask(Question::Organization(id)), expected, "organization {number}: {shown:?} {model:?}");
        }
    }
}

/// R-IN-1, R-IN-4: whatever is the person's own opens what a password opens, a recovery code what a time-based code
/// does, and a passkey is both at once.
fn compare_methods(model: &World, sets: &[(Shown, Proofs)]) {
    let world = bridge::world(model);
    let ids: [_; ORGANIZATIONS] = std::array::from_fn(bridge::organization_id);
    let questions = [Question::Session, Question::Entry, Question::Account].into_iter();
    let questions: Vec<_> = questions.chain(ids.iter().map(Question::Organization)).collect();
    for (shown, proofs) in sets {
        for other in bridge::same_by_other_methods(*shown, proofs) {
            for question in &questions {
                let (one, two) = (decide(*question, &world, proofs), decide(*question, &world, &other));
                assert_eq!(one, two, "{question:?}: {proofs:?} {other:?} {model:?}");
            }
        }
    }
}

fn with_proofs(shown: Vec<Shown>) -> Vec<(Shown, Proofs)> {
    shown.into_iter().map(|shown| (shown, bridge::proofs(shown))).collect()
}

/// Compares in every world of three of these organizations, up to their order, on two threads; answers how many.
fn compare_threes(all: &[Organization]) -> usize {
    let sets = with_proofs(shown(3));
    assert_eq!(sets.len(), 64);
    let counted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (sets, counted) = (&sets, &counted);
            scope.spawn(move || {
                for chosen in threes(all.len()).skip(half).step_by(2) {
                    for has_second_factor in BOTH {
                        let organizations = chosen.map(|index| all[index]);
                        let world = World { organizations, has_second_factor, has_proven_address: true };
                        compare(&world, sets);
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    counted.into_inner()
}

/// An organization is elsewhere, or has two roles, four switches and a connection or none: 65. Three of them, up to
/// renaming, are 65 * 66 * 67 / 6 = 47905 worlds, and twice that with and without a second factor. Deep: with proofs from
/// before the activation too, 97 organizations, 97 * 98 * 99 / 6 = 156849 worlds.
#[test]
fn r_enf_1_r_enf_4_policy_and_model_agree_in_every_world_of_three_organizations() {
    let (connections, kinds, worlds): (&[_], _, _) =
        if is_deep() { (&[None, Some(0), Some(1)], 97, 156_849) } else { (&[None, Some(0)], 65, 47_905) };
    let all = organizations(connections);
    assert_eq!(all.len(), kinds);
    assert_eq!(compare_threes(&all), 2 * worlds);
}

/// Two organizations in order, connections that were activated later or replaced, and an address that names the person in
/// the first organization only.
#[test]
fn r_in_9_r_sso_7_policy_and_model_agree_in_every_world_of_two_organizations() {
    let all = organizations(&[None, Some(0), Some(1), Some(2)]);
    assert_eq!(all.len(), 129);
    let sets = with_proofs(shown(2));
    assert_eq!(sets.len(), 32);
    let mut counted = 0;
    for a in &all {
        for b in &all {
            for (has_second_factor, has_proven_address) in [(false, false), (false, true), (true, false), (true, true)]
            {
                let organizations = [*a, *b, ELSEWHERE];
                let model = World { organizations, has_second_factor, has_proven_address };
                compare(&model, &sets);
                compare_methods(&model, &sets);
                counted += 1;
            }
        }
    }
    assert_eq!(counted, 129 * 129 * 4);
}

/// Two organizations, each of which may have proven the domain of the person's address, and an address that is the
/// person's or not.
#[test]
fn r_lnk_6_policy_and_model_agree_on_what_reaches_further_in_every_world_of_two_organizations() {
    let with_domains = |one: Organization| BOTH.map(|has_domain| Organization { has_domain, ..one });
    let all: Vec<_> = organizations(&[None, Some(0), Some(1)]).into_iter().flat_map(with_domains).collect();
    assert_eq!(all.len(), 2 * 97);
    let sets = with_proofs(shown(2));
    for a in &all {
        for b in all.iter().filter(|b| a.has_domain || b.has_domain) {
            for (has_second_factor, has_proven_address) in [(false, false), (false, true), (true, false), (true, true)]
            {
                let organizations = [*a, *b, ELSEWHERE];
                compare(&World { organizations, has_second_factor, has_proven_address }, &sets);
            }
        }
    }
}

/// Two organizations, the first of which an Owner cut off from what was shown before; some of it was shown again since.
#[test]
fn r_in_7_policy_and_model_agree_on_what_opens_after_an_owners_cut() {
    let (all, sets) = (organizations(&[None, Some(0)]), shown(2));
    let is_part = |part: &Shown, whole: &Shown| {
        part.password <= whole.password
            && part.code <= whole.code
            && part.factor <= whole.factor
            && (0..2).all(|n| part.sso[n] <= whole.sso[n])
    };
    let pairs = sets.iter().flat_map(|whole| sets.iter().map(move |part| (*whole, *part)));
    let pairs: Vec<_> = pairs.filter(|(whole, part)| is_part(part, whole)).collect();
    assert_eq!(pairs.len(), 243);
    let proofs: Vec<_> = pairs.iter().map(|(shown, since)| bridge::proofs_since(*shown, *since)).collect();
    let id = bridge::organization_id(0);
    for a in &all {
        for b in &all {
            let organizations = [*a, *b, ELSEWHERE];
            let has_second_factor = a.mfa_required != b.owner_second_factor;
            let model = World { organizations, has_second_factor, has_proven_address: true };
            let mut world = bridge::world(&model);
            for place in world.places.iter_mut().filter(|place| place.organization_id == id) {
                place.proofs_not_before = bridge::moment(1);
            }
            for ((shown, since), proofs) in pairs.iter().zip(&proofs) {
                let answer = bridge::answer(&decide(Question::Organization(&id), &world, proofs));
                assert_eq!(answer, model.organization_after_cut(0, *shown, *since), "{shown:?} {since:?} {model:?}");
                let session = bridge::answer(&decide(Question::Session, &world, proofs));
                assert_eq!(session, model.session(*shown), "a cut ends no session: {shown:?} {model:?}");
            }
        }
    }
}
