//! Owns the look over a store's shoulder: somebody is told when a transaction begins and ends. What they make of it is theirs.

use std::sync::Arc;

/// Is told of transactions, in the task that runs them.
pub trait Watch: Send + Sync {
    /// One begins: `read`, `long read`, `write`, `write apart`, `long write` or `statement`. Nothing is told of its end when
    /// nothing is given.
    fn begin(&self, what: &'static str) -> Option<Box<dyn Watched>>;
}

/// One that is under way.
pub trait Watched: Send {
    /// It ended: what it did is kept, or undone for whatever reason. Dropped, nobody waited for its end.
    fn end(self: Box<Self>, is_kept: bool);
}

/// Whoever looks on, if anybody does.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<dyn Watch>>);

impl Watcher {
    pub(crate) fn by(watch: Arc<dyn Watch>) -> Self {
        Self(Some(watch))
    }

    pub(crate) fn begin(&self, what: &'static str) -> Looked {
        Looked(self.0.as_ref().and_then(|watch| watch.begin(what)))
    }
}

/// One transaction, looked at or not.
pub(crate) struct Looked(Option<Box<dyn Watched>>);

impl Looked {
    pub(crate) fn end(self, is_kept: bool) {
        if let Some(watched) = self.0 {
            watched.end(is_kept);
        }
    }
}
