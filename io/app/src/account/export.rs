//! Owns reading everything that is kept about a person, for that person: one document, with no secret in it and no fact
//! about anybody else.

use orgate_core::actor::Actor;
use orgate_core::policy::AddressState;
use orgate_core::time::Timestamp;
use orgate_store::{AuditEvent, Identity, OwnGrant, OwnMembership, Passkey, PersonalIdentity, User};

use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::session::{self, SessionView};
use crate::visitor::Visitor;

/// The newest events that go along. *Units*: events.
pub const MOST_EVENTS: u32 = 10_000;

/// Everything that is kept about a person.
#[derive(Debug, Clone)]
pub struct Export {
    /// When it was read.
    pub at: Timestamp,
    /// Who.
    pub user: User,
    /// Whether the address is proven.
    pub email_proven: bool,
    /// Since when the password is as it is.
    pub password_set_at: Option<Timestamp>,
    /// Since when an authenticator app is a factor.
    pub totp_confirmed_at: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// The accounts at Google and GitHub.
    pub personal_identities: Vec<PersonalIdentity>,
    /// Every membership, held or once held.
    pub memberships: Vec<OwnMembership>,
    /// Every role in a project.
    pub grants: Vec<OwnGrant>,
    /// The living sessions, this one first.
    pub sessions: Vec<SessionView>,
    /// The bonds to identity providers, with the organizations' names.
    pub identities: Vec<(Identity, String)>,
    /// How many devices are remembered, as hashes.
    pub known_devices: u64,
    /// What the person did, newest first.
    pub events: Vec<AuditEvent>,
    /// Whether there are older events that were left out.
    pub has_older_events: bool,
}

/// Reads it.
///
/// *Errors*: those of [`authorise::account_recently`].
pub async fn export(app: &App, visitor: &Visitor) -> Result<Export, Error> {
    app.store
        .read_long((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let actor = Actor::User(user.id.clone()).encode();
                let mut instance = tx.instance();
                let mut events = instance.list_audit_events_of_actor(&actor, MOST_EVENTS.saturating_add(1)).await?;
                let kept = usize::try_from(MOST_EVENTS).unwrap_or(usize::MAX);
                let has_older_events = events.len() > kept;
                events.truncate(kept);
                Ok(Export {
                    at: app.now(),
                    email_proven: user.address == AddressState::Proven,
                    password_set_at: instance.find_password(&user.id).await?.map(|password| password.set_at),
                    totp_confirmed_at: instance.find_totp(&user.id).await?.and_then(|totp| totp.confirmed_at),
                    recovery_codes_left: instance.count_unused_recovery_codes(&user.id).await?,
                    passkeys: instance.list_passkeys(&user.id).await?,
                    personal_identities: instance.list_personal_identities(&user.id).await?,
                    memberships: instance.list_memberships_of_user(&user.id).await?,
                    grants: instance.list_grants_of_user(&user.id).await?,
                    identities: instance.list_linked_identities(&user.id).await?,
                    known_devices: instance.count_devices(&user.id).await?,
                    sessions: session::views(tx, app, &caller).await?,
                    events,
                    has_older_events,
                    user,
                })
            })
        })
        .await
}
