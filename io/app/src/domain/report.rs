//! Owns what a look at the record of a domain is told as: what was found, what was expected, how to mend it.

use orgate_core::domain::{CheckResult, DomainState};

use super::DomainView;

/// Texts of strangers that are shown at most, and how much of each. *Units*: characters.
const MOST_SHOWN: usize = 3;
const LONGEST_SHOWN: usize = 120;

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The result.
    pub result: CheckResult,
    /// False only for a failure.
    pub ok: bool,
    /// What was found, as a sentence.
    pub detail: String,
    /// What the record has to hold.
    pub expected: Option<String>,
    /// What is there instead, when something is.
    pub received: Option<String>,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Report {
    /// Of one look; `seen` is what there was at the name.
    pub(super) fn of(result: CheckResult, view: &DomainView, seen: &[String]) -> Self {
        let name = &view.record_name;
        let held = view.domain.state == DomainState::Verified;
        let (detail, mend) = match result {
            CheckResult::Found => ("The record is there.".to_owned(), None),
            CheckResult::RecordMissing if seen.is_empty() => (
                format!("There is no TXT record at {name}."),
                Some(
                    "Publish it where the domain's DNS is managed. Some consoles add the domain by themselves: then the name \
                     to enter is _orgate-challenge alone. A new record can take some minutes to be seen."
                        .to_owned(),
                ),
            ),
            CheckResult::RecordMissing => (
                format!("There are TXT records at {name}, but not this one."),
                Some("Copy the value once more, whole and without quotes. Other records can stay.".to_owned()),
            ),
            CheckResult::NoAnswer if held => (
                "The domain's name servers do not answer at the moment.".to_owned(),
                Some("Look at the domain's DNS. It is asked again every hour.".to_owned()),
            ),
            CheckResult::NoAnswer => (
                "The domain's name servers did not answer, so nothing is known.".to_owned(),
                Some("Check that the domain is spelled right and its DNS works, then try again.".to_owned()),
            ),
            CheckResult::HeldByAnother => (
                "Your record is there, but so is that of another organization, which holds the domain.".to_owned(),
                Some(
                    "Its Owners were told. If the domain is yours, remove the other orgate-domain-verification record from \
                     its DNS and verify again."
                        .to_owned(),
                ),
            ),
        };
        let is_missing = result == CheckResult::RecordMissing;
        Self {
            ok: result == CheckResult::Found,
            expected: is_missing.then(|| view.record_value.clone()),
            received: (is_missing && !seen.is_empty()).then(|| shown(seen)),
            result,
            detail,
            mend,
        }
    }
}

/// Texts that anybody could have written, on one line.
fn shown(seen: &[String]) -> String {
    let one = |text: &String| -> String {
        let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let short: String = visible.take(LONGEST_SHOWN).collect();
        if text.chars().count() > LONGEST_SHOWN { format!("{short}…") } else { short }
    };
    let mut parts: Vec<String> = seen.iter().take(MOST_SHOWN).map(one).collect();
    if seen.len() > MOST_SHOWN {
        parts.push(format!("and {} more", seen.len() - MOST_SHOWN));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_texts_are_short_and_on_one_line() {
        let seen: Vec<String> = ["one\r\ntwo", &"x".repeat(500), "b", "c", "d"].map(str::to_owned).into();
        let shown = shown(&seen);
        assert!(shown.starts_with("one  two, xxx") && shown.ends_with("b, and 2 more"), "{shown}");
        assert!(shown.chars().count() < 200 && !shown.contains(['\r', '\n']));
    }
}
