//! Owns what a person had begun by a right that ends: invitations that they sent, roles that they had other people's invitations
//! carry, tests that they started (R-ORG-6); and what admins of a project had sent, which goes with it.

use orgate_core::id::{OrganizationId, UserId};
use orgate_store::{Invitation, InvitedProject, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::invitation;
use crate::visitor::Visitor;

/// Events of invitations that one act writes at most: years of them would be one long transaction, and whoever sends many would make
/// their own removal dear.
const MOST_EVENTS: usize = 100;

/// How much of it could still be taken up and ends, before it does (R-UI-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ending {
    /// Invitations that the person sent.
    pub invitations: u64,
    /// Roles in projects that they had other people's invitations carry.
    pub roles: u64,
    /// Tests that they started.
    pub tests: u64,
}

/// What ended. It is written down beside what it ended with.
#[derive(Default)]
#[must_use = "no change without its event (R-OPS-3)"]
pub(crate) struct Begun {
    /// Those that could still be accepted.
    invitations: Vec<Invitation>,
    /// Those that had expired, and what is too many to have an event each.
    further: u64,
    roles: Vec<(Invitation, InvitedProject)>,
    tests: u64,
}

impl Begun {
    /// Counts what [`Self::end`] would end.
    pub(crate) async fn forecast(
        tx: &mut Tx,
        app: &App,
        organization_id: &OrganizationId,
        user_id: &UserId,
    ) -> Result<Ending, Error> {
        let now = app.now();
        let mut view = tx.organization(organization_id);
        let carried = view.list_invited_projects_added_by(user_id).await?;
        // What their own invitations carry ends with these.
        let by_others = |(invitation, _): &&(Invitation, InvitedProject)| {
            invitation.invited_by != *user_id && invitation.expires_at > now
        };
        Ok(Ending {
            invitations: view.count_invitations_sent_by(user_id, now).await?,
            roles: u64::try_from(carried.iter().filter(by_others).count()).unwrap_or(u64::MAX),
            tests: view.count_tests_started_by(user_id, now).await?,
        })
    }

    /// Ends it.
    pub(crate) async fn end(
        tx: &mut Tx,
        app: &App,
        organization_id: &OrganizationId,
        user_id: &UserId,
    ) -> Result<Self, Error> {
        let mut view = tx.organization(organization_id);
        let revoked = view.revoke_invitations_sent_by(user_id, app.now()).await?;
        // After these: what they carried ended with them.
        let roles = view.delete_invited_projects_added_by(user_id).await?;
        let tests = view.revoke_tests_started_by(user_id, app.now()).await?;
        Ok(Self { roles, tests, ..Self::revoked(app, revoked) })
    }

    /// Invitations that were just revoked.
    pub(crate) fn revoked(app: &App, revoked: Vec<Invitation>) -> Self {
        let all = revoked.len();
        let living = revoked.into_iter().filter(|invitation| invitation.expires_at > app.now());
        let invitations: Vec<Invitation> = living.take(MOST_EVENTS).collect();
        let further = u64::try_from(all - invitations.len()).unwrap_or(u64::MAX);
        Self { invitations, further, ..Self::default() }
    }

    /// Writes the event of the act that ended it, and one for each invitation.
    pub(crate) async fn record(
        self,
        tx: &mut Tx,
        app: &App,
        visitor: &Visitor,
        organization_id: &OrganizationId,
        author: &Author,
        act: Event,
    ) -> Result<(), Error> {
        let because = act.action;
        let act = if self.tests > 0 { act.fact("tests_ended", self.tests) } else { act };
        let act = if self.further > 0 { act.fact("further_invitations_revoked", self.further) } else { act };
        audit::record(tx, app, Some(visitor), Some(organization_id), author, act).await?;
        for invitation in &self.invitations {
            let event = invitation::event("invitation.revoked", invitation).fact("because", because);
            audit::record(tx, app, Some(visitor), Some(organization_id), author, event).await?;
        }
        for (invitation, role) in &self.roles {
            let event = Event::done("project-member.uninvited")
                .target(&invitation.id, &invitation.email)
                .data(serde_json::json!({ "project": role.name, "role": role.role, "because": because }));
            audit::record(tx, app, Some(visitor), Some(organization_id), author, event).await?;
        }
        Ok(())
    }
}
