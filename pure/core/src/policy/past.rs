//! Owns what an organization's enforcement was before, and so whether a session that began under other terms is dead
//! for good. Changes are counted, not timed: a clock that steps back, or one millisecond that holds both a sign-in and a
//! change, misleads nobody.

use super::enforcement::{Enforcement, is_exempt};
use super::{Decision, Place, World, session};
use crate::id::{ConnectionId, Identifier as _, OrganizationId};
use crate::proof::Proofs;
use crate::time::Timestamp;

/// How many changes of any organization's enforcement this deployment has seen. A session keeps the number at which it
/// began.
///
/// *Source*: R-ENF-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PolicyEpoch(i64);

impl PolicyEpoch {
    /// From the stored number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number to store.
    pub const fn as_number(self) -> i64 {
        self.0
    }
}

/// One change of an organization's enforcement: what held until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub epoch: PolicyEpoch,
    /// What held before it.
    pub before: Enforcement,
}

/// The changes of one organization that can still matter to a living session, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    changes: Vec<Change>,
    /// Up to here every session of a member was judged, and the dead ones were ended.
    swept: PolicyEpoch,
    /// Up to here changes were forgotten unswept: a session from before cannot be judged.
    forgotten: PolicyEpoch,
}

/// Changes that an organization remembers until the sweeper has been by. *Units*: changes.
pub const MOST_CHANGES: usize = 32;

impl Past {
    /// From what is stored.
    pub const fn new(changes: Vec<Change>, swept: PolicyEpoch, forgotten: PolicyEpoch) -> Self {
        Self { changes, swept, forgotten }
    }

    /// The changes, oldest first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Up to where sessions were swept.
    pub const fn swept(&self) -> PolicyEpoch {
        self.swept
    }

    /// Up to where changes were forgotten unswept.
    pub const fn forgotten(&self) -> PolicyEpoch {
        self.forgotten
    }

    /// The same after one more change, which has the highest number so far.
    #[must_use]
    pub fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        let surplus = self.changes.len().saturating_sub(MOST_CHANGES);
        let dropped = self.changes.drain(..surplus).next_back();
        self.forgotten = dropped.map_or(self.forgotten, |change| change.epoch);
        self
    }

    /// The same after the sweeper has judged every session up to a change.
    #[must_use]
    pub fn swept_up_to(mut self, epoch: PolicyEpoch) -> Self {
        self.changes.retain(|change| change.epoch > epoch);
        self.swept = self.swept.max(epoch);
        self
    }

    /// The compact text of the organization's row: `12:ex-:con_…:1764000000000;13:---::0`.
    pub fn encode(&self) -> String {
        let parts: Vec<String> = self.changes.iter().map(encode).collect();
        parts.join(";")
    }

    /// Reads the changes of [`Self::encode`].
    ///
    /// *Errors*: `None` for anything else; a past that cannot be read is a fault, and opens nothing (R-ENF-10).
    pub fn decode(text: &str) -> Option<Vec<Change>> {
        if text.is_empty() {
            return Some(Vec::new());
        }
        text.split(';').map(decode).collect()
    }
}

fn encode(change: &Change) -> String {
    let Enforcement { enforced, owner_exemption, owner_second_factor, connection } = &change.before;
    let flag = |on: bool, letter: char| if on { letter } else { '-' };
    let (id, since) = connection.as_ref().map_or(("", 0), |(id, since)| (id.as_str(), since.as_millis()));
    format!(
        "{}:{}{}{}:{id}:{since}",
        change.epoch.as_number(),
        flag(*enforced, 'e'),
        flag(*owner_exemption, 'x'),
        flag(*owner_second_factor, 's'),
    )
}

fn decode(text: &str) -> Option<Change> {
    let mut parts = text.split(':');
    let epoch = PolicyEpoch::from_number(parts.next()?.parse().ok()?);
    let mut flags = parts.next()?.chars();
    let mut flag = |letter: char| match flags.next() {
        Some('-') => Some(false),
        Some(found) if found == letter => Some(true),
        Some(_) | None => None,
    };
    let (enforced, owner_exemption, owner_second_factor) = (flag('e')?, flag('x')?, flag('s')?);
    let (id, since) = (parts.next()?, parts.next()?.parse().ok().map(Timestamp::from_millis)?);
    let connection = if id.is_empty() { None } else { Some((ConnectionId::parse(id)?, since)) };
    let whole = flags.next().is_none() && parts.next().is_none();
    whole
        .then_some(Change { epoch, before: Enforcement { enforced, owner_exemption, owner_second_factor, connection } })
}

/// Judges a session that began at `began` by everything that changed since: what was refused once stays refused.
///
/// Facts about the person (roles, memberships, second factor) are today's: whoever changes one ends the person's dead
/// sessions first, and passes the number of that moment as `began` if it is the later one.
///
/// *Source*: R-ENF-6, R-ENF-7, I7.
pub(super) fn decide(world: &World, proofs: &Proofs, began: PolicyEpoch) -> Decision {
    let judged = world.places.iter().map(|place| place.past.swept).fold(began, PolicyEpoch::max);
    if world.places.iter().any(|place| place.past.forgotten > judged) {
        return session::ended(world);
    }
    let mut changes: Vec<(&OrganizationId, &Change)> = world
        .places
        .iter()
        .flat_map(|place| place.past.changes.iter().map(move |change| (&place.organization_id, change)))
        .filter(|(_, change)| change.epoch > judged)
        .collect();
    if changes.is_empty() {
        // Today's terms were asked already.
        return Decision::Allow;
    }
    changes.sort_unstable_by_key(|(_, change)| std::cmp::Reverse(change.epoch));
    let mut after = without_past(world);
    for (organization_id, change) in changes {
        if is_ended_by(&after, organization_id, &change.before) {
            return session::ended(&after);
        }
        match session::decide(&after, proofs) {
            Decision::Allow => {}
            dead @ (Decision::Require(_) | Decision::Deny(_)) => return dead,
        }
        after.put_under(organization_id, &change.before);
    }
    // The terms of the time when it was last judged: a role or membership may have changed under them.
    session::decide(&after, proofs)
}

/// The same world, for going back in: a past is not asked for its past, and would be copied at every step.
fn without_past(world: &World) -> World {
    let place = |place: &Place| Place {
        organization_id: place.organization_id.clone(),
        role: place.role,
        enforcement: place.enforcement.clone(),
        past: Past::default(),
        mfa_required: place.mfa_required,
        proofs_not_before: place.proofs_not_before,
        vouches: place.vouches,
    };
    World {
        address: world.address.clone(),
        has_second_factor: world.has_second_factor,
        places: world.places.iter().map(place).collect(),
    }
}

/// Whether a change ended every session of this person: it bound members more strictly, and the person is not exempt.
fn is_ended_by(after: &World, organization_id: &OrganizationId, before: &Enforcement) -> bool {
    after.place(organization_id).is_some_and(|place| place.enforcement.is_stricter_than(before)) && !is_exempt(after)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{connection, place, world};
    use super::*;
    use crate::role::OrganizationRole::{Member, Owner};

    fn change(epoch: i64, enforced: bool) -> Change {
        let before = Enforcement { enforced, ..place(1, Member, enforced).enforcement };
        Change { epoch: PolicyEpoch::from_number(epoch), before }
    }

    #[test]
    fn a_past_survives_the_round_trip_through_text() {
        let mut odd = change(7, true);
        odd.before.connection = None;
        odd.before.owner_second_factor = true;
        odd.before.owner_exemption = false;
        let past = Past::default().with(change(3, false)).with(odd).with(change(9, true));
        assert_eq!(Past::decode(&past.encode()), Some(past.changes().to_vec()));
        assert_eq!(Past::decode(""), Some(Vec::new()));
    }

    #[test]
    fn text_that_nobody_wrote_is_no_past() {
        for text in
            ["1", "1:ex-", "1:ex-:", "1:ex-:con_x:1", "x:ex-::0", "1:xe-::0", "1:ex-s::0", "1:e::0", "1:ex-::0:2"]
        {
            assert_eq!(Past::decode(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_forgotten_unswept_is_remembered_by_its_number() {
        let most = i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX);
        let past = (1..=most).fold(Past::default(), |past, epoch| past.with(change(epoch, epoch % 2 == 0)));
        assert_eq!((past.changes().len(), past.forgotten()), (MOST_CHANGES, PolicyEpoch::from_number(0)));
        let past = past.with(change(most + 1, false)).with(change(most + 2, true));
        assert_eq!((past.changes().len(), past.forgotten()), (MOST_CHANGES, PolicyEpoch::from_number(2)));
    }

    #[test]
    fn what_was_swept_is_kept_no_longer_than_needed() {
        let past =
            Past::default().with(change(3, false)).with(change(5, true)).swept_up_to(PolicyEpoch::from_number(3));
        assert_eq!(past.changes(), [change(5, true)]);
        assert_eq!(past.swept(), PolicyEpoch::from_number(3));
        assert_eq!(past.swept_up_to(PolicyEpoch::from_number(1)).swept(), PolicyEpoch::from_number(3), "never back");
    }

    #[test]
    fn a_session_from_before_what_was_forgotten_is_over() {
        use crate::proof::Proof;
        let mut world = world(vec![place(1, Owner, false)]);
        world.places[0].past = Past::new(Vec::new(), PolicyEpoch::from_number(0), PolicyEpoch::from_number(5));
        let proofs = Proofs::of(Proof::Password { at: Timestamp::from_millis(1) });
        assert_ne!(decide(&world, &proofs, PolicyEpoch::from_number(4)), Decision::Allow);
        assert_eq!(decide(&world, &proofs, PolicyEpoch::from_number(5)), Decision::Allow);
    }

    #[test]
    fn another_connection_is_no_stricter_term() {
        let mut other = place(1, Member, true).enforcement;
        let same = other.clone();
        other.connection = Some((connection(4), Timestamp::from_millis(9)));
        assert!(!other.is_stricter_than(&same));
    }
}
