//! A whole application in a temporary folder, with a clock that stands still, a mailbox to read, and people in it.
//!
//! SQLite always runs. PostgreSQL runs where `ORGATE_TEST_POSTGRES_URL` names a server on which databases can be created;
//! elsewhere its half says that it is skipped.
#![allow(dead_code, unused_macros, reason = "each suite takes the part that it needs")]

pub mod factors;
pub mod passkeys;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orgate_app::App;
use orgate_app::boot::{BootError, boot};
use orgate_app::clock::{Clock as _, ManualClock};
use orgate_app::enforcement::{self, EnforcementView, WishForm};
use orgate_app::entropy::{Draw as _, SeededEntropy};
use orgate_app::error::Error;
use orgate_app::organization::{self, NewOrganization, OrganizationView};
use orgate_app::passwords::HashingCost;
use orgate_app::seal::Place;
use orgate_app::settings::Settings;
use orgate_app::sign_in::Issued;
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::Visitor;
use orgate_core::assertion::Subject;
use orgate_core::connection::RevisionState;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, OrganizationId, RevisionId, UserId};
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{AddressState, Change, PolicyEpoch};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Identity, Revision, Session, StoreError, Tx, User};
use orgate_testkit::Mailbox;
use orgate_testkit::mailbox::Message;
use orgate_testkit::postgres::{self, Database};
use tempfile::TempDir;

/// Where every clock of a bed starts.
pub const START: &str = "2026-11-22T06:00:00Z";
/// The password of everybody who signs up here.
pub const PASSWORD: &str = "seven quiet lanterns over Riga";

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_each_engine {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Bed::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(bed) = crate::support::Bed::postgres().await {
                    super::$name(bed).await;
                }
            })*
        }
    };
}

/// One test's application.
pub struct Bed {
    pub app: App,
    pub clock: ManualClock,
    pub mailbox: Mailbox,
    folder: TempDir,
    database: Option<Database>,
}

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// Their browser, with the session in it.
    pub visitor: Visitor,
}

/// A deployment of which no program runs.
pub struct Stopped {
    pub clock: ManualClock,
    folder: TempDir,
    database: Option<Database>,
}

impl Stopped {
    pub fn settings(&self) -> Settings {
        settings_of(&self.folder, self.database.as_ref(), &[])
    }
}

fn settings_of(folder: &TempDir, database: Option<&Database>, more: &[(&str, &str)]) -> Settings {
    let url = match database {
        Some(database) => database.url().to_owned(),
        None => format!("sqlite:{}", folder.path().join("orgate.db").display()),
    };
    settings(folder.path(), &url, more)
}

/// An authenticator app on somebody's phone.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// What it shows.
    pub fn code(&self, now: Timestamp) -> String {
        let totp = totp_rs::Builder::new().with_secret(self.0.clone()).build().unwrap();
        totp.generate(u64::try_from(now.as_seconds()).unwrap()).to_string()
    }

    /// The same as somebody types it.
    pub fn typed(&self, now: Timestamp) -> TypedFactor {
        TypedFactor { method: TypedMethod::Totp, code: self.code(now) }
    }
}

impl Bed {
    /// Gives somebody an authenticator app, beside the use cases.
    pub async fn authenticator(&self, user_id: &UserId) -> Authenticator {
        let secret: [u8; 20] = self.app.entropy.bytes();
        let place = Place { table: "totp_credentials", column: "sealed_secret", row: user_id.as_str(), tenant: "" };
        let sealed = self.app.sealer.seal(&place, &secret, &*self.app.entropy).unwrap();
        self.write((user_id.clone(), sealed, self.now()), |tx, (user, sealed, now)| {
            Box::pin(async move {
                let mut instance = tx.instance();
                assert!(instance.set_pending_totp(user, sealed, *now).await?);
                let pending = instance.find_totp(user).await?.unwrap();
                assert!(instance.confirm_totp(&pending, 0, *now).await?);
                instance.set_has_second_factor(user, true).await.map(|_| ())
            })
        })
        .await;
        Authenticator(secret.to_vec())
    }

    pub async fn sqlite() -> Self {
        Self::sqlite_with(&[]).await
    }

    /// With settings beside the usual ones: `("ORGATE_SIGN_UP", "closed")`.
    pub async fn sqlite_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
        Self::open(folder, &url, settings, None).await
    }

    pub async fn postgres() -> Option<Self> {
        Self::postgres_with(&[]).await
    }

    pub async fn postgres_with(settings: &[(&str, &str)]) -> Option<Self> {
        let Some(database) = postgres::fresh().await else {
            eprintln!("skipped: {} names no PostgreSQL server", postgres::VARIABLE);
            return None;
        };
        let url = database.url().to_owned();
        Some(Self::open(tempfile::tempdir().unwrap(), &url, settings, Some(database)).await)
    }

    async fn open(folder: TempDir, url: &str, more: &[(&str, &str)], database: Option<Database>) -> Self {
        let clock = ManualClock::starting_at(Timestamp::parse_rfc3339(START).unwrap());
        let settings = settings(folder.path(), url, more);
        // Another start draws other bytes.
        let entropy = SeededEntropy::new(u64::try_from(more.len()).unwrap());
        let app = boot(settings, Arc::new(clock.clone()), Arc::new(entropy)).await.unwrap();
        let mailbox = Mailbox::new(folder.path().join("mail"));
        Self { app, clock, mailbox, folder, database }
    }

    /// The same database under other settings, as after a restart.
    pub async fn reopened(self, settings: &[(&str, &str)]) -> Self {
        let Self { app, folder, database, .. } = self;
        let url = match &database {
            Some(database) => database.url().to_owned(),
            None => format!("sqlite:{}", folder.path().join("orgate.db").display()),
        };
        drop(app);
        Self::open(folder, &url, settings, database).await
    }

    /// Another node on the same database, under these settings.
    pub async fn node(&self, settings: &[(&str, &str)]) -> Result<App, BootError> {
        static NODES: AtomicU64 = AtomicU64::new(1_000);
        let entropy = SeededEntropy::new(NODES.fetch_add(1, Ordering::Relaxed));
        boot(self.settings(settings), Arc::new(self.clock.clone()), Arc::new(entropy)).await
    }

    /// The settings of such a node.
    pub fn settings(&self, more: &[(&str, &str)]) -> Settings {
        settings_of(&self.folder, self.database.as_ref(), more)
    }

    /// The deployment without its program.
    pub fn stopped(self) -> Stopped {
        Stopped { clock: self.clock, folder: self.folder, database: self.database }
    }

    /// Runs a statement on a connection of its own, to break what no use case breaks.
    pub async fn sabotage(&self, statement: &str) {
        if let Some(database) = &self.database {
            return database.execute(statement).await;
        }
        let database = rusqlite::Connection::open(self.folder.path().join("orgate.db")).unwrap();
        database.execute_batch(statement).unwrap();
    }

    /// Whether this is the engine for several nodes.
    pub fn is_postgres(&self) -> bool {
        self.database.is_some()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// A browser without a session.
    pub fn stranger(&self) -> Visitor {
        let mut visitor = Visitor::new(IpAddr::from([192, 0, 2, 1]), "Test browser");
        visitor.browser = Some(self.app.entropy.bytes());
        visitor
    }

    /// Sends what waits, and hands out the oldest mail to `address` that was not read before.
    pub async fn next_mail(&self, address: &str) -> Message {
        self.mail(address).await.unwrap_or_else(|| {
            let all: Vec<_> = self.mailbox.list().into_iter().map(|mail| (mail.to, mail.subject)).collect();
            panic!("no new mail to {address} among {all:?}")
        })
    }

    /// The same, or none.
    pub async fn mail(&self, address: &str) -> Option<Message> {
        self.app.outbox.send_due().await.unwrap();
        self.mailbox.take(address)
    }

    /// Forgets the mails so far.
    pub async fn read_all(&self, address: &str) {
        while self.mail(address).await.is_some() {}
    }

    /// Somebody who signed up with e-mail: `sam` is Sam with sam@example.com.
    pub async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        self.sign_up(name, &email, self.stranger()).await
    }

    pub async fn sign_up(&self, name: &str, email: &str, visitor: Visitor) -> Person {
        let typed = NewSignUp {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            name: name.to_owned(),
            invitation: None,
        };
        let begun = sign_up::begin(&self.app, &visitor, typed).await.unwrap();
        let code = self.next_code(email).await;
        let issued = sign_up::verify(&self.app, &visitor, begun.id.as_str(), &code).await.unwrap();
        Person::of(&issued, visitor)
    }

    /// The code of the next mail that holds one.
    pub async fn next_code(&self, address: &str) -> String {
        loop {
            if let Some(code) = self.next_mail(address).await.code() {
                return code;
            }
        }
    }

    /// An organization of this person.
    pub async fn organization(&self, owner: &Person, name: &str) -> OrganizationView {
        let new = NewOrganization { name: name.to_owned(), slug: None };
        organization::create(&self.app, &owner.visitor, new).await.unwrap()
    }

    /// Somebody who signed up and is a member.
    pub async fn member(&self, organization: &OrganizationView, name: &str, role: OrganizationRole) -> Person {
        let person = self.person(name).await;
        let input = (organization.id.clone(), person.id.clone(), role, self.now());
        self.write(input, |tx, (organization, user, role, now)| {
            Box::pin(async move {
                tx.organization(organization).join(user, *role, MembershipOrigin::Invitation, *now).await
            })
        })
        .await;
        person
    }

    /// Somebody whom the organization's SSO brought, with an address that is unproven: local to it (R-LNK-4).
    pub async fn born_by_sso(&self, organization: &OrganizationView, name: &str, email: &str) -> Person {
        let now = self.now();
        let user = User {
            id: self.app.entropy.id(now),
            name: name.to_owned(),
            email: EmailAddress::parse(email).unwrap(),
            address: AddressState::LocalTo(organization.id.clone()),
            created_at: now,
            closed_at: None,
            sessions_not_before_at: Timestamp::from_millis(0),
            settled_epoch: PolicyEpoch::default(),
            has_second_factor: false,
        };
        self.write((user.clone(), organization.id.clone(), now), |tx, (user, organization, now)| {
            Box::pin(async move {
                tx.instance().insert_user(user).await?;
                tx.organization(organization)
                    .join(&user.id, OrganizationRole::Member, MembershipOrigin::Sso, *now)
                    .await
            })
        })
        .await;
        let person = Person { id: user.id, name: user.name, email: email.to_owned(), visitor: self.stranger() };
        self.sso_session(&person, &organization.id).await
    }

    /// The same person in another browser, whose session holds nothing but a proof by this organization's SSO.
    pub async fn sso_session(&self, person: &Person, organization: &OrganizationId) -> Person {
        let proof = self.sso_proof(organization, None).await;
        self.session(person, Proofs::of(proof)).await
    }

    /// A proof of now by this organization's SSO; the IdP says when it asked the person, or does not.
    pub async fn sso_proof(&self, organization: &OrganizationId, authenticated_at: Option<Timestamp>) -> Proof {
        let connection_id = self.connection(organization).await;
        let (organization_id, at) = (organization.clone(), self.now());
        Proof::Sso { connection_id, organization_id, at, authenticated_at, holds_until: None }
    }

    /// The same person in another browser, whose session holds these proofs.
    pub async fn session(&self, person: &Person, proofs: Proofs) -> Person {
        let token = self.session_token(&person.id, proofs).await;
        let mut visitor = self.stranger();
        visitor.session = Some(token.hash(TokenPurpose::Session));
        Person { visitor, ..person.clone() }
    }

    /// The token of a new session that holds these proofs.
    pub async fn session_token(&self, user_id: &UserId, proofs: Proofs) -> SecretToken {
        let token = SecretToken::generate(&*self.app.entropy);
        self.insert_sessions(vec![(self.new_session(user_id, proofs), token.hash(TokenPurpose::Session))]).await;
        token
    }

    /// A session that begins now and is not in the database.
    pub fn new_session(&self, user_id: &UserId, proofs: Proofs) -> Session {
        let now = self.now();
        Session {
            id: self.app.entropy.id(now),
            user_id: user_id.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now.plus(Duration::from_secs(24 * 3600)),
            proofs,
            policy_epoch: PolicyEpoch::default(),
            ended_at: None,
            end_reason: None,
            ip: "192.0.2.1".to_owned(),
            user_agent: "Test browser".to_owned(),
        }
    }

    /// Puts sessions into the database, each under the hash of its token.
    pub async fn insert_sessions(&self, sessions: Vec<(Session, [u8; 32])>) {
        self.write(sessions, |tx, sessions| {
            Box::pin(async move {
                let policy_epoch = tx.instance().load_policy_epoch().await?;
                for (session, hash) in sessions {
                    tx.instance().insert_session(&Session { policy_epoch, ..session.clone() }, hash).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// The organization's active, validated connection; made when there is none.
    pub async fn connection(&self, organization: &OrganizationId) -> ConnectionId {
        let now = self.now();
        let ids: (ConnectionId, RevisionId) = (self.app.entropy.id(now), self.app.entropy.id(now));
        self.write((organization.clone(), ids, now), |tx, (organization, (id, revision_id), now)| {
            Box::pin(async move {
                let mut view = tx.organization(organization);
                let by = view.load_organization().await?.created_by;
                let terms = view.load_terms().await?;
                if let Some((active, _)) = terms.state.terms.connection {
                    return Ok(active);
                }
                view.insert_connection(id, "okta-oidc", "Okta", &by, *now).await?;
                view.insert_draft_revision(&revision(revision_id, id, &by, *now)).await?;
                view.set_revision_validated(revision_id, &by, *now).await?;
                view.activate_revision(id, revision_id).await?;
                view.activate_connection(id, revision_id, *now).await?;
                let epoch = tx.instance().next_policy_epoch().await?;
                let mut after = terms.clone();
                after.state.terms.connection = Some((id.clone(), *now));
                after.past = after.past.with(Change { epoch, before: terms.state.terms });
                after.epoch = epoch;
                assert!(tx.organization(organization).store_terms(terms.epoch, &after).await?);
                Ok(id.clone())
            })
        })
        .await
    }

    /// Binds the person to a subject at the organization's active connection, as a first sign-in through it does.
    pub async fn link(&self, person: &Person, organization: &OrganizationId, subject: &str) {
        let connection_id = self.connection(organization).await;
        let identity = Identity {
            id: self.app.entropy.id(self.now()),
            organization_id: organization.clone(),
            connection_id,
            issuer: "https://idp.example".to_owned(),
            client_id: "client".to_owned(),
            subject: Subject::parse(subject).unwrap(),
            user_id: person.id.clone(),
            created_at: self.now(),
            last_sign_in_at: None,
        };
        self.write((organization.clone(), identity), |tx, (organization, identity)| {
            Box::pin(async move { tx.organization(organization).insert_identity(identity).await })
        })
        .await;
    }

    /// Enforces SSO as this Owner, who has a password and a fresh proof by it.
    pub async fn enforce(&self, owner: &Person, organization: &OrganizationView) -> EnforcementView {
        self.enforce_with(owner, organization, WishForm::default()).await
    }

    /// The same with switches.
    pub async fn enforce_with(
        &self,
        owner: &Person,
        organization: &OrganizationView,
        switches: WishForm,
    ) -> EnforcementView {
        self.connection(&organization.id).await;
        let form = WishForm { enabled: true, confirm: true, ..switches };
        enforcement::set(&self.app, &owner.visitor, organization.id.as_str(), form).await.unwrap()
    }

    /// Ends enforcement as this Owner.
    pub async fn stop_enforcing(&self, owner: &Person, organization: &OrganizationView) -> EnforcementView {
        let form = WishForm { confirm: true, ..WishForm::default() };
        enforcement::set(&self.app, &owner.visitor, organization.id.as_str(), form).await.unwrap()
    }

    /// Uses a limit of this hour up.
    pub async fn spend_limit(&self, bucket: &str, hits: u32) {
        let hour = 3_600_000;
        let window = Timestamp::from_millis(self.now().as_millis().div_euclid(hour) * hour);
        for _ in 0..hits {
            self.app.store.hit_rate_counter(bucket, window).await.unwrap();
        }
    }

    /// Writes beside the use cases, to bring about what they meet.
    pub async fn write<I, T, F>(&self, input: I, work: F) -> T
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> futures_util::future::BoxFuture<'t, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        self.app.store.write(input, work).await.unwrap()
    }
}

impl Person {
    /// Who was just signed in, in the browser that asked for it.
    pub fn of(issued: &Issued, mut visitor: Visitor) -> Self {
        visitor.session = Some(issued.token.hash(TokenPurpose::Session));
        Self {
            id: issued.user.id.clone(),
            name: issued.user.name.clone(),
            email: issued.user.email.to_string(),
            visitor,
        }
    }
}

/// The refusal of a use case that must refuse.
#[track_caller]
pub fn refused<T>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        Err(Error::Fault(fault)) => panic!("not refused but broken: {fault}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Settings that passed their test sign-in; nobody opens them here.
fn revision(id: &RevisionId, connection_id: &ConnectionId, by: &UserId, now: Timestamp) -> Revision {
    Revision {
        id: id.clone(),
        connection_id: connection_id.clone(),
        number: 0,
        state: RevisionState::Draft,
        issuer: "https://idp.example".to_owned(),
        client_id: "client".to_owned(),
        public_settings:
            r#"{"kind":"okta-oidc","address":"idp.example","issuer":"https://idp.example","client_id":"client"}"#
                .to_owned(),
        sealed_settings: vec![9, 9],
        checks: "[]".to_owned(),
        created_at: now,
        created_by: by.clone(),
        validated_at: Some(now),
        validated_by: Some(by.clone()),
    }
}

fn settings(folder: &Path, database_url: &str, more: &[(&str, &str)]) -> Settings {
    let usual = [
        ("ORGATE_LISTEN", "127.0.0.1:0".to_owned()),
        ("ORGATE_PUBLIC_URL", "https://orgate.example.com".to_owned()),
        ("ORGATE_DATABASE_URL", database_url.to_owned()),
        ("ORGATE_SECRET_KEY", "5a".repeat(32)),
        ("ORGATE_MAIL", format!("dir:{}", folder.join("mail").display())),
        ("ORGATE_LIMIT_SIGN_UPS", "1000".to_owned()),
    ];
    let mut environment: BTreeMap<String, String> =
        usual.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    environment.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let settings = Settings::load(&environment, None, &|path| std::fs::read(path)).unwrap();
    // A suite signs in thousands of times, and what a hash costs is measured elsewhere.
    Settings { hashing_cost: HashingCost::OF_TESTS, ..settings }
}
