//! Owns the words about passkeys: what a ceremony is for, and why an authenticator's answer is not taken.

use std::time::Duration;

/// How long a challenge waits for its answer. *Units*: five minutes.
pub const CEREMONY_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How many passkeys a person may have.
pub const MOST_PASSKEYS: u64 = 20;

/// What a challenge was made for: the answer to one serves for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CeremonyPurpose {
    /// Adding a passkey, in a session.
    Enrolment,
    /// Signing in by the passkey alone.
    SignIn,
    /// The second factor of a sign-in that waits for one.
    SecondFactor,
    /// The person again, in a session.
    Confirmation,
}

impl CeremonyPurpose {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::SignIn => "sign-in",
            Self::SecondFactor => "second-factor",
            Self::Confirmation => "confirmation",
        }
    }
}

/// Why an authenticator's answer is not taken.
///
/// *Source*: W3C Web Authentication, level 3, 7.1 and 7.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyRefusal {
    /// Nobody, or not this person, has such a passkey.
    Unknown,
    /// It was made for another site than the configured public URL.
    OtherOrigin,
    /// It answers another challenge.
    OtherChallenge,
    /// The authenticator did not verify who used it.
    NotVerified,
    /// Its counter went back: somebody may have copied it.
    Copied,
    /// It is no answer that we can read, or its signature is not right.
    Invalid,
}

impl PasskeyRefusal {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Unknown, Self::OtherOrigin, Self::OtherChallenge, Self::NotVerified, Self::Copied, Self::Invalid];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "passkey-unknown",
            Self::OtherOrigin => "passkey-for-another-site",
            Self::OtherChallenge => "passkey-answers-another-challenge",
            Self::NotVerified => "passkey-without-verification",
            Self::Copied => "passkey-copied",
            Self::Invalid => "passkey-invalid",
        }
    }

    /// What happened, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unknown => "That passkey is not known here",
            Self::OtherOrigin => "That passkey is for another site",
            Self::OtherChallenge | Self::Invalid => "The passkey's answer cannot be used",
            Self::NotVerified => "Your device did not check that it is you",
            Self::Copied => "That passkey may have been copied",
        }
    }

    /// What to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Unknown => "Use another one, or another way to sign in. It may have been removed from your account.",
            Self::OtherOrigin => "Open this service at its own address and try again.",
            Self::OtherChallenge | Self::Invalid => "Try again, or use another way.",
            Self::NotVerified => "Use a passkey that asks for your fingerprint, face or PIN.",
            Self::Copied => "It was used elsewhere with a later counter. Use another way, and remove this passkey.",
        }
    }
}
