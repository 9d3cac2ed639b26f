//! Owns what a look comes to: one line for the operator.

use serde::Serialize;

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it needs no mending.
    pub ok: bool,
    /// What was found, and what to do.
    pub text: String,
}

pub(super) fn good(what: &'static str, text: impl Into<String>) -> Finding {
    Finding { what, ok: true, text: one_line(text) }
}

pub(super) fn bad(what: &'static str, text: impl Into<String>) -> Finding {
    Finding { what, ok: false, text: one_line(text) }
}

/// Servers of others put their words in some of the texts.
fn one_line(text: impl Into<String>) -> String {
    let text: String = text.into();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_whatever_a_server_said() {
        assert_eq!(bad("mail", "550\r\n\u{1b}[31mno").text, "550   [31mno");
    }
}
