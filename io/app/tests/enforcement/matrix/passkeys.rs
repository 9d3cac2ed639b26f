//! Going the ways of passkeys for real.

use orgate_app::passkey::ceremony;
use orgate_app::second_factor::passkey as own;
use orgate_app::sign_in::passkey::{self, Answered};
use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::second_factor::passkey as factor;
use orgate_app::visitor::Visitor;
use orgate_testkit::authenticator::Authenticator;

use super::people::{Cell, Stage};
use super::walk::{Begun, no, not_begun};
use super::{Answer, Path};
use crate::support::Person;
use crate::support::passkeys::authenticator;
use crate::world::World;

impl Stage {
    /// On the sign-in page, by somebody with a passkey.
    pub(super) async fn at_passkey(&self, world: &World, cell: &Cell) -> Begun {
        let device = world.bed.passkey(&cell.person.id, 1).await;
        let visitor = world.bed.stranger();
        let (begun, _) = passkey::begin(&world.bed.app, &visitor).await.unwrap();
        Begun::Challenged(visitor, Box::new(device), begun)
    }

    /// In a session that is older than the passkey.
    pub(super) async fn passkey_again(&self, world: &World, person: Person) -> Begun {
        let device = world.bed.passkey(&person.id, 1).await;
        match factor::begin_again(&world.bed.app, &person.visitor).await {
            Ok(begun) => Begun::Challenged(person.visitor, Box::new(device), begun),
            Err(error) => Begun::Over(not_begun(no(error))),
        }
    }

    /// Before a first passkey, after the code that was mailed for it.
    pub(super) async fn new_passkey(&self, world: &World, person: Person) -> Begun {
        let app = &world.bed.app;
        let person = match self.confirmed(world, person).await {
            Ok(person) => person,
            Err(over) => return over,
        };
        let mut device = authenticator(1);
        device.id = person.id.to_string().into_bytes();
        let begun = own::begin(app, &person.visitor).await.unwrap();
        Begun::Challenged(person.visitor, Box::new(device), begun)
    }

    pub(super) async fn by_passkey(
        &self,
        world: &World,
        cell: &Cell,
        visitor: Visitor,
        mut device: Authenticator,
        begun: &ceremony::Begun,
    ) -> Answer {
        let app = &world.bed.app;
        let answered = |credential| Answered { ceremony_id: begun.id.to_string(), credential };
        let issued = match cell.path {
            Path::Passkey => {
                let entry = passkey::enter(app, &visitor, &answered(device.get(&begun.options)), None).await;
                entry.and_then(Entry::session)
            }
            Path::PasskeyAgain(_) => factor::confirm(app, &visitor, &answered(device.get(&begun.options))).await,
            Path::PasskeyEnrolment(_) => {
                let answered = answered(device.create(&begun.options));
                own::finish(app, &visitor, &answered, "Laptop").await.map(|enrolled| enrolled.issued)
            }
            other => panic!("{other:?} needs no passkey"),
        };
        match issued {
            Ok(issued) => self.opened(world, cell, &Person::of(&issued, visitor)).await,
            Err(error) => no(error),
        }
    }
}
