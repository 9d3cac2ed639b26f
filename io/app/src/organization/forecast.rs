//! Owns what far-reaching changes of an organization would do and to whom, as their pages say before anybody confirms
//! (R-UI-2): its deletion, and the rule that members need a second factor.

use orgate_core::permission::Permission;
use orgate_store::{Member, MemberFilter};

use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::visitor::Visitor;

/// How many members are named.
const NAMED: u32 = 10;

/// What a deletion would end.
#[derive(Debug, Clone)]
pub struct DeletionForecast {
    /// How many members.
    pub members: u64,
    /// Some of them.
    pub first_members: Vec<Member>,
    /// How many projects.
    pub projects: u64,
    /// How many connections.
    pub connections: u64,
    /// How many pending invitations.
    pub invitations: u64,
}

/// Counts it.
///
/// *Errors*: those of [`authorise::permitted_recently`], so that the proof is asked for before anything is typed.
pub async fn deletion_forecast(app: &App, visitor: &Visitor, organization: &str) -> Result<DeletionForecast, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let permission = Permission::OrganizationDelete;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let mut view = tx.organization(member.organization_id());
                let connections = view.list_connections().await?.len();
                Ok(DeletionForecast {
                    members: view.count_members().await?,
                    first_members: view.list_members(MemberFilter::All, None, NAMED).await?.items,
                    projects: view.count_projects().await?,
                    connections: u64::try_from(connections).unwrap_or(u64::MAX),
                    invitations: view.count_pending_invitations(app.now()).await?,
                })
            })
        })
        .await
}

/// Whom the rule that members need a second factor would stop.
#[derive(Debug, Clone)]
pub struct SecondFactorForecast {
    /// How many members have none.
    pub without: u64,
    /// Some of them.
    pub first_without: Vec<Member>,
}

/// Counts them.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn second_factor_forecast(
    app: &App,
    visitor: &Visitor,
    organization: &str,
) -> Result<SecondFactorForecast, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let permission = Permission::OrganizationUpdate;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                let mut view = tx.organization(member.organization_id());
                Ok(SecondFactorForecast {
                    without: view.count_without_second_factor().await?,
                    first_without: view.list_members(MemberFilter::NoSecondFactor, None, NAMED).await?.items,
                })
            })
        })
        .await
}
