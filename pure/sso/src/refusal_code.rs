//! Owns what a code of [`crate::refusal::SsoRefusal`] is: a stable name and two texts, one for the person who is refused, one that
//! tells the Owner how to mend it. The codes themselves are one table; a code without texts does not compile.

/// What a person can do about a fault that is not theirs.
const ASK: &str = "Your organization's sign-in service and this site do not agree about this sign-in. Nothing is wrong with your \
     account. Give your administrator the reference below.";
const AGAIN: &str = "The sign-in did not complete. Go back to the sign-in page and start again; if it happens again, give your \
     administrator the reference below.";
const LATER: &str = "Your organization's sign-in service could not be reached. Try again in a few minutes; if it lasts, give your \
     administrator the reference below.";

/// A log-out is posted by the provider itself: no person waits for the answer.
const LOG_OUT: &str = "The sign-in service reported that somebody signed out there. The report was refused, so their sessions here \
     went on.";

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $person:expr, $mend:literal;)*) => {
        /// Every way in which a sign-on is refused. Texts are stable: people search for them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SsoRefusalCode {
            $($(#[$doc])+ $name,)*
        }

        impl SsoRefusalCode {
            /// All of them, in the order of a sign-in.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Reads a code that [`Self::as_str`] wrote.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// For the person: what happened and what to do.
            pub const fn for_person(self) -> &'static str {
                match self { $(Self::$name => $person,)* }
            }

            /// For the Owner: how to mend it.
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$name => $mend,)* }
            }
        }
    };
}

mod table;

pub use table::SsoRefusalCode;

impl serde::Serialize for SsoRefusalCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
