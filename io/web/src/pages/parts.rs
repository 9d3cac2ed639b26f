//! Owns the small values that pages are made of: fields, choices, badges, people, pagers.

/// The colour of a badge, notice or alert. It always stands beside words that say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Plain information.
    #[default]
    Neutral,
    /// Worth a look, nothing is wrong.
    Accent,
    /// It worked, or is in force.
    Success,
    /// It needs care.
    Warning,
    /// It failed, or destroys something.
    Danger,
}

impl Tone {
    /// The class name that the stylesheet knows.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Accent => "accent",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// One field of a form: what was typed last, and why it was not accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// What the field shows. Secrets are never shown again: leave it empty for those.
    pub value: String,
    /// A sentence that says what to change, or nothing.
    pub error: Option<String>,
}

impl Field {
    /// An empty field.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A field that shows a value.
    pub fn filled(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// The same field, refused with a sentence that says what to change.
    pub fn refused(self, error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..self }
    }
}

/// One option of a select or a row of radio buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is the one in force.
    pub selected: bool,
}

impl Choice {
    /// The options of a select, in order, as (value, label); the one whose value is `selected` is marked.
    pub fn list(options: &[(&str, &str)], selected: &str) -> Vec<Self> {
        options
            .iter()
            .map(|(value, label)| Self {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                selected: *value == selected,
            })
            .collect()
    }
}

/// A choice of yes or no, with what yes brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switch {
    /// Name of the field; it is sent as `true`, or not at all.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it does, as a sentence.
    pub consequence: String,
    /// Whether it is on.
    pub on: bool,
    /// Why it cannot be moved, or nothing.
    pub locked: Option<String>,
}

/// A field that the person does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A word in a coloured pill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The word.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Badge {
    /// A badge.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// What an act just did, shown once on top of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One sentence.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Notice {
    /// A notice.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// A person as every list shows one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The User's id.
    pub id: String,
    /// Name, or the address where no name is known.
    pub name: String,
    /// Address.
    pub email: String,
}

impl Person {
    /// A person.
    pub fn new(id: impl Into<String>, name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), email: email.into() }
    }

    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// Where the list goes on. Both are complete relative URLs with the filters in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// The first page, once the reader has left it.
    pub first_url: Option<String>,
    /// The next page.
    pub next_url: Option<String>,
}

impl Pager {
    /// Whether there is anything to show.
    pub fn is_needed(&self) -> bool {
        self.first_url.is_some() || self.next_url.is_some()
    }
}

/// Up to two letters for a name: the first of its first and of its last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_letters_of_the_first_and_last_word() {
        for (name, expected) in [
            ("Robin Vale", "RV"),
            ("Ada", "A"),
            ("Ana María de la Cruz", "AC"),
            ("robin.vale@acme.example", "RE"),
            ("  ", ""),
            ("Łucja Żak", "ŁŻ"),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn a_select_marks_exactly_the_option_in_force() {
        let choices = Choice::list(&[("owner", "Owner"), ("member", "Member")], "member");
        let marked: Vec<_> = choices.iter().filter(|choice| choice.selected).map(|choice| &choice.label).collect();
        assert_eq!(marked, ["Member"]);
    }
}
