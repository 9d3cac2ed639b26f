//! Owns what a node remembers of organizations for the check of a session, so that a check reads only what is the
//! session's and the person's own. It cannot be stale: every statement that changes an organization raises a number in
//! the same transaction, by a trigger; a check reads that number in its own snapshot and takes what is remembered only
//! under the same number (R-API-2). It does not own the query.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use orgate_core::id::OrganizationId;

use crate::place::OrganizationTerms;

/// How many organizations are remembered at most; one more empties the memory. *Units*: organizations, about 300 bytes
/// each.
const MOST: usize = 20_000;

/// Organizations as they are at one number of changes.
#[derive(Debug, Default)]
pub(crate) struct OrganizationCache(RwLock<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    changes: i64,
    organizations: HashMap<OrganizationId, Arc<OrganizationTerms>>,
}

impl OrganizationCache {
    /// What is remembered of these organizations at this number of changes, in their order; `None` unless it is of all.
    pub(crate) fn find<'i>(
        &self,
        changes: i64,
        ids: impl Iterator<Item = &'i OrganizationId>,
    ) -> Option<Vec<Arc<OrganizationTerms>>> {
        let remembered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if remembered.changes != changes {
            return None;
        }
        ids.map(|id| remembered.organizations.get(id).cloned()).collect()
    }

    /// Remembers organizations that were read, from committed data alone, together with this number of changes.
    pub(crate) fn keep(&self, changes: i64, read: impl Iterator<Item = (OrganizationId, OrganizationTerms)>) {
        let mut remembered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.changes > changes {
            return;
        }
        if remembered.changes < changes {
            remembered.organizations.clear();
            remembered.changes = changes;
        }
        for (id, terms) in read {
            if remembered.organizations.len() >= MOST {
                remembered.organizations.clear();
            }
            remembered.organizations.insert(id, Arc::new(terms));
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

    fn terms(name: &str) -> OrganizationTerms {
        let enforcement =
            Enforcement { enforced: false, owner_exemption: true, owner_second_factor: false, connection: None };
        let (slug, name, past) = (name.into(), name.into(), Past::default());
        let domains = ProvenDomains::default();
        OrganizationTerms { slug, name, enforcement, past, mfa_required: false, deletes_at: None, domains }
    }

    fn names(cache: &OrganizationCache, changes: i64, ids: &[OrganizationId]) -> Option<Vec<String>> {
        Some(cache.find(changes, ids.iter())?.iter().map(|terms| terms.name.to_string()).collect())
    }

    #[test]
    fn r_api_2_what_is_remembered_serves_under_its_own_number_of_changes_alone() {
        let cache = OrganizationCache::default();
        cache.keep(7, [(id(1), terms("one")), (id(2), terms("two"))].into_iter());
        assert_eq!(names(&cache, 7, &[id(2), id(1)]), Some(vec!["two".to_owned(), "one".to_owned()]));
        assert_eq!(names(&cache, 7, &[id(1), id(3)]), None, "all or nothing");
        assert_eq!((names(&cache, 6, &[id(1)]), names(&cache, 8, &[id(1)])), (None, None));
        cache.keep(8, [(id(1), terms("renamed"))].into_iter());
        assert_eq!(names(&cache, 8, &[id(1)]), Some(vec!["renamed".to_owned()]));
        assert_eq!(names(&cache, 8, &[id(2)]), None);
    }

    #[test]
    fn r_api_2_what_an_older_snapshot_read_is_not_remembered() {
        let cache = OrganizationCache::default();
        cache.keep(8, [(id(1), terms("now"))].into_iter());
        cache.keep(7, [(id(1), terms("before")), (id(2), terms("two"))].into_iter());
        assert_eq!(names(&cache, 8, &[id(1)]), Some(vec!["now".to_owned()]));
        assert_eq!((names(&cache, 7, &[id(1)]), names(&cache, 8, &[id(2)])), (None, None));
    }
}
