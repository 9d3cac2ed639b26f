//! Owns how a page says what somebody had begun and what ends with their right to it (R-ORG-6, R-UI-2).

use orgate_app::membership::Ending;

use crate::pages::confirmation::Consequence;

/// What ends, of what there is any; `they` is "they" or "you".
pub fn lines(ending: Ending, they: &str) -> Vec<Consequence> {
    let Ending { invitations, roles, tests } = ending;
    let all = [
        (
            invitations,
            format!("invitation that {they} sent is revoked"),
            format!("invitations that {they} sent are revoked"),
        ),
        (
            roles,
            format!("project is taken out of somebody else's invitation, where {they} had put it"),
            format!("projects are taken out of other people's invitations, where {they} had put them"),
        ),
        (
            tests,
            format!("test of single sign-on that {they} started can no longer be finished"),
            format!("tests of single sign-on that {they} started can no longer be finished"),
        ),
    ];
    let there_are = all.into_iter().filter(|(count, ..)| *count > 0);
    there_are.map(|(count, one, many)| Consequence::counted(count, if count == 1 { one } else { many })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_there_is_none_nothing_is_said_and_one_is_no_plural() {
        assert_eq!(lines(Ending::default(), "they"), []);
        let ending = Ending { invitations: 1, roles: 0, tests: 2 };
        let said = [
            Consequence::counted(1, "invitation that you sent is revoked"),
            Consequence::counted(2, "tests of single sign-on that you started can no longer be finished"),
        ];
        assert_eq!(lines(ending, "you"), said);
    }
}
