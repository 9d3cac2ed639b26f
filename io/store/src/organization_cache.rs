//! Owns what a node remembers of organizations for the check of a session, so that a check reads only what is the
//! session's and the person's own. It cannot be stale: every statement that changes an organization raises a number in
//! the same transaction, by a trigger; a check reads that number in its own snapshot and takes what is remembered only
//! under the same number (R-API-2). When the number has risen, what was changed since is forgotten and the rest holds for
//! the new one. It does not own the queries.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hashbrown::HashMap;
use orgate_core::id::OrganizationId;

use crate::place::PlaceOrganization;

/// How many organizations fill half of the memory; one more, and the half that was filled before is forgotten. So what is asked
/// about all the time is never forgotten all at once, and with fewer organizations than this nothing is. *Units*: organizations,
/// about 300 bytes each.
const HALF: usize = 100_000;

/// What a node remembers.
#[derive(Debug, Default)]
pub(crate) struct OrganizationCache(RwLock<Remembered>);

/// Nobody outside chooses the ids of organizations, so a quick hash serves.
type Half = HashMap<OrganizationId, Arc<PlaceOrganization>>;

/// Organizations as they are at one number of changes.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    changes: i64,
    newer: Half,
    older: Half,
}

impl Remembered {
    /// An organization, if it is among them.
    pub(crate) fn get(&self, id: &OrganizationId) -> Option<&Arc<PlaceOrganization>> {
        self.newer.get(id).or_else(|| self.older.get(id))
    }

    fn is_empty(&self) -> bool {
        self.newer.is_empty() && self.older.is_empty()
    }

    fn insert(&mut self, id: OrganizationId, organization: Arc<PlaceOrganization>, half: usize) {
        if self.newer.len() >= half {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(id, organization);
    }
}

impl OrganizationCache {
    /// Forgets everything. Numbers of changes go up for good on one server, but one that takes over from another may have lost
    /// the last of them, and gives them out again for other changes.
    pub(crate) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Remembered::default();
    }

    /// What is remembered at this number of changes, for as long as it is held; `None` when nothing is.
    pub(crate) fn at(&self, changes: i64) -> Option<RwLockReadGuard<'_, Remembered>> {
        let remembered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (remembered.changes == changes).then_some(remembered)
    }

    /// The number of changes up to which what is remembered would have to catch up with this one; `None` when nothing that is
    /// remembered is from before it.
    pub(crate) fn behind(&self, changes: i64) -> Option<i64> {
        let remembered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (remembered.changes < changes && !remembered.is_empty()).then_some(remembered.changes)
    }

    /// Goes on from one number of changes to a later one, between which these organizations were changed and no others.
    pub(crate) fn catch_up(&self, from: i64, to: i64, changed: &[OrganizationId]) {
        let mut remembered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Another check may have been quicker.
        if remembered.changes != from {
            return;
        }
        remembered.changes = to;
        for id in changed {
            remembered.newer.remove(id);
            remembered.older.remove(id);
        }
    }

    /// Remembers organizations that were read, from committed data alone, together with this number of changes.
    pub(crate) fn keep(&self, changes: i64, read: impl Iterator<Item = (OrganizationId, Arc<PlaceOrganization>)>) {
        let mut remembered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.changes > changes {
            return;
        }
        if remembered.changes < changes {
            *remembered = Remembered { changes, ..Remembered::default() };
        }
        for (id, organization) in read {
            remembered.insert(id, organization, HALF);
        }
    }
}

#[cfg(test)]
mod tests {
    use orgate_core::domain::ProvenDomains;
    use orgate_core::id::Identifier as _;
    use orgate_core::policy::{Enforcement, Past};
    use orgate_core::time::Timestamp;

    use super::*;

    fn id(number: u8) -> OrganizationId {
        OrganizationId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn named(name: &str) -> Arc<PlaceOrganization> {
        let enforcement =
            Enforcement { enforced: false, owner_exemption: true, owner_second_factor: false, connection: None };
        let (slug, name, past, deletes_at) = (name.into(), name.into(), Past::default(), None);
        let domains = ProvenDomains::default();
        Arc::new(PlaceOrganization { slug, name, enforcement, past, mfa_required: false, deletes_at, domains })
    }

    fn names(cache: &OrganizationCache, changes: i64, ids: &[OrganizationId]) -> Option<Vec<String>> {
        let remembered = cache.at(changes)?;
        ids.iter().map(|id| remembered.get(id).map(|organization| organization.name.clone())).collect()
    }

    #[test]
    fn r_api_2_what_is_remembered_serves_under_its_own_number_of_changes_alone() {
        let cache = OrganizationCache::default();
        cache.keep(7, [(id(1), named("one")), (id(2), named("two"))].into_iter());
        assert_eq!(names(&cache, 7, &[id(2), id(1)]), Some(vec!["two".to_owned(), "one".to_owned()]));
        assert_eq!(names(&cache, 7, &[id(1), id(3)]), None, "all or nothing");
        assert_eq!((names(&cache, 6, &[id(1)]), names(&cache, 8, &[id(1)])), (None, None));
        cache.keep(8, [(id(1), named("renamed"))].into_iter());
        assert_eq!(names(&cache, 8, &[id(1)]), Some(vec!["renamed".to_owned()]));
        assert_eq!(names(&cache, 8, &[id(2)]), None);
    }

    #[test]
    fn what_was_read_last_is_remembered_when_more_is_read_than_there_is_room_for() {
        let mut remembered = Remembered::default();
        for number in 0..7 {
            remembered.insert(id(number), named("one"), 3);
        }
        let kept: Vec<u8> = (0..7).filter(|number| remembered.get(&id(*number)).is_some()).collect();
        assert_eq!(kept, [3, 4, 5, 6]);
    }

    #[test]
    fn r_api_2_what_was_changed_is_forgotten_and_the_rest_holds_under_the_new_number() {
        let cache = OrganizationCache::default();
        assert_eq!(cache.behind(9), None, "nothing is remembered");
        cache.keep(7, [(id(1), named("one")), (id(2), named("two"))].into_iter());
        assert_eq!((cache.behind(7), cache.behind(6), cache.behind(9)), (None, None, Some(7)));
        cache.catch_up(7, 9, &[id(2), id(3)]);
        assert_eq!(names(&cache, 9, &[id(1)]), Some(vec!["one".to_owned()]));
        assert_eq!((names(&cache, 7, &[id(1)]), names(&cache, 9, &[id(2)])), (None, None));
        cache.catch_up(7, 11, &[]);
        assert_eq!(names(&cache, 11, &[id(1)]), None, "another check went on from there already");
    }

    #[test]
    fn r_api_2_behind_a_server_that_lost_the_last_changes_nothing_is_remembered() {
        let cache = OrganizationCache::default();
        cache.keep(7, [(id(1), named("of a server that is gone"))].into_iter());
        cache.forget();
        assert_eq!(names(&cache, 7, &[id(1)]), None);
        cache.keep(6, [(id(1), named("one"))].into_iter());
        assert_eq!(names(&cache, 6, &[id(1)]), Some(vec!["one".to_owned()]), "lower numbers count again");
    }

    #[test]
    fn r_api_2_what_an_older_snapshot_read_is_not_remembered() {
        let cache = OrganizationCache::default();
        cache.keep(8, [(id(1), named("now"))].into_iter());
        cache.keep(7, [(id(1), named("before")), (id(2), named("two"))].into_iter());
        assert_eq!(names(&cache, 8, &[id(1)]), Some(vec!["now".to_owned()]));
        assert_eq!((names(&cache, 7, &[id(1)]), names(&cache, 8, &[id(2)])), (None, None));
    }
}
