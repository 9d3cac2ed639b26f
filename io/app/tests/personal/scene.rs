//! An application that is registered at a local Google and a local GitHub, and people on both sides.

use orgate_app::error::Error;
use orgate_app::linked_account;
use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::personal::Refused;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::{Answer, Question, answer, question};
use orgate_app::sign_in::personal::begin::{Begun, NewSignIn, Onward, begin, begin_link};
use orgate_app::sign_in::personal::callback::callback;
use orgate_app::sign_in::personal::exchange::redirect_uri;
use orgate_app::visitor::Visitor;
use orgate_core::email::EmailAddress;
use orgate_core::id::SignInId;
use orgate_core::personal::PersonalProvider::{self, GitHub as OfGitHub, Google};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::time::Timestamp;
use orgate_store::{PersonalIdentity, User};
use orgate_testkit::github::Account;
use orgate_testkit::{GitHub, HostileIdp, ManualClock, Person as Subject, Setup};

use crate::support::{Bed, Person, START};

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_each_scene {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::scene::Scene::sqlite(&[]).await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(scene) = crate::scene::Scene::postgres().await {
                    super::$name(scene).await;
                }
            })*
        }
    };
}

/// The application and both providers.
pub struct Scene {
    pub bed: Bed,
    pub google: HostileIdp,
    pub github: GitHub,
    pub google_clock: ManualClock,
}

struct Providers(HostileIdp, GitHub, ManualClock);

impl Providers {
    fn start() -> Self {
        let clock = ManualClock::at(Timestamp::parse_rfc3339(START).unwrap().as_millis());
        Self(HostileIdp::start(Setup::google(&clock)), GitHub::start(), clock)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let Self(google, github, _) = self;
        vec![
            ("ORGATE_GOOGLE_CLIENT_ID", google.client_id()),
            ("ORGATE_GOOGLE_CLIENT_SECRET", google.client_secret()),
            ("ORGATE_GOOGLE_ISSUER", google.issuer()),
            ("ORGATE_GITHUB_CLIENT_ID", github.client_id()),
            ("ORGATE_GITHUB_CLIENT_SECRET", github.client_secret()),
            ("ORGATE_GITHUB_URL", github.url().to_owned()),
            ("ORGATE_GITHUB_API_URL", github.api_url()),
            ("ORGATE_LIMIT_SIGN_INS", "100000".to_owned()),
        ]
    }

    fn around(self, bed: Bed) -> Scene {
        let Self(google, github, google_clock) = self;
        let google_uri = redirect_uri(&bed.app, Google);
        google.configure(|setup| setup.redirect_uris = Some([google_uri].into()));
        github.register_callback(&redirect_uri(&bed.app, OfGitHub));
        Scene { bed, google, github, google_clock }
    }
}

impl Scene {
    pub async fn sqlite(more: &[(&str, &str)]) -> Self {
        let providers = Providers::start();
        let usual = providers.settings();
        let mut settings: Vec<_> = usual.iter().map(|(key, value)| (*key, value.as_str())).collect();
        settings.extend(more);
        providers.around(Bed::sqlite_with(&settings).await)
    }

    pub async fn postgres() -> Option<Self> {
        let providers = Providers::start();
        let usual = providers.settings();
        let settings: Vec<_> = usual.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Some(providers.around(Bed::postgres_with(&settings).await?))
    }

    /// Moves both clocks.
    pub fn advance(&self, minutes: u64) {
        self.bed.advance(minutes);
        self.google_clock.set(self.bed.now().as_millis());
    }

    /// Who is signed in at Google, with an address that Google verified and does not host.
    pub fn at_google(&self, subject: &str, email: &str) {
        self.google.sign_in_as(Subject::new(subject, email).claim("name", "Dana Reyes"));
    }

    /// Who is signed in at GitHub.
    pub fn at_github(&self, id: u64, email: &str) {
        self.github.sign_in_as(Account::new(id, "dana", email).named("Dana Reyes"));
    }

    /// Sends the browser away.
    pub async fn leave(&self, visitor: &Visitor, provider: PersonalProvider) -> String {
        self.leave_with(visitor, NewSignIn { provider, return_to: None, invitation: None }).await
    }

    pub async fn leave_with(&self, visitor: &Visitor, new: NewSignIn) -> String {
        address(begin(&self.bed.app, visitor, new).await.unwrap())
    }

    /// The address that the provider sends the browser back to.
    pub fn authorize(&self, provider: PersonalProvider, url: &str) -> String {
        match provider {
            Google => self.google.authorize(url),
            OfGitHub => self.github.authorize(url),
        }
    }

    pub async fn come_back(
        &self,
        visitor: &Visitor,
        provider: PersonalProvider,
        location: &str,
    ) -> Result<Outcome, Error> {
        let query = location.split_once('?').unwrap().1;
        callback(&self.bed.app, visitor, provider, query).await
    }

    /// A whole sign-in of whoever is signed in at the provider.
    pub async fn arrive(&self, visitor: &Visitor, provider: PersonalProvider) -> Outcome {
        let url = self.leave(visitor, provider).await;
        self.come_back(visitor, provider, &self.authorize(provider, &url)).await.unwrap()
    }

    /// The same, which has to end in a session.
    pub async fn enter(&self, provider: PersonalProvider) -> Person {
        let visitor = self.bed.stranger();
        let outcome = self.arrive(&visitor, provider).await;
        signed_in(outcome, &visitor)
    }

    /// Links whoever is signed in at the provider to the person who is signed in here.
    pub async fn link(&self, person: &Person, provider: PersonalProvider) -> Result<Outcome, Error> {
        let url = address(begin_link(&self.bed.app, &person.visitor, provider).await?);
        self.come_back(&person.visitor, provider, &self.authorize(provider, &url)).await
    }

    pub async fn answer(&self, visitor: &Visitor, id: &SignInId, given: Answer) -> Result<Outcome, Error> {
        answer(&self.bed.app, visitor, id, given).await
    }

    pub async fn question(&self, visitor: &Visitor, id: &SignInId) -> Question {
        question(&self.bed.app, visitor, id).await.unwrap().question
    }

    /// Why the attempt is over.
    pub async fn refused(&self, visitor: &Visitor, outcome: Outcome) -> Refused {
        match self.question(visitor, &asks(outcome)).await {
            Question::Refused(refused) => refused,
            other => panic!("not refused but {other:?}"),
        }
    }

    /// The same person in another browser, in a session that a password made a moment ago.
    pub async fn by_password(&self, person: &Person) -> Person {
        self.bed.session(person, Proofs::of(Proof::Password { at: self.bed.now() })).await
    }

    pub async fn linked(&self, person: &Person) -> Vec<PersonalIdentity> {
        linked_account::list(&self.bed.app, &person.visitor).await.unwrap()
    }

    /// Everybody who has the address, proven or not.
    pub async fn users(&self, email: &str) -> Vec<User> {
        let email = EmailAddress::parse(email).unwrap();
        self.bed.write(email, |tx, email| Box::pin(async move { tx.instance().list_users_by_email(email).await })).await
    }

    /// Everything that is linked to the user, whoever asks.
    pub async fn identities(&self, user: &User) -> Vec<PersonalIdentity> {
        self.bed
            .write(user.id.clone(), |tx, id| Box::pin(async move { tx.instance().list_personal_identities(id).await }))
            .await
    }
}

#[track_caller]
fn address(begun: Begun) -> String {
    match begun.onward {
        Onward::Provider(url) => url,
        Onward::Refused(id) => panic!("refused under {id}"),
    }
}

/// Who was signed in.
#[track_caller]
pub fn signed_in(outcome: Outcome, visitor: &Visitor) -> Person {
    match outcome {
        Outcome::Entered { entry, .. } => match *entry {
            Entry::SignedIn(issued) => Person::of(&issued, visitor.clone()),
            other => panic!("not signed in but {other:?}"),
        },
        other => panic!("not signed in but {other:?}"),
    }
}

/// The attempt that asks the person something, or is over.
#[track_caller]
pub fn asks(outcome: Outcome) -> SignInId {
    match outcome {
        Outcome::Asks(id) => id,
        other => panic!("asks nothing but {other:?}"),
    }
}
