//! Owns who is in the measured database: the same organizations, people, sessions and tokens at every run. Nothing here
//! is stored; [`crate::seed`] does that.

use std::time::Duration;

use orgate_app::entropy::{Draw as _, Entropy as _, SeededEntropy};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, OrganizationId, SessionId, UserId};
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Session, User};

/// When the measured server believes that it is: [`crate::server`] starts its clock here, so that sessions seeded once
/// are alive at every later run. 2026-11-01T12:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_793_534_400_000);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// *Units*: seconds. Sessions begin up to five hours before the start.
const SESSION_AGES: u64 = 5 * 3600;
/// One organization in so many has an active connection.
const CONNECTED: usize = 4;

const USER_AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
];

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args, serde::Serialize)]
pub struct Scale {
    /// Organizations in the database.
    #[arg(long, default_value_t = 1_000)]
    pub organizations: usize,
    /// People in the database, each a member of one to three organizations.
    #[arg(long, default_value_t = 100_000)]
    pub users: usize,
    /// Living sessions in the database.
    #[arg(long, default_value_t = 1_000_000)]
    pub sessions: usize,
}

/// Which people: several crowds can be in one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// What their short names and addresses begin with.
    pub word: &'static str,
    /// What they are drawn from; far from every other crowd's.
    pub seed: u64,
}

/// Everybody, where there is one crowd.
pub const EVERYBODY: Crowd = Crowd { word: "organization", seed: 0 };

/// One organization.
#[derive(Debug, Clone)]
pub struct SeededOrganization {
    /// Which one.
    pub id: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its active connection.
    pub connection: Option<ConnectionId>,
}

/// One person.
#[derive(Debug, Clone)]
pub struct SeededUser {
    /// The person.
    pub user: User,
    /// Where they are a member, by position; the first is the one that their sessions open.
    pub places: Vec<(usize, OrganizationRole)>,
}

/// One session.
#[derive(Debug, Clone)]
pub struct SeededSession {
    /// Its row.
    pub session: Session,
    /// What its row is found by.
    pub token_hash: [u8; 32],
}

/// What a request of the load shows: a session's token, and the organization that it opens.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    /// The token as it travels.
    pub token: [u8; 43],
    /// The organization, by position.
    pub organization: usize,
}

/// Everybody, save the sessions, which are drawn as they are needed.
#[derive(Debug, Clone)]
pub struct People {
    /// The organizations.
    pub organizations: Vec<SeededOrganization>,
    /// The people.
    pub users: Vec<SeededUser>,
    sessions: usize,
    crowd: Crowd,
}

impl People {
    /// Draws them.
    ///
    /// *Errors*: a scale without people or organizations.
    pub fn new(scale: Scale, crowd: Crowd) -> Result<Self, String> {
        if scale.organizations == 0 || scale.users < scale.organizations || scale.sessions == 0 {
            return Err("there have to be organizations, at least as many people, and sessions".to_owned());
        }
        let dice = Dice::new(crowd.seed + 1);
        let organizations: Vec<SeededOrganization> =
            (0..scale.organizations).map(|n| organization(&dice, crowd, n)).collect();
        let users =
            (0..scale.users).map(|n| user(&dice, crowd, n, scale.organizations)).collect::<Result<_, String>>()?;
        Ok(Self { organizations, users, sessions: scale.sessions, crowd })
    }

    /// Their sessions, in the order in which they were begun.
    pub fn sessions(&self) -> impl Iterator<Item = SeededSession> + '_ {
        let dice = Dice::new(self.crowd.seed + 2);
        self.tokens().map(move |(number, user, token)| {
            let session = self.session(&dice, number, user);
            SeededSession { session, token_hash: token.hash(TokenPurpose::Session) }
        })
    }

    /// What opens what, for the load.
    pub fn tickets(&self) -> impl Iterator<Item = Ticket> + '_ {
        self.tokens().filter_map(|(_, user, token)| {
            let token = token.reveal().as_bytes().try_into().ok()?;
            Some(Ticket { token, organization: user.places.first()?.0 })
        })
    }

    fn tokens(&self) -> impl Iterator<Item = (usize, &SeededUser, SecretToken)> + '_ {
        let entropy = SeededEntropy::new(self.crowd.seed + 3);
        let owners = self.users.iter().cycle().take(self.sessions).enumerate();
        owners.map(move |(number, user)| (number, user, SecretToken::generate(&entropy)))
    }

    /// One in the connected organizations signed in by SSO, one in four of them with a mailed code on top; the others by
    /// password.
    fn session(&self, dice: &Dice, number: usize, user: &SeededUser) -> Session {
        let age = SESSION_AGES - SESSION_AGES * number as u64 / self.sessions as u64;
        let at = START.minus(Duration::from_secs(age));
        let home = user.places.first().and_then(|(position, _)| self.organizations.get(*position));
        let proofs = match home.and_then(|home| home.connection.as_ref().map(|connection| (home, connection))) {
            None => Proofs::of(Proof::Password { at }),
            Some((home, connection)) => {
                let (connection_id, organization_id) = (connection.clone(), home.id.clone());
                let (authenticated_at, holds_until) = (None, None);
                let sso = Proofs::of(Proof::Sso { connection_id, organization_id, at, authenticated_at, holds_until });
                if dice.below(4) == 0 { sso.with(Proof::MailedCode { at }) } else { sso }
            }
        };
        Session {
            id: dice.0.id::<SessionId>(at),
            user_id: user.user.id.clone(),
            created_at: at,
            last_used_at: START,
            expires_at: at.plus(DAY),
            proofs,
            policy_epoch: PolicyEpoch::default(),
            ended_at: None,
            end_reason: None,
            ip: format!("203.0.113.{}", dice.below(256)),
            user_agent: USER_AGENTS.get(dice.below(USER_AGENTS.len())).copied().unwrap_or_default().to_owned(),
        }
    }
}

fn organization(dice: &Dice, crowd: Crowd, number: usize) -> SeededOrganization {
    let at = START.minus(100 * DAY);
    SeededOrganization {
        id: dice.0.id(at),
        slug: format!("{}-{number}", crowd.word),
        connection: number.is_multiple_of(CONNECTED).then(|| dice.0.id(at)),
    }
}

/// Seven in ten are members of one organization, two of two, one of three; the first people own one each.
fn user(dice: &Dice, crowd: Crowd, number: usize, organizations: usize) -> Result<SeededUser, String> {
    let created_at = START.minus(90 * DAY);
    let address = format!("person.{number}@{}.example.com", crowd.word);
    let email = EmailAddress::parse(&address).map_err(|reason| format!("{reason:?}"))?;
    let count = match dice.below(10) {
        0..7 => 1,
        7 | 8 => 2,
        _ => 3,
    };
    let mut places = Vec::with_capacity(count);
    for turn in 0..count {
        let position = if turn == 0 { number % organizations } else { dice.below(organizations) };
        let role = if number < organizations && turn == 0 { OrganizationRole::Owner } else { OrganizationRole::Member };
        if places.iter().all(|(taken, _)| *taken != position) {
            places.push((position, role));
        }
    }
    let user = User {
        id: dice.0.id::<UserId>(created_at),
        name: format!("Person {number}"),
        email,
        address: AddressState::Proven,
        created_at,
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    Ok(SeededUser { user, places })
}

/// Deterministic choices.
struct Dice(SeededEntropy);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below `bound`; the bias of the remainder does not matter here.
    fn below(&self, bound: usize) -> usize {
        let mut drawn = [0; 8];
        self.0.fill(&mut drawn);
        usize::from_le_bytes(drawn) % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Scale = Scale { organizations: 8, users: 40, sessions: 90 };

    #[test]
    fn the_same_scale_draws_the_same_people_and_sessions() {
        let draw = || {
            let people = People::new(SMALL, EVERYBODY).unwrap();
            let rows: Vec<_> = people.sessions().map(|one| (one.session, one.token_hash)).collect();
            rows
        };
        let rows = draw();
        assert_eq!(rows.len(), 90);
        assert_eq!(rows, draw());
    }

    #[test]
    fn a_ticket_shows_the_token_of_the_session_at_its_position_and_its_persons_organization() {
        let people = People::new(SMALL, EVERYBODY).unwrap();
        for (ticket, seeded) in people.tickets().zip(people.sessions()) {
            let token = SecretToken::parse(std::str::from_utf8(&ticket.token).unwrap()).unwrap();
            assert_eq!(token.hash(TokenPurpose::Session), seeded.token_hash);
            let user = people.users.iter().find(|user| user.user.id == seeded.session.user_id).unwrap();
            assert_eq!(user.places[0].0, ticket.organization);
        }
    }

    #[test]
    fn every_organization_has_an_owner() {
        let people = People::new(SMALL, EVERYBODY).unwrap();
        for position in 0..SMALL.organizations {
            assert!(people.users.iter().any(|user| user.places.contains(&(position, OrganizationRole::Owner))));
        }
    }
}
