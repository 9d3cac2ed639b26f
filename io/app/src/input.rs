//! Owns how typed text becomes the core's values: every field is looked at before the first error is told, so a person
//! mends a form once.

use orgate_core::email::{EmailAddress, EmailError};
use orgate_core::name::{LONGEST_NAME, Name, NameError, Slug};
use orgate_core::refusal::{FieldError, Refusal};

use crate::error::Error;
use crate::passwords::Password;
use crate::passwords::policy::{PasswordPolicy, PasswordRefusal};

/// The errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Input(Vec<FieldError>);

impl Input {
    /// An address that may be known already.
    pub(crate) fn email(&mut self, field: &'static str, typed: &str) -> Option<EmailAddress> {
        self.keep(field, EmailAddress::parse(typed).map_err(email_message))
    }

    /// An address that is to become known: look-alikes are refused (T-LNK-10).
    pub(crate) fn new_email(&mut self, field: &'static str, typed: &str) -> Option<EmailAddress> {
        self.keep(field, EmailAddress::parse_new(typed).map_err(email_message))
    }

    /// A name that people read.
    pub(crate) fn name(&mut self, field: &'static str, typed: &str) -> Option<Name> {
        self.keep(field, Name::parse(typed).map_err(name_message))
    }

    /// A short name in addresses.
    pub(crate) fn slug(&mut self, field: &'static str, typed: &str) -> Option<Slug> {
        self.keep(field, Slug::parse(typed).map_err(name_message))
    }

    /// A new password that the operator's policy accepts; `own_words` are texts about the person.
    pub(crate) fn password(
        &mut self,
        field: &'static str,
        policy: PasswordPolicy,
        typed: &str,
        own_words: &[&str],
    ) -> Option<Password> {
        let password = Password::from_typed(typed);
        let judged = policy.check(&password, own_words).map_err(PasswordRefusal::text);
        self.keep(field, judged.map(|()| password))
    }

    /// One more error.
    pub(crate) fn refuse(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// The answer when a field is missing its value.
    pub(crate) fn refused(self) -> Error {
        Refusal::InvalidInput(self.0).into()
    }

    /// Nothing, if no field was refused.
    ///
    /// *Errors*: [`Refusal::InvalidInput`].
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(self.refused()) }
    }

    fn keep<T>(&mut self, field: &'static str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|message| self.refuse(field, message)).ok()
    }
}

fn email_message(error: EmailError) -> String {
    match error {
        EmailError::Malformed => "Type an e-mail address, such as dana@example.com.",
        EmailError::TooLong => "This address is longer than mail allows.",
        EmailError::LookAlike => "This address mixes letters of several alphabets. Use one without look-alikes.",
    }
    .to_owned()
}

fn name_message(error: NameError) -> String {
    match error {
        NameError::Empty => "Type a name.".to_owned(),
        NameError::TooLong => format!("Use at most {LONGEST_NAME} characters."),
        NameError::Unprintable => "Use only characters that can be seen.".to_owned(),
        NameError::NotASlug => "Use 2 to 48 small letters, digits and single dashes between them.".to_owned(),
        NameError::Reserved => "This short name is needed by the service itself. Choose another one.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_are_judged_before_the_first_error_is_told() {
        let mut input = Input::default();
        assert!(input.new_email("email", "nobody").is_none());
        assert!(input.name("name", " ").is_none());
        assert!(input.slug("slug", "acme").is_some());
        let Err(Error::Refused(Refusal::InvalidInput(fields))) = input.finish() else { panic!("two fields are wrong") };
        assert_eq!(fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["email", "name"]);
    }
}
