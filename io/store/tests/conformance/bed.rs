//! A migrated database for one test, and rows that most tests start from.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use orgate_core::connection::RevisionState;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, Identifier, OrganizationId, ProjectId, RevisionId, UserId};
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{AuditProof, Instance, Revision, Store, StoreError, StoreSettings, Tx, User};

/// One test's database.
#[derive(Clone)]
pub struct Bed {
    pub store: Store,
    url: String,
    folder: Option<std::sync::Arc<tempfile::TempDir>>,
}

/// What is left of a bed whose store is closed: its folder goes with it.
pub struct Closed {
    _folder: Option<std::sync::Arc<tempfile::TempDir>>,
}

impl Bed {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
        Self::open(&url, Some(std::sync::Arc::new(folder))).await
    }

    pub async fn postgres() -> Option<Self> {
        let Some(database) = orgate_testkit::postgres::fresh().await else {
            eprintln!("skipped: ORGATE_TEST_POSTGRES_URL names no PostgreSQL server");
            return None;
        };
        Some(Self::open(database.url(), None).await)
    }

    async fn open(url: &str, folder: Option<std::sync::Arc<tempfile::TempDir>>) -> Self {
        let mut settings = StoreSettings::parse(url).unwrap();
        settings.pool_size = 8;
        Self { store: Store::open(&settings, at(0)).await.unwrap(), url: url.to_owned(), folder }
    }

    /// Where the database is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement on a connection of its own, to bring about what the store does not.
    pub async fn raw(&self, statement: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            return rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
        }
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    }

    /// Lets the database go.
    pub fn closed(self) -> Closed {
        Closed { _folder: self.folder }
    }

    /// On a store that is open already.
    pub fn on(store: Store) -> Self {
        Self { store, url: String::new(), folder: None }
    }

    pub async fn write<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        self.store.write(input, work).await
    }

    /// A person with a proven address.
    pub async fn user(&self, name: &str) -> User {
        let user = user(name);
        let bed = self;
        within!(bed, tx, [user], tx.instance().insert_user(user).await);
        user
    }

    /// An organization with its Owner.
    pub async fn organization(&self, slug: &str) -> (OrganizationId, User) {
        let owner = self.user(&format!("{slug}-owner")).await;
        let id: OrganizationId = id();
        let slug = slug.to_owned();
        let bed = self;
        within!(bed, tx, [id, slug, owner], {
            tx.instance().insert_organization(id, slug, slug, &owner.id, at(1)).await?;
            let mut organization = tx.organization(id);
            organization.join(&owner.id, OrganizationRole::Owner, MembershipOrigin::Created, at(1)).await
        });
        (id, owner)
    }

    /// A member of an organization.
    pub async fn member(&self, organization: &OrganizationId, name: &str, role: OrganizationRole) -> User {
        let user = self.user(name).await;
        let bed = self;
        within!(bed, tx, [organization, user, role], {
            tx.organization(organization).join(&user.id, *role, MembershipOrigin::Invitation, at(2)).await
        });
        user
    }

    pub async fn project(&self, organization: &OrganizationId, owner: &User, slug: &str) -> ProjectId {
        let id: ProjectId = id();
        let slug = slug.to_owned();
        let bed = self;
        within!(bed, tx, [organization, owner, id, slug], {
            tx.organization(organization).insert_project(id, slug, slug, &owner.id, at(3)).await
        });
        id
    }

    /// A connection with a draft revision.
    pub async fn connection(&self, organization: &OrganizationId, owner: &User) -> (ConnectionId, Revision) {
        let id: ConnectionId = id();
        let revision = revision(&id, owner, "https://idp.example");
        let bed = self;
        within!(bed, tx, [organization, owner, id, revision], {
            let mut organization = tx.organization(organization);
            organization.insert_connection(id, "okta-oidc", "Okta", &owner.id, at(4)).await?;
            organization.insert_draft_revision(revision).await
        });
        (id, Revision { number: 1, ..revision })
    }

    pub async fn instance(&self) -> Instance {
        let instance = Instance { created_at: at(0), epoch_at: at(0), backed_up_at: None };
        let bed = self;
        within!(bed, tx, [instance], tx.instance().insert_instance(instance).await);
        instance
    }
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// The next identifier: they sort in the order in which they are made.
pub fn id<T: Identifier>() -> T {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    T::new(at(0), random)
}

/// What is kept with an event that no test looks into.
pub fn proof() -> AuditProof {
    AuditProof { openings: vec![1; 32], mark: vec![2; 36] }
}

pub fn hash(seed: u8) -> [u8; 32] {
    [seed; 32]
}

pub fn user(name: &str) -> User {
    User {
        id: id::<UserId>(),
        name: name.to_owned(),
        email: email(&format!("{name}@example.com")),
        address: AddressState::Proven,
        created_at: at(0),
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    }
}

pub fn revision(connection_id: &ConnectionId, owner: &User, issuer: &str) -> Revision {
    Revision {
        id: id::<RevisionId>(),
        connection_id: connection_id.clone(),
        number: 0,
        state: RevisionState::Draft,
        issuer: issuer.to_owned(),
        client_id: "client".to_owned(),
        public_settings: "{}".to_owned(),
        sealed_settings: vec![9, 9],
        checks: "[]".to_owned(),
        created_at: at(5),
        created_by: owner.id.clone(),
        validated_at: None,
        validated_by: None,
    }
}
