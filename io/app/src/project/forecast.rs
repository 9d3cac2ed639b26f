//! Owns what another role in a project would do and to whom, as the page says that asks first (R-UI-2).

use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::ProjectRole;
use orgate_store::User;

use super::people::{ends_what_was_begun, find_member};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::membership::{Begun, Ending};
use crate::visitor::Visitor;

/// What another role would do.
#[derive(Debug, Clone)]
pub struct ProjectRoleForecast {
    /// Whose.
    pub user: User,
    /// The role they hold.
    pub held: ProjectRole,
    /// What they had begun and what ends with it: nothing unless they hold less then, and own not the organization.
    pub ending: Ending,
}

/// Counts it, for who could do it now.
///
/// *Errors*: those of [`super::people::change_role`].
pub async fn role_forecast(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    user_id: &str,
    role: ProjectRole,
) -> Result<ProjectRoleForecast, Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), user_id, role);
    app.store
        .read(input, |tx, (app, visitor, (organization, project), user_id, role)| {
            Box::pin(async move {
                let (member, project, _) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectManage).await?;
                let id = member.organization_id();
                let held = tx.organization(id).find_grant(&project.id, user_id).await?.ok_or(Refusal::NotFound)?;
                let ends = ends_what_was_begun(tx, &member, user_id, (held, *role)).await?;
                let ending = if ends { Begun::forecast(tx, app, id, user_id).await? } else { Ending::default() };
                Ok(ProjectRoleForecast { user: tx.instance().load_user(user_id).await?, held, ending })
            })
        })
        .await
}

/// Who has this address and which role in the project: adding them once more gives them another one. Nobody for what is no
/// address.
///
/// *Errors*: those of [`authorise::project`].
pub async fn held_by(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    email: &str,
) -> Result<Option<(UserId, ProjectRole)>, Error> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(None) };
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), email);
    app.store
        .read(input, |tx, (app, visitor, (organization, project), email)| {
            Box::pin(async move {
                let (member, project, _) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectManage).await?;
                let Some(user) = find_member(tx, &member, email).await? else { return Ok(None) };
                let held = tx.organization(member.organization_id()).find_grant(&project.id, &user.id).await?;
                Ok(held.map(|role| (user.id, role)))
            })
        })
        .await
}
