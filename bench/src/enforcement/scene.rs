//! Owns who is in the databases: one organization that holds all of the measured sessions, ten each of its members, with
//! an Owner who is exempt and an active connection that was tested; beside it another, whose sessions enforcement here
//! does not touch.

use std::net::{IpAddr, Ipv4Addr};

use orgate_app::app::App;
use orgate_app::entropy::{Draw as _, Entropy};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::Visitor;
use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, RevisionId, SessionId, UserId};
use orgate_core::policy::PolicyEpoch;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::time::Timestamp;
use orgate_store::{PasswordCredential, Revision, Session, StoreError, Tx};

use crate::people::{Crowd, People, START, Scale, SeededOrganization, SeededUser};
use crate::seed;
use crate::server::{self, NO_MAIL};

const SESSIONS_EACH: usize = 10;
const MEASURED: Crowd = Crowd { word: "measured", seed: 100 };
const BESIDE: Crowd = Crowd { word: "beside", seed: 200 };
const SESSIONS_BESIDE: usize = 10_000;
/// Sessions written in one transaction.
const BATCH: usize = 2_000;

/// Both organizations.
pub struct Scene {
    /// The people of the organization whose enforcement is switched.
    pub measured: People,
    /// The others.
    pub beside: People,
}

impl Scene {
    /// With so many open sessions in the measured organization.
    ///
    /// *Errors*: fewer than ten.
    pub fn new(sessions: usize) -> Result<Self, String> {
        let of = |sessions: usize, crowd| {
            People::new(Scale { organizations: 1, users: sessions / SESSIONS_EACH, sessions }, crowd)
        };
        Ok(Self { measured: of(sessions, MEASURED)?, beside: of(SESSIONS_BESIDE, BESIDE)? })
    }

    /// The measured organization and its Owner.
    pub fn owned(&self) -> Result<(&SeededOrganization, &SeededUser), String> {
        self.measured.organizations.first().zip(self.measured.users.first()).ok_or_else(|| "nobody is there".to_owned())
    }
}

/// Brings the schema up to date and writes everybody, unless they are there.
///
/// *Errors*: a database that holds something else, or fails.
pub async fn fill(database_url: &str, sessions: usize) -> Result<(), String> {
    let app = server::start(database_url, NO_MAIL).await?;
    let scene = Scene::new(sessions)?;
    seed::fill(&app, &scene.beside).await?;
    seed::fill(&app, &scene.measured).await?;
    let (organization, owner) = scene.owned()?;
    let connection = organization.connection.clone().ok_or("the organization has no connection")?;
    let revision: RevisionId = app.entropy.id(owner.user.created_at);
    let input = (organization.id.clone(), owner.user.id.clone(), connection, revision, owner.user.created_at);
    app.store
        .write(input, |tx, (organization, owner, connection, revision, at)| {
            Box::pin(async move {
                let mut view = tx.organization(organization);
                if view.find_revision_in_state(connection, RevisionState::Active).await?.is_some() {
                    return Ok(());
                }
                view.insert_draft_revision(&tested(revision, connection, owner, *at)).await?;
                view.set_revision_validated(revision, owner, *at).await?;
                view.activate_revision(connection, revision).await?;
                view.activate_connection(connection, revision, *at).await?;
                // Nobody ever signs in with it; that there is one makes the Owner a way back in.
                let credential = PasswordCredential { user_id: owner.clone(), hash: "none".to_owned(), set_at: *at };
                tx.instance().set_password(&credential).await
            })
        })
        .await
        .map_err(text)
}

fn tested(id: &RevisionId, connection_id: &ConnectionId, by: &UserId, at: Timestamp) -> Revision {
    Revision {
        id: id.clone(),
        connection_id: connection_id.clone(),
        number: 1,
        state: RevisionState::Draft,
        issuer: "https://idp.example.test".to_owned(),
        client_id: "bench".to_owned(),
        public_settings: "{}".to_owned(),
        sealed_settings: Vec::new(),
        checks: "[]".to_owned(),
        created_at: at,
        created_by: by.clone(),
        validated_at: None,
        validated_by: None,
    }
}

/// A new session of the Owner by password: what a call needs, now that the last one is as old as the last round.
///
/// *Errors*: the database.
pub async fn sign_owner_in(app: &App, scene: &Scene) -> Result<SecretToken, String> {
    sign_in(app, &scene.owned()?.1.user.id).await
}

/// A new session of somebody by password.
///
/// *Errors*: the database.
pub async fn sign_in(app: &App, user_id: &UserId) -> Result<SecretToken, String> {
    let mut made = insert(app, std::slice::from_ref(user_id), 1).await?;
    made.pop().ok_or_else(|| "no session was made".to_owned())
}

/// Whoever has that session.
pub fn visitor(token: &SecretToken) -> Visitor {
    let mut visitor = Visitor::new(IpAddr::V4(Ipv4Addr::LOCALHOST), "orgate-bench");
    visitor.session = Some(token.hash(TokenPurpose::Session));
    visitor
}

/// Ten new sessions each for the members whom the sweeper comes to first, so that it has as much to do as the first time.
///
/// *Errors*: the database.
pub async fn sign_members_in(app: &App, scene: &Scene, members: usize) -> Result<(), String> {
    let (_, owner) = scene.owned()?;
    let mut ids: Vec<UserId> = scene.measured.users.iter().map(|one| one.user.id.clone()).collect();
    ids.sort();
    ids.retain(|id| *id != owner.user.id);
    ids.truncate(members);
    insert(app, &ids, SESSIONS_EACH).await.map(drop)
}

async fn insert(app: &App, users: &[UserId], each: usize) -> Result<Vec<SecretToken>, String> {
    let mut tokens = Vec::new();
    let all: Vec<(Session, [u8; 32])> = users
        .iter()
        .flat_map(|user| std::iter::repeat_n(user, each))
        .map(|user| {
            let token = SecretToken::generate(&*app.entropy);
            let row = (session(user, &*app.entropy), token.hash(TokenPurpose::Session));
            tokens.push(token);
            row
        })
        .collect();
    for batch in all.chunks(BATCH) {
        app.store.write(batch.to_vec(), |tx, batch| Box::pin(insert_batch(tx, batch))).await.map_err(text)?;
    }
    Ok(tokens)
}

async fn insert_batch(tx: &mut Tx, batch: &[(Session, [u8; 32])]) -> Result<(), StoreError> {
    let policy_epoch = tx.instance().load_policy_epoch().await?;
    for (session, hash) in batch {
        tx.instance().insert_session(&Session { policy_epoch, ..session.clone() }, hash).await?;
    }
    Ok(())
}

fn session(user_id: &UserId, entropy: &dyn Entropy) -> Session {
    Session {
        id: entropy.id::<SessionId>(START),
        user_id: user_id.clone(),
        created_at: START,
        last_used_at: START,
        expires_at: START.plus(std::time::Duration::from_secs(24 * 3600)),
        proofs: Proofs::of(Proof::Password { at: START }),
        policy_epoch: PolicyEpoch::default(),
        ended_at: None,
        end_reason: None,
        ip: "203.0.113.1".to_owned(),
        user_agent: "orgate-bench".to_owned(),
    }
}

fn text(reason: StoreError) -> String {
    format!("the database could not be filled: {reason}")
}
