//! Named deviations with the rule that decides about each: to be refused, or to be accepted all the same.
//!
//! The lists are made for a product test that walks them: set the mischief, sign in, compare with the verdict.

mod dialect;
mod id_token;
mod id_token_form;
mod log_out_token;
mod pushed;
mod responses;

use super::Mischief;

pub use dialect::{Dialect, dialects};
pub use id_token::{age_of_sign_in, claim_shapes, email_verified_shapes, id_tokens};
pub use log_out_token::log_out_tokens;
pub use pushed::{pushed_request_endpoints, pushed_requests};
pub use responses::{callbacks, discoveries, elsewhere, key_sets, token_responses, unreadable_keys, user_infos, wires};

/// What a relying party has to make of a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sign-in succeeds.
    Accept,
    /// The sign-in is refused.
    Refuse,
}

/// One deviation.
#[derive(Clone)]
pub struct Case {
    /// What is different, unique within its list.
    pub name: String,
    /// The rule that decides.
    pub rule: &'static str,
    /// What it decides.
    pub verdict: Verdict,
    /// The deviation.
    pub mischief: Mischief,
}

/// A list under construction.
struct List {
    rule: &'static str,
    cases: Vec<Case>,
}

impl List {
    fn new() -> Self {
        Self { rule: "", cases: Vec::new() }
    }

    /// The rule of the cases that follow.
    fn rule(&mut self, rule: &'static str) -> &mut Self {
        self.rule = rule;
        self
    }

    fn refuse(&mut self, name: impl Into<String>, mischief: Mischief) -> &mut Self {
        self.add(name.into(), Verdict::Refuse, mischief)
    }

    fn accept(&mut self, name: impl Into<String>, mischief: Mischief) -> &mut Self {
        self.add(name.into(), Verdict::Accept, mischief)
    }

    fn add(&mut self, name: String, verdict: Verdict, mischief: Mischief) -> &mut Self {
        self.cases.push(Case { name, rule: self.rule, verdict, mischief });
        self
    }
}
