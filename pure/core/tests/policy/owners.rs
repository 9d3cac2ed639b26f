//! Owns the guards of the Owners: three people in two organizations, and every act that could leave one of them without
//! an Owner or without a way back in.

use orgate_core::enforcement::takes_last_way_back;
use orgate_core::membership::is_last_owner;
use orgate_core::policy::is_break_glass;

use crate::bridge;
use crate::model::{ELSEWHERE, Organization, Role, World};
use crate::worlds::BOTH;

/// One person in two organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Person {
    roles: [Role; 2],
    has_second_factor: bool,
    has_own_credential: bool,
}

/// The terms of an organization that enforces SSO: owner exemption, owner second factor; `None` for one that does not.
type Terms = Option<[bool; 2]>;

/// What is done to the first of the three people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Demote(usize),
    /// Removed by an Owner or gone by own act: the same to the guards.
    Leave(usize),
    /// The last password or passkey is removed.
    LoseCredential,
}

const ACTS: [Act; 5] = [Act::Demote(0), Act::Demote(1), Act::Leave(0), Act::Leave(1), Act::LoseCredential];

impl Act {
    fn done_to(self, person: Person) -> Person {
        let mut after = person;
        match self {
            Self::Demote(number) if person.roles[number] == Role::Owner => after.roles[number] = Role::Member,
            Self::Demote(_) => {}
            Self::Leave(number) => after.roles[number] = Role::Absent,
            Self::LoseCredential => after.has_own_credential = false,
        }
        after
    }

    /// Whose guard is asked: that of the organization in which it is done; a credential serves them all.
    fn is_inside(self, organization: usize) -> bool {
        match self {
            Self::Demote(number) | Self::Leave(number) => number == organization,
            Self::LoseCredential => true,
        }
    }
}

fn people() -> Vec<Person> {
    let roles = [Role::Absent, Role::Member, Role::Owner];
    let mut all = Vec::new();
    for a in roles {
        for b in roles {
            for has_second_factor in BOTH {
                for has_own_credential in BOTH {
                    all.push(Person { roles: [a, b], has_second_factor, has_own_credential });
                }
            }
        }
    }
    all
}

fn all_terms() -> Vec<[Terms; 2]> {
    let mut one: Vec<Terms> = vec![None];
    for exemption in BOTH {
        one.extend(BOTH.map(|factor| Some([exemption, factor])));
    }
    one.iter().flat_map(|a| one.iter().map(move |b| [*a, *b])).collect()
}

fn world(person: Person, terms: [Terms; 2], has_proven_address: bool) -> World {
    let organization = |number: usize| {
        let [owner_exemption, owner_second_factor] = terms[number].unwrap_or([true, false]);
        Organization {
            role: person.roles[number],
            enforced: terms[number].is_some(),
            owner_exemption,
            owner_second_factor,
            mfa_required: false,
            connection: Some(0),
            has_domain: false,
        }
    };
    let organizations = [organization(0), organization(1), ELSEWHERE];
    World { organizations, has_second_factor: person.has_second_factor, has_proven_address }
}

/// By policy, whether the person is a way back into each of the organizations.
fn ways_back(person: Person, terms: [Terms; 2]) -> [bool; 2] {
    let world = bridge::world(&world(person, terms, true));
    [0, 1].map(|number| is_break_glass(&world, &bridge::organization_id(number), person.has_own_credential))
}

#[test]
fn r_enf_5_policy_and_model_agree_who_is_a_way_back_in() {
    let mut counted = 0;
    for person in people() {
        for terms in all_terms() {
            for has_proven_address in BOTH {
                let model = world(person, terms, has_proven_address);
                let world = bridge::world(&model);
                for number in 0..2 {
                    let id = bridge::organization_id(number);
                    let answer = is_break_glass(&world, &id, person.has_own_credential);
                    assert_eq!(answer, model.is_way_back(number, person.has_own_credential), "{person:?} {model:?}");
                }
                counted += 1;
            }
        }
    }
    assert_eq!(counted, 36 * 25 * 2);
}

/// Why an act is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    LastOwner,
    LastWayBack,
}

/// One organization as the guards see it: is the target its Owner, and a way back; how many other Owners there are, and
/// whether one of them is a way back.
#[derive(Debug, Clone, Copy)]
struct Seen {
    target: (bool, bool),
    other_owners: u64,
    others_are_way_back: bool,
}

/// The guards as a use case asks them before it writes anything.
fn guard(act: Act, is_enforced: bool, operator_recovery: bool, seen: Seen) -> Option<Guard> {
    let (is_owner, is_way_back) = seen.target;
    if act != Act::LoseCredential && is_owner && is_last_owner(seen.other_owners + 1) {
        return Some(Guard::LastOwner);
    }
    takes_last_way_back(is_enforced, operator_recovery, is_way_back, seen.others_are_way_back)
        .then_some(Guard::LastWayBack)
}

/// I6 from its words: what was there before and is gone afterwards, counted over all three people.
fn expected(before: (u64, bool), after: (u64, bool), is_enforced: bool, operator_recovery: bool) -> Option<Guard> {
    if before.0 > 0 && after.0 == 0 {
        return Some(Guard::LastOwner);
    }
    (is_enforced && !operator_recovery && before.1 && !after.1).then_some(Guard::LastWayBack)
}

/// One person and the two others, and the terms by their position in a list.
struct Trio<'a> {
    people: [Person; 3],
    terms: [Terms; 2],
    by_policy: [[bool; 2]; 3],
    counts: &'a mut Counts,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    worlds: u32,
    last_owner: u32,
    last_way_back: u32,
    /// Another organization's act took the last way back away: nobody refuses that; the Owners are told.
    from_elsewhere: u32,
}

impl Trio<'_> {
    fn by_model(&self, people: [Person; 3], number: usize) -> (u64, bool) {
        let owners = people.iter().filter(|person| person.roles[number] == Role::Owner).count();
        let is_way_back =
            |person: &Person| world(*person, self.terms, true).is_way_back(number, person.has_own_credential);
        (u64::try_from(owners).unwrap_or(0), people.iter().any(is_way_back))
    }

    fn compare(&mut self) {
        self.counts.worlds += 1;
        let [target, others @ ..] = self.people;
        for act in ACTS {
            let after = [act.done_to(target), others[0], others[1]];
            for number in 0..2 {
                let (is_enforced, before) = (self.terms[number].is_some(), self.by_model(self.people, number));
                let after = self.by_model(after, number);
                let seen = Seen {
                    target: (target.roles[number] == Role::Owner, self.by_policy[0][number]),
                    other_owners: before.0 - u64::from(target.roles[number] == Role::Owner),
                    others_are_way_back: self.by_policy[1][number] || self.by_policy[2][number],
                };
                for operator_recovery in BOTH {
                    let wanted = expected(before, after, is_enforced, operator_recovery);
                    if !act.is_inside(number) {
                        self.counts.from_elsewhere += u32::from(wanted == Some(Guard::LastWayBack));
                        continue;
                    }
                    let answer = guard(act, is_enforced, operator_recovery, seen);
                    assert_eq!(answer, wanted, "{act:?} in {number}: {:?} {:?}", self.people, self.terms);
                    self.counts.last_owner += u32::from(answer == Some(Guard::LastOwner));
                    self.counts.last_way_back += u32::from(answer == Some(Guard::LastWayBack));
                }
            }
        }
    }
}

/// The other two are told apart by nothing: 36 * (36 * 37 / 2) choices, under 25 pairs of terms.
#[test]
fn r_enf_14_i6_no_act_inside_takes_the_last_owner_or_the_last_way_back() {
    let (people, mut counts) = (people(), Counts::default());
    for terms in all_terms() {
        let by_policy: Vec<[bool; 2]> = people.iter().map(|person| ways_back(*person, terms)).collect();
        for target in 0..people.len() {
            for a in 0..people.len() {
                for b in a..people.len() {
                    let chosen = [target, a, b];
                    let (people, by_policy) = (chosen.map(|index| people[index]), chosen.map(|index| by_policy[index]));
                    Trio { people, terms, by_policy, counts: &mut counts }.compare();
                }
            }
        }
    }
    let worlds = 36 * (36 * 37 / 2) * 25;
    assert_eq!(counts, Counts { worlds, last_owner: 720_000, last_way_back: 54_528, from_elsewhere: 5_614 });
}

#[test]
fn r_enf_14_the_last_way_back_is_kept_only_while_sso_is_enforced_and_nothing_else_serves() {
    let mut refused = Vec::new();
    for bits in 0..16_u8 {
        let [enforced, recovery, target, others] = [8, 4, 2, 1].map(|bit| bits & bit != 0);
        if takes_last_way_back(enforced, recovery, target, others) {
            refused.push((enforced, recovery, target, others));
        }
    }
    assert_eq!(refused, [(true, false, true, false)]);
}
