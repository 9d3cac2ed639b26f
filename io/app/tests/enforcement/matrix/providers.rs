//! Going the ways through Google and GitHub for real.

use std::hash::{Hash as _, Hasher as _};

use orgate_app::entropy::Draw as _;
use orgate_app::error::Error;
use orgate_app::sign_in::personal::act::Outcome as Personal;
use orgate_app::sign_in::personal::answer::{Question, question};
use orgate_app::sign_in::personal::begin;
use orgate_app::visitor::Visitor;
use orgate_core::assertion::Subject;
use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_store::PersonalIdentity;
use orgate_testkit::Person as Employee;
use orgate_testkit::github::Account;

use super::Answer;
use super::people::{Cell, Stage};
use super::walk::{Begun, no, not_begun};
use crate::support::Person;
use crate::world::World;

impl Stage {
    /// What came of a sign-in through Google or GitHub.
    pub(super) async fn personal(
        &self,
        world: &World,
        cell: &Cell,
        visitor: Visitor,
        outcome: Result<Personal, Error>,
    ) -> Answer {
        let app = &world.bed.app;
        match outcome {
            Ok(Personal::Entered { entry, .. }) => match entry.session() {
                Ok(issued) => self.opened(world, cell, &Person::of(&issued, visitor)).await,
                Err(error) => no(error),
            },
            Ok(Personal::Linked { .. }) => Answer::Done,
            Ok(Personal::Asks(id)) => match question(app, &visitor, &id).await.unwrap().question {
                Question::Refused(refused) => Answer::No(refused.code),
                other => panic!("{other:?}"),
            },
            Ok(other) => panic!("{other:?}"),
            Err(error) => no(error),
        }
    }

    /// An account of theirs at this provider, linked before.
    pub(super) async fn linked(&self, world: &World, person: &Person, provider: PersonalProvider) {
        let now = world.bed.now();
        let identity = PersonalIdentity {
            id: world.bed.app.entropy.id(now),
            provider,
            subject: Subject::parse(&number(person).to_string()).unwrap(),
            user_id: person.id.clone(),
            email: None,
            created_at: now,
            last_sign_in_at: None,
        };
        world
            .bed
            .write(identity, |tx, identity| {
                Box::pin(async move { tx.instance().insert_personal_identity(identity).await })
            })
            .await;
    }
}

/// The number that a provider knows somebody by; another address is somebody else.
fn number(person: &Person) -> u64 {
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    person.email.hash(&mut hasher);
    hasher.finish() >> 12
}

fn at_provider(world: &World, provider: PersonalProvider, person: &Person) {
    let number = number(person);
    match provider {
        Google => world.google.sign_in_as(Employee::new(number.to_string(), &person.email)),
        GitHub => world.github.sign_in_as(Account::new(number, &person.name, &person.email)),
    }
}

pub(super) async fn to_provider(world: &World, visitor: Visitor, provider: PersonalProvider, person: &Person) -> Begun {
    let new = begin::NewSignIn { provider, return_to: None, invitation: None };
    let begun = begin::begin(&world.bed.app, &visitor, new).await.unwrap();
    at_provider(world, provider, person);
    Begun::FromProvider(visitor, provider, back(world, provider, begun))
}

pub(super) async fn to_link(world: &World, person: Person) -> Begun {
    match begin::begin_link(&world.bed.app, &person.visitor, Google).await {
        Ok(begun) => {
            at_provider(world, Google, &person);
            Begun::FromProvider(person.visitor.clone(), Google, back(world, Google, begun))
        }
        Err(error) => Begun::Over(not_begun(no(error))),
    }
}

fn back(world: &World, provider: PersonalProvider, begun: begin::Begun) -> String {
    let begin::Onward::Provider(url) = begun.onward else { panic!("{:?}", begun.onward) };
    match provider {
        Google => world.google.authorize(&url),
        GitHub => world.github.authorize(&url),
    }
}
