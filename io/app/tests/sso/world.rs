//! An application, a provider that it can reach, and people on both sides.

use std::path::Path;
use std::time::Duration;

use futures_util::future::BoxFuture;
use orgate_app::App;
use orgate_app::boot::BootError;
use orgate_app::connection::{self, AttemptQuery, ConnectionView, Saved, SettingsForm};
use orgate_app::connection_test::{self, TestView};
use orgate_app::domain::{self, DomainView, Verified};
use orgate_app::entropy::Draw as _;
use orgate_app::error::Error;
use orgate_app::organization::OrganizationView;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::{Answer, answer};
use orgate_app::sign_in::sso::attempts::AttemptView;
use orgate_app::sign_in::sso::begin::{Begun, NewSignIn, begin};
use orgate_app::sign_in::sso::callback::callback;
use orgate_app::visitor::Visitor;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, OrganizationId, Reference, SignInId, UserId};
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_core::sign_in::Started;
use orgate_core::time::Timestamp;
use orgate_store::{Identity, MemberFilter, StoreError, Tx, User};
use orgate_testkit::{Authority, Dns, GitHub, HostileIdp, ManualClock, Person as Subject, Setup};

use crate::support::{Bed, Person, START};

/// The host of every provider; ports tell them apart.
pub const HOST: &str = "acme.idp.test";

/// Makes two tests of each function: one on SQLite, one on PostgreSQL. `with` gives all of their worlds a setting more.
macro_rules! on_each_world {
    (with $setting:expr; $($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::world::World::sqlite_with(&$setting).await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = crate::world::World::postgres_with(&$setting).await {
                    super::$name(world).await;
                }
            })*
        }
    };
    ($($name:ident)*) => {
        on_each_world! { with []; $($name)* }
    };
}

/// The application and its provider.
pub struct World {
    pub bed: Bed,
    pub idp: HostileIdp,
    pub dns: Dns,
    pub google: HostileIdp,
    pub github: GitHub,
    authority: Authority,
    idp_clock: ManualClock,
    settings: Vec<(String, String)>,
}

/// An organization with an active connection to a provider.
pub struct Site {
    pub owner: Person,
    pub organization: OrganizationView,
    pub connection: ConnectionId,
}

impl Site {
    pub fn id(&self) -> &OrganizationId {
        &self.organization.id
    }

    pub fn slug(&self) -> &str {
        &self.organization.slug
    }
}

/// What the kit has to be told before an application starts.
struct Outside {
    authority: Authority,
    dns: Dns,
    folder: tempfile::TempDir,
    google: HostileIdp,
    github: GitHub,
    idp_clock: ManualClock,
}

impl Outside {
    fn new() -> Self {
        let (authority, dns) = (Authority::new(), Dns::start());
        dns.loopback(HOST);
        let idp_clock = ManualClock::at(Timestamp::parse_rfc3339(START).unwrap().as_millis());
        let (google, github) = (HostileIdp::start(Setup::google(&idp_clock)), GitHub::start());
        Self { authority, dns, folder: tempfile::tempdir().unwrap(), google, github, idp_clock }
    }

    /// The settings of an application that may reach the provider; `more` come on top.
    fn settings(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let usual = [
            ("ORGATE_IDP_ALLOW", HOST.to_owned()),
            ("ORGATE_EXTRA_CA_FILE", self.authority.write_pem(self.folder.path()).display().to_string()),
            ("ORGATE_DNS_SERVERS", self.dns.address().to_string()),
            ("ORGATE_GOOGLE_CLIENT_ID", self.google.client_id()),
            ("ORGATE_GOOGLE_CLIENT_SECRET", self.google.client_secret()),
            ("ORGATE_GOOGLE_ISSUER", self.google.issuer()),
            ("ORGATE_GITHUB_CLIENT_ID", self.github.client_id()),
            ("ORGATE_GITHUB_CLIENT_SECRET", self.github.client_secret()),
            ("ORGATE_GITHUB_URL", self.github.url().to_owned()),
            ("ORGATE_GITHUB_API_URL", self.github.api_url()),
            ("ORGATE_LIMIT_SIGN_INS", "100000".to_owned()),
            ("ORGATE_LIMIT_ORGANIZATIONS", "none".to_owned()),
        ];
        let mut settings: Vec<_> = usual.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        settings.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        settings
    }

    fn around(self, bed: Bed, settings: Vec<(String, String)>) -> World {
        let Self { authority, dns, google, github, idp_clock, folder: _ } = self;
        let idp = HostileIdp::start(Setup::tls(HOST, &authority, &idp_clock));
        World { bed, idp, dns, google, github, authority, idp_clock, settings }
    }
}

fn pairs(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

impl World {
    pub async fn sqlite() -> Self {
        Self::sqlite_with(&[]).await
    }

    /// With settings beside the usual ones.
    pub async fn sqlite_with(more: &[(&str, &str)]) -> Self {
        let outside = Outside::new();
        let settings = outside.settings(more);
        let bed = Bed::sqlite_with(&pairs(&settings)).await;
        outside.around(bed, settings)
    }

    /// With settings beside the usual ones.
    pub async fn postgres_with(more: &[(&str, &str)]) -> Option<Self> {
        let outside = Outside::new();
        let settings = outside.settings(more);
        let bed = Bed::postgres_with(&pairs(&settings)).await?;
        Some(outside.around(bed, settings))
    }

    /// Another node on the same database, in the same world, whose settings differ in these.
    pub async fn node(&self, more: &[(&str, &str)]) -> Result<App, BootError> {
        let authority = self.authority.write_pem(self.folder()).display().to_string();
        let mut settings = pairs(&self.settings);
        settings.push(("ORGATE_EXTRA_CA_FILE", &authority));
        settings.extend(more);
        self.bed.node(&settings).await
    }

    /// The settings of such a node.
    pub fn settings(&self, more: &[(&str, &str)]) -> orgate_app::settings::Settings {
        let authority = self.authority.write_pem(self.folder()).display().to_string();
        let mut settings = pairs(&self.settings);
        settings.push(("ORGATE_EXTRA_CA_FILE", &authority));
        settings.extend(more);
        self.bed.settings(&settings)
    }

    /// Another provider, at another port.
    pub fn provider(&self) -> HostileIdp {
        self.provider_with(|_| {})
    }

    /// The same, set up in another way.
    pub fn provider_with(&self, change: impl FnOnce(&mut Setup)) -> HostileIdp {
        let mut setup = Setup::tls(HOST, &self.authority, &self.idp_clock);
        change(&mut setup);
        HostileIdp::start(setup)
    }

    pub fn folder(&self) -> &Path {
        self.bed.folder()
    }

    /// Moves both clocks.
    pub fn advance(&self, by: Duration) {
        self.bed.clock.advance(by);
        self.idp_clock.set(self.bed.now().as_millis());
    }

    /// Moves the provider's clock alone.
    pub fn advance_provider(&self, seconds: i64) {
        self.idp_clock.set(self.idp_clock.now_millis() + seconds * 1000);
    }

    /// A person of this name with a proven address, who is nowhere yet: `sam` is sam@example.com.
    fn newcomer(&self, name: &str) -> User {
        let now = self.bed.now();
        User {
            id: self.bed.app.entropy.id(now),
            name: name.to_owned(),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            address: AddressState::Proven,
            created_at: now,
            closed_at: None,
            sessions_not_before_at: Timestamp::from_millis(0),
            settled_epoch: PolicyEpoch::default(),
            has_second_factor: false,
        }
    }

    /// Many members at once, who have no session: every fourth is an Owner.
    pub async fn crowd(&self, site: &Site, names: impl Iterator<Item = String>) -> Vec<User> {
        let users: Vec<_> = names.map(|name| self.newcomer(&name)).collect();
        let input = (site.id().clone(), users.clone(), self.bed.now());
        self.bed
            .write(input, |tx, (organization, users, now)| {
                Box::pin(async move {
                    for (number, user) in users.iter().enumerate() {
                        let role = if number % 4 == 0 { OrganizationRole::Owner } else { OrganizationRole::Member };
                        tx.instance().insert_user(user).await?;
                        let mut own = tx.organization(organization);
                        own.join(&user.id, role, MembershipOrigin::Invitation, *now).await?;
                    }
                    Ok(())
                })
            })
            .await;
        users
    }

    /// Somebody with a proven address and a session that a password made a moment ago: `sam` is sam@example.com.
    pub async fn person(&self, name: &str) -> Person {
        let user = self.newcomer(name);
        let email = user.email.as_str().to_owned();
        self.bed.write(user.clone(), |tx, user| Box::pin(async move { tx.instance().insert_user(user).await })).await;
        let person = Person { id: user.id, name: user.name, email, visitor: self.bed.stranger() };
        self.with_password(&person).await
    }

    /// The same person in another browser, in a session that a password made a moment ago.
    pub async fn with_password(&self, person: &Person) -> Person {
        self.bed.session(person, Proofs::of(Proof::Password { at: self.bed.now() })).await
    }

    pub async fn join(&self, organization: &OrganizationId, person: &Person, role: OrganizationRole) {
        let input = (organization.clone(), person.id.clone(), role, self.bed.now());
        self.bed
            .write(input, |tx, (organization, user, role, now)| {
                Box::pin(async move {
                    tx.organization(organization).join(user, *role, MembershipOrigin::Invitation, *now).await
                })
            })
            .await;
    }

    /// A member with a proven address.
    pub async fn member(&self, site: &Site, name: &str, role: OrganizationRole) -> Person {
        let person = self.person(name).await;
        self.join(site.id(), &person, role).await;
        person
    }

    /// An organization of a new owner, `acme-owner` for Acme, with a connection to `idp` in use.
    pub async fn site(&self, name: &str, idp: &HostileIdp) -> Site {
        let (owner, organization) = self.owned(name).await;
        let connection = self.connect(&owner, &organization.slug, idp).await;
        Site { owner, organization, connection }
    }

    /// The same for a provider that is known by its issuer: the generic kind. Every check at saving passes.
    pub async fn site_by_issuer(&self, name: &str, idp: &HostileIdp) -> Site {
        let (owner, organization) = self.owned(name).await;
        let (app, slug) = (&self.bed.app, organization.slug.as_str());
        let view = connection::create(app, &owner.visitor, slug, "oidc", None).await.unwrap();
        let connection = view.connection.id;
        let form = SettingsForm { address: idp.issuer(), ..form(idp) };
        let saved = connection::save(app, &owner.visitor, slug, connection.as_str(), form).await.unwrap();
        assert!(!saved.report.failed(), "{name}: {:?}", saved.report);
        self.put_to_use(&owner, slug, &connection, idp).await;
        Site { owner, organization, connection }
    }

    async fn owned(&self, name: &str) -> (Person, OrganizationView) {
        let owner = self.person(&format!("{}-owner", name.to_lowercase())).await;
        let organization = self.bed.organization(&owner, name).await;
        (owner, organization)
    }

    /// A connection to `idp`, in use.
    pub async fn connect(&self, owner: &Person, slug: &str, idp: &HostileIdp) -> ConnectionId {
        let connection = self.draft(owner, slug, idp).await;
        self.put_to_use(owner, slug, &connection, idp).await;
        connection
    }

    async fn put_to_use(&self, owner: &Person, slug: &str, connection: &ConnectionId, idp: &HostileIdp) {
        self.validate(owner, slug, connection, idp).await;
        connection::activate(&self.bed.app, &owner.visitor, slug, connection.as_str()).await.unwrap();
    }

    /// A connection with saved settings, neither tested nor in use.
    pub async fn draft(&self, owner: &Person, slug: &str, idp: &HostileIdp) -> ConnectionId {
        let view = connection::create(&self.bed.app, &owner.visitor, slug, "okta-oidc", None).await.unwrap();
        self.save(owner, slug, &view.connection.id, idp).await.unwrap();
        view.connection.id
    }

    /// Saves the settings that are right for `idp`.
    pub async fn save(&self, owner: &Person, slug: &str, id: &ConnectionId, idp: &HostileIdp) -> Result<Saved, Error> {
        connection::save(&self.bed.app, &owner.visitor, slug, id.as_str(), form(idp)).await
    }

    /// Passes a test as somebody whom nobody here knows.
    pub async fn validate(&self, owner: &Person, slug: &str, id: &ConnectionId, idp: &HostileIdp) -> TestView {
        idp.sign_in_as(Subject::new("00uTester", "tester@idp.example"));
        let view = self.test(owner, slug, id, idp).await;
        assert!(view.can_be_activated, "{:?}", view.result);
        view
    }

    /// Takes a test as whoever is signed in at the provider.
    pub async fn test(&self, owner: &Person, slug: &str, id: &ConnectionId, idp: &HostileIdp) -> TestView {
        let app = &self.bed.app;
        let test = connection_test::create(app, &owner.visitor, slug, id.as_str()).await.unwrap();
        let begun = connection_test::begin(app, &owner.visitor, slug, id.as_str(), test.test.id.as_str()).await;
        let outcome = self.come_back(&owner.visitor, id, &idp.authorize(&address(begun.unwrap()))).await.unwrap();
        assert!(matches!(&outcome, Outcome::Tested { test_id, .. } if *test_id == test.test.id), "{outcome:?}");
        connection_test::get(app, &owner.visitor, slug, id.as_str(), test.test.id.as_str()).await.unwrap()
    }

    /// Where the browser is sent for a sign-in.
    pub async fn begin(&self, visitor: &Visitor, site: &Site) -> String {
        self.begin_asking(visitor, site, false).await
    }

    /// The same, and whether the provider is to authenticate the person anew.
    pub async fn begin_asking(&self, visitor: &Visitor, site: &Site, fresh: bool) -> String {
        let new = NewSignIn { fresh, ..sign_in(site.slug()) };
        address(begin(&self.bed.app, visitor, new).await.unwrap())
    }

    /// Brings the provider's answer back to this connection.
    pub async fn come_back(&self, visitor: &Visitor, id: &ConnectionId, location: &str) -> Result<Outcome, Error> {
        callback(&self.bed.app, visitor, id, query(location)).await
    }

    /// A sign-in of whoever is signed in at the provider.
    pub async fn sign_in(&self, visitor: &Visitor, site: &Site, idp: &HostileIdp) -> Outcome {
        let url = self.begin(visitor, site).await;
        self.come_back(visitor, &site.connection, &idp.authorize(&url)).await.unwrap()
    }

    /// A sign-in of `subject` in a new browser, through the world's own provider.
    pub async fn arrive(&self, site: &Site, subject: Subject) -> Outcome {
        self.idp.sign_in_as(subject);
        self.sign_in(&self.bed.stranger(), site, &self.idp).await
    }

    /// The same, which has to succeed.
    pub async fn enter(&self, site: &Site, subject: Subject) -> Person {
        let visitor = self.bed.stranger();
        self.idp.sign_in_as(subject);
        let outcome = self.sign_in(&visitor, site, &self.idp).await;
        self.signed_in(outcome, &visitor)
    }

    /// Who was signed in.
    #[track_caller]
    #[expect(clippy::unused_self, reason = "it reads as the rest of the journey")]
    pub fn signed_in(&self, outcome: Outcome, visitor: &Visitor) -> Person {
        match outcome {
            Outcome::SignedIn { issued, .. } => Person::of(&issued, visitor.clone()),
            other => panic!("not signed in but {other:?}"),
        }
    }

    pub async fn answer(&self, visitor: &Visitor, id: &SignInId, typed: Answer) -> Result<Outcome, Error> {
        answer(&self.bed.app, visitor, id, typed).await
    }

    /// What an Owner finds under the reference of a refused person.
    pub async fn found(&self, site: &Site, reference: &Reference) -> AttemptView {
        let found = self.listed(site, Some(reference)).await;
        let [attempt] = <[AttemptView; 1]>::try_from(found).unwrap();
        attempt
    }

    /// What an Owner finds among the recent attempts, the newest first.
    pub async fn attempts(&self, site: &Site) -> Vec<AttemptView> {
        self.listed(site, None).await
    }

    async fn listed(&self, site: &Site, reference: Option<&Reference>) -> Vec<AttemptView> {
        let owner = self.with_password(&site.owner).await;
        let (slug, id) = (site.slug(), site.connection.as_str());
        let reference = reference.map(Reference::to_string);
        let query = AttemptQuery { reference, limit: Some(100), ..AttemptQuery::default() };
        connection::attempts(&self.bed.app, &owner.visitor, slug, id, query).await.unwrap().items
    }

    /// Whether an Owner finds a refusal with this code among the recent attempts.
    pub async fn is_told(&self, site: &Site, code: &str) -> bool {
        let attempts = self.attempts(site).await;
        attempts.iter().any(|attempt| attempt.record.code == code && attempt.record.outcome == "refused")
    }

    /// The stable code of a refusal with a reference.
    pub async fn code(&self, site: &Site, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Refused(page) => self.found(site, &page.reference).await.record.code,
            other => panic!("not refused but {other:?}"),
        }
    }

    pub async fn connection(&self, site: &Site) -> ConnectionView {
        let owner = self.with_password(&site.owner).await;
        connection::get(&self.bed.app, &owner.visitor, site.slug(), site.connection.as_str()).await.unwrap()
    }

    pub async fn members(&self, organization: &OrganizationId) -> Vec<UserId> {
        let page = self
            .read(organization.clone(), |tx, organization| {
                Box::pin(async move { tx.organization(organization).list_members(MemberFilter::All, None, 100).await })
            })
            .await;
        page.items.into_iter().map(|member| member.membership.user_id).collect()
    }

    pub async fn identities(&self, organization: &OrganizationId) -> Vec<Identity> {
        let page = self
            .read(organization.clone(), |tx, organization| {
                Box::pin(async move { tx.organization(organization).list_identities(None, None, 100).await })
            })
            .await;
        page.items.into_iter().map(|person| person.identity).collect()
    }

    /// Everybody who has the address, proven or not.
    pub async fn users(&self, email: &str) -> Vec<User> {
        self.read(EmailAddress::parse(email).unwrap(), |tx, email| {
            Box::pin(async move { tx.instance().list_users_by_email(email).await })
        })
        .await
    }

    /// Looks beside the use cases.
    async fn read<I, T, F>(&self, input: I, work: F) -> T
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        self.bed.app.store.read(input, work).await.unwrap()
    }
}

/// The settings that are right for `idp`.
pub fn form(idp: &HostileIdp) -> SettingsForm {
    SettingsForm { address: idp.domain(), client_id: idp.client_id(), client_secret: Some(idp.client_secret().into()) }
}

/// A sign-in that a person starts here.
pub fn sign_in(slug: &str) -> NewSignIn {
    NewSignIn { organization: slug.to_owned(), started: Started::Here, fresh: false, login_hint: None, return_to: None }
}

/// Where the browser is sent.
#[track_caller]
pub fn address(begun: Begun) -> String {
    match begun {
        Begun::Redirect { url, .. } => url,
        Begun::Ended(outcome) => panic!("not sent there but {outcome:?}"),
    }
}

/// The query of an address.
pub fn query(location: &str) -> &str {
    location.split_once('?').map_or("", |(_, query)| query)
}

/// A parameter of an address.
#[track_caller]
pub fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(existing, _)| existing == name).map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

/// The attempt that asks the person something.
#[track_caller]
pub fn asks(outcome: &Outcome) -> SignInId {
    match outcome {
        Outcome::Asks(id) => id.clone(),
        other => panic!("asks nothing but {other:?}"),
    }
}

/// Domains.
impl World {
    /// Puts texts at a record's name, and nothing else.
    pub fn publish(&self, name: &str, values: &[&str]) {
        self.dns.texts(name, values);
    }

    /// Claims a domain by an Owner in a session of now.
    pub async fn claim(&self, site: &Site, name: &str) -> DomainView {
        let owner = self.with_password(&site.owner).await;
        domain::claim(&self.bed.app, &owner.visitor, site.slug(), name).await.unwrap()
    }

    /// Verifies a claim by an Owner in a session of now.
    pub async fn verify(&self, site: &Site, claim: &DomainView) -> Verified {
        let owner = self.with_password(&site.owner).await;
        domain::verify(&self.bed.app, &owner.visitor, site.slug(), claim.domain.id.as_str()).await.unwrap()
    }

    /// Claims a domain, publishes its record beside what is there, and verifies it.
    pub async fn hold(&self, site: &Site, name: &str) -> DomainView {
        let claim = self.claim(site, name).await;
        self.publish(&claim.record_name, &[&claim.record_value]);
        let verified = self.verify(site, &claim).await;
        assert!(verified.report.ok, "{:?}", verified.report);
        verified.view
    }

    /// How a claim stands.
    pub async fn domain(&self, site: &Site, claim: &DomainView) -> DomainView {
        let owner = self.with_password(&site.owner).await;
        domain::get(&self.bed.app, &owner.visitor, site.slug(), claim.domain.id.as_str()).await.unwrap()
    }

    /// Whose address it is.
    pub async fn address_of(&self, user_id: &UserId) -> AddressState {
        let user = self
            .read(user_id.clone(), |tx, user_id| Box::pin(async move { tx.instance().load_user(user_id).await }))
            .await;
        user.address
    }

    /// Somebody with this proven address and a session that a password made a moment ago.
    pub async fn person_at(&self, name: &str, email: &str) -> Person {
        let person = self.person(name).await;
        let input = (person.id.clone(), EmailAddress::parse(email).unwrap(), self.bed.now());
        self.bed
            .write(input, |tx, (id, email, now)| {
                Box::pin(async move { tx.instance().change_email(id, email, *now).await.map(drop) })
            })
            .await;
        self.with_password(&Person { email: email.to_owned(), ..person }).await
    }
}
