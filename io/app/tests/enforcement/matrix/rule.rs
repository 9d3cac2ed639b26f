//! The rule in a few lines, without the product's policy: what a person can review beside the table.

use std::collections::BTreeSet;

use orgate_core::role::OrganizationRole;

use super::people::{Row, letter};
use super::{Answer, Base, By, Path, Phase};

/// What has to come of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A session that opens exactly these.
    Opens(BTreeSet<char>),
    /// It is done.
    Done,
    /// Nobody is let in, and nothing is set.
    No,
}

impl Expected {
    pub(super) fn admits(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Opens(expected), Answer::Opens(opened)) => expected == opened,
            (Self::Done, Answer::Done) | (Self::No, Answer::No(_) | Answer::NotBegun(_) | Answer::Asks) => true,
            (Self::Opens(_) | Self::Done | Self::No, _) => false,
        }
    }
}

/// Whether it is enforced when the way is gone to its end.
fn is_on(phase: Phase) -> bool {
    matches!(phase, Phase::Meanwhile | Phase::On)
}

/// Whether enforcement was turned on after the way was begun.
fn was_cut(phase: Phase) -> bool {
    matches!(phase, Phase::Meanwhile | Phase::Outlasting)
}

pub(super) fn expected(row: &Row, path: Path, phase: Phase) -> Expected {
    let bound = is_on(phase) && !row.exempt;
    match path {
        // The address is somebody's already.
        Path::KnownAddress => Expected::No,
        // Enforcement binds members, and who signs up anew is none.
        Path::NewAddress | Path::PersonalNew => Expected::Opens(BTreeSet::new()),
        Path::Password | Path::Personal(_) | Path::Factor | Path::Passkey if bound => Expected::No,
        Path::Password | Path::Personal(_) | Path::Factor | Path::Passkey => {
            Expected::Opens(opened(row, phase, true, None))
        }
        Path::Sso(by) => match proven(row, by) {
            Some(letter) => Expected::Opens(opened(row, phase, false, Some(letter))),
            None => Expected::No,
        },
        Path::Reset => done(!bound && (!was_cut(phase) || row.exempt)),
        // What enforcement came upon links nothing, and so lets nobody in.
        Path::LinkByCode if bound || (was_cut(phase) && !row.exempt) => Expected::No,
        Path::LinkByCode => Expected::Opens(opened(row, phase, true, None)),
        // A browser whose session ended comes in as from anywhere.
        Path::PersonalAgain(base) if was_cut(phase) && !row.exempt => again_without_session(row, base, phase),
        Path::Again(base)
        | Path::PersonalAgain(base)
        | Path::Link(base)
        | Path::Code(base)
        | Path::Change(base)
        | Path::Email(base)
        | Path::FactorCode(base)
        | Path::Enrolment(base)
        | Path::PasskeyAgain(base)
        | Path::PasskeyEnrolment(base)
        | Path::Invitation(base)
        | Path::FactorAgain(base)
        | Path::Request(base) => in_session(row, path, base, phase),
    }
}

/// Ways that go on from a session: it has to be there still.
fn in_session(row: &Row, path: Path, base: Base, phase: Phase) -> Expected {
    let ended = was_cut(phase) && !row.exempt;
    let letter = match base {
        Base::Password => None,
        Base::Confirmed => proven(row, By::Own),
        Base::Sso(by) => proven(row, by),
    };
    let has_proof = base == Base::Password || letter.is_some();
    let bound = is_on(phase) && !row.exempt;
    let refused_by_password = base == Base::Password && phase == Phase::On && bound;
    if ended || !has_proof || refused_by_password {
        return Expected::No;
    }
    match path {
        Path::Request(_) | Path::FactorAgain(_) => Expected::Opens(opened(row, phase, base == Base::Password, letter)),
        Path::Again(_) | Path::PersonalAgain(_) | Path::PasskeyAgain(_) | Path::PasskeyEnrolment(_) => {
            Expected::Opens(opened(row, phase, true, letter))
        }
        // A code serves on top of an SSO proof alone; it opens what enforces no SSO of its own.
        Path::Code(Base::Password) => Expected::No,
        // Neither the code before a factor nor the factor opens more than the session did; a mailed code was in it or is now.
        Path::FactorCode(Base::Password) | Path::Enrolment(Base::Password) => {
            Expected::Opens(opened(row, phase, true, None))
        }
        Path::Code(_) | Path::FactorCode(_) | Path::Enrolment(_) => Expected::Opens(
            row.places
                .iter()
                .map(|(place, _)| *place)
                .filter(|place| Some(*place) == letter || !enforces(*place, phase))
                .collect(),
        ),
        Path::Invitation(_) => Expected::Done,
        Path::Change(_) | Path::Email(_) | Path::Link(_) => done(!bound),
        other => panic!("{other:?} goes on from no session"),
    }
}

fn again_without_session(row: &Row, base: Base, phase: Phase) -> Expected {
    let had_session = match base {
        Base::Password | Base::Confirmed => true,
        Base::Sso(by) => proven(row, by).is_some(),
    };
    let bound = is_on(phase) && !row.exempt;
    if bound || !had_session { Expected::No } else { Expected::Opens(opened(row, phase, true, None)) }
}

fn done(allowed: bool) -> Expected {
    if allowed { Expected::Done } else { Expected::No }
}

/// Whose proof it is: an organization's IdP lets its members in, and asks others for a code first.
fn proven(row: &Row, by: By) -> Option<char> {
    let letter = letter(row, by);
    row.role(letter).map(|_| letter)
}

fn enforces(letter: char, phase: Phase) -> bool {
    is_on(phase) && letter != 'c'
}

/// What these proofs open: an organization's own SSO opens it; a password opens what does not enforce, and what
/// exempts this Owner.
fn opened(row: &Row, phase: Phase, password: bool, sso: Option<char>) -> BTreeSet<char> {
    let by_password = |letter: char, role| {
        let exempts = role == OrganizationRole::Owner && letter != 'd';
        password && (!enforces(letter, phase) || exempts)
    };
    let places = row.places.iter().copied();
    places
        .filter(|(letter, role)| Some(*letter) == sso || by_password(*letter, *role))
        .map(|(letter, _)| letter)
        .collect()
}
