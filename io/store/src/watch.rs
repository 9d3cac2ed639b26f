//! Owns the look over a store's shoulder: somebody is told when a transaction begins and ends. What they make of it is theirs.

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
