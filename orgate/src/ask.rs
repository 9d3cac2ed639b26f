//! Owns the question before a far-reaching command: somebody at a terminal answers it, or `--yes` did.

use std::io::{BufRead, IsTerminal as _, Write as _, stderr, stdin};

/// Asks whoever sits there. The question ends in `[y/N] `.
///
/// *Errors*: the message for the operator, when nobody is there or the answer is no.
pub fn confirm(question: &str) -> Result<(), String> {
    answered(question, stdin().is_terminal(), &mut stdin().lock())
}

fn answered(question: &str, is_terminal: bool, answers: &mut impl BufRead) -> Result<(), String> {
    if !is_terminal {
        return Err("nobody can be asked here; say --yes if it is meant".to_owned());
    }
    let mut asked = stderr();
    drop(write!(asked, "{question}").and_then(|()| asked.flush()));
    let mut answer = String::new();
    answers.read_line(&mut answer).map_err(|reason| format!("the answer cannot be read: {reason}"))?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err("nothing was changed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_yes_that_was_typed_is_a_yes() {
        let answered = |text: &str, is_terminal| super::answered("?", is_terminal, &mut text.as_bytes());
        for yes in ["y\n", "YES\n", " Yes \n", "y"] {
            assert_eq!(answered(yes, true), Ok(()), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yesterday\n", "of course\n"] {
            assert_eq!(answered(no, true), Err("nothing was changed".to_owned()), "{no:?}");
        }
        assert!(answered("y\n", false).unwrap_err().contains("--yes"));
    }
}
