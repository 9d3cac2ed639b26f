use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::id::{AuditEventId, Identifier as _, OrganizationId};
use crate::time::Timestamp;

fn keys() -> AuditKeys {
    AuditKeys::new(&KeySecrets { marks: &[1; 32], heads: &[2; 32] }).unwrap()
}

fn chain() -> Chain {
    Chain::Organization(OrganizationId::new(Timestamp::from_millis(1), [1; 10]))
}

/// An event without a place; the first `legacy` of a chain are from before there was one.
fn written(number: u64, is_legacy: bool) -> Entry {
    let at = Timestamp::from_millis(1_000 + i64::try_from(number).unwrap());
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let openings = Openings::new(random_root(number));
    let mut entry = Entry {
        id: AuditEventId::new(at, random).to_string(),
        at,
        action: format!("member.act-{}", number % 3),
        actor: format!("user:usr_{}", number % 2),
        target: (!number.is_multiple_of(4)).then(|| format!("usr_{number}")),
        outcome: "success".to_owned(),
        personal: [Some("Robin".to_owned()), None, Some("10.0.0.1".to_owned()), None, Some("{}".to_owned())],
        openings: Some(openings.encode()),
        mark: None,
        erasure: None,
        place: None,
    };
    if !is_legacy {
        entry.mark = Some(keys().mark_event(&entry.facts().bytes(&chain(), &openings)));
    }
    entry
}

fn random_root(number: u64) -> [u8; 32] {
    let mut root = [9; 32];
    root[..8].copy_from_slice(&number.to_be_bytes());
    root
}

/// Gives the entries their places from `head` on, as the sealer does, and signs where they end.
fn chained(head: Head, entries: &mut [Entry]) -> SignedHead {
    let mut head = head;
    for entry in entries {
        let bytes = entry.facts().bytes(&head.chain, &entry.openings().unwrap());
        let mark = entry.mark.as_deref();
        let place = Place::after(head.link, head.position + 1, mark.is_some(), &bytes, mark);
        entry.place = Some(place);
        head = Head { position: place.position, link: place.link, ..head };
    }
    head.sign(&keys())
}

fn erase(entry: &mut Entry, field: PersonalField) {
    let openings = entry.openings().unwrap().erase(field, entry.facts().personal(field));
    let place = PERSONAL_FIELDS.iter().position(|one| *one == field).unwrap();
    entry.personal[place] = field.erased_value().map(str::to_owned);
    entry.erasure = Some(keys().mark_erasure(&chain(), &entry.id, &openings));
    entry.openings = Some(openings.encode());
}

/// A chain of some events, of which some are legacy and some were erased.
fn a_chain(length: u64, legacy: u64) -> (SignedHead, Vec<Entry>) {
    let mut entries: Vec<Entry> = (1..=length).map(|number| written(number, number <= legacy)).collect();
    let head = chained(Head::empty(chain(), Timestamp::from_millis(1)), &mut entries);
    for entry in entries.iter_mut().skip(2).step_by(3) {
        erase(entry, PersonalField::ActorName);
        erase(entry, PersonalField::Data);
    }
    (head, entries)
}

fn found(head: &SignedHead, entries: &[Entry]) -> Report {
    let mut ordered: Vec<&Entry> = entries.iter().collect();
    ordered.sort_by_key(|entry| entry.place.map(|place| place.position));
    verify(&keys(), &chain(), Some(head), ordered)
}

fn findings(head: &SignedHead, entries: &[Entry]) -> Vec<Finding> {
    found(head, entries).findings
}

type Act = fn(&mut Entry);

/// Every way to change one thing in one event.
fn changes() -> Vec<(&'static str, Act)> {
    fn place(entry: &mut Entry) -> &mut Place {
        entry.place.as_mut().unwrap()
    }
    fn flip(bytes: Option<&mut Vec<u8>>) {
        if let Some(byte) = bytes.and_then(|bytes| bytes.last_mut()) {
            *byte ^= 1;
        }
    }
    let all: &[(&'static str, Act)] = &[
        ("id", |entry| entry.id.push('x')),
        ("at", |entry| entry.at = entry.at.plus(Duration::from_millis(1))),
        ("action", |entry| entry.action = "member.removed".to_owned()),
        ("actor", |entry| entry.actor = "system".to_owned()),
        ("target", |entry| entry.target = entry.target.take().map_or_else(|| Some(String::new()), |_| None)),
        ("outcome", |entry| entry.outcome.clear()),
        ("actor name", |entry| entry.personal[0] = Some("Sam".to_owned())),
        ("target name", |entry| entry.personal[1] = Some(String::new())),
        ("ip", |entry| entry.personal[2] = None),
        ("user agent", |entry| entry.personal[3] = Some("curl".to_owned())),
        ("data", |entry| entry.personal[4] = Some("{\"a\":1}".to_owned())),
        ("openings", |entry| flip(entry.openings.as_mut())),
        ("no openings", |entry| entry.openings = None),
        ("mark", |entry| match &mut entry.mark {
            Some(_) => entry.mark = None,
            None => entry.mark = Some(vec![0; 36]),
        }),
        ("bit of the mark", |entry| {
            entry.mark.get_or_insert_with(|| vec![0; 36]);
            flip(entry.mark.as_mut());
        }),
        ("key of the mark", |entry| {
            entry.mark.get_or_insert_with(|| vec![0; 36])[0] ^= 1;
        }),
        ("erasure", |entry| {
            entry.erasure.get_or_insert_with(|| vec![0; 36]);
            flip(entry.erasure.as_mut());
        }),
        ("erased by others", |entry| {
            let openings = entry.openings().unwrap().erase(PersonalField::Ip, entry.personal[2].as_deref());
            entry.personal[2] = None;
            entry.openings = Some(openings.encode());
        }),
        ("link", |entry| place(entry).link[31] ^= 1),
        ("standing", |entry| {
            let place = place(entry);
            place.vouched = !place.vouched;
        }),
        ("position onwards", |entry| place(entry).position += 1),
        ("position far", |entry| place(entry).position += 1_000),
        ("position back", |entry| place(entry).position -= 1),
    ];
    all.to_vec()
}

#[test]
fn t_aud_1_an_untouched_chain_is_whole_with_events_from_before_and_erased_ones() {
    for (length, legacy) in [(0, 0), (1, 0), (1, 1), (9, 0), (9, 3), (9, 9)] {
        let (head, entries) = a_chain(length, legacy);
        let report = found(&head, &entries);
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.events, report.position, report.unvouched), (length, length, legacy));
        assert_eq!(report.erased, length / 3);
    }
}

#[test]
fn t_aud_1_each_kind_of_change_has_its_own_words() {
    let (head, whole) = a_chain(8, 0);
    let id = |position: usize| whole[position - 1].id.clone();
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = whole.clone();
        change(&mut entries);
        findings(&head, &entries)
    };
    let changed = with(&|entries| entries[4].action = "x.y".to_owned());
    assert_eq!(changed, [Finding::Changed { position: 5, id: id(5) }]);
    let last = with(&|entries| entries[7].actor = "system".to_owned());
    assert_eq!(last, [Finding::Changed { position: 8, id: id(8) }]);
    for position in [1, 5, 8] {
        let link = with(&|entries| entries[position - 1].place.as_mut().unwrap().link[0] ^= 1);
        assert_eq!(link, [Finding::LinkChanged { position: position.try_into().unwrap(), id: id(position) }]);
    }
    assert_eq!(with(&|entries| drop(entries.drain(3..5))), [Finding::Missing { from: 4, to: 5 }]);
    assert_eq!(with(&|entries| drop(entries.remove(0))), [Finding::Missing { from: 1, to: 1 }]);
    assert_eq!(with(&|entries| drop(entries.drain(6..))), [Finding::TailMissing { from: 7, to: 8 }]);
    assert_eq!(with(&Vec::clear), [Finding::TailMissing { from: 1, to: 8 }]);
    let erased =
        with(&|entries| (changes().iter().find(|(name, _)| *name == "erased by others").unwrap().1)(&mut entries[3]));
    assert_eq!(erased, [Finding::ErasedByOthers { position: 4, id: id(4) }]);
    let copied = with(&|entries| {
        let twice = Entry { id: "evt_x".to_owned(), ..entries[3].clone() };
        entries.push(twice);
    });
    assert_eq!(copied, [Finding::Inserted { position: 4, id: "evt_x".to_owned() }]);
}

#[test]
fn t_aud_1_two_events_that_changed_places_are_named_with_their_own() {
    let (head, whole) = a_chain(9, 0);
    for (one, other) in [(2, 6), (3, 4), (0, 8), (7, 8), (0, 1)] {
        for with_links in [true, false] {
            let mut entries = whole.clone();
            let (first, second) = (entries[one].place.unwrap(), entries[other].place.unwrap());
            let put = |place: Place, link: Hash| Some(Place { link, ..place });
            entries[one].place = put(second, if with_links { first.link } else { second.link });
            entries[other].place = put(first, if with_links { second.link } else { first.link });
            let found = findings(&head, &entries);
            let moved = |entry: usize, to: Place, from: Place| Finding::Moved {
                position: to.position,
                id: whole[entry].id.clone(),
                belongs_at: from.position,
            };
            for one in [moved(one, second, first), moved(other, first, second)] {
                assert!(found.contains(&one), "{one:?} is not in {found:?}");
            }
        }
    }
}

#[test]
fn t_aud_1_a_head_that_was_changed_or_taken_is_found() {
    let (signed, entries) = a_chain(4, 0);
    let heads = [
        Head { position: 5, ..signed.head.clone() },
        Head { removed_to: 1, ..signed.head.clone() },
        Head { link: [0; 32], ..signed.head.clone() },
        Head { at: Timestamp::from_millis(9), ..signed.head.clone() },
    ];
    for head in heads {
        let forged = SignedHead { head, signature: signed.signature.clone() };
        assert!(findings(&forged, &entries).contains(&Finding::HeadForged));
    }
    assert_eq!(verify(&keys(), &chain(), None, &entries).findings, [Finding::HeadMissing]);
    let other = AuditKeys::new(&KeySecrets { marks: &[1; 32], heads: &[5; 32] }).unwrap();
    assert!(findings(&signed.head.clone().sign(&other), &entries).contains(&Finding::HeadOtherKey));
    let moved = Head { chain: Chain::Instance, ..signed.head.clone() }.sign(&keys());
    assert!(findings(&moved, &entries).contains(&Finding::HeadForged), "a head of another chain");
}

#[test]
fn t_aud_1_a_log_that_was_written_anew_without_the_keys_is_found() {
    let (head, whole) = a_chain(6, 0);
    let mut entries = whole.clone();
    entries[2].action = "x.y".to_owned();
    let _ = chained(Head::empty(chain(), head.head.at), &mut entries);
    let found = findings(&head, &entries);
    assert_eq!(
        found,
        [Finding::Changed { position: 3, id: whole[2].id.clone() }, Finding::HeadDiffers { position: 6 }]
    );
    let mut legacy = a_chain(6, 6);
    legacy.1[2].action = "x.y".to_owned();
    let _ = chained(Head::empty(chain(), head.head.at), &mut legacy.1);
    assert_eq!(findings(&legacy.0, &legacy.1), [Finding::HeadDiffers { position: 6 }]);
}

#[test]
fn t_aud_1_an_event_that_orgate_did_not_write_is_found_though_it_was_chained() {
    let mut entries: Vec<Entry> = (1..=3).map(|number| written(number, number == 3)).collect();
    let head = chained(Head::empty(chain(), Timestamp::from_millis(1)), &mut entries);
    let unvouched = Finding::Unvouched { position: Some(3), id: entries[2].id.clone() };
    assert_eq!(findings(&head, &entries), [unvouched]);
    let mut altered = written(1, false);
    altered.action = "x.y".to_owned();
    let bytes = altered.facts().bytes(&chain(), &altered.openings().unwrap());
    let place = Place::after(chain().beginning(), 1, false, &bytes, altered.mark.as_deref());
    altered.place = Some(place);
    let head = Head { position: 1, link: place.link, ..Head::empty(chain(), altered.at) }.sign(&keys());
    let unvouched = Finding::Unvouched { position: Some(1), id: altered.id.clone() };
    assert_eq!(findings(&head, &[altered]), [unvouched]);
}

#[test]
fn t_aud_1_after_retention_the_rest_is_whole_and_what_is_taken_beyond_it_is_found() {
    let (signed, entries) = a_chain(9, 0);
    for removed in 1..=9_usize {
        let link = entries[removed - 1].place.unwrap().link;
        let removed_to = u64::try_from(removed).unwrap();
        let head = Head { removed_to, removed_link: link, ..signed.head.clone() }.sign(&keys());
        let report = found(&head, &entries[removed..]);
        assert!(report.is_whole() && report.removed_to == removed_to, "{report:?}");
        if removed < 9 {
            assert!(!found(&head, &entries[removed + 1..]).is_whole());
        }
        let back = Finding::Inserted { position: removed_to, id: entries[removed - 1].id.clone() };
        assert_eq!(findings(&head, &entries[removed - 1..]), [back]);
    }
}

#[test]
fn t_aud_1_a_head_that_was_kept_elsewhere_finds_an_older_state_put_back() {
    let (kept, entries) = a_chain(9, 0);
    let expected = Expected { position: 9, link: kept.head.link };
    let against = |head: &SignedHead, entries: &[Entry]| {
        let (keys, chain) = (keys(), chain());
        let mut verification = Verification::begin(&keys, &chain, Some(head)).held_against(expected);
        for entry in entries {
            verification.chained(entry);
        }
        verification.finish().findings
    };
    assert_eq!(against(&kept, &entries), []);
    let (older, fewer) = a_chain(5, 0);
    assert_eq!(against(&older, &fewer), [Finding::ShorterThanExpected { expected: 9, position: 5 }]);
    let (anew, others) = a_chain(9, 4);
    assert_eq!(against(&anew, &others), [Finding::NotAsExpected { position: 9 }]);
    let mut grown = entries.clone();
    let mut more = vec![written(10, false)];
    let head = chained(kept.head.clone(), &mut more);
    grown.extend(more);
    assert_eq!(against(&head, &grown), []);
    let all = Head { removed_to: 10, removed_link: head.head.link, ..head.head.clone() }.sign(&keys());
    assert_eq!(against(&all, &[]), [Finding::ExpectedRemoved { position: 9, removed_to: 10 }]);
}

#[test]
fn t_aud_1_each_of_several_heads_that_were_kept_is_held_against_the_chain() {
    let (signed, entries) = a_chain(9, 0);
    let link = |position: usize| entries[position - 1].place.unwrap().link;
    let against = |head: &SignedHead, entries: &[Entry], kept: &[(u64, [u8; 32])]| {
        let (keys, chain) = (keys(), chain());
        let verification = Verification::begin(&keys, &chain, Some(head));
        let kept = kept.iter().map(|(position, link)| Expected { position: *position, link: *link });
        let mut verification = kept.fold(verification, Verification::held_against);
        for entry in entries {
            verification.chained(entry);
        }
        verification.finish().findings
    };
    let other = [7; 32];
    assert_eq!(against(&signed, &entries, &[(3, link(3)), (9, link(9))]), []);
    for wrong in [[(3, other), (9, link(9))], [(9, link(9)), (3, other)]] {
        assert_eq!(against(&signed, &entries, &wrong), [Finding::NotAsExpected { position: 3 }]);
    }
    assert_eq!(against(&signed, &entries, &[(3, link(3)), (3, other)]), [Finding::NotAsExpected { position: 3 }]);
    let longer = [(3, link(3)), (20, other), (30, other)];
    assert_eq!(
        against(&signed, &entries, &longer),
        [Finding::ShorterThanExpected { expected: 30, position: 9 }],
        "once, by the newest"
    );
    let head = Head { removed_to: 5, removed_link: link(5), ..signed.head.clone() }.sign(&keys());
    assert_eq!(
        against(&head, &entries[5..], &[(2, link(2)), (9, link(9))]),
        [],
        "the newest makes up for the older one"
    );
    assert_eq!(against(&head, &entries[5..], &[(5, other), (9, link(9))]), [Finding::NotAsExpected { position: 5 }]);
}

#[test]
fn t_aud_1_events_that_wait_are_checked_and_may_not_wait_long() {
    let (head, entries) = a_chain(2, 0);
    let (keys, chain) = (keys(), chain());
    let waiting = written(3, false);
    let altered = Entry { action: "x.y".to_owned(), ..written(4, false) };
    let report = |waiting: &[&Entry], seconds| {
        let mut verification = Verification::begin(&keys, &chain, Some(&head));
        for entry in &entries {
            verification.chained(entry);
        }
        for entry in waiting {
            verification.waiting(entry);
        }
        verification.waited(entries[0].at.plus(Duration::from_secs(seconds)), Duration::from_secs(60));
        verification.finish()
    };
    assert!(report(&[&waiting], 10).is_whole());
    assert_eq!(report(&[&waiting], 90).findings, [Finding::Waiting { events: 1, since: waiting.at }]);
    assert_eq!(report(&[&altered], 10).findings, [Finding::Unvouched { position: None, id: altered.id.clone() }]);
    assert_eq!(report(&[&written(5, true)], 10).findings.len(), 1, "events from before are chained first");
}

#[test]
fn every_finding_is_a_sentence() {
    let id = "evt_1".to_owned();
    let at = Timestamp::from_millis(0);
    for finding in [
        Finding::HeadMissing,
        Finding::Missing { from: 1, to: 1 },
        Finding::TailMissing { from: 1, to: 2 },
        Finding::Moved { position: 1, id: id.clone(), belongs_at: 2 },
        Finding::Unvouched { position: None, id: id.clone() },
        Finding::Waiting { events: 2, since: at },
        Finding::NoEvents,
        Finding::ExpectedRemoved { position: 1, removed_to: 2 },
    ] {
        let text = finding.to_string();
        assert!(text.ends_with('.') && !text.contains("  ") && text.starts_with(char::is_uppercase), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn t_aud_1_any_single_change_of_any_event_is_found(length in 1_u64..14, legacy in 0_u64..5, at in any::<prop::sample::Index>()) {
        let (head, whole) = a_chain(length, legacy.min(length));
        let at = at.index(whole.len());
        for (name, change) in changes() {
            let mut entries = whole.clone();
            change(&mut entries[at]);
            let is_changed = entries != whole;
            let report = found(&head, &entries);
            prop_assert_eq!(report.is_whole(), !is_changed, "{} of event {}: {:?}", name, at + 1, report);
        }
    }

    #[test]
    fn t_aud_1_any_removal_swap_or_insertion_is_found(
        length in 2_u64..14,
        legacy in 0_u64..5,
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let (head, whole) = a_chain(length, legacy.min(length));
        let (one, other) = (one.index(whole.len()), other.index(whole.len()));
        let mut removed = whole.clone();
        removed.remove(one);
        prop_assert!(!found(&head, &removed).is_whole());
        // Closing the gap does not help.
        for entry in removed.iter_mut().skip(one) {
            entry.place.as_mut().unwrap().position -= 1;
        }
        prop_assert!(!found(&head, &removed).is_whole());
        if one != other {
            let mut swapped = whole.clone();
            (swapped[one].place, swapped[other].place) = (whole[other].place, whole[one].place);
            prop_assert!(!found(&head, &swapped).is_whole());
            let mut with_links = whole.clone();
            let positions = (whole[one].place.unwrap().position, whole[other].place.unwrap().position);
            with_links[one].place.as_mut().unwrap().position = positions.1;
            with_links[other].place.as_mut().unwrap().position = positions.0;
            prop_assert!(!found(&head, &with_links).is_whole());
        }
        for is_legacy in [true, false] {
            let mut inserted = whole.clone();
            for entry in inserted.iter_mut().skip(one) {
                entry.place.as_mut().unwrap().position += 1;
            }
            let mut more = written(99, is_legacy);
            more.place = Some(Place { position: u64::try_from(one).unwrap() + 1, ..whole[one].place.unwrap() });
            inserted.push(more);
            prop_assert!(!found(&head, &inserted).is_whole());
            // Linking all of it anew needs a head that only Orgate signs.
            inserted.sort_by_key(|entry| entry.place.map(|place| place.position));
            let _ = chained(Head::empty(chain(), head.head.at), &mut inserted);
            prop_assert!(!found(&head, &inserted).is_whole());
        }
    }
}
