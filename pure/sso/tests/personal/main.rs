//! Sign-in through GitHub as values: what is sent, and what each answer comes to.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod github;
