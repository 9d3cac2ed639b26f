//! Going each way for real, through the use cases and the identity providers.

use std::collections::BTreeSet;

use orgate_app::account::{self, PasswordChange, email_change};
use orgate_app::error::Error;
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::passkey::ceremony;
use orgate_app::passwords::Password;
use orgate_app::second_factor::{enrolment_code, totp};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::personal::act::Outcome as Personal;
use orgate_app::sign_in::personal::answer::{Answer as PersonalAnswer, answer};
use orgate_app::sign_in::personal::callback::callback;
use orgate_app::sign_in::second_factor::{self, Promoted, again};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::step_up;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::visitor::Visitor;
use orgate_app::{password_reset, session};
use orgate_core::id::SignInId;
use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Employee;
use orgate_testkit::authenticator::Authenticator as Device;

use super::people::{Cell, Stage, letter};
use super::providers::{to_link, to_provider};
use super::{Answer, Base, By, Cells, Path, Phase};
use crate::scene::lives;
use crate::support::factors::code_of;
use crate::support::{Authenticator, PASSWORD, Person, refused};
use crate::world::{World, query};

const NEW: &str = "another long pass phrase";

/// How far a way has been gone.
pub(super) enum Begun {
    /// Nothing of it can be done before its end.
    Nothing,
    /// The session to go on from.
    In(Person),
    /// With a code that was mailed for it.
    Coded(Person, String),
    /// With a code that was mailed to a new address, and the change it is for.
    Moving(Person, String, String),
    /// A sign-in that waits for its second factor, and what shows it.
    Held(Visitor, SignInId, Authenticator),
    /// A session, and an authenticator app that came after it.
    Equipped(Person, Authenticator),
    /// With a challenge for this authenticator.
    Challenged(Visitor, Box<Device>, ceremony::Begun),
    /// With the token of an invitation.
    Invited(Person, String),
    /// A sign-up, and its code if one was mailed.
    SignUp(String, Visitor, Option<String>),
    /// The browser comes back from the IdP with this.
    Returning(Visitor, String),
    /// A mailed link.
    Link(String),
    /// The browser comes back from Google or GitHub with this.
    FromProvider(Visitor, PersonalProvider, String),
    /// An attempt of this browser, and the code that was mailed for it.
    Linking(Visitor, SignInId, String),
    /// With the code that was mailed before a second factor.
    Enrolling(Person, String),
    /// With the secret of an authenticator app that waits for its first code.
    Pending(Person, String),
    /// It ended before that.
    Over(Answer),
}

impl Stage {
    pub(super) async fn walk(&self, world: &World, phase: Phase) -> Cells {
        match phase {
            Phase::Before => {}
            Phase::Meanwhile => return self.across(world, &[true]).await,
            Phase::Outlasting => return self.across(world, &[true, false]).await,
            Phase::On => self.enforce(world, true).await,
            Phase::Off => {
                self.enforce(world, true).await;
                self.enforce(world, false).await;
            }
        }
        self.across(world, &[]).await
    }

    /// Begins every way, turns enforcement on or off, and goes every way to its end.
    async fn across(&self, world: &World, turns: &[bool]) -> Cells {
        let mut begun = Vec::new();
        for cell in &self.cells {
            begun.push((cell, self.begin(world, cell).await));
        }
        for enabled in turns {
            self.enforce(world, *enabled).await;
        }
        let mut cells = Vec::new();
        for (cell, begun) in begun {
            cells.push((cell.row, cell.path, self.end(world, cell, begun).await));
        }
        cells
    }

    async fn begin(&self, world: &World, cell: &Cell) -> Begun {
        let (app, email) = (&world.bed.app, cell.person.email.as_str());
        match cell.path {
            Path::Password => Begun::Nothing,
            Path::Factor => self.held(world, cell).await,
            Path::FactorAgain(base) => match self.base(world, cell, base).await {
                Ok(person) => {
                    let app = world.bed.authenticator(&person.id).await;
                    Begun::Equipped(person, app)
                }
                Err(answer) => Begun::Over(answer),
            },
            Path::KnownAddress => self.sign_up(world, email.to_owned()).await,
            Path::NewAddress => self.sign_up(world, format!("new-{email}")).await,
            Path::Sso(by) => {
                let (visitor, location) = self.to_idp(world, cell, by).await;
                Begun::Returning(visitor, location)
            }
            Path::Personal(provider) => {
                self.linked(world, &cell.person, provider).await;
                to_provider(world, world.bed.stranger(), provider, &cell.person).await
            }
            Path::PersonalNew => {
                let email = format!("new-{}@gmail.com", cell.person.name);
                let nobody = Person { email, ..cell.person.clone() };
                to_provider(world, world.bed.stranger(), Google, &nobody).await
            }
            Path::PersonalAgain(base) => {
                self.linked(world, &cell.person, Google).await;
                match self.base(world, cell, base).await {
                    Ok(person) => to_provider(world, person.visitor.clone(), Google, &cell.person).await,
                    Err(answer) => Begun::Over(answer),
                }
            }
            Path::Link(base) => match self.base(world, cell, base).await {
                Ok(person) => to_link(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::LinkByCode => {
                forget_mails(world).await;
                let came = to_provider(world, world.bed.stranger(), GitHub, &cell.person).await;
                let Begun::FromProvider(visitor, provider, location) = came else { panic!("not sent away") };
                match callback(app, &visitor, provider, query(&location)).await.unwrap() {
                    Personal::Asks(id) => Begun::Linking(visitor, id, world.bed.next_code(email).await),
                    other => panic!("{other:?}"),
                }
            }
            Path::Reset => {
                forget_mails(world).await;
                password_reset::request(app, &world.bed.stranger(), email).await.unwrap();
                let mail = world.bed.next_mail(email).await;
                match mail.link("/password-reset/") {
                    Some(link) => Begun::Link(last(&link)),
                    None => Begun::Over(Answer::No(format!("mail says use {}", addresses(&mail.links())))),
                }
            }
            Path::Again(base) | Path::Change(base) | Path::Request(base) => match self.base(world, cell, base).await {
                Ok(person) => Begun::In(person),
                Err(answer) => Begun::Over(answer),
            },
            Path::Email(base) => match self.base(world, cell, base).await {
                Ok(person) => self.ask_for_address(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::FactorCode(base) => match self.base(world, cell, base).await {
                Ok(person) => self.ask_for_factor(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::Enrolment(base) => match self.base(world, cell, base).await {
                Ok(person) => self.pending(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::Passkey => self.at_passkey(world, cell).await,
            Path::PasskeyAgain(base) => match self.base(world, cell, base).await {
                Ok(person) => self.passkey_again(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::PasskeyEnrolment(base) => match self.base(world, cell, base).await {
                Ok(person) => self.new_passkey(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::Code(base) => match self.base(world, cell, base).await {
                Ok(person) => self.code(world, person).await,
                Err(answer) => Begun::Over(answer),
            },
            Path::Invitation(base) => {
                let token = self.invite(world, email).await;
                match self.base(world, cell, base).await {
                    Ok(person) => Begun::Invited(person, token),
                    Err(answer) => Begun::Over(answer),
                }
            }
        }
    }

    async fn end(&self, world: &World, cell: &Cell, begun: Begun) -> Answer {
        let app = &world.bed.app;
        match begun {
            Begun::Over(answer) => answer,
            Begun::Nothing => match self.sign_in(world, cell).await {
                Ok(person) => self.opened(world, cell, &person).await,
                Err(error) => no(error),
            },
            Begun::SignUp(id, visitor, code) => {
                let typed = code.unwrap_or_else(|| "000000".to_owned());
                match sign_up::verify(app, &visitor, &id, &typed).await {
                    Ok(issued) => self.opened(world, cell, &Person::of(&issued, visitor)).await,
                    Err(error) => no(error),
                }
            }
            Begun::Returning(visitor, location) => {
                let Path::Sso(by) = cell.path else { panic!("{:?} comes back from no IdP", cell.path) };
                match self.back_from_idp(world, cell, by, &visitor, &location).await {
                    Ok(person) => self.opened(world, cell, &person).await,
                    Err(answer) => answer,
                }
            }
            Begun::FromProvider(visitor, provider, location) => {
                let outcome = callback(app, &visitor, provider, query(&location)).await;
                self.personal(world, cell, visitor, outcome).await
            }
            Begun::Linking(visitor, id, code) => {
                let outcome = answer(app, &visitor, &id, PersonalAnswer::Code(code)).await;
                self.personal(world, cell, visitor, outcome).await
            }
            Begun::Link(token) => done(password_reset::complete(app, &world.bed.stranger(), &token, NEW).await),
            Begun::Coded(person, code) => match step_up::confirm(app, &person.visitor, &code).await {
                Ok(issued) => self.opened(world, cell, &Person::of(&issued, person.visitor)).await,
                Err(error) => no(error),
            },
            Begun::Held(visitor, id, authenticator) => {
                let typed = authenticator.typed(world.bed.now());
                match second_factor::verify(app, &visitor, &id, typed).await {
                    Ok(Promoted::SignedIn { issued, .. }) => {
                        self.opened(world, cell, &Person::of(&issued, visitor)).await
                    }
                    Ok(Promoted::Blocked(blocked)) => no(Refusal::SsoRequired(blocked.organizations).into()),
                    Err(error) => no(error),
                }
            }
            Begun::Equipped(person, authenticator) => {
                match again::confirm(app, &person.visitor, authenticator.typed(world.bed.now())).await {
                    Ok(issued) => self.opened(world, cell, &Person::of(&issued, person.visitor)).await,
                    Err(error) => no(error),
                }
            }
            Begun::Enrolling(person, code) => match enrolment_code::confirm(app, &person.visitor, &code).await {
                Ok(issued) => self.opened(world, cell, &Person::of(&issued, person.visitor)).await,
                Err(error) => no(error),
            },
            Begun::Pending(person, secret) => {
                let code = code_of(&secret, world.bed.now());
                match totp::confirm(app, &person.visitor, &code).await {
                    Ok(enrolled) => self.opened(world, cell, &Person::of(&enrolled.issued, person.visitor)).await,
                    Err(error) => no(error),
                }
            }
            Begun::Challenged(visitor, device, begun) => self.by_passkey(world, cell, visitor, *device, &begun).await,
            Begun::Moving(person, id, code) => done(email_change::confirm(app, &person.visitor, &id, &code).await),
            Begun::Invited(person, token) => done(invitation::accept(app, &person.visitor, &token, None).await),
            Begun::In(person) => self.go_on(world, cell, person).await,
        }
    }

    async fn go_on(&self, world: &World, cell: &Cell, person: Person) -> Answer {
        let app = &world.bed.app;
        match cell.path {
            Path::Again(_) => match password::confirm(app, &person.visitor, Password::from_typed(PASSWORD)).await {
                Ok(issued) => self.opened(world, cell, &Person::of(&issued, person.visitor)).await,
                Err(error) => no(error),
            },
            Path::Change(_) => {
                let change = PasswordChange { current: Some(PASSWORD.to_owned()), new: NEW.to_owned() };
                done(account::change_password(app, &person.visitor, change).await)
            }
            Path::Request(_) => self.opened(world, cell, &person).await,
            other => panic!("{other:?} is not gone on with in a session alone"),
        }
    }

    /// What the session opens, of all that the person is in.
    pub(super) async fn opened(&self, world: &World, cell: &Cell, person: &Person) -> Answer {
        if !lives(&world.bed, person).await {
            return no(session::current(&world.bed.app, &person.visitor).await.unwrap_err());
        }
        let mut opened = BTreeSet::new();
        for (letter, _) in cell.row.places {
            let slug = self.place(*letter).site.slug();
            if crate::scene::opens(&world.bed, person, slug).await {
                opened.insert(*letter);
            }
        }
        Answer::Opens(opened)
    }

    /// A session to go on from, made for real.
    async fn base(&self, world: &World, cell: &Cell, base: Base) -> Result<Person, Answer> {
        match base {
            Base::Password => self.sign_in(world, cell).await.map_err(|error| not_begun(no(error))),
            Base::Sso(by) => {
                let (visitor, location) = self.to_idp(world, cell, by).await;
                self.back_from_idp(world, cell, by, &visitor, &location).await.map_err(not_begun)
            }
            Base::Confirmed => {
                let (visitor, location) = self.to_idp(world, cell, By::Own).await;
                let person = self.back_from_idp(world, cell, By::Own, &visitor, &location).await.map_err(not_begun)?;
                let Begun::Coded(person, code) = self.code(world, person).await else { panic!("no code was mailed") };
                let issued = step_up::confirm(&world.bed.app, &person.visitor, &code).await.unwrap();
                Ok(Person::of(&issued, person.visitor))
            }
        }
    }

    async fn sign_in(&self, world: &World, cell: &Cell) -> Result<Person, Error> {
        let visitor = world.bed.stranger();
        let typed = Credentials { email: cell.person.email.clone(), password: Password::from_typed(PASSWORD) };
        let issued = password::begin(&world.bed.app, &visitor, typed).await?.session()?;
        Ok(Person::of(&issued, visitor))
    }

    /// A right password of somebody with an authenticator app.
    async fn held(&self, world: &World, cell: &Cell) -> Begun {
        let authenticator = world.bed.authenticator(&cell.person.id).await;
        let visitor = world.bed.stranger();
        let typed = Credentials { email: cell.person.email.clone(), password: Password::from_typed(PASSWORD) };
        match password::enter(&world.bed.app, &visitor, typed, None).await {
            Ok((Entry::SecondFactor(waiting), _)) => Begun::Held(visitor, waiting.sign_in_id, authenticator),
            Ok((entry, _)) => Begun::Over(no(entry.session().unwrap_err())),
            Err(error) => Begun::Over(no(error)),
        }
    }

    async fn sign_up(&self, world: &World, email: String) -> Begun {
        let visitor = world.bed.stranger();
        let typed =
            NewSignUp { email: email.clone(), password: NEW.to_owned(), name: "Somebody".to_owned(), invitation: None };
        forget_mails(world).await;
        let begun = sign_up::begin(&world.bed.app, &visitor, typed).await.unwrap();
        let code = world.bed.next_mail(&email).await.code();
        Begun::SignUp(begun.id.to_string(), visitor, code)
    }

    async fn code(&self, world: &World, person: Person) -> Begun {
        forget_mails(world).await;
        match step_up::mail_code(&world.bed.app, &person.visitor).await {
            Ok(()) => {
                let code = world.bed.next_code(&person.email).await;
                Begun::Coded(person, code)
            }
            Err(error) => Begun::Over(not_begun(no(error))),
        }
    }

    async fn ask_for_address(&self, world: &World, person: Person) -> Begun {
        let address = format!("moved-{}", person.email);
        forget_mails(world).await;
        match email_change::begin(&world.bed.app, &person.visitor, &address).await {
            Ok(change) => Begun::Moving(person, change.id.to_string(), world.bed.next_code(&address).await),
            Err(error) => Begun::Over(not_begun(no(error))),
        }
    }

    async fn ask_for_factor(&self, world: &World, person: Person) -> Begun {
        forget_mails(world).await;
        match enrolment_code::mail(&world.bed.app, &person.visitor).await {
            Ok(()) => {
                let code = world.bed.next_code(&person.email).await;
                Begun::Enrolling(person, code)
            }
            Err(error) => Begun::Over(not_begun(no(error))),
        }
    }

    /// The person after the mailed code that stands before a first factor, or why there is none.
    pub(super) async fn confirmed(&self, world: &World, person: Person) -> Result<Person, Begun> {
        let (person, code) = match self.ask_for_factor(world, person).await {
            Begun::Enrolling(person, code) => (person, code),
            other => return Err(other),
        };
        let issued = enrolment_code::confirm(&world.bed.app, &person.visitor, &code).await.unwrap();
        Ok(Person::of(&issued, person.visitor))
    }

    async fn pending(&self, world: &World, person: Person) -> Begun {
        let app = &world.bed.app;
        let person = match self.confirmed(world, person).await {
            Ok(person) => person,
            Err(over) => return over,
        };
        let pending = totp::begin(app, &person.visitor).await.unwrap();
        Begun::Pending(person, pending.secret.to_string())
    }

    async fn invite(&self, world: &World, email: &str) -> String {
        let (owner, organization) = &self.inviting;
        let new =
            NewInvitations { emails: vec![email.to_owned()], role: OrganizationRole::Member, projects: Vec::new() };
        forget_mails(world).await;
        invitation::invite(&world.bed.app, &owner.visitor, &organization.slug, new).await.unwrap();
        last(&world.bed.next_mail(email).await.link("/invitations/").unwrap())
    }

    /// Sends a browser to the IdP, and hands out what it comes back with.
    async fn to_idp(&self, world: &World, cell: &Cell, by: By) -> (Visitor, String) {
        let place = self.place(letter(cell.row, by));
        let visitor = world.bed.stranger();
        place.idp.sign_in_as(Employee::new(format!("00u-{}", cell.person.name), cell.person.email.clone()));
        // Only a fresh authentication is a recent proof, which a new address asks for.
        let fresh = matches!(
            cell.path,
            Path::Email(_) | Path::FactorCode(_) | Path::Enrolment(_) | Path::PasskeyEnrolment(_) | Path::Link(_)
        );
        let url = world.begin_asking(&visitor, &place.site, fresh).await;
        (visitor, place.idp.authorize(&url))
    }

    async fn back_from_idp(
        &self,
        world: &World,
        cell: &Cell,
        by: By,
        visitor: &Visitor,
        location: &str,
    ) -> Result<Person, Answer> {
        let place = self.place(letter(cell.row, by));
        let outcome = world.come_back(visitor, &place.site.connection, location).await.unwrap();
        match outcome {
            Outcome::SignedIn { issued, .. } => {
                assert_eq!(issued.user.id, cell.person.id, "the IdP speaks of this person");
                Ok(Person::of(&issued, visitor.clone()))
            }
            Outcome::Asks(_) => Err(Answer::Asks),
            other => panic!("{other:?}"),
        }
    }
}

/// Sends what waits and throws it away: a folder of thousands of mails to Owners takes long to look through.
async fn forget_mails(world: &World) {
    world.bed.app.outbox.send_due().await.unwrap();
    let folder = world.bed.folder().join("mail");
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
}

fn last(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

/// `a b`, of the login addresses in a mail.
fn addresses(links: &[String]) -> String {
    let mut named: Vec<_> = links.iter().filter_map(|link| link.split("/sign-in/").nth(1)).map(first).collect();
    named.sort();
    named.join(" ")
}

fn first(slug: &str) -> String {
    slug.chars().take(1).collect()
}

fn done<T>(outcome: Result<T, Error>) -> Answer {
    match outcome {
        Ok(_) => Answer::Done,
        Err(error) => no(error),
    }
}

pub(super) fn no(error: Error) -> Answer {
    let refusal = refused(Err::<(), _>(error));
    let (code, named) = match &refusal {
        Refusal::SsoRequired(organizations) => ("sso-required", organizations.as_slice()),
        Refusal::SessionEnded(organizations) => ("session ended by", organizations.as_slice()),
        other => (other.code(), [].as_slice()),
    };
    let mut named: Vec<_> = named.iter().map(|one| first(&one.slug)).collect();
    named.sort();
    Answer::No(format!("{code} {}", named.join(" ")).trim_end().to_owned())
}

pub(super) fn not_begun(answer: Answer) -> Answer {
    match answer {
        Answer::No(code) => Answer::NotBegun(code),
        other => other,
    }
}
