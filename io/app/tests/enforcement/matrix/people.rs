//! Who is asked: the six rows of the seed and three that it leaves out; and the organizations that they are in.

use orgate_app::enforcement::{self, WishForm};
use orgate_app::entropy::Draw as _;
use orgate_app::organization::OrganizationView;
use orgate_app::passwords::Password;
use orgate_core::email::EmailAddress;
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::role::OrganizationRole::{self, Member, Owner};
use orgate_core::time::Timestamp;
use orgate_core::way_in::WayIn;
use orgate_store::{PasswordCredential, User};
use orgate_testkit::HostileIdp;

use super::{By, Path, Phase, row};
use crate::scene::by_both;
use crate::support::{PASSWORD, Person};
use crate::world::{Site, World};

/// A sort of person.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The organization and the role there. A and B enforce SSO and exempt their Owners, D enforces and exempts nobody, C
    /// does not enforce.
    pub(super) places: &'static [(char, OrganizationRole)],
    /// Whether they are exempt while A, B and D enforce, as R-ENF-2 says it.
    pub(super) exempt: bool,
}

pub(super) static ROWS: [Row; 9] = [
    Row { name: "X, owner of C", places: &[('a', Owner), ('b', Owner), ('c', Owner)], exempt: true },
    Row { name: "X, member of C", places: &[('a', Owner), ('b', Owner), ('c', Member)], exempt: true },
    Row { name: "Y1", places: &[('a', Owner), ('b', Member), ('c', Owner)], exempt: false },
    Row { name: "Y2", places: &[('a', Owner), ('b', Member), ('c', Member)], exempt: false },
    Row { name: "Y3", places: &[('a', Member), ('b', Member), ('c', Owner)], exempt: false },
    Row { name: "Z", places: &[('a', Member), ('b', Member), ('c', Member)], exempt: false },
    Row { name: "owner of one", places: &[('a', Owner)], exempt: true },
    Row { name: "member of one", places: &[('a', Member)], exempt: false },
    Row { name: "owner not exempted", places: &[('d', Owner), ('c', Member)], exempt: false },
];

impl Row {
    /// The organization whose SSO is their own.
    pub(super) fn own(&self) -> char {
        self.places[0].0
    }

    pub(super) fn role(&self, letter: char) -> Option<OrganizationRole> {
        self.places.iter().find(|(place, _)| *place == letter).map(|(_, role)| *role)
    }
}

/// The organization whose SSO it is.
pub(super) fn letter(row: &Row, by: By) -> char {
    match by {
        By::Own => row.own(),
        By::Second => 'b',
        By::Free => 'c',
    }
}

/// The hash of the password that everybody has; computed once, for it takes a while.
pub(super) async fn hash(world: &World) -> String {
    let app = &world.bed.app;
    app.passwords.hash(&Password::from_typed(PASSWORD), &*app.entropy).await.unwrap()
}

/// An organization of one phase.
pub(super) struct Place {
    pub(super) letter: char,
    pub(super) site: Site,
    pub(super) idp: HostileIdp,
}

/// One person and one way; nobody else goes it.
pub(super) struct Cell {
    pub(super) row: &'static Row,
    pub(super) path: Path,
    pub(super) person: Person,
}

/// The organizations and people of one phase.
pub(super) struct Stage {
    /// A, B, C and D.
    pub(super) places: Vec<Place>,
    /// The one that invites.
    pub(super) inviting: (Person, OrganizationView),
    pub(super) cells: Vec<Cell>,
}

impl Stage {
    pub(super) async fn set(world: &World, phase: Phase, password_hash: &str) -> Self {
        let mut places = Vec::new();
        for letter in ['a', 'b', 'c', 'd'] {
            let idp = world.provider();
            let (owner, organization) = owned(world, letter, phase, password_hash).await;
            let connection = world.connect(&owner, &organization.slug, &idp).await;
            places.push(Place { letter, site: Site { owner, organization, connection }, idp });
        }
        let inviting = owned(world, 'e', phase, password_hash).await;
        let mut stage = Self { places, inviting, cells: Vec::new() };
        let paths: Vec<Path> = WayIn::ALL.into_iter().flat_map(|way| row(way).iter().copied()).collect();
        for (number, row) in ROWS.iter().enumerate() {
            for (index, path) in paths.iter().enumerate() {
                let name = format!("p{number}-{index}-{}", phase.as_str());
                let person = person(world, &name, password_hash).await;
                for (letter, role) in row.places {
                    let id = stage.place(*letter).site.id().clone();
                    join(world, id, &person, *role).await;
                }
                stage.cells.push(Cell { row, path: *path, person });
            }
        }
        stage
    }

    pub(super) fn place(&self, letter: char) -> &Place {
        self.places.iter().find(|place| place.letter == letter).unwrap()
    }

    /// A, B and D enforce from now on, or no longer.
    pub(super) async fn enforce(&self, world: &World, enabled: bool) {
        for letter in ['a', 'b', 'd'] {
            let Site { owner, organization, .. } = &self.place(letter).site;
            let form = WishForm { enabled, confirm: true, ..WishForm::default() };
            let strict = WishForm { owner_exemption: Some(false), accept_operator_recovery: Some(true), ..form };
            let form = if letter == 'd' && enabled { strict } else { form };
            let owner = by_both(&world.bed, owner, organization).await;
            enforcement::set(&world.bed.app, &owner.visitor, &organization.slug, form).await.unwrap();
        }
    }
}

async fn owned(world: &World, letter: char, phase: Phase, password_hash: &str) -> (Person, OrganizationView) {
    let owner = person(world, &format!("owner-{letter}-{}", phase.as_str()), password_hash).await;
    let organization = world.bed.organization(&owner, &format!("{letter} {}", phase.as_str())).await;
    (owner, organization)
}

async fn join(world: &World, organization: orgate_core::id::OrganizationId, person: &Person, role: OrganizationRole) {
    let input = (organization, person.id.clone(), role, world.bed.now());
    world
        .bed
        .write(input, |tx, (organization, user, role, now)| {
            Box::pin(async move {
                tx.organization(organization).join(user, *role, MembershipOrigin::Invitation, *now).await
            })
        })
        .await;
}

/// Somebody with a proven address, a password, and a session that it made.
async fn person(world: &World, name: &str, password_hash: &str) -> Person {
    let now = world.bed.now();
    let email = format!("{name}@example.com");
    let user = User {
        id: world.bed.app.entropy.id(now),
        name: name.to_owned(),
        email: EmailAddress::parse(&email).unwrap(),
        address: AddressState::Proven,
        created_at: now,
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    let credential = PasswordCredential { user_id: user.id.clone(), hash: password_hash.to_owned(), set_at: now };
    world
        .bed
        .write((user.clone(), credential), |tx, (user, credential)| {
            Box::pin(async move {
                tx.instance().insert_user(user).await?;
                tx.instance().set_password(credential).await
            })
        })
        .await;
    let person = Person { id: user.id, name: user.name, email, visitor: world.bed.stranger() };
    world.with_password(&person).await
}
