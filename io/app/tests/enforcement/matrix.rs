//! T-ENF-M: every way in, for every sort of person, before enforcement, while it is turned on, while it is on, and when
//! it is off again. The ways come from the list in the core: one that has no row here does not compile. The table is
//! `golden/t_enf_m.txt`; run with `UPDATE_GOLDEN=1` to write it anew, then read the difference.

mod passkeys;
mod people;
mod providers;
mod rule;
mod walk;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_core::way_in::WayIn;

use crate::world::World;
use people::{ROWS, Row, Stage};
use rule::expected;

on_each_world! {
    t_enf_m_every_way_in_for_everybody_at_every_time
}

/// Whose SSO proves somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The enforcing organization that every row begins with: A, or D for who is Owner there.
    Own,
    /// The second enforcing organization, B.
    Second,
    /// The one that does not enforce, C.
    Free,
}

/// What the session that a way goes on from was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Password,
    Sso(By),
    /// An own SSO proof with a mailed code on top.
    Confirmed,
}

/// One variant of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// Signing up with the person's own address, which is known.
    KnownAddress,
    /// Signing up with a new one.
    NewAddress,
    Password,
    Again(Base),
    /// Through an account at this provider, linked before.
    Personal(PersonalProvider),
    /// Through an account at Google that nobody knows.
    PersonalNew,
    /// Through a linked account at Google, in this session.
    PersonalAgain(Base),
    /// Linking an account at Google, in this session.
    Link(Base),
    /// Coming by an account at GitHub that names the person's address: a code that was mailed links it.
    LinkByCode,
    /// A second factor after the password.
    Factor,
    FactorAgain(Base),
    Sso(By),
    Code(Base),
    Reset,
    Change(Base),
    Email(Base),
    /// The code before a first second factor.
    FactorCode(Base),
    /// Setting up an authenticator app.
    Enrolment(Base),
    /// A passkey alone.
    Passkey,
    /// A passkey in this session.
    PasskeyAgain(Base),
    /// Adding a passkey.
    PasskeyEnrolment(Base),
    Invitation(Base),
    Request(Base),
}

/// The variants of a way. Whoever adds a way in adds its row here, or this does not compile.
const fn row(way: WayIn) -> &'static [Path] {
    const OWN: Base = Base::Sso(By::Own);
    match way {
        WayIn::SignUp => &[Path::KnownAddress, Path::NewAddress],
        WayIn::Password => &[Path::Password],
        WayIn::PasswordAgain => &[Path::Again(Base::Password), Path::Again(OWN)],
        WayIn::Google => &[Path::Personal(Google), Path::PersonalNew],
        WayIn::GitHub => &[Path::Personal(GitHub)],
        WayIn::PersonalAgain => &[Path::PersonalAgain(Base::Password), Path::PersonalAgain(OWN)],
        WayIn::PersonalLink => &[Path::Link(Base::Password), Path::Link(Base::Confirmed), Path::LinkByCode],
        WayIn::Passkey => &[Path::Passkey],
        WayIn::PasskeyAgain => &[Path::PasskeyAgain(Base::Password), Path::PasskeyAgain(OWN)],
        WayIn::PasskeyEnrolment => &[Path::PasskeyEnrolment(Base::Password), Path::PasskeyEnrolment(Base::Confirmed)],
        WayIn::SecondFactor => &[Path::Factor],
        WayIn::SecondFactorAgain => &[Path::FactorAgain(Base::Password), Path::FactorAgain(OWN)],
        WayIn::Sso => &[Path::Sso(By::Own), Path::Sso(By::Second), Path::Sso(By::Free)],
        WayIn::MailedCode => &[Path::Code(Base::Password), Path::Code(OWN), Path::Code(Base::Sso(By::Free))],
        WayIn::PasswordReset => &[Path::Reset],
        WayIn::PasswordChange => &[Path::Change(Base::Password), Path::Change(Base::Confirmed)],
        WayIn::EmailChange => &[Path::Email(Base::Password), Path::Email(Base::Confirmed)],
        WayIn::Invitation => &[Path::Invitation(Base::Password), Path::Invitation(OWN)],
        WayIn::EnrolmentCode => &[Path::FactorCode(Base::Password), Path::FactorCode(Base::Confirmed)],
        WayIn::TotpEnrolment => &[Path::Enrolment(Base::Password), Path::Enrolment(Base::Confirmed)],
        WayIn::Session => &[Path::Request(Base::Password), Path::Request(OWN), Path::Request(Base::Sso(By::Free))],
    }
}

/// When the way is begun, and when it is gone to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody enforces.
    Before,
    /// Begun before, gone on with while it is enforced.
    Meanwhile,
    /// Begun while it is enforced.
    On,
    /// Begun before, gone on with when it is off again.
    Outlasting,
    /// Begun when it is off again.
    Off,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Before, Self::Meanwhile, Self::On, Self::Outlasting, Self::Off];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Meanwhile => "meanwhile",
            Self::On => "on",
            Self::Outlasting => "outlasting",
            Self::Off => "off",
        }
    }
}

/// What a way ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// A session that opens these organizations.
    Opens(BTreeSet<char>),
    /// It was done, and makes no session.
    Done,
    /// The organization asks for a mailed code first, because the person is no member.
    Asks,
    /// No, with the code and the organizations that it names.
    No(String),
    /// The session to go on from could not be had: no, with the code.
    NotBegun(String),
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opens(opened) if opened.is_empty() => write!(formatter, "in, opens nothing"),
            Self::Opens(opened) => write!(formatter, "in, opens {}", opened.iter().collect::<String>()),
            Self::Done => write!(formatter, "done"),
            Self::Asks => write!(formatter, "asks for a code"),
            Self::No(code) => write!(formatter, "no: {code}"),
            Self::NotBegun(code) => write!(formatter, "cannot begin: {code}"),
        }
    }
}

async fn t_enf_m_every_way_in_for_everybody_at_every_time(world: World) {
    let password_hash = people::hash(&world).await;
    let mut answers = Vec::new();
    for phase in Phase::ALL {
        let stage = Stage::set(&world, phase, &password_hash).await;
        answers.push((phase, stage.walk(&world, phase).await));
    }
    let table = table(&answers);
    for (phase, cells) in &answers {
        for (person, path, answer) in cells {
            let holds = expected(person, *path, *phase).admits(answer);
            assert!(holds, "{}, {path:?}, {}: {answer}, but {:?}", person.name, phase.as_str(), {
                expected(person, *path, *phase)
            });
        }
    }
    compare(&table);
}

type Cells = Vec<(&'static Row, Path, Answer)>;

/// A block for each variant, a line for each person, a column for each phase.
fn table(answers: &[(Phase, Cells)]) -> String {
    let mut table = String::new();
    for way in WayIn::ALL {
        for path in row(way) {
            writeln!(table, "{} ({path:?})", way.as_str()).unwrap();
            write!(table, "{:<26}", "").unwrap();
            for phase in Phase::ALL {
                write!(table, "{:<32}", phase.as_str()).unwrap();
            }
            table.truncate(table.trim_end().len());
            table.push('\n');
            for person in &ROWS {
                write!(table, "  {:<24}", person.name).unwrap();
                for (_, cells) in answers {
                    let cell = cells.iter().find(|(who, what, _)| who.name == person.name && what == path).unwrap();
                    write!(table, "{:<32}", cell.2.to_string()).unwrap();
                }
                table.truncate(table.trim_end().len());
                table.push('\n');
            }
            table.push('\n');
        }
    }
    table
}

fn compare(actual: &str) {
    let path = format!("{}/tests/enforcement/golden/t_enf_m.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "t_enf_m.txt is stale; run with UPDATE_GOLDEN=1 and read the difference:\n{actual}");
}
